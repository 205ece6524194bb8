// The editor of one line: saves by itself, loses nothing, and keeps the numbers beside the text
// true while somebody types. Unsaved text lies in sessionStorage until the studio has it.
(() => {
  const PAUSE = 700;
  const money = (n) => (Math.round(n * 100) === Math.round(n * 10000) / 100 ? `$${n.toFixed(2)}` : `$${n.toFixed(n < 0.05 ? 3 : 2)}`);
  const shelf = {
    get(key) { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } },
    put(key, value) { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ } },
    drop(key) { try { sessionStorage.removeItem(key); } catch { /* forbidden */ } },
  };

  const MARKED = /⟨(?:yours|theirs):/; // see speech/queries/combine.py

  // Where a place in a text went when the text became another one.
  function carried(was, now, at) {
    let head = 0, tail = 0;
    const most = Math.min(was.length, now.length);
    while (head < most && was[head] === now[head]) head += 1;
    while (tail < most - head && was[was.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
    if (at <= head) return at;
    return at >= was.length - tail ? at + now.length - was.length : Math.min(at, now.length - tail);
  }

  class LineEditor extends HTMLElement {
    connectedCallback() {
      this.key = `takeroom.line.${this.dataset.line}`;
      this.area = this.querySelector("#id_text");
      if (!this.wired) this.wire();
      this.onOnline = () => this.save();
      this.onLeave = (event) => { if (this.isDirty) { this.save(true); event.preventDefault(); } };
      addEventListener("online", this.onOnline);
      addEventListener("beforeunload", this.onLeave);
      this.restore();
      this.count();
      this.price();
    }

    disconnectedCallback() {
      removeEventListener("online", this.onOnline);
      removeEventListener("beforeunload", this.onLeave);
      clearTimeout(this.timer);
      clearTimeout(this.retry);
      if (this.isDirty) this.save(true);
    }

    get form() { return this.querySelector("#line-form"); }
    get text() { return this.querySelector("textarea#id_text"); }
    get direction() { return this.querySelector("#id_direction"); }
    get isDirty() { return this.querySelector("#line-text")?.hasAttribute("data-dirty") ?? false; }
    // What this editor began with; see lines/_save_state.html.
    get began() {
      const value = (name) => this.querySelector(`#save-state [name=${name}]`)?.value ?? "";
      return { revision: value("revision"), base: value("base"), base_direction: value("base_direction") };
    }
    set began(was) {
      for (const [name, value] of Object.entries(was)) {
        const field = this.querySelector(`#save-state [name=${name}]`);
        if (field && value !== undefined) field.value = value;
      }
    }
    get revision() { return this.began.revision; }
    get draft() { return { text: this.text.value, direction: this.direction.value, ...this.began }; }

    wire() {
      this.addEventListener("focusin", (event) => { if (event.target === this.text) this.hasCursor = true; });
      this.wired = true;
      this.addEventListener("input", (event) => {
        if (event.target.matches("[data-draft]")) {
          this.typed();
          this.mineIs(this.text.value, this.direction.value);
        }
        // Two places to write in at once: the one that somebody turns to is the one that counts.
        const combination = event.target.closest("#combine-form");
        if (combination) {
          combination.setAttribute("data-dirty", "");
          this.text.readOnly = this.direction.readOnly = true;
        }
        if (event.target.closest(".field-bad")) this.clearFaults(event.target.closest(".field-bad"));
        if (event.target.closest(".setup")) this.price();
      });
      this.addEventListener("change", (event) => {
        if (event.target.matches("[data-draft]")) this.save();
        else if (event.target.closest(".setup") && !event.target.matches("[name=count], [name=engine]")) this.saveSetup();
        this.price();
      });
      this.addEventListener("click", (event) => this.clicked(event));
      this.addEventListener("submit", (event) => {
        if (event.target.id !== "combine-form") return;
        event.preventDefault();
        const form = event.target, field = (name) => form.elements[name].value;
        if (MARKED.test(field("text"))) return this.refuse(form.elements.text);
        form.removeAttribute("data-dirty");
        this.decide({ revision: field("revision"), base: field("base"), base_direction: field("base_direction") }, field("text"), field("direction"));
      });
      this.addEventListener("takeroom:waits", (event) => {
        if (event.target.id === "line-text" && this.follow(event.detail)) event.preventDefault();
      });
      this.addEventListener("htmx:configRequest", () => clearTimeout(this.timer));
      this.addEventListener("htmx:afterRequest", (event) => {
        if (event.detail.successful && event.detail.elt === this.form && event.detail.xhr.status < 400) {
          if (!this.isDirty || this.text.value === this.began.base) this.kept(); // else typed on meanwhile
          this.clearFaults();
        }
      });
      document.addEventListener("takeroom:changed", () => { if (this.isConnected) { this.count(); this.price(); } });
    }

    // ---- text ----
    restore() {
      const draft = shelf.get(this.key);
      if (!draft || !this.text) return;
      if (draft.text === this.text.value && draft.direction === this.direction.value) return shelf.drop(this.key);
      this.text.value = draft.text;
      this.direction.value = draft.direction;
      this.began = { revision: draft.revision, base: draft.base, base_direction: draft.base_direction };
      this.typed();
    }

    typed() {
      this.querySelector("#line-text").setAttribute("data-dirty", "");
      shelf.put(this.key, this.draft);
      this.words("Saving…");
      this.count();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), PAUSE);
    }

    async save(leaving) {
      clearTimeout(this.timer);
      clearTimeout(this.retry);
      // Once somebody writes in the combination, it is decided there and nothing is sent from here.
      if (!this.isDirty || !this.text || this.text.readOnly) return;
      if (this.saving) return void (this.again = true);
      const sent = this.draft;
      const body = new FormData();
      for (const [name, value] of Object.entries(sent)) body.set(name, value);
      body.set("csrfmiddlewaretoken", this.token);
      this.saving = true;
      try {
        const response = await this.post(this.dataset.save, body, leaving);
        if (response.ok) {
          this.saved(sent);
          if (leaving) shelf.drop(this.key);
        } else if (response.status === 409) {
          const who = this.querySelector("#conflict")?.dataset.who || "Somebody else";
          if (!this.told) window.takeroom.say(`Not saved yet: ${who} changed this line. Both texts are below.`);
          this.told = true;
          this.words(`Not saved yet: ${who} changed this line`);
        } else if (response.status === 404 || response.status === 403) {
          this.words("Not saved: this line can no longer be changed. Copy your text");
        } else if (response.status >= 500) throw new Error(String(response.status));
      } catch {
        this.words("Not saved yet: no connection. Kept in this tab");
        this.retry = setTimeout(() => this.save(), 4000);
      } finally {
        this.saving = false;
        if (this.again) { this.again = false; this.save(); }
      }
    }

    async post(url, body, leaving) {
      const response = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "manual", keepalive: !!leaving });
      if (response.type === "opaqueredirect") throw new Error("signed out");
      const answer = { ok: response.ok, status: response.status };
      if (response.headers.get("X-Changes") !== null && this.isConnected) window.takeroom.apply(await response.text());
      return answer;
    }

    // The studio keeps what the other one wrote where this person left it alone: show it, unless
    // somebody typed on meanwhile; then the next save begins where this one did.
    saved(sent) {
      if (!this.isConnected || !this.text) return;
      const now = this.began, still = this.text.value === sent.text && this.direction.value === sent.direction;
      const otherText = now.base !== sent.text, otherDirection = now.base_direction !== sent.direction.trim();
      if (!still && (otherText || otherDirection)) this.began = { revision: sent.revision, base: sent.base, base_direction: sent.base_direction };
      if (!still) return shelf.put(this.key, this.draft);
      if (otherText) this.text.value = now.base;
      if (otherDirection) this.direction.value = now.base_direction;
      this.count();
      this.kept();
    }

    // The end of a conflict: what to save, and what the other one wrote.
    decide(began, text, direction) {
      this.began = began;
      this.text.value = text;
      if (direction !== undefined) this.direction.value = direction;
      this.text.readOnly = this.direction.readOnly = this.told = false; // the panel goes once it is saved
      this.text.focus();
      this.typed();
      this.save();
    }

    // The panel shows what is in the field, so that “Keep mine” keeps what stands under “Yours”.
    mineIs(text, direction) {
      const form = this.querySelector("#combine-form");
      if (!form) return;
      form.elements.mine.value = text;
      form.elements.my_direction.value = direction;
      this.querySelector("[data-mine]").textContent = text;
    }

    refuse(area) {
      this.querySelector("#combined-fault").innerHTML = '<span class="bad-text errorlist">Not saved: places are still marked. Keep what should be read and delete the marks ⟨\u00a0⟩.</span>';
      area.setAttribute("aria-invalid", "true");
      area.closest(".field").classList.add("field-bad");
      area.focus();
      const at = area.value.search(MARKED);
      area.setSelectionRange(at, area.value.indexOf("⟩", at) + 1);
    }

    // What somebody else saved, where the cursor stands but nothing is typed: in place, the cursor
    // stays in its words. False where it has to wait.
    follow(fresh) {
      if (this.isDirty || this.saving || !this.text || this.text.matches(":active")) return false;
      for (const name of ["text", "direction"]) {
        const field = this[name], now = fresh.querySelector(`#id_${name}`)?.value;
        if (now === undefined || now === field.value) continue;
        const was = field.value, moved = [field.selectionStart, field.selectionEnd].map((at) => carried(was, now, at));
        field.value = now;
        if (field === document.activeElement) field.setSelectionRange(...moved);
      }
      const value = (name) => fresh.querySelector(`#save-state [name=${name}]`)?.value;
      this.began = { revision: value("revision"), base: value("base"), base_direction: value("base_direction") };
      this.querySelector("#line-text").dataset.version = fresh.dataset.version;
      this.querySelector("#line-preflight")?.replaceWith(fresh.querySelector("#line-preflight"));
      this.count();
      return true;
    }

    settle() {
      this.text.readOnly = this.direction.readOnly = this.told = false;
      if (this.querySelector("#combine-form")) window.takeroom.apply('<div id="conflict" class="conflict" tabindex="-1" data-force></div>');
    }

    kept() {
      this.settle(); // an answer that was late may have shown the conflict again
      const box = this.querySelector("#line-text");
      box?.removeAttribute("data-dirty");
      if (box && this.revision) box.dataset.version = this.revision;
      shelf.drop(this.key);
      this.words("Saved");
    }

    clearFaults(within = this) {
      for (const old of within.querySelectorAll(".form-faults, .errorlist")) old.remove();
      for (const field of [within, ...within.querySelectorAll(".field-bad")]) field.classList.remove("field-bad");
      for (const field of within.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    }

    words(text) {
      const spot = this.querySelector("#save-state [data-words]") || this.querySelector("#save-state .bad-text");
      if (spot && spot.textContent !== text) spot.textContent = text;
    }

    get token() { return (this.form || document).querySelector("[name=csrfmiddlewaretoken]")?.value || document.querySelector("[name=csrfmiddlewaretoken]")?.value || ""; }

    // ---- setup ----
    async saveSetup() {
      if (!this.form || this.hasAttribute("data-tweaked")) return;
      const body = new FormData(this.form);
      try {
        await this.post(this.dataset.setup, body);
      } catch {
        window.takeroom.message("The setup is not saved yet: no connection. It is sent with the next take.", "warn");
      }
    }

    clicked(event) {
      const el = event.target.closest("[data-tag], [data-roll], [data-fresh], [data-reset], [data-reset-all], [data-keep-mine], [data-use-theirs]");
      if (!el) return;
      const seed = this.querySelector("#id_seed"), pin = this.querySelector("#id_pin");
      if (el.matches("[data-tag]")) this.insert(el.dataset.tag);
      if (el.matches("[data-roll]")) {
        seed.value = 1 + Math.floor((crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * Number(this.dataset.seedMax));
        if (pin.checked) this.saveSetup();
      }
      if (el.matches("[data-fresh]")) {
        const was = pin.checked;
        seed.value = "";
        pin.checked = false;
        if (was) this.saveSetup();
      }
      if (el.matches("[data-reset]")) { this.reset(el.closest("[data-knob]")); this.saveSetup(); }
      if (el.matches("[data-reset-all]")) {
        event.preventDefault();
        for (const knob of this.querySelectorAll("[data-knob]")) this.reset(knob);
        this.saveSetup();
      }
      if (el.matches("[data-keep-mine]")) {
        event.preventDefault();
        const form = this.querySelector("#combine-form"), both = form.elements;
        form.removeAttribute("data-dirty");
        this.decide({ revision: el.dataset.revision, base: both.base.value, base_direction: both.base_direction.value }, both.mine.value, both.my_direction.value);
      }
      if (el.matches("[data-use-theirs]")) {
        shelf.drop(this.key);
        this.querySelector("#line-text").removeAttribute("data-dirty");
      }
      this.price();
    }

    reset(knob) {
      const field = knob.querySelector("input"), standard = knob.dataset.standard;
      if (field.type === "checkbox") field.checked = standard === "on";
      else field.value = standard;
      this.clearFaults(knob);
    }

    insert(tag) {
      const area = this.text, end = area.value.length;
      // Before anybody has set the cursor it stands at 0; a tag belongs at the end then.
      const [at, to] = this.hasCursor ? [area.selectionStart, area.selectionEnd] : [end, end];
      const before = area.value.slice(0, at), after = area.value.slice(to);
      const put = (before && !/\s$/.test(before) ? " " : "") + tag + (after && !/^[\s.,!?]/.test(after) ? " " : "");
      area.focus();
      area.setRangeText(put, at, to, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
      this.querySelector("#more-tags").open = false;
    }

    // ---- numbers ----
    count() {
      const area = this.text;
      if (!area) return;
      this.repeats();
      const tags = this.dataset.tags.split("|").filter(Boolean);
      // As speech/text does it, which has the last word once the text is saved.
      const seen = area.value.normalize("NFC").replace(/[\p{Cf}\ufe0f]/gu, "").trim(), flat = (text) => text.trim().replace(/\s+/g, " ");
      const bare = seen.replace(/\[([^\[\]]*)\]/g, (all, name) => (tags.includes(flat(name).toLowerCase()) ? " " : all));
      const spoken = [...flat(bare)].length, many = [...seen].length;
      const warn = Number(this.dataset.warn), refuse = Number(this.dataset.refuse);
      this.querySelector("[data-expected]").textContent = `≈ ${(spoken / Number(this.dataset.speed)).toFixed(1)} s`;
      const spot = this.querySelector("[data-count]");
      spot.classList.toggle("warn-text", many > warn && many <= refuse);
      spot.classList.toggle("bad-text", many > refuse);
      spot.textContent = many > refuse ? `${many} characters: over ${refuse}, split it into shorter lines` : many > warn ? `${many} characters: over ${warn}, the model may garble` : `${many} of ${warn} characters`;
      area.parentElement.dataset.grow = area.value;
    }

    // Whether the next take would be made exactly as the one that filled this form.
    repeats() {
      const note = this.querySelector("[data-repeat]");
      if (!note) return;
      const asWas = (field) => field.type === "checkbox" ? field.checked === field.defaultChecked : field.options ? [...field.options].every((one) => one.selected === one.defaultSelected) || !field.querySelector("[selected]") && field.selectedIndex === 0 : field.value === field.defaultValue;
      const fields = [...this.querySelectorAll("#id_voice, [data-engine], [data-knob] input")];
      const seed = this.querySelector("#id_seed").value.trim();
      note.hidden = !(fields.every(asWas) && seed === note.dataset.seed && this.text.value.trim() === note.dataset.text.trim());
    }

    price() {
      this.repeats();
      const button = this.querySelector("[data-generate]");
      if (!button) return;
      const many = Number(this.querySelector("[name=count]")?.value || 1), engine = this.querySelector("[data-engine]");
      const each = Number(engine ? engine.selectedOptions[0].dataset.price : button.dataset.price);
      this.querySelector("[data-generate-words]").textContent = `Generate ${many} take${many === 1 ? "" : "s"} · ${each ? `about ${money(many * each)}` : "free draft"}`;
      const room = this.querySelector("[data-room]");
      if (room) {
        const over = each ? Math.max(0, many - Math.floor(Number(room.dataset.room) / each + 1e-9)) : 0;
        room.textContent = !over ? "" : over < many ? `Over budget: ${over} of ${many} will wait` : many === 1 ? "Over budget: it will wait" : "Over budget: they will wait";
      }
      for (const note of this.querySelectorAll("[data-silent-on]")) if (engine) note.hidden = note.dataset.silentOn !== engine.value;
      for (const knob of this.querySelectorAll("[data-knob]")) {
        const field = knob.querySelector("input");
        const now = field.type === "checkbox" ? (field.checked ? "on" : "off") : field.value, differs = now !== "" && now !== knob.dataset.standard && Number(now) !== Number(knob.dataset.standard);
        const really = field.type === "checkbox" ? now !== knob.dataset.standard : differs;
        knob.classList.toggle("differs", really);
        const chip = this.querySelector(`[data-knob-now="${knob.dataset.knob}"]`);
        if (chip) { chip.classList.toggle("d", really); chip.querySelector("b").textContent = now === "" ? knob.dataset.standard : now; }
      }
    }
  }
  customElements.define("line-editor", LineEditor);
})();
