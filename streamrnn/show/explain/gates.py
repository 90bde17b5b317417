"""What gates cost and bring, beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from streamrnn.bench.gates import BATCH, HIDDEN, WINDOW, Cost, GatesReport
from streamrnn.learn.explain.results import MEASURES, Spread, Trained, spread
from streamrnn.show.explain.looks import CELL_NAMES, line
from streamrnn.show.explain.tables import plain_table
from streamrnn.show.theme import Draw, Theme, plain_axes

_EQUAL = {"hidden": f"equal hidden size ({HIDDEN})", "weights": "equal count of weights"}
Scores = dict[tuple[str, str, int], Spread]
"""By task, cell and hidden size."""


def scores_of(rows: Sequence[Trained]) -> Scores:
    """The spread over the seeds."""
    found: dict[tuple[str, str, int], list[float]] = {}
    for row in rows:
        found.setdefault((row.task, row.cell, row.hidden_size), []).append(row.score)
    return {key: spread(values) for key, values in found.items()}


def gates_picture(report: GatesReport, rows: Sequence[Trained]) -> tuple[Draw, tuple[float, float]]:
    """What draws cost beside scores, and how large."""
    tasks = [task for task in MEASURES if any(row.task == task for row in rows)]

    def draw(figure: Any, theme: Theme) -> None:
        panels = figure.subplots(2, max(2, len(tasks)), squeeze=False)
        for axes in panels.ravel():
            axes.set_axis_off()
        for axes, equal in zip(panels[0], _EQUAL, strict=False):
            _ratios(axes, theme, [cost for cost in report.costs if cost.equal == equal], equal)
        for axes, task in zip(panels[1], tasks, strict=False):
            _scores(axes, theme, [row for row in rows if row.task == task], task)

    return draw, (11.0, 7.6)


def _ratios(axes: Any, theme: Theme, costs: Sequence[Cost], equal: str) -> None:
    """Bars relative to the plain RNN, a group a quantity."""
    plain = costs[0]
    plain_axes(axes, theme, f"× plain RNN, {_EQUAL[equal]}")
    hatches = {"rnn": "", "gru": "//", "lstm": ".."}
    for n, cost in enumerate(costs):
        values = [
            cost.weights / plain.weights,
            cost.multiply_adds / plain.multiply_adds,
            cost.training_ratio,
            cost.live_ratio,
        ]
        bars = axes.bar(
            [k + 0.27 * (n - 1) for k in range(4)],
            values,
            0.25,
            color=theme.lines[1 + n],
            edgecolor=theme.ground,
            hatch=hatches[cost.cell],
            label=f"{CELL_NAMES[cost.cell]} {cost.hidden_size}",
        )
        axes.bar_label(bars, [f"{value:.2g}" for value in values], fontsize=7, color=theme.ink)
    axes.set_xticks(range(4), ["weights", "multiply-\nadds", "training\nstep", "live\nstep"])
    axes.legend(frameon=False, labelcolor=theme.ink, fontsize=8, loc="upper left", ncols=3)
    axes.set_ylim(top=1.25 * axes.get_ylim()[1])


def _scores(axes: Any, theme: Theme, rows: Sequence[Trained], task: str) -> None:
    """Score against weights, a mark a network, its seeds' span as a bar."""
    plain_axes(axes, theme, f"{task}: {MEASURES[task]}")
    weights = {(row.cell, row.hidden_size): row.weights for row in rows}
    for (_, cell, size), score in scores_of(rows).items():
        look = line(theme, cell, capsize=3, markersize=6)
        span = [[score.mean - score.low], [score.high - score.mean]]
        axes.errorbar([weights[cell, size] / 1e3], [score.mean], span, **look)
        axes.annotate(
            f"{CELL_NAMES[cell]} {size}",
            (weights[cell, size] / 1e3, score.mean),
            xytext=(6, 6),
            textcoords="offset points",
            fontsize=8,
            color=theme.ink,
        )
    axes.margins(0.25)
    axes.set_xlabel("thousands of weights, without an embedding")
    axes.grid(color=theme.faint, linewidth=0.6)


def gates_tables(report: GatesReport, rows: Sequence[Trained]) -> list[Table]:
    """The same as numbers."""
    cost_table = plain_table(
        *("equal in", "network", "weights", "mul-adds"),
        *("train, µs", "× RNN", "live, µs", "× RNN"),
        title=f"one step of one stream; trained {BATCH} × {WINDOW} at a time in torch",
        left=2,
    )
    for cost in report.costs:
        cost_table.add_row(
            cost.equal if cost.cell == "rnn" else "",
            f"{CELL_NAMES[cost.cell]} {cost.hidden_size}",
            f"{cost.weights:,}",
            f"{cost.multiply_adds:,}",
            f"{cost.training.median_us:.1f}",
            f"{cost.training_ratio:.2f}",
            f"{cost.live.median_us:.2f}",
            f"{cost.live_ratio:.2f}",
            end_section=cost.cell == "lstm",
        )
    return [cost_table, _score_table(rows)]


def _score_table(rows: Sequence[Trained]) -> Table:
    table = plain_table(
        *("network", "weights", "mean", "least", "most", "seeds"),
        title="what they were worth, trained alike",
    )
    weights = {(row.task, row.cell, row.hidden_size): row.weights for row in rows}
    before = ""
    for (task, cell, size), score in scores_of(rows).items():
        if task != before:
            table.add_section()
            table.add_row(f"[italic]{MEASURES[task]}")
        table.add_row(
            f"{CELL_NAMES[cell]} {size}",
            f"{weights[task, cell, size]:,}",
            *(f"{value:.3f}" for value in (score.mean, score.low, score.high)),
            str(score.runs),
        )
        before = task
    return table
