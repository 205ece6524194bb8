// The elapsed time of a take that is being made, beside the time it usually takes.
(() => {
  class LiveClock extends HTMLElement {
    connectedCallback() {
      this.began = performance.now() - 1000 * Number(this.dataset.elapsed);
      this.timer = setInterval(() => this.show(), 500);
      this.show();
    }
    disconnectedCallback() {
      clearInterval(this.timer);
    }
    show() {
      const passed = (performance.now() - this.began) / 1000, typical = Number(this.dataset.typical);
      const bar = this.querySelector("progress"), phase = this.dataset.phase;
      // Never full before it is done: past the usual time it only creeps.
      const share = passed < typical ? (0.9 * passed) / typical : 0.9 + 0.08 * (1 - typical / passed);
      if (phase !== "Queued" && bar) bar.value = phase === "Saving" ? 0.97 : share;
      const words = this.closest(".take")?.querySelector("[data-live-words]");
      if (!words) return;
      const about = typical < 2 ? "a second" : `${Math.round(typical)} s`;
      words.textContent = phase === "Rendering" ? `Rendering, ${Math.floor(passed)} s of about ${about}` : passed > 2 ? `${phase}, ${Math.floor(passed)} s` : phase;
    }
  }
  customElements.define("live-clock", LiveClock);
})();
