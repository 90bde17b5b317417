"""Tables of a page about streams that were played again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from streamrnn.replay.outcome import Outcome, Told
from streamrnn.show.replay.counts import by_label, counted
from streamrnn.show.replay.words import (
    clean,
    clock,
    file_name,
    is_main,
    moment,
    names,
    percent,
)

Cell = tuple[str, str] | str
"""HTML, or CSS class and HTML."""


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], *, left: int = 1) -> str:
    """An HTML table that is scrolled where it is too wide.

    Args:
        head: names of the columns, HTML.
        rows: cells, HTML.
        left: how many columns hold words; the others hold numbers.
    """

    def cell(tag: str, n: int, what: Cell) -> str:
        kind, text = what if isinstance(what, tuple) else ("", what)
        kind = " ".join(filter(None, ("" if n < left else "number", kind)))
        mark = f' class="{kind}"' if kind else ""
        return f"<{tag}{mark}>{text}</{tag}>"

    def row(tag: str, cells: Sequence[Cell]) -> str:
        return f"<tr>{''.join(cell(tag, n, each) for n, each in enumerate(cells))}</tr>\n"

    body = "".join(row("td", cells) for cells in rows)
    return f'<div class="wide"><table>\n<thead>{row("th", head)}</thead>\n{body}</table></div>\n'


def labels_table(outcomes: Sequence[Outcome], called: Sequence[str]) -> str:
    """How many events of each kind and label both, or only one of two, tell.

    Starts and ends of events are folded away, unless there is nothing else.
    """
    events = [event for outcome in outcomes for event in outcome.events]
    main = [event for event in events if is_main(event)]
    edges = [event for event in events if not is_main(event)]
    if not (main and edges):
        return _counts_table(events, called)
    folded = _counts_table(edges, called)
    return (
        f"{_counts_table(main, called)}<details><summary>starts and ends of events</summary>"
        f"\n{folded}</details>\n"
    )


def _counts_table(events: Sequence[Told], called: Sequence[str]) -> str:
    rows: list[list[Cell]] = []
    for (kind, label), counts in by_label(events).items():
        parts = (_part(counts.one, 0), _part(counts.other, 1))
        rows.append([escape(clean(label)), escape(clean(kind)), f"{counts.both:,}", *parts])
    only = [f"only {escape(name)}" for name in called]
    return table(["label", "event", "both", *only], rows, left=2)


def files_table(
    outcomes: Sequence[Outcome], links: Sequence[str | None], called: Sequence[str]
) -> str:
    """What became of each file.

    Args:
        outcomes: of the files.
        links: to what is told of each, None where there is nothing.
        called: what two listeners are called; none if nothing was compared.
    """
    two, checked = bool(called), any(each.checked for each in outcomes)
    only = [f"only {escape(name)}" for name in called]
    events = ["both", *only, "other labels"] if two else ["events"]
    head = ["file", "length", *events, *(["bits differ from"] if checked else []), "pace"]
    rows: list[list[Cell]] = []
    for outcome, link in zip(outcomes, links, strict=True):
        name = escape(file_name(outcome))
        row: list[Cell] = [f'<a href="#{link}">{name}</a>' if link else name]
        row.append("–" if outcome.seconds is None else clock(outcome.seconds))
        row += _numbers(outcome, two)
        if checked:
            row.append(_bits(outcome))
        row.append(_pace(outcome))
        rows.append(row)
    return table(head, rows)


def _numbers(outcome: Outcome, two: bool) -> list[Cell]:
    main = [event for event in outcome.events if is_main(event)]
    if not two:
        return [f"{len(main):,}"]
    if len(outcome.listeners) < 2:
        return [f"({len(main):,})", "–", "–", "–"]
    counts = counted(main)
    other = f"{outcome.other_labels:,} of {outcome.steps:,}"
    return [f"{counts.both:,}", _part(counts.one, 0), _part(counts.other, 1), other]


def _bits(outcome: Outcome) -> Cell:
    """Where what was recorded and what is played part, bit by bit."""
    if not outcome.checked:
        return "–"
    found = outcome.difference
    if found is None:
        return "nowhere"
    if found.time is not None:
        return f"{clock(found.time)}, {escape(clean(found.what))}"
    return f"sample {found.position:,} of its sequence, {escape(clean(found.what))}"


def _pace(outcome: Outcome) -> str:
    if outcome.elapsed <= 0.0:
        return "–"
    if outcome.seconds is None:
        return f"{outcome.steps / outcome.elapsed:,.0f} steps/s"
    return f"{outcome.seconds / outcome.elapsed:,.0f} ×"


def _part(count: int, which: int) -> Cell:
    return (f"by-{which}" if count else "none", f"{count:,}")


def events_table(outcome: Outcome, events: Sequence[Told]) -> str:
    """Events with what each listener made of them; those of one alone stand out."""
    rows: list[list[Cell]] = []
    for event in events:
        alone = len(event.scores) == 2 and None in event.scores
        mark = f"alone by-{0 if event.scores[0] is not None else 1}" if alone else ""
        row: list[Cell] = [_when(outcome, event), escape(clean(event.kind))]
        row.append((mark, escape(clean(event.label))))
        for which, score in enumerate(event.scores):
            told = _score(score)
            if which and event.lag:
                told += f", {event.lag:+.2f} s" if outcome.timed else f", {event.lag:+.0f}"
            row.append((f"by-{which}", told) if alone and score is not None else told)
        rows.append(row)
    when = "time" if outcome.timed else "position"
    return table([when, "event", "label", *map(escape, names(outcome))], rows, left=3)


def _when(outcome: Outcome, event: Told) -> str:
    return moment(outcome, event.time) if outcome.timed else f"{event.time:,.0f}"


def _score(score: float | None) -> str:
    if score is None:
        return "–"
    return percent(score) if math.isfinite(score) else "no number"
