// A waveform drawn from stored peaks: 800 pairs of signed bytes, lowest and highest, in base64.
// It is a slider: click, drag, arrow keys. What it shows follows the player's events.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;

  function decode(text) {
    if (!text) return null;
    try {
      return Int8Array.from(atob(text), (c) => (c.charCodeAt(0) << 24) >> 24);
    } catch {
      return null;
    }
  }

  class WaveForm extends HTMLElement {
    connectedCallback() {
      this.canvas ||= this.appendChild(document.createElement("canvas"));
      this.load();
      this.sizes = new ResizeObserver(() => this.draw());
      this.sizes.observe(this);
      this.onPlayer = (event) => this.follow(event.detail);
      document.addEventListener("takeroom:player", this.onPlayer);
      this.theme = matchMedia("(prefers-color-scheme: dark)");
      this.onTheme = () => this.draw();
      this.theme.addEventListener("change", this.onTheme);
      if (!this.wired) this.wire();
      const player = window.takeroom.player;
      if (player) this.follow(player.state());
    }

    disconnectedCallback() {
      this.sizes.disconnect();
      document.removeEventListener("takeroom:player", this.onPlayer);
      this.theme.removeEventListener("change", this.onTheme);
    }

    load() {
      this.peaks = decode(this.dataset.peaks);
      this.at = 0;
      this.draw();
    }

    get duration() {
      return Number(this.getAttribute("aria-valuemax")) || 0;
    }

    wire() {
      this.wired = true;
      const seek = (event) => {
        const box = this.getBoundingClientRect();
        this.seek(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.duration);
      };
      this.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        this.setPointerCapture(event.pointerId);
        seek(event);
      });
      this.addEventListener("pointermove", (event) => this.hasPointerCapture(event.pointerId) && seek(event));
      this.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
        let to = null;
        if (event.key in steps) to = this.at + steps[event.key] * (event.shiftKey ? 0.1 : 0.5);
        if (event.key === "Home") to = 0;
        if (event.key === "End") to = this.duration;
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        this.seek(Math.min(this.duration, Math.max(0, to)));
      });
    }

    seek(seconds) {
      this.show(seconds);
      if (this.dataset.src) window.takeroom.player?.seek(this.dataset.src, seconds, this);
    }

    follow(state) {
      const mine = state.src && state.src === this.dataset.src;
      if (mine) this.show(state.time, state.duration);
      else if (this.at) this.show(0);
    }

    show(seconds, duration) {
      if (duration && !this.duration) this.setAttribute("aria-valuemax", duration);
      this.at = seconds;
      const text = `${clock(seconds)} of ${clock(this.duration)}`;
      if (this.getAttribute("aria-valuetext") !== text) {
        this.setAttribute("aria-valuenow", seconds.toFixed(1));
        this.setAttribute("aria-valuetext", text);
      }
      this.draw();
    }

    draw() {
      const box = this.getBoundingClientRect();
      if (!box.width) return;
      const scale = window.devicePixelRatio || 1, width = Math.round(box.width * scale), height = Math.round(box.height * scale);
      if (this.canvas.width !== width || this.canvas.height !== height) {
        this.canvas.width = width;
        this.canvas.height = height;
      }
      const style = getComputedStyle(this), pen = this.canvas.getContext("2d");
      const rest = style.getPropertyValue("--wave"), played = style.getPropertyValue("--wave-played");
      pen.clearRect(0, 0, width, height);
      const step = 4 * scale, bar = 2.4 * scale, bars = Math.max(1, Math.floor(width / step));
      const pairs = this.peaks ? this.peaks.length / 2 : 0;
      let loudest = 1;
      for (let i = 0; i < pairs * 2; i++) loudest = Math.max(loudest, Math.abs(this.peaks[i]));
      const gain = Math.min(4, 118 / loudest);
      const edge = this.duration ? (this.at / this.duration) * bars : 0;
      for (let i = 0; i < bars; i++) {
        let top = 0;
        const from = Math.floor((i / bars) * pairs), to = Math.max(from + 1, Math.floor(((i + 1) / bars) * pairs));
        for (let j = from; j < to && j < pairs; j++) top = Math.max(top, Math.abs(this.peaks[2 * j]), Math.abs(this.peaks[2 * j + 1]));
        const tall = Math.max(2 * scale, Math.min(1, (top * gain) / 127) * height);
        pen.fillStyle = i < edge ? played : rest;
        pen.beginPath();
        pen.roundRect(i * step, (height - tall) / 2, bar, tall, bar / 2);
        pen.fill();
      }
    }
  }
  customElements.define("wave-form", WaveForm);
})();
