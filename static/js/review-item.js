// One take before a reviewer. What played before is silent; the clock and the words “Comment at …”
// follow the position; A, X and N go to approving, to asking for changes, and to the next take.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;

  class ReviewItem extends HTMLElement {
    connectedCallback() {
      window.takeroom.review = this;
      const player = window.takeroom.player, button = this.querySelector(".review-play [data-play]");
      if (button && player && player.src !== this.dataset.src) {
        player.pause();
        player.take(button); // so that the keys play this one
      }
      this.onPlayer = (event) => this.follow(event.detail);
      document.addEventListener("takeroom:player", this.onPlayer);
      if (this.wired) return;
      this.wired = true;
      this.addEventListener("click", (event) => event.target.closest("[data-comment-now]") && window.takeroom.comment?.());
      this.addEventListener("toggle", (event) => {
        if (event.target.matches(".refuse[open]")) event.target.querySelector("textarea").focus();
      }, true);
    }

    disconnectedCallback() {
      document.removeEventListener("takeroom:player", this.onPlayer);
      if (window.takeroom.review === this) window.takeroom.review = null;
    }

    follow(state) {
      if (state.src !== this.dataset.src) return;
      const at = clock(state.time), spot = this.querySelector("[data-review-clock]"), button = this.querySelector("[data-comment-now]");
      if (spot && spot.textContent !== at) spot.textContent = at;
      if (button && button.textContent !== `Comment at ${at}`) button.textContent = `Comment at ${at}`;
    }

    // Nothing is approved while a word is not confirmed: the key leads to the word instead.
    approve() {
      const button = this.querySelector("[data-approve]"), word = this.querySelector("[data-word]:not(:checked)");
      if (word) {
        word.focus();
        window.takeroom.say("Confirm first that this word was said right.");
      } else button?.click();
    }

    change() {
      const details = this.querySelector(".refuse");
      if (!details) return;
      if (details.open) details.querySelector("textarea").focus();
      details.open = true;
    }

    next() {
      this.querySelector("[data-next]")?.click();
    }
  }
  customElements.define("review-item", ReviewItem);
})();
