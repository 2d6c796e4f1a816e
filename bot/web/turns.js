// What the visitor has said, in this page's memory and nowhere else. It travels with every
// question, so that any server can answer any turn; nothing of it is stored.
window.said = (() => {
  "use strict";
  const LEVELS = ["none", "signpost", "crisis", "emergency"];
  // Longer than any message the server answers; the rest of a pasted book is not sent.
  const MOST = 60000;
  // Answers waited for at the same time: a browser opens few connections to one server, and one of
  // them must always be free for the next message.
  const AT_ONCE = 2;
  // Milliseconds to wait before a request that failed is sent again; after two minutes it is
  // given up.
  const AGAIN = [1000, 2000, 4000, ...Array(23).fill(5000)];
  // Milliseconds in which a card is painted: the next request must not hold it up.
  const PAINTED_MS = 20;
  // Milliseconds after which a request counts as failed.
  const CARD_MS = 15000, ANSWER_MS = 110000;
  let token, turns, known, next;
  // Requests on their way. Those of a conversation that was cleared are given up: a browser opens
  // few connections to one server, and the next message must not wait for one.
  const underway = new Set();

  function forget() {
    for (const request of underway) request.abort();
    token = crypto.getRandomValues(new Uint32Array(4)).join("-");
    turns = [];
    known = { level: "none", categories: [] };
    next = 1;
  }
  forget();

  const upTo = (turn) => ({
    token,
    number: turn.number,
    id: turn.id,
    turns: turns.slice(0, turns.indexOf(turn) + 1).map((each) => each.text),
    known: turn.before,
    // A card that came up for a turn must not be gone from its answer.
    carded: turn.carded === true,
  });

  // For Gradio: what the page sends with a new message.
  function ask(message) {
    const text = String(message ?? "").slice(0, MOST);
    // Sent again by hand while it cannot get through: the same turn, not a second one.
    let turn = turns.find((each) => each.state === "sent" && each.failed && each.text === text);
    if (!turn) turns.push((turn = { number: next++, text, before: known, state: "sent" }));
    return [upTo(turn)];
  }

  // For Gradio: what the page sends to have a turn answered.
  function answer() {
    const turn = turns.find((each) => each.state === "open");
    if (!turn) return [null];
    turn.state = "asking";
    return [upTo(turn)];
  }

  // Takes note of what the server says. The message, if the server has just taken it, otherwise
  // nothing; null if all this belongs to a conversation cleared since.
  function heard(feed) {
    if (feed.dataset.feed !== token) return null;
    const found = feed.dataset.categories.split(" ").filter(Boolean);
    known = {
      level: LEVELS[Math.max(LEVELS.indexOf(known.level), LEVELS.indexOf(feed.dataset.level))],
      categories: [...new Set([...known.categories, ...found])],
    };
    const turn = turns.find((each) => each.number === Number(feed.dataset.number));
    const isKept = feed.dataset.kept === "yes";
    const taken = turn?.state === "sent" && isKept ? turn.text : "";
    if (turn) {
      turn.id = feed.dataset.id;
      turn.carded = LEVELS.indexOf(known.level) >= LEVELS.indexOf("crisis");
    }
    if (turn && feed.querySelector(".turn").dataset.revision === "2") {
      turn.state = "done";
      if (!isKept) turns = turns.filter((each) => each !== turn);
    } else if (turn && turn.state === "sent") {
      turn.state = "open";
    }
    setTimeout(work, PAINTED_MS);
    return taken;
  }

  // Has the next turns answered that wait for it.
  function work() {
    const count = (state) => turns.filter((each) => each.state === state).length;
    const more = Math.min(AT_ONCE - count("asking"), count("open"));
    for (let click = 0; click < more; click++) document.querySelector("#answer")?.click();
  }

  // Every event of the page passes here. One that fails is sent again, which does no harm, for a
  // server keeps nothing; Gradio, which would put an error over the text box, hears only the end.
  const plainly = window.fetch.bind(window);
  window.fetch = async (address, options) => {
    if (!String(address?.url ?? address).endsWith("/run/predict")) return plainly(address, options);
    const sent = JSON.parse(options.body).data[0];
    const turn = sent && turns.find((each) => each.number === sent.number);
    const isNew = sent && !sent.id;
    for (const pause of [...AGAIN, 0]) {
      if (sent?.token !== token || !turn) break;
      const request = new AbortController();
      const patience = setTimeout(() => request.abort(), isNew ? CARD_MS : ANSWER_MS);
      underway.add(request);
      try {
        const response = await plainly(address, { ...options, signal: request.signal });
        const type = { "content-type": "application/json" };
        if (response.ok) return new Response(await response.text(), { headers: type });
      } catch { /* it did not get through, or the server is away */
      } finally {
        clearTimeout(patience);
        underway.delete(request);
      }
      if (sent?.token !== token) break;
      // A short break goes by unnoticed.
      if (turn.failed) document.dispatchEvent(new Event("unreached"));
      turn.failed = true;
      await new Promise((done) => setTimeout(done, pause));
    }
    // Given up: as if it had not been sent, with the message still in the box.
    if (isNew) turns = turns.filter((each) => each !== turn);
    else if (turn) turn.state = "done";
    return new Response(JSON.stringify({ data: [""] }), {
      headers: { "content-type": "application/json" },
    });
  };

  return { ask, answer, heard, forget };
})();
