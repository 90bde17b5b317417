"""The hidden state as colours, a column a step, and how far the gates stand open."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.learn.explain.inputs import Steps
from streamrnn.learn.explain.states import GATES, StateReport
from streamrnn.show.explain.theme import Draw, Theme, legend, plain_axes

_NAMED = 24  # steps that each have a name below them
_MARKS = ("o", "s", "D")
_DASHES: tuple[Any, ...] = ("-", "--", (0, (1, 1)))


def state_picture(report: StateReport) -> tuple[Draw, tuple[float, float]]:
    """What draws a state, and how large.

    Units are in the order in which they change most: what changes first is on top.
    """
    count = len(report.steps.names)
    width = float(np.clip(3.0 + 0.9 * count, 7.0, 14.0)) if count <= _NAMED else 12.0

    def draw(figure: Any, theme: Theme) -> None:
        gates = report.gates
        rows = 1 + len(gates) + bool(gates)
        heights = (4.0, *(2.2,) * len(gates), *((2.0,) if gates else ()))
        panels = figure.subplots(rows, 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        hidden = np.array(report.hidden)
        order = report.order()
        title = f"{report.model}: hidden state of layer {report.layer + 1}, a row a unit"
        _heat(figure, panels[0], theme, hidden[:, order], (-1.0, 1.0), "viridis", title)
        for axes, (name, gate) in zip(panels[1:], gates.items(), strict=False):
            symbol = GATES[report.cell][name]
            shown = np.array(gate)[:, order]
            _heat(figure, axes, theme, shown, (0.0, 1.0), "cividis", f"{name} ({symbol})")
        if gates:
            _means(panels[-1], theme, report)
        _names(panels[-1], report.steps)

    return draw, (width, 3.6 + 1.6 * len(report.gates) + 0.8 * bool(report.gates))


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


def _means(axes: Any, theme: Theme, report: StateReport) -> None:
    plain_axes(axes, theme, "the gates' means")
    count = len(report.steps.names)
    for n, (name, mean) in enumerate(report.means.items()):
        look = {"color": theme.lines[n], "linestyle": _DASHES[n]}
        if count <= _NAMED:
            look["marker"] = _MARKS[n]
        axes.plot(mean, label=name, **look)
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.5, 1.0], ["shut", "half", "open"])
    axes.grid(color=theme.faint, linewidth=0.6)
    legend(axes, theme, loc="upper right", ncols=3, bbox_to_anchor=(1.0, 1.3))


def _names(axes: Any, steps: Steps) -> None:
    """The steps' names below, each with what was said there, where it was something else."""
    count = len(steps.names)
    if count > _NAMED:
        at = np.unique(np.linspace(0, count - 1, 9).round().astype(int))
        axes.set_xticks(at, [steps.names[n] for n in at])
        axes.set_xlabel("seconds" if steps.timed else "step")
        return
    labels = steps.labels or [None] * count
    before: list[str | None] = [None, *labels[:-1]]
    names = [
        f"{name}\n{label.removeprefix('Hass')}" if label and label != was else name
        for name, label, was in zip(steps.names, labels, before, strict=True)
    ]
    axes.set_xticks(range(count), names)
    for tick in axes.get_xticklabels():
        tick.set_parse_math(False)
