// What every element that draws on a canvas shares: it is drawn again when its size or the theme
// changes. `takeroom.peaks` reads a stored waveform: pairs of signed bytes, lowest and highest.
(() => {
  class Drawing extends HTMLElement {
    connectedCallback() {
      this.again = () => this.draw();
      this.sizes = new ResizeObserver(this.again);
      this.sizes.observe(this);
      this.theme = matchMedia("(prefers-color-scheme: dark)");
      this.theme.addEventListener("change", this.again);
    }

    disconnectedCallback() {
      this.sizes.disconnect();
      this.theme.removeEventListener("change", this.again);
    }
  }

  function peaks(text) {
    try {
      return Int8Array.from(atob(text || ""), (c) => (c.charCodeAt(0) << 24) >> 24);
    } catch {
      return new Int8Array();
    }
  }

  Object.assign(window.takeroom, { Drawing, peaks });
})();
