// The one player. It lies outside what navigation replaces, so sound goes on while browsing.
// Any element with data-play and data-src (data-title, data-sub, data-href, data-duration) is a
// play button for it; waveforms with the same data-src follow it.
(() => {
  const told = new Set(); // takes that this page has reported as heard
  window.takeroom.heard = async (takeId) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!takeId || !token || told.has(takeId)) return;
    told.add(takeId);
    const view = document.querySelector("#act [name=view]")?.value || "line";
    const body = new URLSearchParams({ view, csrfmiddlewaretoken: token, queue: location.pathname.startsWith("/review/") ? location.search.slice(1) : "" });
    try {
      const answer = await fetch(`/takes/${takeId}/heard/`, { method: "POST", body, headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(String(answer.status));
      window.takeroom.apply(await answer.text());
    } catch {
      told.delete(takeId); // the next time it is played to its end
    }
  };

  const SPEED = "takeroom.speed";
  const HEARD = 0.95; // of the sound, really played, before its end is said to be reached
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;

  class TakePlayer extends HTMLElement {
    connectedCallback() {
      this.audio = this.querySelector("audio");
      this.button = this.querySelector("[data-toggle]");
      this.wave = this.querySelector("wave-form");
      this.src = "";
      this.wanted = null; // seconds to go on from, until the sound is loaded
      window.takeroom.player = this;
      this.button.addEventListener("click", () => this.toggle());
      for (const name of ["play", "pause", "ended", "seeked", "timeupdate", "loadedmetadata"])
        this.audio.addEventListener(name, () => this.tell());
      this.audio.addEventListener("play", () => this.tick());
      this.audio.addEventListener("ended", () => this.heard());
      this.audio.addEventListener("error", () => this.src && window.takeroom.message("This sound cannot be played right now. Check the connection and try again."));
      document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-play]");
        if (button) this.toggle(button);
      });
      document.addEventListener("takeroom:changed", () => this.tell());
      this.remote();
      this.speed();
    }

    state() {
      return { src: this.src, playing: !!this.audio && !this.audio.paused && !this.audio.ended, time: this.wanted ?? (this.audio?.currentTime || 0), duration: this.length };
    }

    get length() {
      const known = this.audio?.duration;
      return Number.isFinite(known) && known > 0 ? known : Number(this.dataset.duration) || 0;
    }

    // How fast takes are played, with their pitch kept; this browser remembers it.
    speed() {
      const choice = this.querySelector("[data-speed]");
      const apply = () => {
        this.audio.preservesPitch = true;
        this.audio.defaultPlaybackRate = this.audio.playbackRate = Number(choice.value) || 1;
      };
      let kept = null;
      try { kept = localStorage.getItem(SPEED); } catch { /* private mode */ }
      if ([...choice.options].some((option) => option.value === kept)) choice.value = kept;
      choice.addEventListener("change", () => {
        apply();
        try { localStorage.setItem(SPEED, choice.value); } catch { /* private mode */ }
        choice.blur();
      });
      apply();
    }

    pause() {
      this.audio.pause();
    }

    toggle(button) {
      if (button && button.dataset.src !== this.src) this.take(button);
      else if (!this.audio.paused) return this.audio.pause();
      if (this.src) this.audio.play().catch(() => this.tell());
    }

    take(button) {
      const { src, title, sub, href, duration } = button.dataset;
      this.src = src;
      this.takeId = button.closest("[data-take]")?.dataset.take || "";
      this.wanted = null;
      this.dataset.duration = duration || "";
      this.audio.src = src;
      this.hidden = false;
      this.querySelector("[data-title]").textContent = title || "";
      this.querySelector("[data-sub]").textContent = sub || "";
      const link = this.querySelector("[data-link]");
      if (href) link.href = href;
      else link.removeAttribute("href");
      const drawn = [...document.querySelectorAll("wave-form:not([data-dock])")].find((wave) => wave.dataset.src === src);
      this.wave.dataset.src = src;
      this.wave.dataset.peaks = drawn?.dataset.peaks || "";
      this.wave.setAttribute("aria-valuemax", duration || 0);
      this.wave.load();
      if ("mediaSession" in navigator) navigator.mediaSession.metadata = new MediaMetadata({ title: title || "Take", artist: sub || "Takeroom", album: "Takeroom" });
    }

    seek(src, seconds, wave) {
      if (src !== this.src) {
        const button = [...document.querySelectorAll("[data-play]")].find((one) => one.dataset.src === src);
        if (!button) return;
        this.audio.pause();
        this.take(button);
      }
      if (this.audio.readyState) this.audio.currentTime = seconds;
      else {
        // Shown at once where it will go on, though the sound is not here yet.
        if (this.wanted === null) this.audio.addEventListener("loadedmetadata", () => this.goOn(), { once: true });
        this.wanted = seconds;
        this.audio.preload = "metadata";
        this.audio.load();
      }
    }

    // Whoever decides about a take is told whether they have played it to its end.
    heard() {
      const { played } = this.audio;
      let seconds = 0;
      for (let i = 0; i < played.length; i++) seconds += played.end(i) - played.start(i);
      if (this.takeId && seconds >= HEARD * this.length) window.takeroom.heard(this.takeId);
    }

    goOn() {
      if (this.wanted !== null) this.audio.currentTime = this.wanted;
      this.wanted = null;
    }

    skip(seconds) {
      if (this.src) this.seek(this.src, Math.min(this.length, Math.max(0, this.state().time + seconds)));
    }

    tick() {
      if (this.audio.paused || this.audio.ended) return;
      this.tell(true);
      requestAnimationFrame(() => this.tick());
    }

    tell(quick) {
      const state = this.state();
      document.dispatchEvent(new CustomEvent("takeroom:player", { detail: state }));
      this.querySelector("[data-time]").textContent = `${clock(state.time)} / ${clock(state.duration)}`;
      if (quick === true) return;
      const mark = (button, on) => {
        button.toggleAttribute("data-playing", on);
        button.setAttribute("aria-label", (button.getAttribute("aria-label") || "Play").replace(/^(Play|Pause)/, on ? "Pause" : "Play"));
      };
      this.toggleAttribute("data-playing", state.playing);
      mark(this.button, state.playing);
      for (const button of document.querySelectorAll("[data-play]")) mark(button, state.playing && button.dataset.src === state.src);
      for (const card of document.querySelectorAll(":is(.take, .sweep-take)[data-take]")) card.toggleAttribute("data-current", !!state.src && card.querySelector("[data-play]")?.dataset.src === state.src);
    }

    remote() {
      if (!("mediaSession" in navigator)) return;
      const on = (name, act) => navigator.mediaSession.setActionHandler(name, act);
      on("play", () => this.toggle());
      on("pause", () => this.audio.pause());
      on("seekbackward", () => this.skip(-2));
      on("seekforward", () => this.skip(2));
    }
  }
  customElements.define("take-player", TakePlayer);
})();
