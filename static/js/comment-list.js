// The comments on a take: a time goes there in the player; a mark on the waveform, or an address
// with #comment-…, leads to its comment and opens what hides it.
(() => {
  const LIT_FOR = 2600; // ms
  let lit = ""; // the thread that is lit: a card drawn anew meanwhile keeps its light
  let fading;
  let shown = ""; // the address whose comment was shown
  for (const name of ["htmx:pushedIntoHistory", "hashchange"]) window.addEventListener(name, () => (shown = ""), true);

  function reveal(el, focus) {
    for (let box = el.closest("details:not([open])"); box; box = box.parentElement?.closest("details:not([open])")) box.open = true;
    const fold = el.querySelector(":scope > details:not([open])");
    if (fold) fold.open = true;
    const thread = el.closest(".thread") || el;
    document.getElementById(lit)?.classList.remove("lit");
    lit = thread.id;
    thread.classList.add("lit");
    clearTimeout(fading);
    fading = setTimeout(() => {
      document.getElementById(lit)?.classList.remove("lit");
      lit = "";
    }, LIT_FOR);
    el.scrollIntoView({ block: "nearest" });
    if (focus) el.focus({ preventScroll: true });
  }

  document.addEventListener("takeroom:changed", () => lit && document.getElementById(lit)?.classList.add("lit"));

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
      this.onPlace = () => this.lookForMeant();
      for (const name of ["takeroom:changed", "htmx:afterSettle"]) document.addEventListener(name, this.onPlace);
      addEventListener("hashchange", this.onPlace);
      setTimeout(this.onPlace);
    }

    disconnectedCallback() {
      document.removeEventListener("takeroom:mark", this.onMark);
      for (const name of ["takeroom:changed", "htmx:afterSettle"]) document.removeEventListener(name, this.onPlace);
      removeEventListener("hashchange", this.onPlace);
    }

    // Once for each time that somebody goes to the address, whatever is replaced meanwhile.
    lookForMeant() {
      const meant = /^#comment-\d+$/.test(location.hash) && this.querySelector(location.hash);
      if (!meant || shown === location.href) return;
      shown = location.href;
      reveal(meant, true);
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
