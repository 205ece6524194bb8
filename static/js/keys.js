// Keyboard shortcuts. They never fire while somebody types, and can be switched off.
(() => {
  const NAME = "takeroom.shortcuts";
  const PLAYERS = new Set(["k", "j", "l", "?"]); // keys of what lies outside the page
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
    // On a comparison board the keys are the board's.
    const board = window.takeroom.board, player = window.takeroom.player;
    const acts = {
      k: () => (board ? board.toggle() : player?.toggle(player.src ? undefined : document.querySelector("[data-play]"))),
      j: () => (board || player)?.skip(-2),
      l: () => (board || player)?.skip(2),
      r: () => board?.rotate(),
      o: () => board?.toggleLoop(),
      b: () => document.querySelector("[data-blind]")?.click(),
      "[": () => board?.loopFrom(),
      "]": () => board?.loopTo(),
      c: () => window.takeroom.comment?.(),
      a: () => window.takeroom.review?.approve(),
      x: () => window.takeroom.review?.change(),
      n: () => (window.takeroom.review ? window.takeroom.review.next() : document.querySelector("main [data-next]")?.click()),
      g: () => document.querySelector("[data-generate]")?.click(),
      "?": () => document.querySelector("#keys-dialog")?.showModal(),
    };
    const key = event.key.toLowerCase();
    // What acts on a page waits, or is let go, while another one is on its way.
    const { loading, say } = window.takeroom;
    if (loading.underWay && (acts[key] || /^[1-9]$/.test(key)) && !PLAYERS.has(key)) {
      event.preventDefault();
      if (key === "g") loading.afterwards(acts.g);
      return say(key === "g" ? "Loading. Generates as soon as it is here." : "The next page is still loading.");
    }
    // Space presses buttons, ticks boxes and opens menus; only elsewhere is it the player's.
    if (key === " " && (board || player?.src) && !at.closest("button, a, summary, input, label, [role=slider]")) {
      event.preventDefault();
      return acts.k();
    }
    // Where something can be scrolled sideways, the arrows do that.
    if (board && /^Arrow(Left|Right)$/.test(event.key) && !at.closest("input, [role=slider], [role=region]")) {
      event.preventDefault();
      return board.jump(event.key === "ArrowLeft" ? -1 : 1);
    }
    // A blind test names its lanes by letters, and they are keys as the numbers are.
    const named = board && /^[a-h]$/.test(key) ? board.lanes.findIndex((lane) => lane.key.toLowerCase() === key) : -1;
    if (named >= 0) return board.switchTo(named);
    if (/^[1-9]$/.test(key)) {
      if (board) return board.switchTo(key - 1);
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
