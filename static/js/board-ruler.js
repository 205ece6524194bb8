// The board's time axis and its position: a slider. Click moves, drag marks the part to loop,
// arrow keys move (Shift: finer). It changes nothing by itself: it tells the board it stands in.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60];
  const DRAG = 5; // pixels from which a click is a drag
  const ROOM = 56; // pixels that a number needs

  class BoardRuler extends window.takeroom.Drawing {
    connectedCallback() {
      this.board = this.closest("take-board");
      if (!this.canvas) {
        this.canvas = this.appendChild(document.createElement("canvas"));
        this.wire();
      }
      super.connectedCallback();
    }

    get length() {
      return Number(this.getAttribute("aria-valuemax")) || 0;
    }

    setLength(seconds) {
      this.setAttribute("aria-valuemax", seconds);
      this.draw();
    }

    wire() {
      const at = (event) => {
        const box = this.getBoundingClientRect();
        return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.length;
      };
      let from = null, x = 0, dragged = false;
      this.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        this.setPointerCapture(event.pointerId);
        [from, x, dragged] = [at(event), event.clientX, false];
      });
      this.addEventListener("pointermove", (event) => {
        if (from === null || !this.hasPointerCapture(event.pointerId)) return;
        dragged ||= Math.abs(event.clientX - x) > DRAG;
        if (dragged) this.board.mark(Math.min(from, at(event)), Math.max(from, at(event)));
      });
      this.addEventListener("pointerup", (event) => {
        if (from === null) return;
        if (dragged) this.board.setLoop(Math.min(from, at(event)), Math.max(from, at(event)));
        else this.board.seek(from);
        from = null;
      });
      this.addEventListener("pointercancel", () => {
        from = null;
        this.board.showLoop();
      });
      this.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        let to = null;
        if (event.key in steps) to = this.board.position + steps[event.key] * (event.shiftKey ? 0.1 : 0.5);
        if (event.key === "Home") to = 0;
        if (event.key === "End") to = this.length;
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        this.board.seek(to);
      });
    }

    show(seconds) {
      const text = `${clock(seconds)} of ${clock(this.length)}`;
      if (this.getAttribute("aria-valuetext") === text) return;
      this.setAttribute("aria-valuenow", seconds.toFixed(1));
      this.setAttribute("aria-valuetext", text);
    }

    draw() {
      const box = this.getBoundingClientRect();
      if (!box.width || !this.length) return;
      const scale = window.devicePixelRatio || 1, style = getComputedStyle(this), pen = this.canvas.getContext("2d");
      Object.assign(this.canvas, { width: Math.round(box.width * scale), height: Math.round(box.height * scale) });
      pen.scale(scale, scale);
      pen.font = `11px ${style.getPropertyValue("--mono")}`;
      const step = STEPS.find((one) => (one / this.length) * box.width >= ROOM) || 60, fine = step / 5;
      for (let n = 0; n * fine <= this.length + 1e-6; n++) {
        const x = Math.min(box.width - 1, Math.round(((n * fine) / this.length) * box.width)), main = n % 5 === 0;
        pen.fillStyle = style.getPropertyValue(main ? "--edge" : "--line-strong");
        pen.fillRect(x, box.height - (main ? 9 : 5), 1, main ? 9 : 5);
        if (!main || x + 26 > box.width) continue;
        pen.fillStyle = style.getPropertyValue("--ink-3");
        pen.fillText(step < 1 ? (n * fine).toFixed(1) : String(Math.round(n * fine)), x + 4, box.height - 10);
      }
    }
  }
  customElements.define("board-ruler", BoardRuler);
})();
