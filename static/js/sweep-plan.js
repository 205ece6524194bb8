// What a sweep would make and cost, counted again with each change; the button waits for it.
(() => {
  const PAUSE = 300; // ms without typing

  class SweepPlan extends HTMLElement {
    connectedCallback() {
      this.form = this.querySelector("form");
      this.form.addEventListener("input", () => this.later());
      this.form.addEventListener("submit", (event) => {
        if (event.submitter?.matches("[data-make]") || !event.submitter) return;
        event.preventDefault();
      });
      // Enter counts; it never makes.
      this.form.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !event.target.matches("input")) return;
        event.preventDefault();
        this.count();
      });
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
      this.asked?.abort();
    }

    later() {
      const make = this.querySelector("[data-make]");
      if (make) make.disabled = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.count(), PAUSE);
    }

    async count() {
      clearTimeout(this.timer);
      this.asked?.abort();
      this.asked = new AbortController();
      for (const old of this.querySelectorAll(".errorlist, .banner.bad")) old.remove();
      for (const field of this.querySelectorAll(".field-bad, [aria-invalid]")) {
        field.classList.remove("field-bad");
        field.removeAttribute("aria-invalid");
      }
      const asked = new URLSearchParams(new FormData(this.form));
      try {
        const response = await fetch(`${this.form.getAttribute("action")}?${asked}`, {
          headers: { "HX-Request": "true" }, signal: this.asked.signal, redirect: "manual", cache: "no-store",
        });
        if (!response.ok) throw new Error(String(response.status));
        window.takeroom.apply(await response.text());
      } catch (error) {
        if (error.name !== "AbortError") window.takeroom.message("The takes could not be counted. Check the connection and change something to try again.");
      }
    }
  }
  customElements.define("sweep-plan", SweepPlan);
})();
