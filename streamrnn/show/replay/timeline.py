"""What listeners heard in recorded streams, against time: one panel a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streamrnn.replay.outcome import Outcome, Told
from streamrnn.show.replay.axis import time_axis
from streamrnn.show.replay.counts import Counts, counted
from streamrnn.show.replay.curves import drawn, extent
from streamrnn.show.replay.words import clean, file_name, is_main, names, plural, shortened
from streamrnn.show.theme import Draw, Theme, write

MOST = 12
"""Files that are shown."""
COLOURS = (1, 0)
"""Of the listeners, in `Theme.lines`: blue and vermilion."""
_WIDTH, _LEFT, _RIGHT = 11.0, 1.75, 0.55  # inches
_CURVES, _ALONE, _BETWEEN, _TOP, _BOTTOM = 1.7, 0.9, 0.62, 0.32, 0.45  # inches
_POINTS = 1_130  # of a curve: the pixels of a panel at 130 dpi
_LETTER = 0.075  # inches, of labels
_LANE, _WORDS = 1.15, 1.42  # where marks and labels are; the curves end at 1
_LINE_LANE, _LINE_WORDS = 0.45, 1.0  # where there are no curves, but a line


def timeline_plot(outcomes: Sequence[Outcome], path: str | Path, *, dark: bool = False) -> None:
    """Draw how sure the listeners of each file were, and their events.

    The first listener's curve goes up from the middle, the second one's down. What only one of two
    tells is emphasised; labels are written where there is room, those of such events first. Without
    curves the events stand on a line.

    Args:
        outcomes: of files; at most `MOST` of them are shown.
        path: the picture, in any format that matplotlib writes.
        dark: light on dark, instead of dark on light.

    Raises:
        UnsupportedError: matplotlib is not installed.
        ConfigError: the file cannot be written.
    """
    draw, size = timeline(outcomes)
    write(draw, size, path, dark=dark)


def timeline(outcomes: Sequence[Outcome]) -> tuple[Draw, tuple[float, float]]:
    """What draws it, and how large: inches; see `timeline_plot`."""
    shown, left_out = outcomes[:MOST], len(outcomes) - MOST
    tall = [_CURVES if has_curves(each) else _ALONE for each in shown]
    height = _TOP + sum(tall) + _BETWEEN * max(0, len(shown) - 1) + _BOTTOM
    height += 0.3 * (left_out > 0)

    def draw(figure: Any, theme: Theme) -> None:
        figure.set_layout_engine("none")
        top = height - _TOP
        wide = (_WIDTH - _LEFT - _RIGHT) / _WIDTH
        for outcome, own in zip(shown, tall, strict=True):
            box = (_LEFT / _WIDTH, (top - own) / height, wide, own / height)
            _panel(figure.add_axes(box), theme, outcome)
            top -= own + _BETWEEN
        if left_out > 0:
            told = f"{plural(left_out, 'more file')} left out"
            figure.text(_LEFT / _WIDTH, 0.06 / height, told, color=theme.ink, fontsize=9)

    return draw, (_WIDTH, height)


def has_curves(outcome: Outcome) -> bool:
    """Whether it is known of a listener how sure it was."""
    return any(curve is not None and len(curve) for curve in outcome.curves)


def _panel(axes: Any, theme: Theme, outcome: Outcome) -> None:
    start, end = extent(outcome)
    two, curves = len(outcome.listeners) > 1, has_curves(outcome)
    axes.set_facecolor("none")
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    time_axis(axes, theme, start, end, most=12, timed=outcome.timed)
    if not (outcome.rate or outcome.events):  # nothing tells how long it is
        axes.set_xticks([])
    axes.set_ylim(-1.6 if two or not curves else -0.06, 1.6)
    axes.axhline(0.0, color=theme.ink, linewidth=0.8)
    for which, name in enumerate(names(outcome)):
        sign, colour = 1.0 - 2.0 * which, theme.lines[COLOURS[which]]
        here = 0.5 if curves else 0.45
        _text(axes, -0.012, sign * here, shortened(name, 24), colour, ha="right", edge=True)
        times, heights = drawn(outcome, which, start, end, _POINTS)
        axes.fill_between(times, sign * heights, color=colour, linewidth=0.4)
        for threshold in _thresholds(outcome, which) if curves else ():
            line = {"color": theme.ink, "linewidth": 0.6, "linestyle": (0, (5, 4)), "alpha": 0.7}
            axes.axhline(sign * threshold, **line)
    _ticks(axes, theme, two, curves)
    _events(axes, theme, outcome)
    title = {"loc": "left", "fontsize": 9.5, "color": theme.ink, "parse_math": False}
    axes.set_title(_title(outcome), pad=4, **title)
    if outcome.broken is not None:
        axes.axvline(end, color=theme.ink, linewidth=1.2, linestyle=":")
        _text(axes, 1.0, _WORDS, "breaks off ", theme.ink, ha="right", edge=True)


def _title(outcome: Outcome) -> str:
    events = [event for event in outcome.events if is_main(event)]
    name = shortened(file_name(outcome), 60)
    if not events:
        return f"{name}: no events" if not outcome.events else f"{name}: starts and ends alone"
    if len(outcome.listeners) < 2:
        return f"{name}: {plural(len(events), 'event')}"
    counts: Counts = counted(events)
    one, other = (shortened(each, 30) for each in names(outcome))
    return (
        f"{name}: {counts.both:,} by both, {counts.one:,} only {one}, {counts.other:,} only {other}"
    )


def _ticks(axes: Any, theme: Theme, two: bool, curves: bool) -> None:
    """Shares at the right."""
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", labelsize=7, colors=theme.ink, length=0)
    if not curves:
        axes.set_yticks([])
        return
    ticks = [0.0, 1.0, *([-1.0] if two else [])]
    axes.set_yticks(ticks, [f"{100 * abs(at):.0f} %" for at in ticks])
    for at in ticks[1:]:
        axes.axhline(at, color=theme.faint, linewidth=0.6, zorder=0)


def _thresholds(outcome: Outcome, which: int) -> list[float]:
    """A listener's thresholds; of many that differ, the lowest and the highest."""
    found = sorted(set(outcome.listeners[which].thresholds.values()))
    return found if len(found) < 4 else [found[0], found[-1]]


def _events(axes: Any, theme: Theme, outcome: Outcome) -> None:
    """Marks in a lane for each listener, and labels where there is room."""
    curves = has_curves(outcome)
    lane, words = (_LANE, _WORDS) if curves else (_LINE_LANE, _LINE_WORDS)
    taken: tuple[list[tuple[float, float]], ...] = ([], [])
    marks = {"linestyle": "none", "markersize": 6.5, "clip_on": False, "zorder": 4}
    for which, colour in enumerate(_colours(theme, outcome)):
        sign = 1.0 - 2.0 * which
        mine = [event for event in outcome.events if event.scores[which] is not None]
        alone = [event for event in mine if _apart(event)]
        main = [event.time for event in alone if is_main(event)]
        axes.plot(main, [sign * lane] * len(main), "v^"[which], color=colour, **marks)
        axes.vlines(main, -lane, lane, color=colour, linewidth=0.8, alpha=0.55, zorder=1)
        edges = [event.time for event in alone if not is_main(event)]
        shared = [event.time for event in mine if not _apart(event) and is_main(event)]
        for times, ink in ((edges, colour), (shared, theme.ink)):
            look = {"color": ink, "alpha": 0.75, "linewidth": 0.9, "clip_on": False}
            axes.vlines(times, sign * (lane - 0.07), sign * (lane + 0.07), **look)
    for event in sorted(filter(is_main, outcome.events), key=lambda event: not _apart(event)):
        which = 0 if event.scores[0] is not None else 1
        colour = theme.lines[COLOURS[which]] if _apart(event) else theme.ink
        _label(axes, event, taken[which], colour, (1.0 - 2.0 * which) * words)


def _apart(event: Told) -> bool:
    return len(event.scores) > 1 and None in event.scores


def _colours(theme: Theme, outcome: Outcome) -> list[str]:
    return [theme.lines[n] for n, _ in zip(COLOURS, outcome.listeners, strict=False)]


def _label(
    axes: Any, event: Told, taken: list[tuple[float, float]], colour: str, height: float
) -> None:
    """The event's label, if its place is free."""
    text = shortened(clean(event.label), 20)
    start, end = axes.get_xlim()
    letter = _LETTER * (end - start) / (_WIDTH - _LEFT - _RIGHT)
    half = 0.5 * letter * (len(text) + 1)
    middle = min(max(event.time, start + half), max(start + half, end - half))
    if any(low < middle + half and middle - half < high for low, high in taken):
        return
    taken.append((middle - half, middle + half))
    _text(axes, middle, height, text, colour, ha="center")


def _text(
    axes: Any, x: float, y: float, text: str, colour: str, *, ha: str, edge: bool = False
) -> None:
    """A text at times and shares; with `edge`, x is a part of the width."""
    where = axes.get_yaxis_transform() if edge else axes.transData
    look = {"color": colour, "fontsize": 8.5, "ha": ha, "va": "center", "parse_math": False}
    axes.text(x, y, text, transform=where, clip_on=False, zorder=5, **look)
