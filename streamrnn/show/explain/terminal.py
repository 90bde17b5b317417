"""What goes on inside, in a terminal: colours, and tables of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table
from rich.text import Text

from streamrnn.learn.explain.states import StateReport
from streamrnn.show.cells import paint, scaled
from streamrnn.show.explain.looks import CELL_NAMES, WEIGHED_IN, short
from streamrnn.show.explain.state import plain_gates
from streamrnn.show.explain.tables import plain_table

if TYPE_CHECKING:  # these need torch, and a state does not
    from streamrnn.learn.explain.gradient import Curve, GradientReport
    from streamrnn.learn.explain.memory import MemoryReport, Of

_ROWS = 16  # characters down of a state, two units each
_LARGEST = 8  # inputs that are told of many
_NARROW, _WIDE = 8, 16  # characters across of a word's column


def state_view(report: StateReport, columns: int, *, colour: bool) -> Text:
    """The hidden state as colours, the newest step at the right, and the gates' means below.

    Args:
        report: what is shown.
        columns: characters across.
        colour: without it, shades.
    """
    hidden = np.array(report.hidden)[:, report.order()].T * 0.5 + 0.5
    count = hidden.shape[1]
    each = max(1, min(_WIDE, columns // count))
    shown = min(count, columns // each)
    picture = Text(f"{report.model}, layer {report.layer + 1}: hidden state, −1 to 1")
    if shown < report.total:
        picture.append(f"; steps {report.total - shown + 1:,} to {report.total:,}")
        if report.steps.timed:
            picture.append(f", {report.steps.names[-shown]} to {report.steps.names[-1]} s")
    picture.append("\n")
    rows = min(2 * _ROWS, 2 * (len(hidden) // 2) or 2)
    image = scaled(hidden[:, -shown:], rows, shown)
    paint(picture, np.repeat(image, each, axis=1), colour=colour)
    if each >= _NARROW:
        for names in (report.steps.names, _labels(report)):
            cells = (f"{name or '':<{each}.{each - 1}}" for name in names[-shown:])
            picture.append("".join(cells).rstrip() + "\n")
    for gate in plain_gates(report):
        mean = gate.open.mean(axis=1)[-shown:]
        picture.append(f"{gate.does} ({gate.symbol}), the units' mean\n")
        line = np.repeat(mean[None], each, axis=1)
        paint(picture, np.repeat(line, 2, axis=0), colour=colour)
        if each >= _NARROW:
            picture.append("".join(f"{value:<{each}.0%}" for value in mean.tolist()) + "\n")
    return picture


def _labels(report: StateReport) -> list[str | None]:
    return [label and short(label) for label in report.steps.labels or []]


def memory_table(report: MemoryReport, of: Of, columns: int) -> Table:
    """Shares: a row a step, a column an input; of more than there is room for, the largest.

    Args:
        report: what is shown.
        of: `hidden` or `output`.
        columns: characters across.
    """
    names, shares = report.steps.names, report.share(of)
    kept = report.kept(of)
    told = "" if kept is None else f"; × {kept:.3g} a step"
    title = f"{report.model} ({CELL_NAMES[report.cell]}): weight of each input in the "
    title += WEIGHED_IN[of] + told
    if len(names) > (columns - 14) // 9:
        table = plain_table("input", "share", "up to it", title=title)
        order = np.argsort(shares[-1])[::-1][:_LARGEST]
        before, first = np.cumsum(shares[-1]), report.total - len(names) + 1
        for n in map(int, order):
            name = names[n] if report.steps.timed else f"{names[n]:.16} ({first + n})"
            table.add_row(Text(name), f"{shares[-1][n]:.1%}", f"{before[n]:.1%}")
        table.caption = f"after step {report.total}; among the last {len(names)}; --json tells all"
        return table
    table = plain_table("after", *(f"{name:.8}" for name in names), title=title)
    for name, row in zip(names, shares, strict=True):
        table.add_row(Text(f"{name:.12}"), *(f"{share:.1%}" for share in row))
    return table


def gradient_tables(report: GradientReport) -> list[Table]:
    """How fast gradients fade, and what is left of them."""
    from streamrnn.show.explain.gradient import begun_as  # it needs torch

    steps = len(report.torch_init["rnn"].mean) - 1
    at = sorted({n for n in (10, 100, 1_000, steps) if n <= steps})
    table = plain_table(
        *("network", "begun", "× a step", *(f"{n:,} back" for n in at)),
        title=f"the gradient that reaches a step back in time, hidden size {report.hidden_size}",
        left=2,
    )
    for kind, curves in (("torch_init", report.torch_init), ("open_init", report.open_init)):
        for cell, curve in curves.items():
            row = _told(curve, at)
            table.add_row(CELL_NAMES[cell], begun_as(kind, cell), *row, end_section=cell == "lstm")
    for cell, curve in report.trained.items():
        row = _told(curve, at)
        table.add_row(CELL_NAMES[cell], "adding learnt", *row, end_section=cell == "lstm")
    table.add_row("RNN", "exploding", *_told(report.exploding, at))
    table.caption = (
        "no factor: no single one fits; the smallest float32 is 1.4e-45, float64 ends at 5e-324"
    )
    depth = len(report.layers.mean) - 1
    layers = plain_table("network", "× a layer", "10 down", f"{depth} down", title="down layers")
    layers.add_row(f"{depth + 1} feed-forward layers", *_told(report.layers, [10, depth]))
    clipping = plain_table(
        "gradient descent",
        "first loss",
        "last loss",
        "largest gradient",
        title="what clipping does",
    )
    for name, run in (("not clipped", report.unclipped), ("norm at most 1", report.clipped)):
        last = run.loss[-1]
        norms = [norm for norm in run.norm if norm is not None]
        clipping.add_row(
            name,
            f"{run.loss[0]:.3g}",
            "no number" if last is None else f"{last:.3g}",
            f"{max(norms, default=float('nan')):.3g}",
        )
    return [table, layers, clipping]


def _told(curve: Curve, at: Sequence[int]) -> list[str]:
    rate = "–" if curve.rate is None else f"{curve.rate:.4g}"
    values = [curve.at(n) for n in at]
    shown = ["" if value is None else f"{value:.2g}" for value in values]
    return [rate, *shown]
