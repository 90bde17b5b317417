"""The report's verdicts: what the cells are worth where memory is needed, and what gates cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamrnn.bench.common import environment_line
from streamrnn.bench.gates import GatesReport
from streamrnn.learn.explain.results import MEASURES, Trained, spread
from streamrnn.show.explain.gates import gates_picture, gates_tables, scores_of
from streamrnn.show.explain.looks import CELL_NAMES
from streamrnn.show.explain.section import Section, command, each
from streamrnn.show.explain.tasks import further, grouped, tasks_picture, tasks_table, told


def tasks(rows: Sequence[Trained]) -> Section:
    """What each cell can do that needs memory."""
    problems = grouped(rows)
    solved: list[str] = []
    unsolved: list[str] = []
    for problem, cells in problems.items():
        longest = max(length for lengths in cells.values() for length in lengths)
        right = {
            cell: max((n for n, score in lengths.items() if score.mean >= 0.9), default=0)
            for cell, lengths in cells.items()
        }
        reached = {
            cell: (f"{n:,}, the longest tried" if n == longest else f"{n:,}") if n else "none"
            for cell, n in right.items()
        }
        if any(right.values()):
            solved.append(f"{problem}: {each(reached)}")
        else:
            unsolved.append(problem)
    not_at_all = f"None solves {', '.join(unsolved)} with this budget." if unsolved else ""
    if "copying" in unsolved:
        not_at_all += """ (In its paper an LSTM is better than the best guess without memory at 100
        steps alone. A feed-forward network says that all is blank.)"""
    longer = "; ".join(
        f"at {length:,} bits "
        + each({c: told(spread(s.mean for s in own.values())) for c, own in cells.items()})
        for length, cells in further(rows).items()
    )
    sizes = sorted({row.hidden_size for row in rows})
    return Section(
        "tasks",
        "What it costs them: problems that need memory",
        f"""
        Three published problems and binary sums, all networks trained alike, with
        {", ".join(map(str, sizes))} hidden units and gates begun open for as long as the sequences
        are. The greatest length of which nine of ten were right, in the mean of the seeds:
        {"; ".join(solved)}. {not_at_all}

        To add bit by bit needs one bit of memory, and all but the feed-forward network learn it;
        but to have learnt it for as many bits as were seen is not to have learnt it for good. Of
        sums of more bits than were learnt these networks have right: {longer}.
        """,
        tasks_picture(rows),
        command("tasks") + "        # trained by: make memory",
        [tasks_table(rows)],
    )


def gates(report: GatesReport, rows: Sequence[Trained]) -> Section:
    """What gates cost, what they bring, and when to take which cell."""
    costs = {(cost.equal, cost.cell): cost for cost in report.costs}

    def beside_the_rnn(equal: Any) -> str:
        both = {cell: costs[equal, cell] for cell in ("gru", "lstm")}
        return each(
            {
                cell: f"× {cost.training_ratio:.2f} to train and × {cost.live_ratio:.2f} live"
                for cell, cost in both.items()
            }
        )

    faster = all(costs["hidden", cell].training_ratio > 1.0 for cell in ("gru", "lstm"))
    claim = "they do, step by step" if faster else "they do not on this machine"
    return Section(
        "cost",
        "What gates cost, and when to take which",
        f"""
        “Plain RNNs train faster”: of equal hidden size {claim}. Against the RNN
        {beside_the_rnn("hidden")}, with 3 and 4 times the arithmetic. With as many weights:
        {beside_the_rnn("weights")}.

        What they were worth after as many updates: {_worth(rows)}.

        {_advice(report, rows)}
        """,
        gates_picture(report, rows),
        command("gates"),
        [*gates_tables(report, rows), environment_line(report.environment)],
    )


def _worth(rows: Sequence[Trained]) -> str:
    parts: list[str] = []
    for (task, cell, size), score in scores_of(rows).items():
        shown = f"{score.mean:.3f}" if task == "characters" else f"{score.mean:.1%}"
        parts.append(f"{MEASURES[task]}, {CELL_NAMES[cell]} {size}: {shown}")
    return "; ".join(parts)


def _advice(report: GatesReport, rows: Sequence[Trained]) -> str:
    """When to take which cell, by what was measured."""
    gated = {cost.cell: cost for cost in report.costs if cost.equal == "weights"}
    quicker = min(("gru", "lstm"), key=lambda cell: gated[cell].training_ratio)
    told: list[str] = []
    for task in MEASURES:
        worst_gated, best_gated, best_plain = _edges(rows, task)
        if worst_gated > best_plain:
            how = "every network with gates was better than every one without"
        elif best_gated > best_plain:
            how = "the best network without gates lies between the best and the worst with them"
        else:
            how = "the best network has no gates"
        told.append(f"On {task}, of as many weights too, {how}.")
    return (
        f"Advice. {' '.join(told)} Take a GRU or an LSTM to begin with; of as many weights "
        f"the {CELL_NAMES[quicker]} is the quicker one to train here. Take a plain RNN where the "
        "last few steps are all that matters, or where the state and its step must be smallest, "
        "and give it orthogonal weights. Where something is to be remembered over more than some "
        "ten steps, let the gates begin open for as long (train.remember): begun as torch begins "
        "them they forget as fast as a plain RNN."
    )


def _edges(rows: Sequence[Trained], task: str) -> tuple[float, float, float]:
    """The worst and the best score with gates, and the best without; more is better."""
    sign = -1.0 if task == "characters" else 1.0
    own = [row for row in rows if row.task == task]
    gated = [sign * row.score for row in own if row.cell != "rnn"]
    return min(gated), max(gated), max(sign * row.score for row in own if row.cell == "rnn")
