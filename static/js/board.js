// <take-board>: hears takes side by side. Everything it knows it reads from its lanes:
//
//   <take-board>
//     <li data-lane data-src="…" data-name="Take 7" data-duration="4.4" data-lufs="-20.1"
//         data-peaks="…" data-words="0.05 0.31 …">     all but src and name may be missing or empty
//       <button data-switch aria-pressed="false">       makes this lane the one that is heard
//       <board-wave> <span data-offset> <p data-trouble hidden>                        where wanted
//     …
//   </take-board>
//
// and what stands around them, where it is there: [data-do] buttons (toggle, back, forward, rotate,
// loop, clear, matched, raw), [data-now], [data-state], [data-clock], [data-step], [data-pace],
// [data-loop] with [data-from] and [data-to], <board-ruler>. Sets --at, --from and --to (shares of the
// longest take) on itself, tells `takeroom:board` on the document. `window.takeroom.board` is the one
// on the page; `static/js/keys.js` hands it the keys.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
  const RATE = 48000; // all takes are decoded at the rate that all are played at
  const SHORTEST = 0.1; // seconds of a loop
  const AROUND = 1; // seconds to either side of the position that a finger's loop begins with
  const BACK = 0.3; // seconds into a word from which "back" means its own start

  class TakeBoard extends HTMLElement {
    connectedCallback() {
      customElements.upgrade(this); // put in place by navigation, the parts within come after it
      this.lanes = [...this.querySelectorAll("[data-lane]")].map((el) => ({
        el,
        name: el.dataset.name,
        key: el.querySelector("[data-switch]")?.textContent.trim() || "",
        wave: el.querySelector("board-wave"),
        lufs: el.dataset.lufs ? Number(el.dataset.lufs) : null,
        seconds: Number(el.dataset.duration) || 0,
        words: (el.dataset.words || "").split(" ").filter(Boolean).map(Number),
        buffer: null,
        trouble: "",
      }));
      Object.assign(this, { position: 0, audible: 0, playing: false, waiting: false, isMatched: true, loop: null, looping: false, rotating: false });
      this.ruler = this.querySelector("board-ruler");
      window.takeroom.board = this;
      this.away = new AbortController();
      this.wire(this.away.signal);
      this.showLevels();
      this.showAudible();
      this.show();
      for (const lane of this.lanes) this.load(lane);
    }

    disconnectedCallback() {
      this.away.abort();
      this.halt();
      this.context?.close();
      this.context = this.sound = null;
      if (window.takeroom.board === this) window.takeroom.board = null;
    }

    part(name) {
      return this.querySelector(`[data-${name}]`);
    }

    get length() {
      return Math.max(0, ...this.lanes.map((lane) => lane.seconds));
    }

    // ---- what is there to hear ----

    async load(lane) {
      try {
        const response = await fetch(lane.el.dataset.src, { signal: this.away.signal });
        if (!response.ok) throw new Error(String(response.status));
        lane.buffer = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await response.arrayBuffer());
        if (!lane.seconds) this.learn(lane, lane.buffer.duration);
      } catch (error) {
        if (this.away.signal.aborted) return;
        lane.trouble = error.name === "EncodingError" ? "This sound cannot be read." : "This sound could not be loaded. Reload the page to try again.";
        const spot = lane.el.querySelector("[data-trouble]");
        if (spot) Object.assign(spot, { hidden: false, textContent: `! ${lane.trouble}` });
      }
      if (this.away.signal.aborted) return;
      const index = this.lanes.indexOf(lane);
      if (lane.buffer) this.sound?.place(index, lane.buffer);
      else this.sound?.drop(index);
      this.showLevels();
      this.showState();
      if (this.waiting && lane.buffer) this.play();
    }

    // How long a take is whose lane does not say so.
    learn(lane, seconds) {
      lane.seconds = seconds;
      this.ruler?.setLength(this.length);
      this.show();
    }

    // Made when somebody first wants to hear: before that the browser would refuse it.
    wake() {
      if (this.sound) return;
      this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
      // The system may take the sound away: a call comes in, the output is unplugged.
      this.context.onstatechange = () => this.playing && this.context.state !== "running" && this.pause();
      this.sound = new window.takeroom.BoardSound(this.context, this.lanes);
      this.lanes.forEach((lane, index) => (lane.trouble ? this.sound.drop(index) : lane.buffer && this.sound.place(index, lane.buffer)));
      this.sound.matched = this.isMatched;
      this.sound.switchTo(this.audible);
      if (this.looping) this.sound.setLoop(this.loop.from, this.loop.to);
    }

    // ---- transport ----

    toggle() {
      if (this.playing || this.waiting) this.pause();
      else this.play();
    }

    async play() {
      window.takeroom.player?.pause();
      this.wake();
      clearTimeout(this.rest);
      this.waiting = true;
      await this.context.resume();
      if (!this.waiting || !this.sound) return;
      if (this.lanes[this.audible].trouble) this.switchTo(this.lanes.findIndex((lane) => !lane.trouble));
      if (!this.lanes[this.audible]?.buffer) return this.showState();
      this.waiting = false;
      this.playing = true;
      if (this.position >= this.length - 0.01) this.position = 0;
      this.sound.start(this.position);
      this.turned = this.context.currentTime;
      this.timer = setInterval(() => this.tick(), 40);
      this.paint();
      this.show();
      this.showState();
    }

    pause() {
      this.halt();
      this.rest = setTimeout(() => this.context?.suspend(), 200);
      this.show();
      this.showState();
    }

    halt() {
      if (this.playing) this.position = Math.min(this.length, this.heardAt());
      this.waiting = this.playing = false;
      clearInterval(this.timer);
      clearTimeout(this.rest);
      clearTimeout(this.turning);
      if (this.sound?.playing) this.sound.stop();
    }

    // What reaches the ear now was scheduled a moment ago.
    heardAt() {
      return this.sound.position(this.context.currentTime - (this.context.outputLatency || 0));
    }

    tick() {
      this.position = Math.min(this.length, this.heardAt());
      if (!this.looping && this.position >= this.length) return this.pause();
      this.listen();
      if (this.rotating) this.turn();
    }

    // What of each take was really heard, in tenths of a second: whoever decides about it is told.
    listen() {
      const lane = this.lanes[this.audible], take = /^lane-(\d+)$/.exec(lane.el.id)?.[1];
      if (!take || !lane.seconds) return;
      lane.heard ||= new Set();
      lane.heard.add(Math.floor(10 * this.position));
      if (this.position >= lane.seconds - 0.1 && lane.heard.size >= 9.5 * lane.seconds) window.takeroom.heard(take);
    }

    paint() {
      if (!this.playing) return;
      this.position = Math.min(this.length, this.heardAt());
      this.show();
      requestAnimationFrame(() => this.paint());
    }

    seek(seconds) {
      this.position = Math.min(this.length, Math.max(0, seconds));
      if (this.looping && this.position >= this.loop.to) this.position = this.loop.from;
      if (this.playing) this.sound.start(this.position);
      this.show();
    }

    skip(seconds) {
      this.seek(this.position + seconds);
    }

    // By word where the take that is heard has word times, else by second.
    jump(direction) {
      const { words } = this.lanes[this.audible], at = this.position;
      const marks = words.length ? [0, ...words] : Array.from({ length: Math.ceil(this.length) + 1 }, (_, second) => second);
      const to = direction > 0 ? marks.find((mark) => mark > at + 0.02) : marks.findLast((mark) => mark < at - BACK);
      this.seek(to ?? (direction > 0 ? this.length : 0));
    }

    // ---- which take ----

    switchTo(index, at) {
      const lane = this.lanes[index];
      if (!lane) return;
      if (lane.trouble) return window.takeroom.say(`${lane.name}: ${lane.trouble}`);
      clearTimeout(this.turning);
      this.audible = index;
      this.sound?.switchTo(index, at);
      this.turned = at ?? this.context?.currentTime ?? 0;
      this.showAudible();
      window.takeroom.say(`Hearing ${lane.name}`);
    }

    next() {
      const count = this.lanes.length, order = Array.from({ length: count }, (_, step) => (this.audible + 1 + step) % count);
      return order.find((index) => this.lanes[index].buffer) ?? this.audible;
    }

    rotate() {
      this.rotating = !this.rotating;
      clearTimeout(this.turning);
      this.turned = this.context?.currentTime ?? 0;
      if (this.rotating && this.part("pace")?.value === "loop" && !this.looping) this.toggleLoop();
      window.takeroom.say(this.rotating ? "Rotation on" : "Rotation off");
      this.showState();
    }

    turn() {
      const pace = this.part("pace")?.value || "4", now = this.context.currentTime;
      if (pace !== "loop") {
        if (now - this.turned >= Number(pace)) this.switchTo(this.next());
        return;
      }
      // At the very sample at which the loop comes round.
      const at = this.sound.nextTurn(now);
      if (at === null || at - now > 0.12 || at - this.turned < SHORTEST / 2) return;
      this.switchTo(this.next(), at);
    }

    // ---- loop ----

    toggleLoop() {
      if (this.looping) return this.applyLoop(false);
      // Fingers cannot mark a part well: what is round the position is a start.
      if (!this.loop && !this.rotating && matchMedia("(pointer: coarse)").matches) {
        const from = Math.max(0, Math.min(this.position - AROUND, this.length - 2 * AROUND));
        return this.setLoop(from, from + 2 * AROUND);
      }
      this.loop ||= { from: 0, to: this.length };
      this.applyLoop(true);
    }

    setLoop(from, to) {
      from = Math.min(Math.max(0, from), this.length - SHORTEST);
      this.loop = { from, to: Math.min(this.length, Math.max(from + SHORTEST, to)) };
      this.applyLoop(true);
    }

    loopFrom() {
      this.setLoop(this.position, this.loop && this.loop.to > this.position ? this.loop.to : this.length);
    }

    loopTo() {
      this.setLoop(this.loop && this.loop.from < this.position ? this.loop.from : 0, this.position);
    }

    applyLoop(on) {
      this.looping = on;
      if (on) this.sound?.setLoop(this.loop.from, this.loop.to);
      else this.sound?.clearLoop();
      if (on && !this.playing && (this.position < this.loop.from || this.position >= this.loop.to)) this.seek(this.loop.from);
      window.takeroom.say(on ? `Loop from ${clock(this.loop.from)} to ${clock(this.loop.to)}` : "Loop off");
      this.showLoop();
      this.showState();
    }

    clearLoop() {
      this.loop = null;
      this.applyLoop(false);
    }

    // ---- loudness ----

    match(on) {
      this.isMatched = on;
      if (this.sound) this.sound.matched = on;
      this.showLevels();
      window.takeroom.say(on ? "Loudness matched" : "Each take as loud as it is");
    }

    // ---- hands ----

    wire(signal) {
      const acts = {
        toggle: () => this.toggle(), back: () => this.jump(-1), forward: () => this.jump(1), rotate: () => this.rotate(),
        loop: () => this.toggleLoop(), clear: () => this.clearLoop(), matched: () => this.match(true), raw: () => this.match(false),
      };
      this.addEventListener("click", (event) => {
        const button = event.target.closest("[data-do]");
        if (button) return acts[button.dataset.do]?.();
        const lane = event.target.closest("[data-lane]"), other = event.target.closest("a, button, input, textarea, select, summary, label, audio, board-wave, .menu");
        if (lane && (!other || other.matches("[data-switch]"))) this.switchTo(this.lanes.findIndex((one) => one.el === lane));
      }, { signal });
      this.addEventListener("change", (event) => {
        if (event.target.matches("[data-pace]")) {
          if (this.rotating && event.target.value === "loop" && !this.looping) this.toggleLoop();
          event.target.blur();
          this.showState();
        }
        if (event.target.matches("[data-from], [data-to]")) this.typed();
      }, { signal });
      for (const lane of this.lanes) if (lane.wave) this.wireWave(lane, signal);
      document.addEventListener("takeroom:player", (event) => event.detail.playing && (this.playing || this.waiting) && this.pause(), { signal });
      // Else navigation would copy it to the next board as an inline style, which is forbidden.
      document.addEventListener("htmx:beforeSwap", (event) => event.detail.boosted && this.removeAttribute("style"), { signal });
      document.addEventListener("takeroom:changed", () => this.showAudible(), { signal });
    }

    wireWave(lane, signal) {
      const move = (event) => {
        const box = lane.wave.getBoundingClientRect();
        return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.length;
      };
      lane.wave.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        lane.wave.setPointerCapture(event.pointerId);
        if (this.lanes[this.audible] !== lane) this.switchTo(this.lanes.indexOf(lane));
      }, { signal });
      lane.wave.addEventListener("pointermove", (event) => {
        if (lane.wave.hasPointerCapture(event.pointerId) && !this.playing) this.seek(move(event));
      }, { signal });
      lane.wave.addEventListener("pointerup", (event) => lane.wave.hasPointerCapture(event.pointerId) && this.seek(move(event)), { signal });
    }

    typed() {
      const read = (name) => Number(this.part(name).value.replace(",", "."));
      const from = read("from"), to = read("to");
      if (Number.isFinite(from) && Number.isFinite(to) && to > from) this.setLoop(from, to);
      else this.showLoop();
    }
  }
  Object.assign(TakeBoard.prototype, window.takeroom.boardFace);
  customElements.define("take-board", TakeBoard);
})();
