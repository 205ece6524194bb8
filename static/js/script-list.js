// Reordering by drag; the same forms that the buttons use.
(() => {
  class ScriptList extends HTMLElement {
    connectedCallback() {
      if (this.wired) return;
      this.wired = true;
      this.addEventListener("pointerdown", (event) => {
        const row = event.target.closest("[data-grip]")?.closest(".ln");
        if (row && !event.button) this.begin(event, row);
      });
    }

    begin(event, row) {
      event.preventDefault();
      const list = row.parentElement, start = [...list.children].indexOf(row);
      row.classList.add("dragging");
      const move = (ev) => {
        const over = [...list.children].find((one) => {
          const box = one.getBoundingClientRect();
          return one !== row && ev.clientY >= box.top && ev.clientY <= box.bottom;
        });
        if (!over) return;
        const box = over.getBoundingClientRect();
        list.insertBefore(row, ev.clientY > box.top + box.height / 2 ? over.nextSibling : over);
      };
      const end = (ev) => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
        row.classList.remove("dragging");
        const now = [...list.children].indexOf(row);
        if (now !== start) this.send(row, now + 1);
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    }

    send(row, to) {
      const button = row.querySelector("[data-step]");
      button.value = to;
      button.click();
    }
  }
  customElements.define("script-list", ScriptList);
})();
