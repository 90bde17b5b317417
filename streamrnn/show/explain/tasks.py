"""Length against success, a panel a problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from streamrnn.learn.explain.results import Spread, Trained, spread
from streamrnn.show.explain.looks import CELL_NAMES, line
from streamrnn.show.explain.tables import plain_table
from streamrnn.show.theme import Draw, Theme, legend, plain_axes
from streamrnn.tasks.memory.problems import PROBLEMS

TITLES = {
    "adding": "adding problem (Hochreiter & Schmidhuber, 1997)",
    "order": "temporal order (Hochreiter & Schmidhuber, 1997)",
    "copying": "copying (Arjovsky et al., 2016)",
    "binary": "binary sums (after Tsung & Cottrell, 1989)",
}
"""The problems, and whose they are."""
MEASURED = {
    "adding": "sums within 0.04",
    "order": "orders right",
    "copying": "symbols right",
    "binary": "sums with all bits right",
}
"""What counts as right."""


def grouped(rows: Sequence[Trained]) -> dict[str, dict[str, dict[int, Spread]]]:
    """The spread over the seeds, by problem, cell and length."""
    found: dict[str, dict[str, dict[int, list[float]]]] = {}
    for row in rows:
        cells = found.setdefault(row.task, {})
        cells.setdefault(row.cell, {}).setdefault(row.length, []).append(row.score)
    return {
        problem: {
            cell: {length: spread(found[problem][cell][length]) for length in sorted(lengths)}
            for cell in CELL_NAMES
            if (lengths := cells.get(cell))
        }
        for problem in TITLES
        if (cells := found.get(problem))
    }


def tasks_picture(rows: Sequence[Trained]) -> tuple[Draw, tuple[float, float]]:
    """What draws success against length, and how large: a line a cell, its seeds' span as a bar."""
    problems = grouped(rows)

    def draw(figure: Any, theme: Theme) -> None:
        panels = figure.subplots(2, 2, squeeze=False).ravel()
        for axes in panels[len(problems) :]:
            axes.set_axis_off()
        for axes, (problem, cells) in zip(panels, problems.items(), strict=False):
            plain_axes(axes, theme, TITLES[problem])
            for n, (cell, lengths) in enumerate(cells.items()):
                at = [length * 1.06 ** (n - 1.5) for length in lengths]  # beside one another
                means = [each.mean for each in lengths.values()]
                spans = [
                    [each.mean - each.low for each in lengths.values()],
                    [each.high - each.mean for each in lengths.values()],
                ]
                look = line(theme, cell, label=CELL_NAMES[cell], capsize=3, markersize=5)
                axes.errorbar(at, means, spans, **look)
            every = sorted({length for lengths in cells.values() for length in lengths})
            guessed = [PROBLEMS[problem].guessed(length) for length in every]
            axes.plot(every, guessed, color=theme.ink, linewidth=0.8, linestyle=":")
            axes.set_xscale("log")
            axes.set_xticks(every, [f"{length:,}" for length in every])
            axes.minorticks_off()
            axes.set_ylim(-0.04, 1.04)
            axes.yaxis.set_major_formatter("{x:.0%}")
            axes.set_ylabel(MEASURED[problem])
            axes.set_xlabel("length; dotted: the best guess without memory")
            axes.grid(color=theme.faint, linewidth=0.6)
        legend(panels[0], theme, loc="center left", bbox_to_anchor=(0.0, 0.5))

    return draw, (11.5, 7.4)


def tasks_table(rows: Sequence[Trained]) -> Table:
    """The same as numbers: mean over the seeds, and their span where it is wider than a point."""
    problems = grouped(rows)
    lengths = sorted({row.length for row in rows})
    table = plain_table("problem", "network", *(f"{n:,}" for n in lengths), left=2)
    for column in table.columns[2:]:  # where there is little room a span goes below its mean
        column.no_wrap = False
    for problem, cells in problems.items():
        for n, (cell, own) in enumerate(cells.items()):
            shown = [told(own.get(length)) for length in lengths]
            first = MEASURED[problem] if n == 0 else ""
            table.add_row(first, CELL_NAMES[cell], *shown, end_section=cell == "lstm")
    for length, scores in further(rows).items():
        for cell, own in scores.items():
            first = f"those, at {length:,} bits" if cell == "rnn" else ""
            shown = [told(own.get(trained)) for trained in lengths]
            table.add_row(first, CELL_NAMES[cell], *shown)
    runs = {s.runs for cells in problems.values() for own in cells.values() for s in own.values()}
    seeds = f"{min(runs)} to {max(runs)}" if len(runs) > 1 else str(max(runs))
    table.caption = f"by length; mean of {seeds} seeds (least to most)"
    return table


def further(rows: Sequence[Trained]) -> dict[int, dict[str, dict[int, Spread]]]:
    """Scores at lengths that were not learnt: by that length, cell, and the length learnt."""
    found: dict[int, dict[str, dict[int, list[float]]]] = {}
    for row in rows:
        for length, score in row.further.items():
            if row.cell != "feedforward":
                cells = found.setdefault(int(length), {})
                cells.setdefault(row.cell, {}).setdefault(row.length, []).append(score)
    return {
        length: {
            cell: {n: spread(scores) for n, scores in sorted(own.items())}
            for cell in CELL_NAMES
            if (own := cells.get(cell))
        }
        for length, cells in found.items()
    }


def told(score: Spread | None) -> str:
    """A mean in percent, and its span.

    >>> told(Spread(mean=0.5, low=0.25, high=0.75, runs=3))
    '50 % (25–75)'
    """
    if score is None:
        return ""
    mean, low, high = (round(100 * value) for value in (score.mean, score.low, score.high))
    return f"{mean} %" if high - low <= 1 else f"{mean} % ({low}–{high})"
