// The comments on a take: a time goes there in the player; a mark on the waveform, or an address
// with #comment-…, leads to its comment and opens what hides it.
(() => {
  const LIT_FOR = 2600; // ms

  function reveal(el, focus) {
    for (let box = el.closest("details:not([open])"); box; box = box.parentElement?.closest("details:not([open])")) box.open = true;
    const fold = el.querySelector(":scope > details:not([open])");
    if (fold) fold.open = true;
    const thread = el.closest(".thread") || el;
    thread.classList.add("lit");
    setTimeout(() => thread.classList.remove("lit"), LIT_FOR);
    el.scrollIntoView({ block: "nearest" });
    if (focus) el.focus({ preventScroll: true });
  }

  class CommentList extends HTMLElement {
    connectedCallback() {
      this.onMark = (event) => {
        const thread = document.getElementById(event.detail.thread);
        if (thread && this.contains(thread)) reveal(thread);
      };
      document.addEventListener("takeroom:mark", this.onMark);
      if (!this.wired) {
        this.addEventListener("click", (event) => this.clicked(event));
        this.addEventListener("reset", (event) => this.sent(event));
      }
      this.wired = true;
      const meant = /^#comment-\d+$/.test(location.hash) && this.querySelector(location.hash);
      if (meant && window.takeroom.shown !== location.href) {
        window.takeroom.shown = location.href;
        setTimeout(() => reveal(meant, true));
      }
    }

    disconnectedCallback() {
      document.removeEventListener("takeroom:mark", this.onMark);
    }

    // A reply is sent: its form closes, and the focus stays at its thread.
    sent(event) {
      const reply = event.target.closest("details.reply");
      if (!reply) return;
      reply.open = false;
      setTimeout(() => {
        if (document.activeElement === document.body) document.getElementById(reply.id)?.querySelector("summary").focus({ preventScroll: true });
      });
    }

    clicked(event) {
      const time = event.target.closest("[data-seek]");
      const src = time?.closest("[data-src]")?.dataset.src;
      if (src) window.takeroom.player?.seek(src, Number(time.dataset.seek));
    }
  }
  customElements.define("comment-list", CommentList);
})();
