"""Gradients that fade and grow, on a logarithmic scale."""

from typing import Any

import numpy as np

from streamrnn.learn.explain.begun import CHAOS
from streamrnn.learn.explain.gradient import Curve, GradientReport
from streamrnn.show.explain.looks import CELL_NAMES, line
from streamrnn.show.theme import Draw, Theme, legend, plain_axes

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


def begun_as(kind: str, cell: str) -> str:
    """How networks began, in words."""
    if kind == "torch_init":
        return "as torch begins"
    return "orthogonal" if cell == "rnn" else "gates open"


def _told(curve: Curve, what: str = "step") -> str:
    """The factor a step where one fits, or what is left at the end."""
    if curve.rate is not None:
        return f"× {curve.rate:.3g} a {what}"
    last = len(curve.mean) - 1
    return f"{curve.mean[last]:.2g} left after {last:,}"


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
    for kind, curves in (("torch_init", report.torch_init), ("open_init", report.open_init)):
        for cell, curve in curves.items():
            look = line(theme, cell, linewidth=2.0 if kind == "open_init" else 1.0)
            label = f"{CELL_NAMES[cell]}, {begun_as(kind, cell)}: {_told(curve)}"
            _curve(axes, curve, look, label)
    curves = (*report.torch_init.values(), *report.open_init.values())
    least = max(_FLOOR, min(curve.low[-1] for curve in curves) / 10.0)
    axes.set_ylim(least, 1e3)
    legend(axes, theme, loc="center right", bbox_to_anchor=(1.0, 0.68))
    if least > SMALLEST:
        return
    axes.axhline(SMALLEST, color=theme.ink, linewidth=0.8, linestyle=":")
    axes.text(
        len(report.torch_init["rnn"].mean),
        SMALLEST * 2,
        "float32 ends here",
        ha="right",
        va="bottom",
        fontsize=7,
        color=theme.ink,
    )


def _learnt(axes: Any, theme: Theme, report: GradientReport) -> None:
    _log_axes(axes, theme, "after learning the adding problem", "steps back")
    for cell, curve in report.trained.items():
        _curve(axes, curve, line(theme, cell), f"{CELL_NAMES[cell]}: {_told(curve)}")
    if report.trained:
        legend(axes, theme)


def _growing(axes: Any, theme: Theme, report: GradientReport) -> None:
    _log_axes(axes, theme, "down layers, and growing", "layers down, or steps back")
    count = len(report.layers.mean)
    look = line(theme, "feedforward")
    label = f"{count} feed-forward layers: {_told(report.layers, 'layer')}"
    _curve(axes, report.layers, look, label)
    wild = report.exploding
    shown = Curve(
        mean=wild.mean[: 2 * count],
        low=wild.low[: 2 * count],
        high=wild.high[: 2 * count],
        rate=wild.rate,
    )
    label = f"RNN with recurrent weights of {CHAOS:g} / √H: {_told(wild)}"
    _curve(axes, shown, line(theme, "rnn"), label)
    legend(axes, theme, loc="upper left")
    axes.set_ylim(top=axes.get_ylim()[1] * 1e6)


def _clipping(axes: Any, theme: Theme, report: GradientReport) -> None:
    _log_axes(axes, theme, "gradient descent of such an RNN: what clipping does", "update")
    for n, (name, run) in enumerate(
        (("not clipped", report.unclipped), ("clipped to a norm of 1", report.clipped))
    ):
        ended = "" if run.lost is None else f" (no number from update {run.lost} on)"
        told = f"loss, {name}{ended}"
        axes.plot(_numbers(run.loss), color=theme.lines[n], linewidth=2.0, label=told)
        axes.plot(
            _numbers(run.norm),
            color=theme.lines[n],
            linewidth=1.0,
            linestyle=":",
            label=f"its gradient{', before clipping' * (run is report.clipped)}",
        )
    axes.set_ylim(1e-3, 1e12)
    legend(axes, theme)


def _numbers(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values])
