// A waveform drawn from stored peaks: 800 pairs of signed bytes, lowest and highest, in base64.
// It is a slider: click, drag, arrow keys. What it shows follows the player's events.
// Comments of the page about its sound (elements with data-src and data-at, see
// templates/comments/_thread.html) are marks on it: for the pointer; the list is there for keys.
// Shift and drag, or a drag while a comment form asks for a range, picks a stretch: the event
// `takeroom:range` carries {src, start, end}, seconds.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
  const SHORTEST = 0.15; // seconds: less than that was a click

  class WaveForm extends window.takeroom.Drawing {
    connectedCallback() {
      this.canvas ||= this.appendChild(document.createElement("canvas"));
      this.load();
      super.connectedCallback();
      this.onPlayer = (event) => this.follow(event.detail);
      document.addEventListener("takeroom:player", this.onPlayer);
      this.onChanged = () => this.drawMarks();
      document.addEventListener("takeroom:changed", this.onChanged);
      this.onPicked = (event) => event.detail.src === this.dataset.src && this.showPick(event.detail);
      document.addEventListener("takeroom:picked", this.onPicked);
      if (!this.wired) this.wire();
      const player = window.takeroom.player;
      if (player) this.follow(player.state());
      // The list of comments comes after the waveform on the page.
      setTimeout(() => this.isConnected && this.drawMarks());
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      document.removeEventListener("takeroom:player", this.onPlayer);
      document.removeEventListener("takeroom:changed", this.onChanged);
      document.removeEventListener("takeroom:picked", this.onPicked);
    }

    load() {
      this.peaks = window.takeroom.peaks(this.dataset.peaks);
      this.at = 0;
      this.draw();
    }

    get duration() {
      return Number(this.getAttribute("aria-valuemax")) || 0;
    }

    get position() {
      return this.at;
    }

    wire() {
      this.wired = true;
      const place = (event) => {
        const box = this.getBoundingClientRect();
        return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.duration;
      };
      this.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        const mark = event.target.closest("[data-thread]");
        if (mark) {
          this.seek(Number(mark.dataset.at));
          document.dispatchEvent(new CustomEvent("takeroom:mark", { detail: { thread: mark.dataset.thread } }));
          return;
        }
        this.setPointerCapture(event.pointerId);
        this.from = this.picksRange(event.shiftKey) ? place(event) : null;
        if (this.from === null) this.seek(place(event));
      });
      this.addEventListener("pointermove", (event) => {
        if (!this.hasPointerCapture(event.pointerId)) return;
        if (this.from === null) this.seek(place(event));
        else this.showPick(this.picked(place(event)));
      });
      this.addEventListener("pointerup", (event) => {
        if (this.from === null || !this.hasPointerCapture(event.pointerId)) return;
        const detail = this.picked(place(event));
        this.from = null;
        document.dispatchEvent(new CustomEvent("takeroom:range", { detail }));
      });
      this.addEventListener("pointercancel", () => {
        if (this.from !== null) this.showPick({});
        this.from = null;
      });
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

    // ---- comments: a stretch being picked, and the marks of those there are ----
    picksRange(shift) {
      const forms = [...document.querySelectorAll("comment-form")].filter((form) => form.dataset.src === this.dataset.src);
      return forms.some((form) => shift || form.hasAttribute("data-ranging"));
    }

    picked(to) {
      const [start, end] = this.from < to ? [this.from, to] : [to, this.from];
      return { src: this.dataset.src, start, end: end - start < SHORTEST ? null : end };
    }

    showPick({ start, end }) {
      this.pick?.remove();
      this.pick = null;
      if (start === null || start === undefined || !this.duration || this.hasAttribute("data-dock")) return;
      this.pick = this.layer().appendChild(this.spot(start, end, "stretch"));
    }

    layer() {
      this.marks ||= document.createElement("span");
      this.marks.className = "marks";
      if (!this.marks.isConnected) this.append(this.marks);
      return this.marks;
    }

    spot(start, end, name) {
      const spot = document.createElement("i");
      spot.className = name;
      const share = (seconds) => `${(100 * Math.min(1, seconds / this.duration)).toFixed(2)}%`;
      spot.style.setProperty("--at", share(start));
      spot.style.setProperty("--span", end ? share(end - start) : "0px");
      if (end) spot.classList.add("range");
      return spot;
    }

    drawMarks() {
      if (this.hasAttribute("data-dock") || !this.dataset.src || !this.duration) return;
      for (const old of this.querySelectorAll(".mark")) old.remove();
      const about = document.querySelectorAll(`.thread[data-at][data-src="${CSS.escape(this.dataset.src)}"]`);
      for (const thread of about) {
        const mark = this.spot(Number(thread.dataset.at), Number(thread.dataset.until) || null, "mark");
        mark.dataset.thread = thread.id;
        mark.dataset.at = thread.dataset.at;
        mark.title = thread.dataset.says || "";
        mark.classList.toggle("resolved", thread.classList.contains("resolved"));
        this.layer().append(mark);
      }
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
