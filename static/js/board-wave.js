// The waveform of one lane on the board's time axis: a take that is half as long as the longest is
// half as wide. Two canvases, so that the part that was heard is a matter of clipping (--at, set by
// the board) and nothing is drawn while sound runs. Peaks: pairs of signed bytes in base64.
(() => {
  class BoardWave extends window.takeroom.Drawing {
    connectedCallback() {
      this.prepare();
      super.connectedCallback();
    }

    // The board around it is connected first, and may ask before this is.
    prepare() {
      if (this.rest) return;
      this.rest = this.appendChild(document.createElement("canvas"));
      this.heard = this.appendChild(document.createElement("canvas"));
      this.heard.className = "heard";
      this.peaks = window.takeroom.peaks(this.closest("[data-lane]").dataset.peaks);
    }

    get loudest() {
      this.prepare();
      return this.peaks.reduce((most, peak) => Math.max(most, Math.abs(peak)), 1);
    }

    // `share` of the axis that the take fills; `gain` from a peak to a height of 0–1.
    show(share, gain) {
      this.prepare();
      Object.assign(this, { share, gain });
      this.draw();
    }

    draw() {
      const box = this.rest.getBoundingClientRect();
      if (!box.width || !this.share) return;
      const style = getComputedStyle(this);
      this.paint(this.rest, style.getPropertyValue("--wave"), box);
      this.paint(this.heard, style.getPropertyValue("--wave-played"), box);
    }

    paint(canvas, colour, box) {
      const scale = window.devicePixelRatio || 1, width = Math.round(box.width * scale), height = Math.round(box.height * scale);
      Object.assign(canvas, { width, height });
      const pen = canvas.getContext("2d"), step = 4 * scale, bar = 2.4 * scale;
      const bars = Math.max(1, Math.floor((width * this.share) / step)), pairs = this.peaks.length / 2;
      pen.fillStyle = colour;
      pen.beginPath();
      for (let i = 0; i < bars; i++) {
        let top = 0;
        const from = Math.floor((i / bars) * pairs), to = Math.max(from + 1, Math.floor(((i + 1) / bars) * pairs));
        for (let j = from; j < to && j < pairs; j++) top = Math.max(top, Math.abs(this.peaks[2 * j]), Math.abs(this.peaks[2 * j + 1]));
        const tall = Math.max(2 * scale, Math.min(1, top * this.gain) * height);
        pen.roundRect(i * step, (height - tall) / 2, bar, tall, bar / 2);
      }
      pen.fill();
    }
  }
  customElements.define("board-wave", BoardWave);
})();
