// While another page is on its way, nothing acts on the one that is still shown: a form that would
// change something is not sent, and a key that acts on a page is not heard. G alone waits, and
// generates for the line that was chosen. The last choice wins, whichever page comes first.
(() => {
  const STILL = "The page you chose is still loading, so nothing was sent.";
  const overtaken = new WeakSet(); // requests whose page would come after the one that was chosen since
  let under = null; // the choice that is under way: its request, what was shown, the form that asked
  let waiting = null; // what is done once its page is here

  function begin(xhr, form, isHistory = false) {
    if (under?.isHistory) under.xhr.abort();
    else if (under) overtaken.add(under.xhr); // what a form asks for is done all the same
    waiting = null;
    const choice = { xhr, form, isHistory, shown: document.getElementById("content") };
    under = choice;
    document.getElementById("main")?.setAttribute("aria-busy", "true");
    xhr.addEventListener("loadend", () => {
      // A page that was put in place is ready when htmx has settled it (see below).
      if (under === choice && (xhr.status === 0 || choice.shown?.isConnected)) end(xhr.status >= 200 && xhr.status < 400);
    });
  }

  function end(arrived) {
    const act = waiting;
    under = waiting = null;
    document.getElementById("main")?.removeAttribute("aria-busy");
    if (arrived) act?.();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { boosted, xhr, requestConfig } = event.detail;
    if (boosted) begin(xhr, requestConfig.verb === "get" ? null : requestConfig.elt);
  });
  document.addEventListener("htmx:beforeSwap", (event) => overtaken.has(event.detail.xhr) && event.preventDefault());
  document.addEventListener("htmx:historyCacheMiss", (event) => begin(event.detail.xhr, null, true));
  document.addEventListener("htmx:afterSettle", () => under && !under.shown?.isConnected && end(true));

  document.addEventListener("submit", (event) => {
    const method = event.submitter?.getAttribute("formmethod") || event.target.method;
    if (!under || method !== "post") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (under.form !== event.target) window.takeroom.message(STILL, "warn"); // else a double click
  }, true);

  window.takeroom.loading = {
    get underWay() { return !!under; },
    // Once the page that is on its way is here; not at all if it does not come, or another is chosen.
    afterwards(act) { waiting = act; },
  };
})();
