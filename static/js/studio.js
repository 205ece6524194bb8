// What every page leans on: navigation keeps the player, changes are put in place by id,
// messages, menus and dialogs. Other files use `window.takeroom`.
(() => {
  const waiting = new Map(); // id → fragment that waits until nobody types in its place
  const isTextEntry = (el) =>
    el && el.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=hidden], [type=submit], [type=button])");

  function say(words) {
    const spot = document.getElementById("announce");
    if (spot) spot.textContent = words;
  }

  function message(text, tone = "bad") {
    const box = document.getElementById("messages");
    if (!box) return;
    for (const old of box.querySelectorAll("[data-message] p")) if (old.textContent === text) return;
    const banner = document.createElement("div");
    banner.className = `banner ${tone}`;
    banner.dataset.message = "";
    const p = document.createElement("p");
    p.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn quiet sm";
    close.dataset.dismiss = "";
    close.textContent = "Close";
    banner.append(p, close);
    box.append(banner);
  }

  // Nothing is replaced in which somebody types, has typed and not sent, has a menu open, selects
  // words, or holds the mouse button down.
  function isBusy(el) {
    const active = document.activeElement, chosen = getSelection();
    if (el.matches(":active") || el.matches(".dragging")) return true;
    if (chosen && !chosen.isCollapsed && (el.contains(chosen.anchorNode) || el.contains(chosen.focusNode))) return true;
    if (el.contains(active) && isTextEntry(active)) return true;
    if (el.matches("[data-dirty]") || el.querySelector("[data-dirty]")) return true;
    if (el.querySelector(".menu[open]")) return true;
    return [...el.querySelectorAll(".note-form textarea, .refuse-form textarea")].some((area) => area.value !== area.defaultValue);
  }

  function isOlder(fresh, old) {
    const a = parseFloat(fresh.dataset.version), b = parseFloat(old.dataset.version);
    return a === b ? fresh.dataset.version === old.dataset.version : a < b;
  }

  // How to find the same control in the fragment that comes instead.
  function handle(el) {
    if (el.id) return `#${CSS.escape(el.id)}`;
    for (const name of ["formaction", "href", "aria-label", "name"]) {
      const value = el.getAttribute(name);
      if (value) return `${el.localName}[${name}="${CSS.escape(value)}"]`;
    }
    return el.localName;
  }

  function swap(old, fresh) {
    const active = old.contains(document.activeElement) ? handle(document.activeElement) : "";
    for (const details of old.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (same && !same.classList.contains("menu")) same.open = true;
    }
    for (const tick of old.querySelectorAll("input[type=checkbox][id]:checked")) {
      const same = fresh.querySelector(`#${CSS.escape(tick.id)}`);
      if (same) same.checked = true;
    }
    const wasLive = old.hasAttribute("data-live"), state = fresh.dataset.state;
    if (wasLive && state && !fresh.hasAttribute("data-live")) {
      const name = fresh.getAttribute("aria-label");
      say(state === "done" ? `${name} is done.` : `${name}: ${fresh.querySelector(".trouble")?.textContent.trim() || state}`);
    }
    old.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (active) (fresh.matches(active) ? fresh : fresh.querySelector(active))?.focus({ preventScroll: true });
  }

  function insert(list, fresh) {
    const key = list.dataset.sort || "";
    const name = key.replace("-", ""), sign = key.startsWith("-") ? -1 : 1;
    const value = (el) => sign * Number(el.dataset[name]);
    const rows = [...list.children];
    const next = rows.find((row) => value(row) > value(fresh));
    // An old take of a page that is not shown stays there.
    if (key.startsWith("-") && !next && rows.length > 0) return;
    list.insertBefore(fresh, next || null);
    window.htmx?.process(fresh);
  }

  function sort(list) {
    if (list.querySelector(".dragging")) return;
    const rows = [...list.children];
    const right = [...rows].sort((a, b) => a.dataset.position - b.dataset.position);
    if (right.every((row, index) => row === rows[index])) return;
    const active = document.activeElement;
    list.append(...right);
    if (list.contains(active)) active.focus({ preventScroll: true });
  }

  function put(fresh) {
    if (fresh.id === "messages") {
      document.getElementById("messages")?.append(...fresh.children);
      return;
    }
    const old = document.getElementById(fresh.id);
    // What was drawn for another line than the one that is shown belongs nowhere on this page.
    if (old?.dataset.line && fresh.dataset.line && fresh.dataset.line !== old.dataset.line) return;
    if (fresh.hasAttribute("data-gone")) return old?.remove();
    if (old?.isEqualNode(fresh)) return;
    if (!old) {
      const list = fresh.dataset.into && document.getElementById(fresh.dataset.into);
      if (list && (!list.dataset.line || list.dataset.line === fresh.dataset.line)) insert(list, fresh);
      return;
    }
    if (fresh.dataset.same && fresh.dataset.same === old.dataset.same) return; // what never changes, or has not
    const force = fresh.hasAttribute("data-force");
    // What shows the same setup already is left alone: a seed may be typed in it.
    const mark = fresh.dataset.mark;
    if (mark !== undefined && !force && document.querySelector(`[data-mark-of="${fresh.id}"]`)?.value === mark) return;
    if (!force && fresh.dataset.version && isOlder(fresh, old)) return;
    if (!force && isBusy(old)) {
      // Its element may know better than to wait.
      const waits = new CustomEvent("takeroom:waits", { bubbles: true, cancelable: true, detail: fresh });
      if (old.dispatchEvent(waits)) waiting.set(fresh.id, fresh);
      else waiting.delete(fresh.id);
      return;
    }
    waiting.delete(fresh.id);
    if (fresh.id === "line-panel") fresh.querySelector(".form-faults")?.setAttribute("data-focus", "");
    if (old.classList.contains("on")) fresh.classList.add("on");
    swap(old, fresh);
  }

  // What somebody reads stays where it is on the screen, whatever comes or grows above it.
  function reading() {
    if (scrollY <= 0) return null;
    const active = document.activeElement, top = document.querySelector("header.top")?.offsetHeight || 0;
    const onScreen = (el) => { const box = el.getBoundingClientRect(); return box.top >= top && box.top < innerHeight; };
    let el = active?.id && active.closest("#main") && onScreen(active) ? active : null;
    for (let y = top + 8; !el && y < innerHeight; y += 24) {
      const found = document.elementFromPoint(innerWidth / 2, y)?.closest("#main [id]");
      if (found && found.getBoundingClientRect().top >= top - 4) el = found;
    }
    return el && { id: el.id, top: el.getBoundingClientRect().top };
  }

  function stay(place) {
    const now = place && document.getElementById(place.id)?.getBoundingClientRect().top;
    if (now !== null && now !== undefined && Math.abs(now - place.top) > 1) scrollBy({ top: now - place.top, behavior: "instant" });
  }

  function apply(html) {
    const box = document.createElement("template"), place = reading();
    box.innerHTML = html;
    for (const fresh of [...box.content.children]) put(fresh);
    const lines = document.getElementById("lines");
    if (lines) sort(lines);
    const count = document.querySelector("[data-line-count]");
    if (lines && count) count.textContent = `${lines.children.length} line${lines.children.length === 1 ? "" : "s"}`;
    const made = document.querySelector("[data-take-count]"), newest = document.querySelector("#takes-list .take");
    if (made && newest) made.textContent = Math.max(Number(made.textContent), Number(newest.dataset.number));
    stay(place);
    document.querySelector("[data-focus]")?.focus();
    document.dispatchEvent(new CustomEvent("takeroom:changed"));
  }

  function retryWaiting() {
    if (!waiting.size) return;
    for (const [id, fresh] of [...waiting]) {
      waiting.delete(id);
      put(fresh);
    }
    document.dispatchEvent(new CustomEvent("takeroom:changed"));
  }

  window.takeroom = { apply, message, say, isTextEntry };

  document.addEventListener("focusout", () => setTimeout(retryWaiting, 50));
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(retryWaiting, 50));
  document.addEventListener("selectionchange", () => waiting.size && getSelection().isCollapsed && setTimeout(retryWaiting, 50));
  document.addEventListener("toggle", () => setTimeout(retryWaiting, 50), true);

  // ---- htmx: boosted navigation takes #content out of a page, changes are put in place ----
  const places = new Map();
  let landed = false; // whether what a post leads to ([data-landing]) was on the page before it
  document.addEventListener("htmx:beforeRequest", (event) => {
    // What looks again by itself rests while nobody sees it.
    if (document.hidden && event.detail.elt.matches('[hx-trigger^="every"]')) return event.preventDefault();
    for (const el of document.querySelectorAll("[data-keep-scroll]")) places.set(el.id, el.scrollTop);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = event.detail, xhr = detail.xhr;
    if (xhr.getResponseHeader("X-Changes") !== null) {
      detail.shouldSwap = false;
      detail.isError = false;
      const form = detail.requestConfig?.elt || event.target;
      if (xhr.status < 400 && form.matches?.("[data-clear-on-success]")) {
        form.reset();
        if (form.contains(document.activeElement)) document.activeElement.blur();
      }
      const box = document.getElementById("messages"), said = [...(box?.children || [])];
      apply(xhr.responseText);
      const decide = xhr.status >= 400 && document.getElementById(form.closest?.(".deciding")?.id);
      if (decide) decide.querySelector("[aria-invalid=true]")?.focus();
      if (box?.isConnected) box.answered(form, said);
      return;
    }
    if (detail.boosted) {
      landed = !!document.querySelector("#main [data-landing]");
      detail.target = document.getElementById("content");
      detail.selectOverride = "#content";
      detail.swapOverride = "outerHTML";
      detail.shouldSwap = true;
      detail.isError = false;
    } else if (xhr.status >= 400 || new URL(xhr.responseURL || location.href).pathname.startsWith("/sign-in")) {
      detail.shouldSwap = false;
      if (xhr.status < 400) location.reload();
      else message("That did not work. Nothing you typed is lost; please try again.");
    }
  });
  const AWAY = "The studio cannot be reached. Nothing you typed is lost; try again in a moment.";
  document.addEventListener("htmx:sendError", () => message(AWAY));
  document.addEventListener("htmx:afterOnLoad", () => {
    for (const banner of document.querySelectorAll("#messages [data-message]")) if (banner.querySelector("p")?.textContent === AWAY) banner.remove();
  });
  document.addEventListener("htmx:historyRestore", () => waiting.clear());
  const here = () => location.pathname + location.search;
  let lastPlace = here();
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "content" && event.target?.id !== "content") return;
    waiting.clear(); // what waited was for the page that is gone
    for (const [id, top] of places) {
      const el = document.getElementById(id);
      if (el) el.scrollTop = top;
    }
    foldFilter();
    showTab();
    const fault = event.detail.requestConfig?.verb === "post" && document.querySelector("#main [aria-invalid=true]");
    const hash = location.hash && document.getElementById(location.hash.slice(1));
    const landing = !landed && event.detail.requestConfig?.verb === "post" && document.querySelector("#main [data-landing]");
    if (landing) scrollTo(0, 0);
    if (fault) fault.focus();
    else if (landing) landing.focus();
    else if (hash) hash.scrollIntoView();
    else if (lastPlace !== here()) scrollTo(0, 0);
    lastPlace = here();
    if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("takeroom:changed"));
  });

  // ---- small things ----
  // Tabs that do not fit scroll; the page's own is in view.
  function showTab() {
    const tab = document.querySelector(".project-tabs [aria-current]"), tabs = tab?.parentElement;
    if (tabs) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  }
  showTab();
  // On a phone the takes come first, and the filter is a tap away.
  function foldFilter() {
    const filter = document.getElementById("filter");
    if (filter && matchMedia("(max-width: 640px)").matches && !filter.querySelector("[aria-invalid]")) filter.open = false;
  }
  foldFilter();
  document.addEventListener("click", (event) => {
    const el = event.target.closest("[data-dismiss], [data-open], [data-close], [data-copy]");
    for (const menu of document.querySelectorAll("details.menu[open], details.more-tags[open]"))
      if (!menu.contains(event.target) || event.target.closest(".menu-box a, .menu-box button")) menu.open = false;
    if (!el) return;
    if (el.matches("[data-dismiss]")) el.closest("[data-message]")?.remove();
    if (el.matches("[data-open]")) document.querySelector(el.dataset.open)?.showModal();
    if (el.matches("[data-close]")) el.closest("dialog")?.close();
    if (el.matches("[data-copy]"))
      navigator.clipboard?.writeText(el.dataset.copy).then(() => message(el.dataset.copied || "Parameters copied.", "ok"), () => message("The browser did not allow copying."));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open], details.more-tags[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  const MOST_COMPARED = 8;
  const ticks = () => [...document.querySelectorAll("input[name=take][form=compare-form]")];
  function countTicks() {
    const button = document.querySelector("[data-compare]");
    if (!button) return;
    const ticked = ticks().filter((tick) => tick.checked).length;
    button.textContent = ticked ? `Compare ${ticked} ticked` : "Compare ticked";
    for (const tick of ticks()) tick.disabled = !tick.checked && ticked >= MOST_COMPARED;
    const note = document.querySelector("[data-compare-note]");
    if (note) note.textContent = ticked >= MOST_COMPARED ? `${MOST_COMPARED} at most. Untick one to tick another.` : "";
    const bar = document.querySelector("[data-ticked-bar]"), count = bar?.querySelector("[data-tick-count]");
    if (!bar) return;
    bar.classList.toggle("afloat", ticked > 0);
    button.classList.toggle("primary", ticked > 1);
    count.textContent = `${ticked} ticked`;
    count.hidden = bar.querySelector("[data-untick]").hidden = !ticked;
    const ask = bar.querySelector("[data-ask-ticked]");
    if (ask) ask.textContent = ticked ? "Ask for review" : "Ask for review of ticked";
  }
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "compare-form" || event.submitter?.matches("[data-ask-ticked]") || ticks().filter((tick) => tick.checked).length > 1) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    message(`Tick 2 to ${MOST_COMPARED} takes to compare them.`, "warn");
  }, true);
  // A double click on a form of the browser's own would send it twice at the same moment.
  let sent = null;
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-send-once]")) return;
    if (sent === event.target) event.preventDefault();
    sent = event.target;
  });
  addEventListener("pageshow", () => { sent = null; }); // come back to by the Back button
  document.addEventListener("change", (event) => event.target.matches("input[name=take]") && countTicks());
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-untick]")) return;
    const ticked = ticks().filter((tick) => tick.checked);
    for (const tick of ticked) tick.checked = false;
    countTicks();
    ticked[0]?.focus({ preventScroll: true }); // the button is gone
  });
  document.addEventListener("takeroom:changed", countTicks);
})();
