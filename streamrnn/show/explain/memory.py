"""What is left of each earlier input, as slices of the present."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from streamrnn.learn.explain.memory import MemoryReport, Of
from streamrnn.show.explain.looks import CELL_NAMES, WEIGHED_IN, short
from streamrnn.show.explain.state import ticks
from streamrnn.show.theme import Draw, Theme, plain_axes

_SLICES = 6  # steps that are drawn as circles
_LABELLED = 0.07  # share of a slice that there is room to write into


def memory_picture(
    reports: Sequence[MemoryReport], of: Of = "hidden"
) -> tuple[Draw, tuple[float, float]]:
    """What draws how inputs fade, a row a model, and how large.

    Up to six steps are circles, each sliced among the inputs so far; more are a map, a row a
    step and a column an input, and below it the last row alone.

    Args:
        reports: of one sequence.
        of: `hidden` or `output`.
    """
    count = len(reports[0].steps.names)
    if count <= _SLICES:
        size = (max(7.0, 1.9 * count + 1.0), 2.2 * len(reports) + 0.9)
        return lambda figure, theme: _circles(figure, theme, reports, of), size
    size = (max(8.0, 4.3 * len(reports) + 0.6), 5.6)
    return lambda figure, theme: _maps(figure, theme, reports, of), size


def _title(reports: Sequence[MemoryReport], of: Of) -> str:
    names = reports[0].steps.names
    what = f"how much each input still weighs in the {WEIGHED_IN[of]}, after each further step"
    if len(names) <= _SLICES:
        return f"{what} of\n“{' '.join(names)}”"
    first = len(names) < reports[0].total
    return what + f"; the last {len(names):,} of {reports[0].total:,} inputs" * first


def _circles(figure: Any, theme: Theme, reports: Sequence[MemoryReport], of: Of) -> None:
    names = reports[0].steps.names
    panels = figure.subplots(len(reports), len(names), squeeze=False)
    figure.suptitle(_title(reports, of), x=0.01, ha="left", color=theme.ink, fontsize=11)
    for row, report in zip(panels, reports, strict=True):
        for step, (axes, shares) in enumerate(zip(row, report.share(of), strict=True)):
            if not any(shares):  # no input moves anything any more
                axes.pie([1.0], colors=[theme.faint])
                continue
            wedges, _ = axes.pie(
                shares,
                colors=[theme.lines[n] for n in range(len(shares))],
                startangle=90,
                counterclock=False,
                wedgeprops={"linewidth": 1.5, "edgecolor": theme.ground},
            )
            for wedge, name, share in zip(wedges, names, shares, strict=False):
                if share < _LABELLED:
                    continue
                _tell(axes, wedge, f"{name}\n{share:.0%}", theme.ground)
            axes.set_xlabel(_said(report, step), color=theme.ink, fontsize=8)
            if report is reports[0]:
                axes.set_title(f"after “{names[step]}”", fontsize=9, color=theme.ink)
        row[0].set_ylabel(
            CELL_NAMES[report.cell], color=theme.ink, fontsize=12, rotation=0, ha="right"
        )


def _tell(axes: Any, wedge: Any, text: str, colour: str) -> None:
    """Write into a slice, in its middle."""
    middle = np.radians((wedge.theta1 + wedge.theta2) / 2.0)
    whole = wedge.theta2 - wedge.theta1 > 359.0
    x, y = (0.0, 0.0) if whole else (0.62 * np.cos(middle), 0.62 * np.sin(middle))
    label = axes.text(x, y, text, ha="center", va="center", fontsize=8, color=colour)
    label.set_fontweight("bold")
    label.set_parse_math(False)


def _said(report: MemoryReport, step: int) -> str:
    labels, scores = report.steps.labels, report.steps.scores
    if labels is None or scores is None or labels[step] is None:
        return ""
    return f"{short(str(labels[step]))}, {scores[step]:.0%}"


def _maps(figure: Any, theme: Theme, reports: Sequence[MemoryReport], of: Of) -> None:
    panels = figure.subplots(2, len(reports), squeeze=False, height_ratios=(3, 2), sharex=True)
    figure.suptitle(_title(reports, of), x=0.01, ha="left", color=theme.ink, fontsize=11)
    steps = reports[0].steps
    count = len(steps.names)
    top = max(max(report.share(of)[-1]) for report in reports)
    for column, report in zip(panels.T, reports, strict=True):
        shares = np.full((count, count), np.nan)
        for row, values in zip(shares, report.share(of), strict=True):
            row[: len(values)] = values
        above, below = column
        kept = report.kept(of)
        told = "" if kept is None else f": × {kept:.3g} a step, in the mean"
        plain_axes(above, theme, f"{CELL_NAMES[report.cell]}{told}")
        above.imshow(
            np.log10(np.maximum(shares, 1e-4)), aspect="auto", cmap="viridis", vmin=-4.0, vmax=0.0
        )
        plain_axes(below, theme, "after the last step")
        below.bar(range(count), shares[-1], color=theme.lines[1], width=0.9)
        below.set_ylim(0.0, 1.08 * top)
        below.grid(axis="y", color=theme.faint, linewidth=0.6)
        below.yaxis.set_major_formatter("{x:.0%}")
        _ticks(above, below, report)
    panels[0, 0].set_ylabel("present step", color=theme.ink)
    panels[1, 0].set_ylabel("share", color=theme.ink)
    bar = figure.colorbar(panels[0, 0].images[0], ax=list(panels[0]), ticks=range(-4, 1), pad=0.01)
    bar.ax.set_yticklabels(["≤ 0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
    bar.ax.tick_params(colors=theme.ink, labelsize=7)
    bar.outline.set_edgecolor(theme.faint)


def _ticks(above: Any, below: Any, report: MemoryReport) -> None:
    names = report.steps.names
    if len(names) <= 16:
        above.set_yticks(range(len(names)), names)
        below.set_xticks(range(len(names)), names, rotation=60, ha="right")
        return
    at, shown = ticks(report.steps, 6)
    above.set_yticks(at, shown)
    below.set_xticks(at, shown)
    below.set_xlabel("input, " + ("seconds" if report.steps.timed else "step"))
