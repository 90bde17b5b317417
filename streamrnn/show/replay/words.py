"""What is said of outcomes: names, times, shares, and a sentence about an event."""

from __future__ import annotations

import math
from pathlib import Path

from streamrnn.replay.outcome import NEAR, Outcome, Told
from streamrnn.show.replay.curves import peak

_VERBS = {
    "detected": "hears",
    "decided": "decides on",
    "label": "turns to",
    "start": "begins to hear",
    "end": "ceases to hear",
}
_EDGES = ("start", "end")


def around(outcome: Outcome) -> float:
    """Seconds, or positions, that are shown around events; those closer together are one place."""
    return 2.0 if outcome.timed else 20.0


def is_main(event: Told) -> bool:
    """Whether an event is more than the edge of another."""
    return event.kind not in _EDGES


def clean(text: str) -> str:
    """A text on one line, without what no font and no file can show."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in text)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, its middle left out where it is longer."""
    if len(text) <= most:
        return text
    end = most // 2
    return f"{text[: most - end - 1]}…{text[len(text) - end :]}"


def file_name(outcome: Outcome) -> str:
    """The file's name without its folder."""
    return clean(Path(outcome.file).name or outcome.file)


def names(outcome: Outcome) -> list[str]:
    """What the listeners are called; two are never called the same."""
    found = [clean(listener.model) or "no name" for listener in outcome.listeners]
    if outcome.checked:
        return [f"recorded {found[0]}", f"replayed {found[1]}"]
    if len(set(found)) < len(found):
        marks = [listener.fingerprint[:6] for listener in outcome.listeners]
        if len(set(marks)) < len(marks):
            marks = [str(n + 1) for n in range(len(marks))]
        found = [f"{name} {mark}" for name, mark in zip(found, marks, strict=True)]
    return found


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss.s."""
    whole, tenth = divmod(round(10.0 * seconds), 10)
    minutes, second = divmod(whole, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}.{tenth}"


def moment(outcome: Outcome, time: float) -> str:
    """When an event is: h:mm:ss.s, or a position."""
    return clock(time) if outcome.timed else f"position {time:,.0f}"


def percent(share: float, other: float | None = None) -> str:
    """A share as percent, with as many digits as tell it from another one."""
    for digits in range(5):
        text = f"{100.0 * share:.{digits}f} %"
        if other is None or share == other or text != f"{100.0 * other:.{digits}f} %":
            return text
    return f"{100.0 * share!r} %"


def plural(count: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def about(outcome: Outcome, event: Told) -> str:
    """What parts two listeners at an event that only one of them tells, in a sentence."""
    called = names(outcome)
    teller = 0 if event.scores[0] is not None else 1
    told = f"{called[teller]} {_heard(event)} at {moment(outcome, event.time)}"
    score = event.scores[teller]
    if score is not None and math.isfinite(score):
        told += f" with {percent(score)}"
    threshold = outcome.listeners[teller].thresholds.get(event.label)
    if threshold is not None and event.kind != "end":
        told += f" (threshold {percent(threshold)})"
    return f"{told}; {_other(outcome, event, 1 - teller, called[1 - teller])}."


def _heard(event: Told) -> str:
    verb = _VERBS.get(event.kind, f"tells {clean(event.kind)} of")
    return f"{verb} ‘{clean(event.label)}’"


def _other(outcome: Outcome, event: Told, which: int, name: str) -> str:
    """What the other listener makes of it."""
    thresholds = outcome.listeners[which].thresholds
    if thresholds and event.label not in thresholds:
        return f"‘{clean(event.label)}’ is none of the words that {name} detects"
    missing = f"no event of {name} goes with it{_nearest(outcome, event, which)}"
    most = peak(outcome, which, event.time)
    if most is None or event.kind == "end" or not math.isfinite(most):
        return missing
    sort = "word that it detects" if thresholds else "class"
    span = f"within {NEAR:g} s"
    if not thresholds:
        return f"{name} is at most {percent(most)} sure of any {sort} {span}, and {missing}"
    threshold = thresholds[event.label]
    shown = f"its threshold of {percent(threshold, most)}"
    if most < threshold:
        sure = f"{name} is at most {percent(most, threshold)} sure of any {sort} {span}"
        return f"{sure}, below {shown}"
    sure = f"{name} is up to {percent(most, threshold)} sure of a {sort} {span}"
    return f"{sure}, not below {shown}, but {missing}{_instead(outcome, event, which)}"


def _nearest(outcome: Outcome, event: Told, which: int) -> str:
    """How far off its nearest event of this kind and label is, if that is near."""
    own = [
        each.time - event.time
        for each in outcome.events
        if each is not event
        and (each.kind, each.label) == (event.kind, event.label)
        and each.scores[which] is not None
    ]
    nearest = min(own, key=abs, default=math.inf)
    if abs(nearest) > around(outcome):
        return ""
    far = f"{abs(nearest):.1f} s" if outcome.timed else plural(round(abs(nearest)), "position")
    return f" (its nearest is about {far} {'later' if nearest > 0 else 'earlier'})"


def _instead(outcome: Outcome, event: Told, which: int) -> str:
    """The nearest event of the same kind but another label, if there is one near."""
    near = [
        each
        for each in outcome.events
        if each.kind == event.kind
        and each.label != event.label
        and each.scores[which] is not None
        and abs(each.time - event.time) <= NEAR
    ]
    if not near:
        return ""
    found = min(near, key=lambda each: abs(each.time - event.time))
    return f"; it {_heard(found)} at about {moment(outcome, found.time)}"
