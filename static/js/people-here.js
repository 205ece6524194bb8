// Who is in the project: faces in the header (drawn by the server), and a small one on each row of
// the script that somebody else has open.
(() => {
  class PeopleHere extends HTMLElement {
    connectedCallback() {
      this.paint();
      this.onChange = () => this.paint();
      document.addEventListener("takeroom:changed", this.onChange);
    }

    disconnectedCallback() {
      document.removeEventListener("takeroom:changed", this.onChange);
    }

    paint() {
      const wanted = new Map();
      for (const one of this.querySelectorAll("li[data-line]")) {
        const id = `line-${one.dataset.line}`;
        wanted.set(id, [...(wanted.get(id) || []), one.dataset]);
      }
      for (const spot of document.querySelectorAll("#lines .ln-here")) if (!wanted.has(spot.closest(".ln").id)) spot.remove();
      for (const [id, people] of wanted) this.face(document.getElementById(id), people);
    }

    face(row, people) {
      if (!row) return;
      const words = people.map((one) => one.name).join(", ");
      let spot = row.querySelector(".ln-here");
      if (spot?.title === words) return;
      if (!spot) {
        spot = document.createElement("span");
        spot.className = "ln-here";
        spot.setAttribute("aria-hidden", "true"); // the list in the header says it
        row.append(spot);
      }
      spot.title = words;
      spot.replaceChildren(...people.slice(0, 2).map((one) => {
        const face = document.createElement("span");
        face.className = "avatar";
        face.textContent = one.initials;
        return face;
      }));
    }
  }
  customElements.define("people-here", PeopleHere);
})();
