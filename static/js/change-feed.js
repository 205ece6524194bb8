// What others (and the workers) change appears by itself: one long poll for each visible page.
// The page says what it knows: the project's version, the news of its person (#counts), the faces
// it shows (#people-here), the projects it lists. A feed with data-fallback is that of pages that
// bring none of their own.
(() => {
  const LEFT_AFTER = 800; // ms: navigation within a project is no leaving

  class ChangeFeed extends HTMLElement {
    connectedCallback() {
      if (this.hasAttribute("data-fallback") && document.querySelector("change-feed:not([data-fallback])")) return;
      this.known = { since: this.dataset.version || "0", news: document.getElementById("counts")?.dataset.news };
      const here = document.getElementById("people-here");
      this.goodbye = here && !this.dataset.url.endsWith("/me/changes/") ? here.dataset.leave : "";
      if (this.goodbye) this.known.here = here.dataset.here;
      if (this.hasAttribute("data-all")) this.known.all = this.dataset.all || "";
      this.failures = 0;
      this.onVisible = () => (document.hidden ? this.rest() : this.start());
      this.onHide = () => this.rest();
      // On a phone the script is a page of its own: whoever reads it is on no line yet.
      this.narrow = this.parentElement.querySelector('.studio[data-at="script"]') && matchMedia("(max-width: 900px)");
      this.onTurn = () => this.again();
      this.narrow?.addEventListener("change", this.onTurn);
      this.onShow = (event) => event.persisted && !document.hidden && this.start();
      document.addEventListener("visibilitychange", this.onVisible);
      addEventListener("pagehide", this.onHide);
      addEventListener("pageshow", this.onShow);
      if (!document.hidden) this.start();
    }

    disconnectedCallback() {
      if (!this.onVisible) return;
      document.removeEventListener("visibilitychange", this.onVisible);
      removeEventListener("pagehide", this.onHide);
      removeEventListener("pageshow", this.onShow);
      this.narrow?.removeEventListener("change", this.onTurn);
      const wasOpen = !!this.run;
      this.stop();
      if (wasOpen && this.goodbye) setTimeout(() => {
        const still = [...document.querySelectorAll("change-feed")].some((feed) => feed.run && feed.goodbye === this.goodbye);
        if (!still) this.leave();
      }, LEFT_AFTER);
    }

    start() {
      if (this.run) return;
      this.arriving = true;
      this.run = new AbortController();
      this.loop(this.run.signal);
    }

    stop() {
      this.run?.abort();
      this.run = null;
      clearTimeout(this.timer);
    }

    // The line came into view: all that happened to it since the page was drawn.
    again() {
      if (!this.run) return;
      this.stop();
      this.known.since = this.dataset.version || "0";
      this.start();
    }

    // Nobody looks: no more questions, and the others need not see this person here.
    rest() {
      if (this.run) this.leave();
      this.stop();
    }

    leave() {
      const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
      if (!this.goodbye || !token) return;
      const body = new FormData();
      body.set("csrfmiddlewaretoken", token);
      body.set("beacon", "1");
      navigator.sendBeacon(this.goodbye, body);
    }

    get question() {
      const asked = new URLSearchParams(this.dataset.query || "");
      for (const [name, value] of Object.entries(this.known)) if (value !== undefined) asked.set(name, value);
      if (this.narrow?.matches) asked.delete("line");
      if (this.arriving) asked.set("arrive", "1");
      return `${this.dataset.url}?${asked}`;
    }

    learn(headers) {
      for (const [name, header] of [["since", "X-Changes"], ["news", "X-News"], ["here", "X-Here"], ["all", "X-All"]]) {
        const value = headers.get(header);
        if (value && this.known[name] !== undefined) this.known[name] = value;
      }
    }

    async loop(signal) {
      while (!signal.aborted) {
        try {
          const response = await fetch(this.question, {
            headers: { "HX-Request": "true" }, signal, redirect: "manual", cache: "no-store",
          });
          if (response.type === "opaqueredirect") return this.lost("You are signed out. Reload the page to sign in; what you typed is kept.");
          if (response.status === 404 || response.status === 403) return this.lost("This project can no longer be opened.");
          // A guest's link that stopped working: the answer says why, in place of the page.
          if (response.status === 410) return window.takeroom.apply(await response.text());
          if (!response.ok) throw new Error(String(response.status));
          this.arriving = false;
          if (response.status === 200) {
            const html = await response.text();
            if (signal.aborted) return;
            this.learn(response.headers);
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
