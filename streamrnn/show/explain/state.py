"""The hidden state as colours, a column a step, and how far the gates stand open."""

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.learn.explain.inputs import Steps
from streamrnn.learn.explain.states import StateReport
from streamrnn.show.explain.looks import short
from streamrnn.show.theme import Draw, Theme, legend, plain_axes

_NAMED = 24  # steps that each have a name below them
_MARKS = ("o", "s", "D")
_DASHES: tuple[Any, ...] = ("-", "--", (0, (1, 1)))


class Gate(NamedTuple):
    """A gate in plain words."""

    does: str
    """What its being open means."""
    symbol: str
    """How the formulas have it."""
    open: NDArray[np.float64]
    """How far it is open, `(steps, hidden_size)`."""


def plain_gates(report: StateReport) -> list[Gate]:
    """A cell's gates as what is let in, kept, and let out or read again."""
    gates = {name: np.array(gate) for name, gate in report.gates.items()}
    if report.cell == "gru":
        z, r = gates["update"], gates["reset"]
        return [Gate("let in", "1 − z", 1.0 - z), Gate("kept", "z", z), Gate("read again", "r", r)]
    names = {"input": ("let in", "i"), "forget": ("kept", "f"), "output": ("let out", "o")}
    return [Gate(*names[name], gate) for name, gate in gates.items()]


def state_picture(report: StateReport) -> tuple[Draw, tuple[float, float]]:
    """What draws a state, and how large.

    Units are in the order in which they change most: what changes first is on top.
    """
    count, gates = len(report.steps.names), plain_gates(report)
    width = float(np.clip(3.0 + 0.9 * count, 7.0, 14.0)) if count <= _NAMED else 12.0

    def draw(figure: Any, theme: Theme) -> None:
        rows = 1 + len(gates) + bool(gates)
        heights = (4.0, *(2.2,) * len(gates), *((2.0,) if gates else ()))
        panels = figure.subplots(rows, 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        order, hidden = report.order(), np.array(report.hidden)
        title = f"{report.model}: hidden state of layer {report.layer + 1}, a row a unit"
        title += " (units that change first on top)" + "\n" * (count > _NAMED)
        _heat(figure, panels[0], theme, hidden[:, order], (-1.0, 1.0), "viridis", title)
        for axes, gate in zip(panels[1:], gates, strict=False):
            name = f"{gate.does} ({gate.symbol})"
            _heat(figure, axes, theme, gate.open[:, order], (0.0, 1.0), "cividis", name)
        if gates:
            _means(panels[-1], theme, gates)
        _names(panels[-1], report.steps)
        if count > _NAMED:
            _heard(panels[0], theme, report.steps)

    return draw, (width, 3.6 + 1.6 * len(gates) + 0.8 * bool(gates))


def _heat(
    figure: Any,
    axes: Any,
    theme: Theme,
    values: NDArray[np.float64],
    limits: tuple[float, float],
    colours: str,
    title: str,
) -> None:
    plain_axes(axes, theme, title)
    image = axes.imshow(
        values.T, aspect="auto", cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="none"
    )
    axes.set_yticks([])
    bar = figure.colorbar(image, ax=axes, ticks=[limits[0], sum(limits) / 2, limits[1]], pad=0.01)
    bar.ax.tick_params(colors=theme.ink, labelsize=7)
    bar.outline.set_edgecolor(theme.faint)


def _means(axes: Any, theme: Theme, gates: list[Gate]) -> None:
    plain_axes(axes, theme, "the gates' means")
    for n, gate in enumerate(gates):
        look = {"color": theme.lines[n], "linestyle": _DASHES[n]}
        if len(gate.open) <= _NAMED:
            look["marker"] = _MARKS[n]
        axes.plot(gate.open.mean(axis=1), label=gate.does, **look)
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.5, 1.0], ["shut", "half", "open"])
    axes.grid(color=theme.faint, linewidth=0.6)
    legend(axes, theme, loc="upper right", ncols=3, bbox_to_anchor=(1.0, 1.3))


def ticks(steps: Steps, most: int = 9) -> tuple[list[float], list[str]]:
    """Where to write what below many steps: round seconds, or the names of some steps."""
    count = len(steps.names)
    if not steps.timed:
        at = np.unique(np.linspace(0, count - 1, most).round().astype(int)).tolist()
        return at, [steps.names[n] for n in at]
    times = [float(name) for name in steps.names]
    spans = [n * 10.0**e for e in range(-3, 6) for n in (1, 2, 5)]
    span = next(span for span in spans if (times[-1] - times[0]) / span < most)
    first, last = math.ceil(times[0] / span), math.floor(times[-1] / span)
    whole = [n * span for n in range(first, last + 1)]
    places: list[float] = np.interp(whole, times, np.arange(count)).tolist()
    return places, [f"{time:.6g}" for time in whole]


def _heard(axes: Any, theme: Theme, steps: Steps) -> None:
    """What was said of many steps, above them: labels that last, but not `_silence_`."""
    labels = steps.labels or []
    edges = [0, *(n for n in range(1, len(labels)) if labels[n] != labels[n - 1]), len(labels)]
    for first, end in pairwise(edges):
        label = labels[first] if first < len(labels) else None
        if label and not label.startswith("_") and end - first >= max(3, len(labels) // 40):
            text = axes.text((first + end) / 2, -1.0, short(label), ha="center", va="bottom")
            text.set(fontsize=8, color=theme.ink, parse_math=False)


def _names(axes: Any, steps: Steps) -> None:
    """The steps' names below, each with what was said there, where it was something else."""
    count = len(steps.names)
    if count > _NAMED:
        axes.set_xticks(*ticks(steps))
        axes.set_xlabel("seconds" if steps.timed else "step")
        return
    labels = steps.labels or [None] * count
    before: list[str | None] = [None, *labels[:-1]]
    names = [
        f"{name}\n{short(label)}" if label and label != was else name
        for name, label, was in zip(steps.names, labels, before, strict=True)
    ]
    axes.set_xticks(range(count), names)
    for tick in axes.get_xticklabels():
        tick.set_parse_math(False)
