// The bell says aloud what is new, and following a notice marks it as read on the way.
(() => {
  let last = null; // unread notices that this person was told of

  class NoticeCounts extends HTMLElement {
    connectedCallback() {
      const now = Number(this.dataset.unread);
      if (last !== null && now > last) window.takeroom.say(now === 1 ? "You have 1 unread notice." : `You have ${now} unread notices.`);
      last = now;
      // The feed that brings these does not know on which page they stand.
      for (const link of this.querySelectorAll("a")) if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    }
  }
  customElements.define("notice-counts", NoticeCounts);

  const follow = (event) => {
    const link = event.target.closest("a[data-notice]");
    if (!link || event.button > 1 || !link.closest(".unread")) return;
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]")?.value || "");
    fetch(link.dataset.read, { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: true })
      .then(async (answer) => answer.ok && window.takeroom.apply(await answer.text()))
      .catch(() => {}); // it stays unread, which is no harm
  };
  document.addEventListener("click", follow);
  document.addEventListener("auxclick", follow);
})();
