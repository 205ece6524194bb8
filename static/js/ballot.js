// <blind-ballot>: a vote while listening. The fields belong to the form `ballot` and work without
// this; it keeps places apart (a place that is given again changes hands, the last one is filled
// in), tells the ruler how long the longest sound is once it is known, and keeps Enter in a field
// from casting a vote, which cannot be taken back.
(() => {
  class BlindBallot extends HTMLElement {
    connectedCallback() {
      this.places = [...this.querySelectorAll("select[data-place]")];
      this.places.forEach((place) => (place.dataset.was = place.value));
      if (!this.wired) this.wire();
      this.state = this.querySelector("[data-state]");
      this.watch = new MutationObserver(() => this.measure());
      if (this.state) this.watch.observe(this.state, { childList: true, characterData: true, subtree: true });
      this.measure();
    }

    disconnectedCallback() {
      this.watch.disconnect();
    }

    wire() {
      this.wired = true;
      this.addEventListener("change", (event) => {
        if (event.target.matches("select[data-place]")) this.settle(event.target);
      });
      this.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target.matches("input[name=pick], select[data-place]")) event.preventDefault();
      });
    }

    settle(changed) {
      const other = changed.value && this.places.find((place) => place !== changed && place.value === changed.value);
      if (other) this.give(other, changed.dataset.was);
      changed.dataset.was = changed.value;
      const open = this.places.filter((place) => !place.value);
      if (open.length === 1 && this.places.length > 1) {
        const taken = new Set(this.places.map((place) => place.value));
        this.give(open[0], [...open[0].options].map((option) => option.value).find((value) => value && !taken.has(value)));
      }
    }

    give(place, value) {
      place.value = place.dataset.was = value || "";
      window.takeroom.say(value ? `Sound ${place.dataset.place} is now in place ${value}` : `Sound ${place.dataset.place} has no place now`);
    }

    measure() {
      const board = this.querySelector("take-board"), ruler = this.querySelector("board-ruler");
      if (!ruler || !board?.length || Number(ruler.getAttribute("aria-valuemax")) === board.length) return;
      ruler.setAttribute("aria-valuemax", board.length);
      ruler.draw?.();
      board.show();
    }
  }
  customElements.define("blind-ballot", BlindBallot);
})();
