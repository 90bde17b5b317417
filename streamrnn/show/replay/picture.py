"""A place where two listeners part: the sound, how sure both were, and what they told."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import AudioConfig
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.io.sounds import Sound
from streamrnn.replay.outcome import Told
from streamrnn.show.replay.axis import time_axis
from streamrnn.show.replay.curves import curve_of, drawn
from streamrnn.show.replay.places import Place
from streamrnn.show.replay.timeline import COLOURS
from streamrnn.show.replay.words import clean, is_main, names, shortened
from streamrnn.show.theme import Draw, Theme

SIZE = (5.4, 3.3)
"""Inches: narrow, so that it is readable on a telephone."""
_RANGE = 60.0  # decibels below the loudest that a spectrogram shows
_SHADES = 20  # of it, so few that it compresses well
_EAR = AudioFrontend(AudioConfig())
_POINTS = 1_000


def place_picture(place: Place, sound: Sound | None) -> tuple[Draw, tuple[float, float]]:
    """What draws it, and how large.

    Args:
        place: of a stream of sound.
        sound: of its span, as `streamrnn.replay.excerpt` gives it; None: it cannot be read.
    """
    start, end = place.span
    spectrum = None if sound is None else spectrogram(sound)
    if spectrum is not None and not spectrum.size:
        spectrum = None
    begin = max(0.0, start)

    def draw(figure: Any, theme: Theme) -> None:
        figure.set_layout_engine("none")
        below = figure.add_axes((0.085, 0.1, 0.895, 0.47 if spectrum is not None else 0.75))
        marked = [below]
        if spectrum is not None:
            above = figure.add_axes((0.085, 0.6, 0.895, 0.25))
            shown = (begin, begin + spectrum.shape[1] * 0.01, 0.0, float(len(spectrum)))
            _spectrum(above, theme, spectrum, shown)
            time_axis(above, theme, start, end, most=6)
            above.tick_params(axis="x", labelbottom=False, length=0)
            marked.append(above)
        _curves(below, theme, place)
        for event in place.events:
            _line(marked, theme, event)
        _marks(below, theme, place)
        _labels(marked[-1], theme, place)
        for which, name in enumerate(names(place.outcome)):
            look = {"color": theme.lines[COLOURS[which]], "fontsize": 9, "parse_math": False}
            place_ = {"x": 0.98 * which + 0.085 * (1 - which), "ha": ("left", "right")[which]}
            figure.text(y=0.955, va="center", s=f"● {shortened(name, 30)}", **place_, **look)

    return draw, SIZE


def spectrogram(sound: Sound) -> NDArray[np.float64]:
    """Log-mel power in decibels, (bands, columns of 10 ms); without columns if it is too short."""
    channels = sound.samples.shape[1]
    frames = _EAR.stream(rate=sound.rate, channels=channels).feed(sound.samples).values
    return 10.0 / np.log(10.0) * frames.T.astype(np.float64)


def _spectrum(
    axes: Any, theme: Theme, spectrum: NDArray[np.float64], shown: tuple[float, ...]
) -> None:
    """Loud is ink, and quiet is ground: a page may turn that round for its dark."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = [theme.ground, "#cfe0ea", "#6f9fbd", "#2f5875", theme.ink]
    colours = LinearSegmentedColormap.from_list("ink", shades, _SHADES)
    top = float(spectrum.max())
    look = {"origin": "lower", "aspect": "auto", "interpolation": "none", "cmap": colours}
    axes.imshow(spectrum, extent=shown, vmin=top - _RANGE, vmax=top, **look)
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    axes.set_ylabel("mel bands", fontsize=8, color=theme.ink)


def _curves(axes: Any, theme: Theme, place: Place) -> None:
    """How sure both were, against their thresholds."""
    outcome, (start, end) = place.outcome, place.span
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    time_axis(axes, theme, start, end, most=6)
    axes.set_ylim(-0.03, 1.08)
    axes.set_yticks([0.0, 0.5, 1.0], ["0", "50", "100 %"])
    axes.tick_params(axis="y", labelsize=8, colors=theme.ink, length=0, pad=2)
    axes.grid(axis="y", color=theme.faint, linewidth=0.6)
    axes.set_axisbelow(True)
    labels = {event.label for event in place.events}
    for which, listener in enumerate(outcome.listeners):
        colour = theme.lines[COLOURS[which]]
        if curve_of(outcome, which) is not None:
            times, heights = drawn(outcome, which, start, end, _POINTS)
            look = {
                "linewidth": 2.8 - 1.5 * which,
                "solid_joinstyle": "round",
            }  # both, where they agree
            axes.plot(times, heights, color=colour, **look)
        own = {listener.thresholds[label] for label in labels & set(listener.thresholds)}
        for threshold in own or set(listener.thresholds.values()):
            dashes = (4.0 * which, (4, 4))  # two that are the same stay to be seen
            axes.axhline(threshold, color=colour, linewidth=1.0, linestyle=(dashes[0], dashes[1]))


def _line(marked: list[Any], theme: Theme, event: Told) -> None:
    """Where it is, through all axes."""
    colour = theme.lines[COLOURS[0 if event.scores[0] is not None else 1]]
    style = "-" if is_main(event) else (0, (1, 2))
    for axes in marked:
        axes.axvline(event.time, color=colour, linewidth=1.0, linestyle=style, zorder=1.5)


def _marks(axes: Any, theme: Theme, place: Place) -> None:
    """What each told, as sure as it was; what both told, where the first one told it."""
    start, end = place.span
    for event in place.outcome.events:
        if not (start <= event.time <= end and is_main(event)):
            continue
        if None not in event.scores:
            look = {"marker": "|", "markersize": 9, "color": theme.ink}
            axes.plot(event.time, 1.04, clip_on=False, **look)
            continue
        for which, score in enumerate(event.scores):
            if score is not None and np.isfinite(score):
                look = {"color": theme.lines[COLOURS[which]], "marker": "v^"[which]}
                axes.plot(event.time, score, markersize=9, zorder=5, clip_on=False, **look)


def _labels(axes: Any, theme: Theme, place: Place) -> None:
    """Names of events above all, where there is room; first of those that one alone tells."""
    start, end = place.span
    letter = 0.08 * (end - start) / (0.895 * SIZE[0])
    taken: list[tuple[float, float]] = []
    events = [each for each in place.outcome.events if is_main(each) and start <= each.time <= end]
    for event in sorted(events, key=lambda event: None not in event.scores):
        text = shortened(clean(event.label), 20)
        half = 0.5 * letter * (len(text) + 1)
        at = min(max(event.time, start + half), end - half)
        if any(low < at + half and at - half < high for low, high in taken):
            continue
        taken.append((at - half, at + half))
        alone = None in event.scores
        colour = theme.lines[COLOURS[0 if event.scores[0] is not None else 1]]
        look = {"color": colour if alone else theme.ink, "fontsize": 8.5, "parse_math": False}
        where = axes.get_xaxis_transform()
        axes.text(at, 1.03, text, ha="center", va="bottom", transform=where, **look)
