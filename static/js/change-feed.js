// What others (and the workers) change appears by itself: one long poll for each visible page.
(() => {
  class ChangeFeed extends HTMLElement {
    connectedCallback() {
      this.since = Number(this.dataset.version) || 0;
      this.failures = 0;
      this.onVisible = () => (document.hidden ? this.stop() : this.start());
      document.addEventListener("visibilitychange", this.onVisible);
      if (!document.hidden) this.start();
    }

    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.onVisible);
      this.stop();
    }

    start() {
      if (this.run) return;
      this.run = new AbortController();
      this.loop(this.run.signal);
    }

    stop() {
      this.run?.abort();
      this.run = null;
      clearTimeout(this.timer);
    }

    async loop(signal) {
      while (!signal.aborted) {
        try {
          const response = await fetch(`${this.dataset.url}?since=${this.since}&${this.dataset.query}`, {
            headers: { "HX-Request": "true" }, signal, redirect: "manual", cache: "no-store",
          });
          if (response.type === "opaqueredirect") return this.lost("You are signed out. Reload the page to sign in; what you typed is kept.");
          if (response.status === 404 || response.status === 403) return this.lost("This project can no longer be opened.");
          if (!response.ok) throw new Error(String(response.status));
          if (response.status === 200) {
            const html = await response.text();
            if (signal.aborted) return;
            this.since = Number(response.headers.get("X-Changes")) || this.since;
            window.takeroom.apply(html);
          }
          if (this.failures) this.tell("");
          this.failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          this.failures += 1;
          if (this.failures > 1) this.tell("Connection lost, trying again…");
          const pause = Math.min(30, 2 ** this.failures) * (0.75 + Math.random() / 2);
          await new Promise((done) => (this.timer = setTimeout(done, 1000 * pause)));
        }
      }
    }

    lost(words) {
      this.tell("");
      window.takeroom.message(words, "warn");
    }

    tell(words) {
      let spot = document.getElementById("connection");
      if (!words) return spot?.remove();
      if (!spot) {
        spot = document.createElement("p");
        spot.id = "connection";
        spot.className = "connection";
        spot.setAttribute("role", "status");
        document.body.append(spot);
      }
      spot.textContent = words;
    }
  }
  customElements.define("change-feed", ChangeFeed);
})();
