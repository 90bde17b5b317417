"""The part of the page about one place at which two listeners part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from streamrnn.errors import StreamRNNError
from streamrnn.io.recording import Recording
from streamrnn.io.sounds import Sound
from streamrnn.replay.excerpt import excerpt
from streamrnn.replay.outcome import Outcome, Told
from streamrnn.show.page import figure
from streamrnn.show.replay.picture import place_picture
from streamrnn.show.replay.places import Place
from streamrnn.show.replay.tables import events_table
from streamrnn.show.replay.words import about, file_name, moment, plural
from streamrnn.show.theme import svg

_BESIDE = 5
"""Events before and after a place of a stream without sound."""


def file_part(number: int, outcome: Outcome, places: Sequence[Place], others: int) -> str:
    """All that is told of a file.

    Args:
        number: of the file, for its anchor.
        outcome: of it.
        places: that are shown.
        others: places that are left out.
    """
    begun = _begun(outcome)
    links = " ".join(
        f'<a href="#{_anchor(number, n)}">{moment(outcome, place.first)}</a>'
        for n, place in enumerate(places)
    )
    left_out = f" {plural(others, 'smaller difference')} left out." if others else ""
    parts = "".join(_part(_anchor(number, n), place, begun) for n, place in enumerate(places))
    return (
        f'<h2 id="{anchor(number)}">{escape(file_name(outcome))}</h2>\n'
        f'<p class="links">{links}{left_out} <a href="#files">↑ files</a></p>\n'
        f'<div class="parts">\n{parts}</div>\n'
    )


def anchor(number: int) -> str:
    """Where a file's part is."""
    return f"file-{number}"


def _anchor(number: int, place: int) -> str:
    return f"place-{number}-{place}"


def _part(name: str, place: Place, begun: float | None) -> str:
    outcome, when = place.outcome, moment(place.outcome, place.first)
    clock = ""
    if begun is not None:
        local = datetime.fromtimestamp(begun + place.first).astimezone()
        clock = f" <small>{local:%Y-%m-%d %H:%M:%S}, local time</small>"
    told = (escape(about(outcome, event)).replace(" %", "&nbsp;%") for event in place.main)
    sentences = "".join(f"<p>{sentence}</p>\n" for sentence in told)
    shown = _picture(name, place) if outcome.rate else ""
    title = f"{escape(file_name(outcome))}, {when}"
    return (
        f'<section id="{name}">\n<h3>{title}{clock}</h3>\n{shown}{sentences}'
        f"{events_table(outcome, _near(place))}</section>\n"
    )


def _near(place: Place) -> list[Told]:
    """The events around a place: of sound those that are shown, otherwise some on both sides."""
    events, (start, end) = place.outcome.events, place.span
    if place.outcome.rate:
        return [event for event in events if start <= event.time <= end]
    inside = [n for n, each in enumerate(events) if any(each is mine for mine in place.events)]
    return events[max(0, inside[0] - _BESIDE) : inside[-1] + 1 + _BESIDE]


def _picture(name: str, place: Place) -> str:
    sound: Sound | None = None
    note = ""
    try:
        sound = excerpt(place.outcome.file, *place.span)
    except (StreamRNNError, OSError) as error:
        note = f"<p>The sound cannot be shown: {escape(str(error))}</p>\n"
    draw, size = place_picture(place, sound)  # narrow, and shown as wide as there is room
    title = f"{file_name(place.outcome)} at {moment(place.outcome, place.first)}"
    return figure(svg(draw, size, name), title, width=1.3 * size[0]) + note


def _begun(outcome: Outcome) -> float | None:
    """When a recording began, seconds since 1970; None: it is none, or is there no more."""
    if Path(outcome.file).suffix.lower() != ".mcap":
        return None
    try:
        return Recording(outcome.file).begun / 1e9
    except StreamRNNError:
        return None
