// What long work says in the tab. A hidden tab hears no news, so it looks by itself now and then.
(() => {
  const LOOK_EVERY = 4000;
  let page = "", usual = "", followed = new Set();

  function say(text) {
    document.title = `${text} · ${usual}`;
  }

  class TabTitle extends HTMLElement {
    connectedCallback() {
      if (page !== location.pathname) {
        page = location.pathname;
        usual = document.title;
        followed = new Set();
      }
      const what = this.closest("[id]")?.id;
      if (this.hasAttribute("data-live")) {
        followed.add(what);
        this.timer = setInterval(() => this.look(), LOOK_EVERY);
        say(this.dataset.text);
      } else if (followed.delete(what)) {
        say(this.dataset.text);
      }
    }

    disconnectedCallback() {
      clearInterval(this.timer);
    }

    async look() {
      if (!document.hidden) return;
      try {
        const response = await fetch(this.dataset.url, { headers: { "HX-Request": "true" }, redirect: "manual", cache: "no-store" });
        if (response.status === 200 && this.isConnected) window.takeroom.apply(await response.text());
      } catch {
        // The next look may have more luck; the change feed tells of a lost connection.
      }
    }
  }
  customElements.define("tab-title", TabTitle);
})();
