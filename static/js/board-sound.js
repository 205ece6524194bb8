// The sound of the comparison board, and nothing else: no page, no clock of its own.
// All takes run together, each behind its own gain; what is heard is a matter of gains alone, so a
// switch keeps the position to the sample. Works with any BaseAudioContext, offline ones too.
//
//   const sound = new BoardSound(context, [{ lufs: -20.1 }, { lufs: null }]);
//   sound.place(0, audioBuffer);     // decoded at the context's rate; `drop(1)` if it never comes
//   sound.start(1.5);                // seconds into the takes
//   sound.switchTo(1);               // now, or at a time of the context given as the last argument
//   sound.setLoop(0.5, 2);  sound.clearLoop();  sound.matched = false;  sound.stop();
//
// Times are seconds. Starts and loop points are put on whole samples: between two samples the
// browser would interpolate, for one take more than for another.
(() => {
  const FADE = 0.012;
  const LEAD = 0.02; // what is asked for in the past would click
  const SILENT = -50; // LUFS: a take this quiet is broken, and must not pull the others down

  class BoardSound {
    constructor(context, lanes) {
      this.context = context;
      this.rate = context.sampleRate;
      this.lanes = lanes.map(({ lufs }) => ({ lufs, buffer: null, gone: false, gain: null, from: 0, to: 0, at: 0 }));
      this.audible = 0;
      this.isMatched = true;
      this.loop = null; // { from, to }
      this.run = null; // { at, offset, loop, sources: [{ source, gate }] }
      for (const lane of this.lanes) {
        lane.gain = context.createGain();
        lane.gain.gain.value = 0;
        lane.gain.connect(context.destination);
      }
      this.lanes.forEach((lane, index) => this.set(lane, this.target(index)));
    }

    // ---- what there is ----

    get length() {
      return Math.max(0, ...this.lanes.map((lane) => lane.buffer?.duration || 0));
    }

    get playing() {
      return !!this.run;
    }

    place(index, buffer) {
      this.lanes[index].buffer = buffer;
      // Whoever comes late joins the others where they are.
      if (this.run) this.begin(this.position(this.soon()), this.soon());
    }

    drop(index) {
      this.lanes[index].gone = true;
      this.mix();
    }

    // ---- loudness: down to the quietest, so that nothing clips ----

    // Decibels by which each is turned down when matched; null where its loudness is not known.
    static offsets(lanes) {
      const known = (lane) => Number.isFinite(lane.lufs) && lane.lufs > SILENT;
      const quietest = Math.min(...lanes.filter((lane) => known(lane) && !lane.gone).map((lane) => lane.lufs));
      return lanes.map((lane) => (known(lane) ? Math.min(0, quietest - lane.lufs) : null));
    }

    level(index) {
      return this.isMatched ? 10 ** ((BoardSound.offsets(this.lanes)[index] || 0) / 20) : 1;
    }

    get matched() {
      return this.isMatched;
    }

    set matched(on) {
      this.isMatched = on;
      this.mix();
    }

    // ---- who is heard ----

    switchTo(index, at = this.soon()) {
      this.audible = index;
      this.mix(at);
    }

    target(index) {
      return index === this.audible ? this.level(index) : 0;
    }

    set(lane, value) {
      Object.assign(lane, { from: value, to: value, at: 0 });
      lane.gain.gain.value = value;
    }

    valueAt(lane, time) {
      const share = Math.min(1, Math.max(0, (time - lane.at) / FADE));
      return lane.from + (lane.to - lane.from) * share;
    }

    // Linear and complementary: two takes of the same sound add up to that sound at each instant.
    mix(at = this.soon()) {
      this.lanes.forEach((lane, index) => {
        const now = this.valueAt(lane, at), param = lane.gain.gain;
        const fading = lane.at > 0 && at > lane.at && at < lane.at + FADE;
        param.cancelScheduledValues(at);
        if (fading) param.linearRampToValueAtTime(now, at);
        else param.setValueAtTime(now, at);
        Object.assign(lane, { from: now, to: this.target(index), at });
        param.linearRampToValueAtTime(lane.to, at + FADE);
      });
    }

    // ---- transport ----

    soon() {
      const lead = Math.max(LEAD, this.context.baseLatency || 0);
      return Math.ceil((this.context.currentTime + lead) * this.rate) / this.rate;
    }

    start(position = 0, at = this.soon()) {
      this.begin(position, at);
    }

    stop(at = this.soon()) {
      this.end(at);
      this.run = null;
    }

    // Seconds into the takes at a time of the context; past the end where nothing loops.
    position(time = this.context.currentTime) {
      if (!this.run) return 0;
      const { at, offset, loop } = this.run, passed = offset + Math.max(0, time - at);
      return loop && passed >= loop.to ? loop.from + ((passed - loop.from) % (loop.to - loop.from)) : passed;
    }

    // When the running loop comes round for the first time after `time`; null where nothing loops.
    nextTurn(time = this.context.currentTime) {
      if (!this.run?.loop) return null;
      const { at, offset, loop } = this.run, first = at + loop.to - offset, length = loop.to - loop.from;
      return first + length * Math.max(0, Math.ceil((time - first) / length));
    }

    setLoop(from, to) {
      this.loop = { from: this.whole(from), to: this.whole(to) };
      if (!this.run) return;
      const at = this.soon(), position = this.position(at);
      this.begin(position < this.loop.from || position >= this.loop.to ? this.loop.from : position, at);
    }

    clearLoop() {
      this.loop = null;
      if (this.run) this.begin(this.position(this.soon()), this.soon());
    }

    // New sources for all takes at one instant; the ones before, if any, are faded into them.
    begin(position, at) {
      at = Math.ceil(at * this.rate - 1e-6) / this.rate;
      // A start behind the loop would never come into it.
      const offset = this.loop && position >= this.loop.to ? this.loop.from : this.whole(position);
      const faded = !!this.run || offset > 0;
      this.end(at);
      const sources = [];
      for (const lane of this.lanes) {
        if (!lane.buffer) continue;
        const source = this.context.createBufferSource(), gate = this.context.createGain();
        source.buffer = this.loop ? this.padded(lane) : lane.buffer;
        if (this.loop) Object.assign(source, { loop: true, loopStart: this.loop.from, loopEnd: this.loop.to });
        source.connect(gate).connect(lane.gain);
        if (faded) {
          gate.gain.setValueAtTime(0, at);
          gate.gain.linearRampToValueAtTime(1, at + FADE);
        }
        source.start(at, offset);
        sources.push({ source, gate });
      }
      this.run = { at, offset, loop: this.loop, sources, faded };
    }

    end(at) {
      if (!this.run) return;
      const open = this.run.faded ? Math.min(1, Math.max(0, (at - this.run.at) / FADE)) : 1;
      for (const { source, gate } of this.run.sources) {
        gate.gain.cancelScheduledValues(at);
        if (open < 1) gate.gain.linearRampToValueAtTime(open, at);
        else gate.gain.setValueAtTime(1, at);
        gate.gain.linearRampToValueAtTime(0, at + FADE);
        source.stop(at + FADE);
        source.onended = () => gate.disconnect();
      }
    }

    whole(seconds) {
      return Math.round(seconds * this.rate) / this.rate;
    }

    // Silence up to the longest and to the loop's end, so that every take turns at the same sample.
    padded(lane) {
      const frames = Math.max(Math.round(this.loop.to * this.rate), ...this.lanes.map((one) => one.buffer?.length || 0));
      if (lane.buffer.length >= frames) return lane.buffer;
      const { buffer } = lane;
      const longer = this.context.createBuffer(buffer.numberOfChannels, frames, buffer.sampleRate);
      for (let channel = 0; channel < buffer.numberOfChannels; channel++) longer.copyToChannel(buffer.getChannelData(channel), channel);
      lane.buffer = longer;
      return longer;
    }
  }

  window.takeroom = Object.assign(window.takeroom || {}, { BoardSound });
})();
