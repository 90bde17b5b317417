"""Gradients that fade and grow, on a logarithmic scale."""

from typing import Any

import numpy as np

from streamrnn.learn.explain.gradient import CHAOS, Curve, GradientReport, Learning
from streamrnn.show.explain.theme import CELL_NAMES, Draw, Theme, legend, line, plain_axes

SMALLEST = 2.0**-149
"""The least float32 above 0: what is smaller does not reach a weight at all."""
_FLOOR = 1e-50


def gradient_picture(report: GradientReport) -> tuple[Draw, tuple[float, float]]:
    """What draws gradients, and how large: through time, after learning, down layers, growing."""

    def draw(figure: Any, theme: Theme) -> None:
        panels = figure.subplots(2, 2).ravel()
        _through_time(panels[0], theme, report)
        _learnt(panels[1], theme, report)
        _growing(panels[2], theme, report)
        _clipping(panels[3], theme, report)

    return draw, (11.5, 7.8)


def _rate(curve: Curve) -> str:
    return "" if curve.rate is None else f"× {curve.rate:.3g} a step"


def _log_axes(axes: Any, theme: Theme, title: str, across: str) -> None:
    plain_axes(axes, theme, title)
    axes.set_yscale("log")
    axes.grid(color=theme.faint, linewidth=0.6)
    axes.set_xlabel(across)


def _curve(axes: Any, curve: Curve, look: dict[str, Any], label: str) -> None:
    """A line with the span of its runs; marks at even places."""
    count = len(curve.mean)
    at = np.arange(count)
    mean = np.array(curve.mean)
    shown = mean > _FLOOR
    axes.fill_between(
        at[shown],
        np.maximum(curve.low, _FLOOR)[shown],
        np.array(curve.high)[shown],
        color=look["color"],
        alpha=0.18,
        linewidth=0.0,
    )
    every = max(1, int(shown.sum()) // 8)
    axes.plot(at[shown], mean[shown], markevery=every, markersize=4, label=label, **look)


def _through_time(axes: Any, theme: Theme, report: GradientReport) -> None:
    """New networks: as torch begins them, and with gates that are open."""
    _log_axes(axes, theme, "before any learning: gradient against steps back", "steps back")
    for kind, curves in (("as torch begins", report.begun), ("opened", report.opened)):
        for cell, curve in curves.items():
            how = "orthogonal" if kind == "opened" and cell == "rnn" else kind
            look = line(theme, cell, linewidth=2.0 if kind == "opened" else 1.0)
            _curve(axes, curve, look, f"{CELL_NAMES[cell]}, {how}: {_rate(curve)}")
    axes.axhline(SMALLEST, color=theme.ink, linewidth=0.8, linestyle=":")
    axes.text(
        len(report.begun["rnn"].mean),
        SMALLEST * 2,
        "float32 ends here",
        ha="right",
        va="bottom",
        fontsize=7,
        color=theme.ink,
    )
    axes.set_ylim(_FLOOR, 1e3)
    legend(axes, theme, loc="center right", bbox_to_anchor=(1.0, 0.68))


def _learnt(axes: Any, theme: Theme, report: GradientReport) -> None:
    _log_axes(axes, theme, "after learning the adding problem", "steps back")
    for cell, curve in report.learnt.items():
        _curve(axes, curve, line(theme, cell), f"{CELL_NAMES[cell]}: {_rate(curve)}")
    if report.learnt:
        legend(axes, theme)


def _growing(axes: Any, theme: Theme, report: GradientReport) -> None:
    _log_axes(axes, theme, "down layers, and growing", "layers down, or steps back")
    count = len(report.layers.mean)
    look = line(theme, "feedforward")
    rate = _rate(report.layers).replace("step", "layer")
    _curve(axes, report.layers, look, f"{count} layers without a loop: {rate}")
    wild = report.exploding
    shown = Curve(
        mean=wild.mean[: 2 * count],
        low=wild.low[: 2 * count],
        high=wild.high[: 2 * count],
        rate=wild.rate,
    )
    label = f"RNN with recurrent weights of {CHAOS:g} / √H: {_rate(wild)}"
    _curve(axes, shown, line(theme, "rnn"), label)
    legend(axes, theme, loc="upper left")
    axes.set_ylim(top=axes.get_ylim()[1] * 1e6)


def _clipping(axes: Any, theme: Theme, report: GradientReport) -> None:
    _log_axes(axes, theme, "gradient descent of such an RNN: what clipping does", "update")
    for n, (name, run) in enumerate(
        (("not clipped", report.unclipped), ("norm clipped to 1", report.clipped))
    ):
        told = f"loss, {name}" + _ended(run)
        axes.plot(_smooth(run.loss), color=theme.lines[n], linewidth=2.0, label=told)
        axes.plot(
            _smooth(run.norm),
            color=theme.lines[n],
            linewidth=1.0,
            linestyle=":",
            label=f"gradient, {name}",
        )
    axes.set_ylim(1e-3, 1e12)
    legend(axes, theme)


def _ended(run: Learning) -> str:
    lost = next((n for n, loss in enumerate(run.loss) if loss is None), None)
    return "" if lost is None else f" (no number from update {lost} on)"


def _smooth(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values])
