// What the visitor has said, in this page's memory and nowhere else. It travels with every
// question, so that any server can answer any turn; nothing of it is stored.
const said = (() => {
  "use strict";
  const LEVELS = ["none", "signpost", "crisis", "emergency"];
  // Longer than any message the server answers; the rest of a pasted book is not sent.
  const MOST = 60000;
  // Answers waited for at the same time: a browser opens few connections to one server, and one of
  // them must always be free for the next message.
  const AT_ONCE = 2;
  // Milliseconds after which a turn that got lost on its way is sent again.
  const AGAIN = [1000, 3000, 6000, 10000, 20000, 20000];
  let token, turns, known, next, failures, timer;

  function forget() {
    clearTimeout(timer);
    token = crypto.getRandomValues(new Uint32Array(4)).join("-");
    turns = [];
    known = { level: "none", categories: [] };
    next = 1;
    failures = 0;
  }
  forget();

  const upTo = (turn) => ({
    token,
    number: turn.number,
    id: turn.id,
    turns: turns.slice(0, turns.indexOf(turn) + 1).map((each) => each.text),
    known: turn.before,
  });

  // For Gradio: what the page sends with a new message.
  function ask(message) {
    const text = String(message ?? "").slice(0, MOST);
    // Sent again by hand after it got lost: the same turn, not a second one.
    let turn = turns.find((each) => each.state === "lost" && each.text === text);
    if (!turn) turns.push((turn = { number: next++, text, before: known }));
    turn.state = "sent";
    return [upTo(turn)];
  }

  // For Gradio: what the page sends to have a turn answered.
  function answer() {
    const turn = turns.find((each) => each.state === "lost" || each.state === "open");
    if (!turn) return [null];
    turn.state = "asking";
    return [upTo(turn)];
  }

  // Takes note of what the server says; false if it belongs to a conversation cleared since.
  function heard(feed) {
    if (feed.dataset.feed !== token) return false;
    failures = 0;
    const found = feed.dataset.categories.split(" ").filter(Boolean);
    known = {
      level: LEVELS[Math.max(LEVELS.indexOf(known.level), LEVELS.indexOf(feed.dataset.level))],
      categories: [...new Set([...known.categories, ...found])],
    };
    const turn = turns.find((each) => each.number === Number(feed.dataset.number));
    if (turn) turn.id = feed.dataset.id;
    if (turn && feed.querySelector(".turn").dataset.revision === "2") {
      turn.state = "done";
      if (feed.dataset.kept === "no") turns = turns.filter((each) => each !== turn);
    } else if (turn && turn.state !== "done") {
      turn.state = "open";
    }
    setTimeout(work);
    return true;
  }

  // Has the next turns answered that wait for it.
  function work() {
    const count = (...states) => turns.filter((each) => states.includes(each.state)).length;
    const more = Math.min(AT_ONCE - count("asking"), count("lost", "open"));
    for (let click = 0; click < more; click++) document.querySelector("#answer")?.click();
  }

  // A request failed; which one is not told, so all that are on their way count as lost. To ask
  // twice does no harm: a server keeps nothing, and the page lays each answer once.
  function failed() {
    for (const turn of turns)
      if (turn.state === "sent" || turn.state === "asking") turn.state = "lost";
    clearTimeout(timer);
    if (failures < AGAIN.length) timer = setTimeout(work, AGAIN[failures++]);
  }

  return { ask, answer, heard, failed, forget, name: () => token };
})();
