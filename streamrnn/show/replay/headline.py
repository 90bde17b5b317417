"""What parts the listeners of all files, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from statistics import median

from streamrnn.replay.outcome import Outcome
from streamrnn.show.replay.counts import counted
from streamrnn.show.replay.words import clean, clock, file_name, is_main, names, percent, plural


def called(outcomes: Sequence[Outcome]) -> list[str]:
    """What two listeners are called in all files; none if nothing was compared."""
    compared = [outcome for outcome in outcomes if len(outcome.listeners) == 2]
    if not compared:
        return []
    found = {tuple(names(outcome)) for outcome in compared}
    if len(found) == 1:
        return list(found.pop())
    if all(outcome.checked for outcome in compared):
        return ["recorded", "replayed"]
    return ["the first listener", "the second listener"]


def headline(outcomes: Sequence[Outcome]) -> str:
    """The beginning of the page, HTML."""
    compared = [outcome for outcome in outcomes if len(outcome.listeners) == 2]
    told = [f"<p>{escape(_size(outcomes))}</p>\n"]
    if compared:
        told.append(_compared(compared, called(outcomes)))
    alone = [outcome for outcome in outcomes if len(outcome.listeners) < 2]
    if alone:
        who = sorted({name for outcome in alone for name in names(outcome)})
        events = sum(is_main(event) for outcome in alone for event in outcome.events)
        files = "" if len(alone) == len(outcomes) else f" in {plural(len(alone), 'file')}"
        told.append(
            f"<p>{escape(', '.join(who))} listened alone{files} and told "
            f"{plural(events, 'event')}; there is nothing to compare that with.</p>\n"
        )
    for each in outcomes:
        if each.broken is not None:
            text = f"{file_name(each)} breaks off: {clean(each.broken)}"
            told.append(f'<p class="broken">{escape(text)}</p>\n')
    return "".join(told)


def _size(outcomes: Sequence[Outcome]) -> str:
    """How much was played."""
    seconds = [outcome.seconds for outcome in outcomes if outcome.seconds is not None]
    told = plural(len(outcomes), "file")
    if seconds:
        told += f", {clock(sum(seconds))} of sound"
        if len(seconds) < len(outcomes):
            told += f" and {plural(len(outcomes) - len(seconds), 'file')} without sound"
    parts = [each for each in outcomes if each.part[0] > 0.0 or each.part[1] is not None]
    if parts:
        told += f"; of {plural(len(parts), 'file')} only a part was played"
    return f"{told}."


def _compared(outcomes: Sequence[Outcome], who: Sequence[str]) -> str:
    """Tiles with the numbers, and what they say in a sentence."""
    events = [event for outcome in outcomes for event in outcome.events]
    counts = counted(filter(is_main, events))
    edges = counted(event for event in events if not is_main(event))
    tiles = [
        ("", counts.both, "events told by both"),
        ("by-0" if counts.one else "", counts.one, f"only by {who[0]}"),
        ("by-1" if counts.other else "", counts.other, f"only by {who[1]}"),
    ]
    shown = "".join(
        f'<div class="{kind}"><b>{count:,}</b> {escape(text)}</div>\n'
        for kind, count, text in tiles
    )
    told: list[str] = []
    if not events:
        told.append(f"Neither {who[0]} nor {who[1]} tells an event.")
    elif not counts.apart and not edges.apart:
        told.append(f"{who[0]} and {who[1]} tell the same events: none parts them.")
    elif not counts.apart:
        told.append(f"Nothing but starts and ends of events parts {who[0]} and {who[1]}.")
    told.append(f"{_steps(outcomes):,} steps in {plural(len(outcomes), 'file')} were compared.")
    if edges.both or edges.apart:
        told.append(
            f"Starts and ends of events are counted apart: {edges.both:,} by both, {edges.one:,} "
            f"only by {who[0]}, {edges.other:,} only by {who[1]}."
        )
    told += _lags(outcomes, who) + _labels(outcomes) + _points(outcomes) + _bits(outcomes)
    shown = f'<div class="tiles">\n{shown}</div>\n' if events else ""
    return f"{shown}<p>{escape(' '.join(told))}</p>\n"


def _steps(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.steps for outcome in outcomes)


def _lags(outcomes: Sequence[Outcome], who: Sequence[str]) -> list[str]:
    """How much later the second tells what both tell."""
    lags = [
        event.lag
        for outcome in outcomes
        for event in outcome.events
        if outcome.timed and is_main(event) and event.lag is not None
    ]
    if not any(lags):
        return []
    middle, late = median(lags), "later" if median(lags) >= 0.0 else "earlier"
    return [
        f"Of what both tell, {who[1]} tells {abs(middle):.2f} s {late} in the median, between "
        f"{min(lags):+.2f} and {max(lags):+.2f} s."
    ]


def _labels(outcomes: Sequence[Outcome]) -> list[str]:
    """How often their likeliest labels differ."""
    labelled = [outcome for outcome in outcomes if outcome.events or outcome.other_labels]
    other, steps = sum(outcome.other_labels for outcome in labelled), _steps(labelled)
    if not steps:
        return []
    if not other:
        return ["At no step do their likeliest labels differ."]
    share = percent(other / steps, 0.0)
    return [f"At {other:,} of {steps:,} steps, {share}, their likeliest labels differ."]


def _points(outcomes: Sequence[Outcome]) -> list[str]:
    """How far the points lie apart that they foresee."""
    found: list[str] = []
    for outcome in outcomes:
        if outcome.points_apart and all(map(math.isfinite, outcome.points_apart)):
            far = ", ".join(f"{each:.3g}" for each in outcome.points_apart)
            name = file_name(outcome)
            found.append(
                f"In {name} the points that they foresee lie {far} apart in the mean, "
                "horizon by horizon."
            )
    return found


def _bits(outcomes: Sequence[Outcome]) -> list[str]:
    """Whether recordings were replayed to the bit."""
    checked = [outcome for outcome in outcomes if outcome.checked]
    if not checked:
        return []
    same = sum(outcome.difference is None for outcome in checked)
    are = "is" if same == 1 else "are"
    return [
        f"Of {plural(len(checked), 'recording')}, {same:,} {are} the same to the bit, as far as "
        "they were played."
    ]
