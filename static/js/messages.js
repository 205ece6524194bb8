// <studio-messages id="messages">: what the studio just said. Good news goes by itself, later while
// somebody points at it, reads it by keyboard or looks elsewhere; what went wrong stays until the
// same form succeeds, or the page is left. `data-from` of a message names its form.
(() => {
  const STAYS = 6000, STAYS_WITH_UNDO = 20000, AGAIN = 2000; // ms
  const TONES_THAT_GO = ".ok, .info, .banner:not(.bad, .warn, .wait)";

  class StudioMessages extends HTMLElement {
    connectedCallback() {
      for (const banner of this.children) this.time(banner);
      this.watch = new MutationObserver((changes) => {
        for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === 1) this.time(node);
      });
      this.watch.observe(this, { childList: true });
    }

    disconnectedCallback() {
      this.watch.disconnect();
    }

    time(banner) {
      if (!banner.matches(TONES_THAT_GO)) return;
      const leave = () => {
        if (!banner.isConnected) return;
        if (document.hidden || banner.matches(":hover, :focus-within")) setTimeout(leave, AGAIN);
        else banner.remove();
      };
      setTimeout(leave, banner.querySelector("form") ? STAYS_WITH_UNDO : STAYS);
    }

    // What an answer to `form` said: an earlier refusal of the same form no longer holds.
    answered(form, before) {
      const name = form?.id || form?.getAttribute?.("action");
      if (!name) return;
      for (const old of before) if (old.dataset.from === name) old.remove();
      for (const banner of this.children) if (!before.includes(banner)) banner.dataset.from = name;
    }
  }
  customElements.define("studio-messages", StudioMessages);
})();
