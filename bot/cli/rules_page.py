"""The rules, cards and services as one page, to be read by a clinician."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from html import escape

from bot.cli.pages import listed, page, table
from bot.cli.sources import Lines, Written
from bot.cli.words import CATEGORIES, MEANING
from bot.safety.rulebook import CardText, Example, Overlay, Rule, RuleBook, Stance
from bot.types import ABUSE_CATEGORIES, Category, Level, Resource

_STYLE = """
.card { border: 1px solid var(--line); border-left: 6px solid var(--alarm); border-radius: .4rem;
  padding: .75rem 1rem; margin: .6rem 0 1rem; }
.card strong { font-size: 1.05rem; }
.card ul { margin-bottom: 0; } .card p { margin: .5rem 0 0; }
.rule { border-bottom: 1px solid var(--line); padding: .2rem 0 .9rem; }
.level { font-size: .78rem; font-weight: 600; letter-spacing: .03em; text-transform: uppercase;
  color: #fff; border-radius: .25rem; padding: .1rem .45rem; background: var(--signpost);
  vertical-align: .1em; }
.crisis, .emergency { background: var(--alarm); }
.review { float: right; font-weight: 400; font-size: .85rem; color: var(--faint); }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.5rem; font-size: .94rem; }
.two p { margin: .2rem 0 0; font-weight: 600; }
.two ul { margin: .1rem 0 .4rem; padding-left: 1.1rem; }
td ul { margin: 0; padding-left: 1rem; }
.yes { color: var(--alarm); } .no { color: var(--good); }
details { margin: .3rem 0; } summary { cursor: pointer; color: var(--faint); font-size: .9rem; }
.contents { columns: 2; } .old { color: var(--alarm); font-weight: 600; }
@media (max-width: 40rem) { .two { grid-template-columns: 1fr; } .contents { columns: 1; } }
"""
_TICKS = '<span class="review">☐ fine &nbsp; ☐ discuss</span>'
_INTRO = """
<p>This page shows everything that decides when the support chat brings up a crisis card, and what
the card says. It is for people who know the field - clinicians, family-violence practitioners,
people with lived experience - to read before the chat goes live, and again when the rules change.
Some of the example messages are distressing.</p>
<p>Reviewed by: ______________________________ &nbsp; Date: ________________</p>
<h3>How it decides</h3>
<ol>
<li>Each message of a visitor, with the conversation before it, is compared with the rules below.
A rule finds a way of saying something, not the one sentence of its examples.</li>
<li>What the writer makes of it can lower a find: what is denied, long over, or from a film gets a
quiet line, or nothing. This never undoes another find in the same message.</li>
<li>The strongest find sets the level. Cards of several kinds are joined into one, Triple Zero
first.</li>
<li>Below the rules lies a second net, fitted to labelled messages in the folder
<code>{folder}</code>. It can bring up a card where no rule does, and can take none away.</li>
</ol>
<h3>What to look for</h3>
<ul>
<li>Wording of cards: is it safe, calm, true, and not blaming, for whoever may read it - also
over someone's shoulder?</li>
<li>Are these the right services, in the right order?</li>
<li>Which messages that you hear are missing from a rule's examples?</li>
<li>Which messages here should bring up more, less, or something else?</li>
</ul>
"""


def rules_page(book: RuleBook, lines: Lines, stale: Collection[str], day: str) -> str:
    """The page. ``stale`` are ids of services whose check is overdue, ``day`` is an ISO date."""
    return page("Safety rules and cards, for review", _STYLE, _sections(book, lines, stale), day)


def _sections(book: RuleBook, lines: Lines, stale: Collection[str]) -> Iterator[str]:
    present = [category for category in Category if any(r.category is category for r in book.rules)]
    yield "<h1>Safety rules and cards, for review</h1>"
    yield (
        f'<p class="faint">{len(book.rules)} rules, '
        f"{sum(len(rule.patterns) for rule in book.rules)} patterns, {len(book.cards)} cards, "
        f"{len(book.resources)} services.</p>"
    )
    yield _INTRO.replace("{folder}", escape(book.examples_folder.name))
    yield "<h3>Levels</h3>" + table(
        ["level", "what the visitor sees"],
        [[_level(level), escape(MEANING[level])] for level in reversed(Level)],
    )
    links = [
        ("services", "Services"),
        ("cards", "Cards"),
        ("quiet", "Quiet lines and extra services"),
        *((str(category), f"Rules: {CATEGORIES[category]}") for category in present),
        ("stances", "What lowers a find"),
        ("output", "What the chat may never say"),
    ]
    items = "".join(f'<li><a href="#{to}">{escape(name)}</a></li>' for to, name in links)
    yield f'<h3>Contents</h3><ul class="contents">{items}</ul>'
    yield from _services(book, stale)
    yield from _cards(book)
    yield from _quiet(book)
    for category in present:
        yield from _rules(book, category, lines)
    yield from _stances(book.stances)
    yield from _output(book)


def _level(level: Level) -> str:
    return f'<span class="level {level.label}">{level.label}</span>'


def _services(book: RuleBook, stale: Collection[str]) -> Iterator[str]:
    yield '<h2 id="services">Services</h2>'
    yield (
        f"<p>Every number the chat can show. Each is due for a check {book.review_days} days "
        "after the last one; a person calls it and compares the page it is from.</p>"
    )
    yield table(
        ["service", "phone, text, chat", "hours, for whom, where", "last check", "called?"],
        [_service(each, each.id in stale) for each in book.resources.values()],
        widths=(16, 24, 28, 23, 9),
    )


def _service(each: Resource, overdue: bool) -> list[str]:
    reach = [each.phone, f"text {each.sms}" if each.sms else "", each.chat]
    about = [each.hours, each.audience, each.region]
    when = f"{each.verified_on}, confidence {each.confidence}"
    source = f'<span class="faint">{escape(each.source)}</span>'
    due = ' <span class="old">overdue</span>' if overdue else ""
    return [
        f"<strong>{escape(each.name)}</strong>",
        "<br>".join(escape(way) for way in reach if way),
        "<br>".join(escape(fact) for fact in about if fact),
        f"{escape(when)}{due}<br>{source}",
        "☐",
    ]


def _cards(book: RuleBook) -> Iterator[str]:
    yield '<h2 id="cards">Cards</h2>'
    yield (
        f"<p>A crisis card opens with “{escape(book.opening)}” An emergency card has three lines "
        "and nothing else. The shorter lines are for a second find in the same conversation.</p>"
    )
    named: dict[str, list[str]] = {}
    for rule in book.rules:
        if rule.card:
            named.setdefault(rule.card, []).append(rule.id)
    for card in book.cards.values():
        yield _card(book, card, named.get(card.id, []))


def _card(book: RuleBook, card: CardText, rules: Sequence[str]) -> str:
    if card.category and card.level:
        use = f"{CATEGORIES[card.category]} {_level(card.level)}"
    elif card.id == book.fallback:
        use = "shown when screening itself fails"
    else:
        use = f"asked for by {escape(', '.join(rules))}"
    services = ", ".join(_reached(book.resources[name]) for name in card.resources)
    again = f'<p class="faint">Shorter: {escape(" ".join(card.again))}</p>' if card.again else ""
    return (
        f'<div class="keep"><h3>{_TICKS}{use} <span class="faint">{escape(card.id)}</span></h3>'
        f'<div class="card"><strong>{escape(card.headline)}</strong>{listed(card.lines)}'
        f"<p>{services}</p></div>{again}</div>"
    )


def _reached(resource: Resource) -> str:
    return f"{escape(resource.name)} {escape(resource.phone or resource.sms or resource.chat)}"


def _quiet(book: RuleBook) -> Iterator[str]:
    yield '<h2 id="quiet">Quiet lines and extra services</h2>'
    yield "<p>The line below an answer at level signpost:</p>"
    yield table(
        ["about", "line", "services"],
        [
            [
                CATEGORIES[each.category] if each.category else "everything else",
                escape(each.line),
                ", ".join(_reached(book.resources[name]) for name in each.resources),
            ]
            for each in book.signposts
        ],
    )
    yield "<p>Services added to a card when the writer says something about themselves:</p>"
    yield table(
        ["when", "adds", "said, for example", "not said"],
        [_overlay(book, each) for each in book.overlays],
        widths=(20, 24, 30, 26),
    )


def _overlay(book: RuleBook, each: Overlay) -> list[str]:
    adds = ", ".join(_reached(book.resources[name]) for name in each.adds)
    left_out = escape(book.resources[each.instead_of].name) if each.instead_of else ""
    without = f"{'; ' if adds else ''}leaves out {left_out}" if left_out else ""
    only = ", ".join(CATEGORIES[category] for category in sorted(each.categories))
    return [
        f"{escape(each.id.replace('_', ' '))}{f' (only for {only})' if only else ''}",
        adds + without,
        listed(map(_said, each.examples[:4])),
        listed(map(_said, each.counter_examples[:4])),
    ]


def _said(example: Example) -> str:
    return " // ".join(example.turns)


def _rules(book: RuleBook, category: Category, lines: Lines) -> Iterator[str]:
    rules = [rule for rule in book.rules if rule.category is category]
    rules.sort(key=lambda rule: -rule.level)
    yield f'<h2 id="{category}">Rules: {CATEGORIES[category]}</h2>'
    yield f'<p class="faint">{len(rules)} rules, the most urgent first.</p>'
    for rule in rules:
        yield _rule(rule, lines[rule.id])


def _rule(rule: Rule, lines: dict[str, tuple[Written, ...]]) -> str:
    more = []
    if rule.requires_category:
        names = " or ".join(CATEGORIES[category] for category in sorted(rule.requires_category))
        more.append(f"Counts only together with: {names}.")
    if rule.ignores:
        more.append(f"Not lowered when: {', '.join(sorted(rule.ignores))}.")
    if rule.card:
        more.append(f"Shows the card {rule.card}.")
    said = f'<p class="faint">{escape(" ".join(more))}</p>' if more else ""
    return (
        f'<div class="rule"><h3>{_TICKS}{escape(rule.why)} {_level(rule.level)}</h3>{said}'
        f'<div class="two"><div><p class="yes">Brings it up</p>{_examples(rule.examples)}</div>'
        f'<div><p class="no">Does not</p>{_examples(rule.counter_examples)}</div></div>'
        f"{_patterns('patterns', lines)}{_patterns('unless', lines)}{_patterns('requires', lines)}"
        f'<p class="faint">{escape(rule.id)}, {escape(rule.place.path.name)} line '
        f"{rule.place.line}</p></div>"
    )


def _examples(examples: Iterable[Example]) -> str:
    return listed(map(_said, examples))


def _patterns(key: str, lines: dict[str, tuple[Written, ...]]) -> str:
    written = lines.get(key, ())
    if not written:
        return ""
    name = {
        "patterns": "What it looks for",
        "unless": "Left out when it is part of",
        "requires": "Counts only if the conversation also has",
    }[key]
    items = "".join(f"<li><code>{escape(line.text)}</code></li>" for line in written)
    return f"<details><summary>{name} ({len(written)})</summary><ul>{items}</ul></details>"


def _stances(stances: Iterable[Stance]) -> Iterator[str]:
    yield '<h2 id="stances">What lowers a find</h2>'
    yield table(
        ["stance", "why", "lowers to", "only for"],
        [
            [
                escape(each.id),
                escape(each.why),
                _level(each.level),
                ", ".join(CATEGORIES[category] for category in sorted(each.categories)) or "all",
            ]
            for each in stances
        ],
    )


def _when(categories: frozenset[Category]) -> str:
    if not categories:
        return "always"
    named = "abuse" if categories == ABUSE_CATEGORIES else " or ".join(sorted(categories))
    return f"once {named.replace('_', ' ')} has come up"


def _output(book: RuleBook) -> Iterator[str]:
    yield '<h2 id="output">What the chat may never say</h2>'
    yield table(
        ["rule", "why", "when", "never, for example", "may be said"],
        [
            [
                escape(each.id),
                escape(each.why),
                _when(each.categories),
                _examples(each.examples[:4]),
                _examples(each.counter_examples[:4]),
            ]
            for each in book.output_rules
        ],
    )
    yield "<p>What is said beside a passage of an article:</p>"
    yield table(
        ["why", "said", "beside, for example"],
        [
            [escape(each.why), escape(each.line), _examples(each.examples[:4])]
            for each in book.remarks
        ],
    )
