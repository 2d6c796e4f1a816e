// Lays the server's feed into the transcript.
// Stores nothing; what was said is in turns.js, in this page's memory.
(() => {
  "use strict";
  const words = JSON.parse(document.getElementById("words").textContent);
  const get = (id) => document.getElementById(id);
  const transcript = get("transcript"), pinned = get("pinned"), trouble = get("trouble");
  const top = get("top"), app = document.querySelector("gradio-app");
  const TOO_LONG_MS = 120000;
  let cardOf = 0, askedBySend = false, moved = false;

  // Room for the bars, so that nothing focused or scrolled to is ever behind them. Setting either
  // has the whole page laid out anew, so both are read first, and set only when they change.
  const room = {};
  const measure = () => {
    const stuck = document.body.classList.contains("started") ? app.offsetHeight : 0;
    for (const [name, pixels] of [["--top", top.offsetHeight], ["--bottom", stuck]]) {
      if (room[name] === pixels) continue;
      room[name] = pixels;
      document.documentElement.style.setProperty(name, `${pixels}px`);
    }
  };
  const sizes = new ResizeObserver(measure);
  sizes.observe(top);
  sizes.observe(app);

  // Some phones slide the page up, bar and all, when their keyboard opens. The bar comes along
  // then, so that the way out stays in view; while somebody zooms in, it stays where it is.
  const seen = window.visualViewport;
  const follow = () => {
    top.style.translate = seen.scale === 1 && seen.offsetTop > 0 ? `0 ${seen.offsetTop}px` : "";
  };
  for (const kind of ["resize", "scroll"]) seen?.addEventListener(kind, follow);

  const box = () => document.querySelector("#box textarea");
  const coarse = () => matchMedia("(pointer: coarse)").matches;

  // Gradio keeps the text of the box as well, and hears of a change as of typing.
  function empty(box) {
    box.value = "";
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  // One turn: add it, or replace only the parts that changed, so that opened sources stay open
  // and a screen reader hears each part once.
  function lay(turn) {
    const number = Number(turn.dataset.turn);
    const laid = [...transcript.children];
    const old = laid.find((child) => Number(child.dataset.turn) === number);
    if (!old) {
      // One that was late stands where it was said.
      transcript.insertBefore(
        turn, laid.find((child) => Number(child.dataset.turn) > number) ?? null);
      return turn;
    }
    if (Number(old.dataset.revision) >= Number(turn.dataset.revision)) return null;
    old.dataset.revision = turn.dataset.revision;
    for (const part of turn.querySelectorAll(":scope > [data-part]")) {
      const before = old.querySelector(`:scope > [data-part="${part.dataset.part}"]`);
      if (before.innerHTML !== part.innerHTML) before.innerHTML = part.innerHTML;
    }
    if (old === transcript.lastElementChild && !moved) show(old);
    return null;
  }

  function take(feed) {
    const taken = said.heard(feed);
    if (taken === null) return;
    // What was written since stays; so does a message that was not taken, to be shortened.
    if (taken && box()?.value === taken) empty(box());
    trouble.hidden = true;
    const number = Number(feed.dataset.number);
    const card = feed.querySelector(":scope > [data-pinned]").innerHTML;
    // Nothing takes the card away; an answer to an earlier turn brings no earlier card back.
    if (card && number >= cardOf) {
      cardOf = number;
      if (pinned.innerHTML !== card) pinned.innerHTML = card;
    }
    let added = null;
    for (const turn of feed.querySelectorAll(":scope > [data-turns] > .turn")) {
      added = lay(turn) || added;
    }
    document.body.classList.toggle("started", transcript.childElementCount > 0);
    measure();
    if (added) arrive(added);
  }

  // The card if there is one, otherwise the turn, at the top of what can be seen; of a turn that
  // begins with a very long message, the answer.
  function show(turn) {
    const isLong = turn.querySelector(".asked").offsetHeight > innerHeight / 3;
    const part = turn.querySelector(".card") || (isLong ? turn.querySelector(".answer") : turn);
    part.scrollIntoView({ block: "start" });
  }
  for (const kind of ["wheel", "touchmove", "keydown"])
    document.addEventListener(kind, () => { moved = true; }, { passive: true });

  function arrive(turn) {
    trouble.hidden = true;
    moved = false;
    const card = turn.querySelector(".card");
    show(turn);
    // On a phone the keyboard would cover the card; elsewhere writing goes on in the box.
    if (card && coarse()) document.activeElement?.blur();
    else if (askedBySend || !coarse()) box()?.focus({ preventScroll: true });
    askedBySend = false;
    setTimeout(() => {
      const sign = turn.querySelector(".waiting");
      if (sign) sign.textContent = words.tooLong;
      sign?.classList.remove("waiting");
    }, TOO_LONG_MS);
  }

  // Gradio tells of trouble in a corner, in its own words; here it is told in the conversation.
  function troubled() {
    const toast = document.querySelector(".toast-body.error, .toast-body.warning");
    if (!toast) return;
    toast.remove();
    tell();
  }
  document.addEventListener("unreached", tell);
  function tell() {
    trouble.textContent = words.notSent;
    trouble.hidden = false;
    trouble.scrollIntoView({ block: "start" });
  }

  new MutationObserver(() => {
    const feed = document.querySelector("#feed [data-feed]");
    if (feed) {
      // Taken out once read: nothing of a conversation is in the document twice.
      feed.remove();
      take(feed);
    }
    if (box()) document.body.classList.add("ready");
  }).observe(app, { subtree: true, childList: true, attributes: true, characterData: true });
  new MutationObserver(troubled).observe(document.body, { subtree: true, childList: true });

  function wipe() {
    said.forget();
    cardOf = 0;
    transcript.replaceChildren();
    pinned.replaceChildren();
    if (box()) empty(box());
  }

  // The safety page is shown in place: no conversation is lost, and no address is added to the
  // history. Without scripts its link leads to a page of its own.
  let opener = null, scrolled = 0;
  function read(link) {
    opener = link;
    scrolled = window.scrollY;
    document.body.classList.add("reading");
    get("safety").hidden = false;
    window.scrollTo(0, 0);
    get("safety").querySelector("h1").focus({ preventScroll: true });
  }
  function back() {
    document.body.classList.remove("reading");
    get("safety").hidden = true;
    measure();
    window.scrollTo(0, scrolled);
    (opener?.isConnected ? opener : box())?.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-safety], #safety-back, [data-opens], #wipe, #send");
    if (!target) return;
    if (target.matches("[data-safety]")) {
      event.preventDefault();
      read(target);
    } else if (target.id === "safety-back") {
      event.preventDefault();
      back();
    } else if (target.matches("[data-opens]")) {
      const source = target
        .closest(".turn")
        .querySelector(`details[data-source="${target.dataset.opens}"]`);
      source.open = true;
      source.querySelector("summary").focus({ preventScroll: true });
      source.scrollIntoView({ block: "nearest" });
    } else if (target.id === "wipe") {
      wipe();
      document.body.classList.remove("started");
      trouble.hidden = true;
      measure();
      window.scrollTo(0, 0);
    } else {
      askedBySend = true;
    }
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === box()) askedBySend = true;
  }, true);

  document.addEventListener("leaving", wipe);
  window.addEventListener("pagehide", wipe);
})();
