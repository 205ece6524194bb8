// What a <take-board> shows of its state (see board.js): methods of its own, in a file of their own.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;

  window.takeroom.boardFace = {
    put(name, text) {
      const spot = this.part(name);
      if (spot && spot.textContent !== text) spot.textContent = text;
    },

    show() {
      const share = this.length ? this.position / this.length : 0;
      this.style.setProperty("--at", share.toFixed(5));
      this.ruler?.show(this.position);
      this.put("clock", `${clock(this.position)} / ${clock(this.length)}`);
      const button = this.querySelector("[data-do=toggle]");
      if (button && button.hasAttribute("data-playing") !== this.playing) {
        button.toggleAttribute("data-playing", this.playing);
        button.setAttribute("aria-label", this.playing ? "Pause" : "Play");
      }
      const { name, el } = this.lanes[this.audible] || {};
      document.dispatchEvent(new CustomEvent("takeroom:board", { detail: { time: this.position, duration: this.length, playing: this.playing, name, lane: el } }));
    },

    showAudible() {
      this.lanes.forEach((lane, index) => {
        lane.el.classList.toggle("on", index === this.audible);
        lane.el.querySelector("[data-switch]")?.setAttribute("aria-pressed", index === this.audible);
      });
      const lane = this.lanes[this.audible];
      this.put("now", lane ? (/\d/.test(lane.key) ? `${lane.key} · ${lane.name}` : lane.name) : "");
      const unit = lane?.words.length ? "word" : "second";
      this.put("step", unit);
      this.showState();
      this.part("step")?.setAttribute("title", unit === "word" ? "This take has word times" : "This take has no word times");
      for (const [name, words] of [["back", "Back"], ["forward", "Forward"]]) this.querySelector(`[data-do=${name}]`)?.setAttribute("aria-label", `${words} one ${unit}`);
    },

    showState() {
      const count = this.lanes.length, ready = this.lanes.filter((lane) => lane.buffer).length, failed = this.lanes.filter((lane) => lane.trouble).length;
      const pace = this.part("pace")?.value || "4", touch = matchMedia("(pointer: coarse)").matches;
      const unit = this.lanes[this.audible]?.words.length ? "word" : "second";
      let words = touch ? `Tap a take · ‹ › by ${unit}` : /[A-H]/.test(this.lanes[0]?.key) ? `Switch with ${this.lanes[0].key} to ${this.lanes[count - 1].key}, or 1 to ${count}` : `Switch with 1 to ${count} at any moment`;
      if (this.rotating) words = pace === "loop" ? "Rotates at each loop" : `Rotates every ${pace} s`;
      if (ready + failed < count) words = `${ready} of ${count} loaded`;
      else if (!ready) words = "None of the takes could be loaded.";
      this.put("state", words);
      this.querySelector("[data-do=toggle]")?.toggleAttribute("disabled", ready === 0 && failed === count);
      this.querySelector("[data-do=rotate]")?.setAttribute("aria-pressed", this.rotating);
    },

    // The part that somebody is about to loop.
    mark(from, to) {
      this.style.setProperty("--from", (from / this.length).toFixed(5));
      this.style.setProperty("--to", (to / this.length).toFixed(5));
      this.toggleAttribute("data-marked", true);
    },

    showLoop() {
      const isPart = this.looping && (this.loop.from > 0 || this.loop.to < this.length);
      if (isPart) this.mark(this.loop.from, this.loop.to);
      this.toggleAttribute("data-marked", isPart);
      this.querySelector("[data-do=loop]")?.setAttribute("aria-pressed", this.looping);
      const box = this.part("loop");
      if (!box) return;
      box.hidden = !this.looping;
      if (!this.looping) return;
      for (const name of ["from", "to"]) this.part(name).value = this.loop[name].toFixed(2);
    },

    showLevels() {
      const offsets = window.takeroom.BoardSound.offsets(this.lanes.map((lane) => ({ lufs: lane.lufs, gone: !!lane.trouble })));
      const words = (offset) => (offset === null ? "loudness unknown, not matched" : offset > -0.05 ? "0 dB" : `−${(-offset).toFixed(1)} dB`);
      const levels = offsets.map((offset) => (this.isMatched ? 10 ** ((offset || 0) / 20) : 1));
      const tallest = Math.max(1, ...this.lanes.map((lane, index) => (lane.wave?.loudest || 0) * levels[index]));
      this.lanes.forEach((lane, index) => {
        const spot = lane.el.querySelector("[data-offset]");
        if (spot) spot.textContent = this.isMatched ? words(offsets[index]) : "";
        lane.wave?.show(this.length ? lane.seconds / this.length : 0, Math.min(4 / 127, 0.93 / tallest) * levels[index]);
      });
      for (const [name, on] of [["matched", this.isMatched], ["raw", !this.isMatched]]) this.querySelector(`[data-do=${name}]`)?.setAttribute("aria-pressed", on);
    },
  };
})();
