"""What two listeners make of recorded streams, on one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from streamrnn.replay.outcome import Outcome
from streamrnn.show.page import figure, page, see_that_page, write_page
from streamrnn.show.replay.headline import called, headline
from streamrnn.show.replay.parts import anchor, file_part
from streamrnn.show.replay.places import Place, most_apart, places
from streamrnn.show.replay.tables import files_table, labels_table
from streamrnn.show.replay.timeline import MOST, has_curves, timeline
from streamrnn.show.replay.words import names, plural
from streamrnn.show.theme import svg

SHOWN = 60
"""Places that are shown."""
Advance = Callable[[float], object]
"""Told the share of the work that is done, 0 to 1."""


def write_report(
    path: str | Path, outcomes: Sequence[Outcome], *, advance: Advance = lambda share: None
) -> None:
    """Draw and write the page.

    In numbers what parts the listeners; every file; and each place at which only one of two tells
    an event, with the sound there and how sure both were: at most `SHOWN` of them, those at which
    the scores lie furthest apart. The files must still be there for their sound to be shown.

    Args:
        path: the page, one HTML file with its pictures inside.
        outcomes: of the files, with curves, if these are to be seen.
        advance: called with the share of the work that is done.

    Raises:
        UnsupportedError: matplotlib is not installed.
        ConfigError: the file cannot be written.
    """
    see_that_page(path)
    outcomes = sorted(outcomes, key=lambda outcome: -len(places(outcome)))
    shown, left_out = most_apart(outcomes, SHOWN)
    links: list[str | None] = []
    parts: list[str] = []
    done = 0
    for number, outcome in enumerate(outcomes):
        mine: list[Place] = [place for place in shown if place.outcome is outcome]
        links.append(anchor(number) if mine else None)
        if mine:
            others = len(places(outcome)) - len(mine)
            parts.append(file_part(number, outcome, mine, others))
        done += len(mine)
        advance(done / (len(shown) + 1))
    body = _body(outcomes, links, parts, len(shown), left_out)
    write_page(path, page(_title(outcomes), body, style=_STYLE))
    advance(1.0)


def _title(outcomes: Sequence[Outcome]) -> str:
    """Who is compared, if they are the same in all files."""
    every = [names(outcome) for outcome in outcomes]
    same = bool(every) and all(each == every[0] for each in every)
    return f"Replayed: {' beside '.join(every[0])}" if same else "Replayed"


def _body(
    outcomes: Sequence[Outcome],
    links: Sequence[str | None],
    parts: Sequence[str],
    shown: int,
    left_out: int,
) -> str:
    who = called(outcomes)
    compared = [outcome for outcome in outcomes if len(outcome.listeners) == 2]
    body = headline(outcomes)
    if any(outcome.events for outcome in compared):
        body += f'<h2 id="labels">By label</h2>\n{labels_table(compared, who)}'
    seen = [outcome for outcome in outcomes if outcome.events or has_curves(outcome)]
    body += f'<h2 id="files">Files</h2>\n{files_table(outcomes, links, who)}'
    if seen:
        draw, size = timeline(seen)
        drawn = figure(svg(draw, size, "timelines"), "what was heard, against time", width=14.0)
        more = " The first ones are drawn." if len(seen) > MOST else ""
        body += (
            f'<h2 id="timelines">Against time</h2>\n<p>{_READING}{more}</p>\n'
            f'<div class="wide timelines">{drawn}</div>\n'
        )
    if shown:
        told = f"{plural(shown, 'place')} at which only one of two tells an event"
        told += f"; {left_out:,} more with smaller gaps left out" if left_out else ""
        body += f'<p id="differences">{told}.</p>\n'
    return body + "".join(parts)


_READING = (
    "How sure each listener was: the first one upwards, the second one downwards, thresholds "
    "dashed. Triangles are events of one alone; ticks, those of both, and where one starts or ends."
)
_STYLE = """\
.tiles { display: grid; gap: 0.8rem; margin: 1.2rem 0;
  grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); max-width: 46rem; }
.tiles div { border: 1px solid var(--faint); border-radius: 8px; padding: 0.5rem 0.9rem; }
.tiles b { display: block; font-size: 2rem; line-height: 1.25; }
.by-0 { color: var(--line-1); } .by-1 { color: var(--line-0); } .alone { font-weight: 700; }
.wide { overflow-x: auto; } .timelines figure { min-width: 44rem; }
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.22rem 1.1rem 0.22rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--faint); }
th { font-weight: 600; vertical-align: bottom; white-space: normal; line-height: 1.25; }
th { overflow-wrap: break-word; min-width: 3.4rem; }
.tiles div { overflow-wrap: anywhere; } .number { text-align: right; }
td.none { opacity: 0.5; }
.links a { margin-right: 0.7rem; white-space: nowrap; }
.parts { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
.parts section { border: 1px solid var(--faint); border-radius: 8px; padding: 0.2rem 1rem 0.8rem;
  min-width: 0; break-inside: avoid; }
h2, h3, p { overflow-wrap: anywhere; }
h3 { margin: 0.7rem 0 0; font-size: 1rem; } h3 small { font-weight: 400; opacity: 0.8; }
.broken { border-left: 4px solid var(--line-0); padding-left: 0.8rem; }
@media (prefers-color-scheme: dark) { svg image { filter: invert(1) hue-rotate(180deg); } }
@media (max-width: 30rem) { body { margin: 1rem auto; padding: 0 0.8rem; }
  h1 { font-size: 1.5rem; } th, td { padding-right: 0.7rem; }
  .tiles { gap: 0.5rem; } .tiles div { padding: 0.4rem 0.6rem; }
  .parts section { padding: 0.1rem 0.6rem 0.6rem; } }
@media print { body { margin: 0; max-width: none; } .wide { overflow: visible; }
  .timelines figure { min-width: 0; } h2, h3 { break-after: avoid; } }
"""
