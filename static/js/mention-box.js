// Names of the project's members, offered while somebody types “@” in the textarea inside.
// The names are asked for once, at the first “@”. Arrows choose, Enter or Tab takes, Escape closes.
(() => {
  const asked = new Map(); // address → promise of [{name, label}]
  let count = 0;

  function names(url) {
    if (!asked.has(url)) {
      const answer = fetch(url, { headers: { Accept: "application/json" }, redirect: "manual" })
        .then((response) => (response.ok ? response.json() : { names: [] }))
        .then((body) => body.names)
        .catch(() => { asked.delete(url); return []; });
      asked.set(url, answer);
    }
    return asked.get(url);
  }

  class MentionBox extends HTMLElement {
    connectedCallback() {
      if (this.wired) return;
      this.wired = true;
      this.text = this.querySelector("textarea");
      this.text.setAttribute("aria-autocomplete", "list");
      this.addEventListener("input", () => this.look());
      this.addEventListener("keydown", (event) => this.key(event));
      this.addEventListener("focusout", () => this.close());
      this.addEventListener("mousedown", (event) => {
        const option = event.target.closest("[role=option]");
        if (!option) return;
        event.preventDefault();
        this.pick(option);
      });
    }

    get begun() {
      const before = this.text.value.slice(0, this.text.selectionStart);
      const found = /(?:^|[^\w@])@([\w.+-]*)$/.exec(before);
      return found ? found[1] : null;
    }

    async look() {
      if (this.begun === null) return this.close();
      const all = await names(this.dataset.names);
      const begun = this.begun;
      if (begun === null || document.activeElement !== this.text) return this.close();
      const fits = (text) => text.toLowerCase().split(/[\s.]+/).some((word) => word.startsWith(begun.toLowerCase()));
      const found = all.filter((one) => one.name.toLowerCase().startsWith(begun.toLowerCase()) || fits(one.label)).slice(0, 6);
      if (!found.length) return this.close();
      this.open(found);
    }

    open(found) {
      this.close();
      this.list = document.createElement("ul");
      this.list.className = "mention-list";
      this.list.id = `mentions-${++count}`;
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", "People to mention");
      for (const one of found) {
        const option = document.createElement("li");
        option.id = `${this.list.id}-${this.list.children.length}`;
        option.setAttribute("role", "option");
        option.dataset.name = one.name;
        const name = document.createElement("b");
        name.textContent = `@${one.name}`;
        option.append(name, one.label === one.name ? "" : ` ${one.label}`);
        this.list.append(option);
      }
      this.append(this.list);
      this.text.setAttribute("aria-controls", this.list.id);
      this.choose(0);
      window.takeroom.say(`${found.length} ${found.length === 1 ? "person" : "people"} to mention.`);
    }

    choose(index) {
      const options = [...this.list.children];
      this.index = (index + options.length) % options.length;
      for (const [i, option] of options.entries()) option.setAttribute("aria-selected", i === this.index);
      this.text.setAttribute("aria-activedescendant", options[this.index].id);
    }

    key(event) {
      if (!this.list) return;
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps) this.choose(this.index + steps[event.key]);
      else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") this.pick(this.list.children[this.index]);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    pick(option) {
      const at = this.text.selectionStart, start = at - this.begun.length;
      this.text.setRangeText(`${option.dataset.name} `, start, at, "end");
      this.close();
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    }

    close() {
      this.list?.remove();
      this.list = null;
      this.text.removeAttribute("aria-activedescendant");
      this.text.removeAttribute("aria-controls");
    }
  }
  customElements.define("mention-box", MentionBox);
})();
