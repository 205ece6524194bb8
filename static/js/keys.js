// Keyboard shortcuts. They never fire while somebody types, and can be switched off.
(() => {
  const NAME = "takeroom.shortcuts";
  const isOn = () => { try { return localStorage.getItem(NAME) !== "off"; } catch { return true; } };
  const wire = () => {
    const box = document.querySelector("[data-keys-switch]");
    if (!box) return;
    box.checked = isOn();
    box.addEventListener("change", () => { try { localStorage.setItem(NAME, box.checked ? "on" : "off"); } catch { /* private mode */ } });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", wire); else wire();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat && event.key === "g") return;
    const at = event.target;
    if (window.takeroom.isTextEntry(at) || at.isContentEditable || document.querySelector("dialog[open]")) return;
    if (!isOn() && event.key !== "?") return;
    const player = window.takeroom.player;
    const acts = {
      k: () => player?.toggle(player.src ? undefined : document.querySelector("[data-play]")),
      j: () => player?.skip(-2),
      l: () => player?.skip(2),
      g: () => document.querySelector("[data-generate]")?.click(),
      "?": () => document.querySelector("#keys-dialog")?.showModal(),
    };
    const key = event.key.toLowerCase();
    // Space presses buttons, ticks boxes and opens menus; only elsewhere is it the player's.
    if (key === " " && player?.src && !at.closest("button, a, summary, input, label, [role=slider]")) {
      event.preventDefault();
      return player.toggle();
    }
    if (/^[1-9]$/.test(key)) {
      const button = document.querySelectorAll("main [data-play]")[key - 1];
      if (button) player?.toggle(button);
      return;
    }
    if (acts[key]) {
      event.preventDefault();
      acts[key]();
    }
  });
})();
