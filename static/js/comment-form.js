// The form for a comment: about the whole take, a moment of it, or a range. It knows its sound by
// data-src; times come from the player (Now, key C), from a drag on the waveform (Range, or Shift
// and drag), or are typed. What it is about shows on the button and on the waveform.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;

  function seconds(text) {
    const found = /^(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{0,3})?|[.,]\d{1,3})$/.exec(text.trim());
    return found ? 60 * Number(found[1] || 0) + Number(found[2].replace(",", ".")) : null;
  }

  class CommentForm extends HTMLElement {
    connectedCallback() {
      this.form = this.querySelector("form");
      this.text = this.form.querySelector("textarea");
      this.start = this.form.elements.namedItem("start");
      this.end = this.form.elements.namedItem("end");
      this.onRange = (event) => event.detail.src === this.dataset.src && this.about(event.detail.start, event.detail.end, true);
      document.addEventListener("takeroom:range", this.onRange);
      if (this.wired) return;
      this.wired = true;
      this.addEventListener("click", (event) => {
        if (event.target.closest("[data-now]")) this.now();
        if (event.target.closest("[data-range]")) this.ranging(!this.hasAttribute("data-ranging"));
      });
      this.addEventListener("input", () => this.said());
      this.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
        if (event.key === "Escape" && this.hasAttribute("data-ranging")) this.ranging(false);
      });
      // Sent: the form empties itself, and may be replaced; whoever writes stays where they were.
      this.form.addEventListener("reset", () => {
        const { id } = this.text;
        this.ranging(false);
        this.removeAttribute("data-dirty");
        document.dispatchEvent(new CustomEvent("takeroom:picked", { detail: { src: this.dataset.src, start: null } }));
        setTimeout(() => {
          this.said();
          if (document.activeElement === document.body) document.getElementById(id)?.focus({ preventScroll: true });
        });
      });
    }

    disconnectedCallback() {
      document.removeEventListener("takeroom:range", this.onRange);
    }

    // The player's position, or where the waveform was left.
    now() {
      const player = window.takeroom.player?.state();
      const wave = [...document.querySelectorAll("wave-form:not([data-dock])")].find((one) => one.dataset.src === this.dataset.src);
      const at = player?.src === this.dataset.src ? player.time : wave?.position || 0;
      this.about(at, null, true);
    }

    about(start, end, focus) {
      if (!this.start) return;
      this.start.value = clock(start);
      this.end.value = end === null ? "" : clock(end);
      this.ranging(false);
      this.said();
      if (!focus) return;
      this.closest("details")?.setAttribute("open", "");
      this.text.focus();
      this.scrollIntoView({ block: "nearest" });
    }

    ranging(on) {
      this.toggleAttribute("data-ranging", on);
      const button = this.querySelector("[data-range]");
      button?.setAttribute("aria-pressed", on);
      if (on) window.takeroom.say("Drag over the waveform, or type where the range starts and ends.");
    }

    // What the studio would refuse is said at its field, before anything is sent.
    judge(start, end) {
      if (!this.start) return;
      const last = Number(this.dataset.duration) || Infinity;
      const fault = (field, time) => {
        if (field.value.trim() && time === null) return "Write a time in seconds: 7.2, or 0:07.2.";
        return time !== null && time > last + 0.25 ? `The time has to lie in the take: between 0 and ${last.toFixed(1)} seconds.` : "";
      };
      this.start.setCustomValidity(fault(this.start, start) || (end !== null && start === null ? "Say where the range starts." : ""));
      this.end.setCustomValidity(fault(this.end, end) || (end !== null && start !== null && end <= start ? "The range has to end after it starts." : ""));
      for (const field of [this.start, this.end]) field.toggleAttribute("data-bad", !field.validity.valid);
    }

    // The button says what the comment is about; the waveform shows it.
    said() {
      if (!this.isConnected) return;
      const start = this.start ? seconds(this.start.value) : null, end = this.end ? seconds(this.end.value) : null;
      this.judge(start, end);
      const words = start === null ? "Comment" : end === null ? `Comment at ${clock(start)}` : `Comment on ${clock(start)}–${clock(end)}`;
      const button = this.querySelector("[data-send]");
      if (button.textContent !== words) button.textContent = words;
      const typed = [this.text, this.start, this.end].some((field) => field && field.value !== field.defaultValue);
      this.toggleAttribute("data-dirty", typed);
      document.dispatchEvent(new CustomEvent("takeroom:picked", { detail: { src: this.dataset.src, start, end } }));
    }
  }
  customElements.define("comment-form", CommentForm);

  // Key C: about what plays; else about the take that has the focus; else the first on the page.
  window.takeroom.comment = () => {
    const forms = [...document.querySelectorAll("main comment-form[data-src]")];
    const player = window.takeroom.player?.state(), near = document.activeElement?.closest(".take")?.dataset.take;
    const form = (near && forms.find((one) => one.dataset.take === near))
      || (player?.src && forms.find((one) => one.dataset.src === player.src)) || forms[0];
    form?.now();
  };
})();
