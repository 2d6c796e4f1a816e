// Leaving at once: the link, and Esc pressed twice. Small and first, so that it works before
// anything else has loaded; without it the link is still a link.
(() => {
  "use strict";
  const TWICE_MS = 1500;
  let escaped = 0;

  function leave() {
    document.dispatchEvent(new Event("leaving")); // the chat empties itself first
    document.title = "";
    document.body.hidden = true;
    location.replace(document.querySelector("a[data-leave]").href);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-leave], a[data-replaces]");
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    if (link.matches("[data-leave]")) leave();
    else location.replace(link.href); // leaves no second entry for Back to find
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") escaped = 0;
    else if (escaped && event.timeStamp - escaped < TWICE_MS) leave();
    else escaped = event.timeStamp;
  }, true);

  // Back must never show what was here, whatever the browser kept of the page.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
