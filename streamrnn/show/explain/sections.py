"""What the report says, with the numbers that were measured for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from streamrnn.bench.common import environment_line
from streamrnn.bench.gates import GatesReport
from streamrnn.bench.gates import run as measure_gates
from streamrnn.io.sounds import read_sound
from streamrnn.learn.explain.gradient import Curve, GradientReport, explain_gradient
from streamrnn.learn.explain.memory import MemoryReport, explain_memory
from streamrnn.learn.explain.results import COMMITTED, Trained, read_committed
from streamrnn.learn.explain.states import StateReport, explain_state
from streamrnn.model import load
from streamrnn.show.explain.gates import gates_picture, gates_tables, scores_of
from streamrnn.show.explain.gradient import gradient_picture
from streamrnn.show.explain.memory import memory_picture
from streamrnn.show.explain.state import state_picture
from streamrnn.show.explain.tasks import grouped, tasks_picture, tasks_table
from streamrnn.show.explain.terminal import gradient_tables, memory_table
from streamrnn.show.explain.theme import CELL_NAMES, Draw
from streamrnn.tasks.memory.evaluate import examples

READERS = ("intents_rnn", "intents_gru", "intents_lstm")
"""Bundled networks of three cells that have learnt the same sentences alike."""
ADDERS = ("adding_rnn", "adding_gru", "adding_lstm")
"""The same, for the adding problem of length 100."""
WIDTH = 110
"""Characters across of a table."""
WORDS = COMMITTED / "words.flac"
"""Four words by a speech synthesiser."""
Advance = Callable[[float], object]
"""Takes the share of the work that is done."""


class Section(NamedTuple):
    """One picture and what belongs to it."""

    name: str
    """Of the picture, in links."""
    title: str
    """What it shows."""
    text: str
    """What is to be seen in it, with its numbers; paragraphs parted by an empty line."""
    picture: tuple[Draw, tuple[float, float]]
    """What draws it, and how large."""
    command: str
    """What shows it alone."""
    tables: Sequence[Any] = ()
    """The same as numbers, for `rich` to print."""


def sections(text: str, *, quick: bool, advance: Advance) -> Iterator[Section]:
    """Measure and tell, one section after the other.

    Args:
        text: the sentence that is read.
        quick: fewer networks and rounds.
        advance: called as the work goes on.

    Raises:
        UnsupportedError: the sentence has no words.
    """
    readers = [load(name) for name in READERS]
    yield _state(explain_state(readers[-1], text), text)
    yield _hearing()
    yield _fading([explain_memory(model, text) for model in readers], text)
    advance(0.1)
    yield _adding(lambda share: advance(0.1 + 0.3 * share))
    gradients = explain_gradient(
        [load(name) for name in ADDERS],
        seeds=2 if quick else 5,
        advance=lambda done, total: advance(0.4 + 0.3 * done / total),
    )
    yield _vanishing(gradients)
    yield _tasks(read_committed("memory_tasks"))
    costs = measure_gates(quick=quick, show_progress=False)
    yield _gates(costs, read_committed("gates_cost"))


def _each(values: Mapping[str, str]) -> str:
    """Cells by name, each with what is told of it."""
    return ", ".join(f"{CELL_NAMES[cell]} {value}" for cell, value in values.items())


def _kept(reports: Sequence[MemoryReport]) -> str:
    rates = {report.cell: report.kept("hidden") for report in reports}
    return _each({cell: f"× {rate:.3g}" for cell, rate in rates.items() if rate is not None})


def _state(report: StateReport, text: str) -> Section:
    return Section(
        "state",
        "The hidden state: what a network knows so far",
        f"""
        A recurrent network reads one word after the other. All that it keeps of them is one vector,
        here of {len(report.hidden[0])} numbers, a row each, and after every word it is another. An
        LSTM's gates say, number by number, what of the new word is let in, what of the old is kept,
        and what is let out for the prediction. What it predicts stands below the word that changed
        its mind.
        """,
        state_picture(report),
        f'streamrnn explain state {report.model} "{text}"',
    )


def _hearing() -> Section:
    sound = read_sound(WORDS)
    report = explain_state(load("keywords"), sound.samples, rate=sound.rate)
    return Section(
        "gates",
        "Gates: let in, keep",
        """
        A GRU hears yes, no, up, down. When a word begins, its gates open and let the sound in; in
        the pause after it they shut, and what the word was is kept until the next one comes.
        Nobody told it to: it has learnt from the words alone.
        """,
        state_picture(report),
        "streamrnn explain state keywords demos/utterance.flac",
    )


def _fading(reports: Sequence[MemoryReport], text: str) -> Section:
    first = reports[0].steps.names[0]
    left = _each({r.cell: f"{r.share('hidden')[-1][0]:.0%}" for r in reports})
    beside = " ".join(f"--beside {report.model}" for report in reports[1:])
    kept = _kept(reports)
    further = f"A further word leaves {kept} of a word's weight, in the mean." if kept else ""
    return Section(
        "memory",
        "Short-term memory: earlier words fade",
        f"""
        Each circle is the hidden state after one more word, sliced by how much each word so far
        still weighs in it: the norm of the exact derivative of the state by that word. After the
        last word “{first}” makes {left} of it. {further} The three networks learnt the same
        sentences alike; what sets them apart comes next.
        """,
        memory_picture(reports),
        f'streamrnn explain memory {reports[0].model} "{text}" {beside}',
        [memory_table(report, "hidden", WIDTH) for report in reports],
    )


def _adding(advance: Advance) -> Section:
    frames = examples("adding", 100, 1)[0].frames
    count = len(frames)
    reports: list[MemoryReport] = []
    for n, name in enumerate(ADDERS):

        def on(done: int, total: int, before: int = n) -> None:
            advance((before + done / total) / len(ADDERS))

        reports.append(explain_memory(load(name), frames, last=count, advance=on))
    one, other = (n + 1 for n, marker in enumerate(frames[:, 1]) if marker == 1.0)
    early = {r.cell: f"{sum(r.share('output')[-1][: count // 2]):.2%}" for r in reports}
    beside = " ".join(f"--beside {name}" for name in ADDERS[1:])
    return Section(
        "long",
        "Long memory: what gates are for",
        f"""
        The adding problem: of {count} numbers two are marked, here number {one} and number {other},
        and after the last their sum is to be said. Each row is a step, each column an input; the
        brighter, the more the input weighs in the prediction. The first half of the inputs, where
        the marked ones are, makes {_each(early)} of what is said at the end: with gates the network
        holds what was marked, and without it looks at the last few inputs whatever came before. A
        further step leaves {_kept(reports)} of an input's weight in the hidden state, in the mean.
        """,
        memory_picture(reports, "output"),
        f"streamrnn explain memory {ADDERS[0]} example --last {count} --of output {beside}",
    )


def _rates(curves: Mapping[str, Curve]) -> str:
    return _each({cell: f"× {curve.rate:.3g}" for cell, curve in curves.items()})


def _vanishing(report: GradientReport) -> Section:
    left = max(curve.mean[100] for curve in report.begun.values())
    return Section(
        "gradient",
        "The vanishing gradient: why far things are not learnt",
        f"""
        A network learns from the gradient that comes back from its error, step by step, and each
        step multiplies it by about the same factor. As torch begins them: {_rates(report.begun)};
        100 steps back at most {left:.0e} of it arrives. With gates that begin open (and orthogonal
        weights in the plain RNN): {_rates(report.opened)}. After learning to add over 100 steps:
        {_rates(report.learnt)}.

        Down the layers of a deep network without a loop it is the same: × {report.layers.rate:.3g}
        a layer over {len(report.layers.mean)}. With larger recurrent weights the gradient grows
        instead, here × {report.exploding.rate:.3g} a step, and one update along it throws away all
        that was learnt. Clipping its norm keeps its direction, and its length within bounds: that
        mends what explodes, and nothing of what vanishes.
        """,
        gradient_picture(report),
        "streamrnn explain gradient",
        gradient_tables(report),
    )


def _tasks(rows: Sequence[Trained]) -> Section:
    problems = grouped(rows)
    solved: list[str] = []
    unsolved: list[str] = []
    for problem, cells in problems.items():
        right = {
            cell: [length for length, score in lengths.items() if score.mean >= 0.9]
            for cell, lengths in cells.items()
        }
        told = {cell: f"up to {max(n):,}" if n else "never" for cell, n in right.items()}
        if any(right.values()):
            solved.append(f"{problem}: {_each(told)}")
        else:
            unsolved.append(problem)
    not_at_all = f"None solves {', '.join(unsolved)} with this budget." if unsolved else ""
    if "copying" in unsolved:
        not_at_all += """ In its paper, too, an LSTM is better than the best guess without memory at
        100 steps alone."""
    seeds = len({row.seed for row in rows})
    return Section(
        "tasks",
        "What it costs them: problems that need memory",
        f"""
        Four published problems, trained alike: 64 hidden units, at most 5,000 updates on 320,000
        new sequences, gates begun open for as long as the sequences are, up to {seeds} seeds. Up to
        which length at least nine of ten were right: {"; ".join(solved)}. {not_at_all}
        """,
        tasks_picture(rows),
        "streamrnn explain tasks        # trained by: make memory",
        [tasks_table(rows)],
    )


def _gates(report: GatesReport, rows: Sequence[Trained]) -> Section:
    costs = {(cost.equal, cost.cell): cost for cost in report.costs}

    def told(equal: Any) -> str:
        both = {cell: costs[equal, cell] for cell in ("gru", "lstm")}
        return _each(
            {
                cell: f"× {cost.training_ratio:.2g} to train and × {cost.live_ratio:.2g} live"
                for cell, cost in both.items()
            }
        )

    worth = "; ".join(
        f"{task}, {CELL_NAMES[cell]} {size}: {_score(score.mean)}"
        for (task, cell, size), score in scores_of(rows).items()
    )
    return Section(
        "cost",
        "What gates cost, and when to take which",
        f"""
        “Plain RNNs train faster”: of equal hidden size they do, step by step. Against the RNN, on
        this machine, {told("hidden")}, with 3 and 4 times the arithmetic. With as many weights:
        {told("weights")}.

        What they were worth after as many updates: {worth}.
        {ADVICE}
        """,
        gates_picture(report, rows),
        "streamrnn explain gates",
        [*gates_tables(report, rows), environment_line(report.environment)],
    )


def _score(value: float) -> str:
    return f"{value:.1%}" if value < 1.0 else f"{value:.3f}"


ADVICE = """
        Advice. Take a GRU to begin with. Take an LSTM where much is to be kept for long, or where
        the time of training counts: torch's LSTM is the quicker one. Take a plain RNN where the
        last few steps are all that matters or the smallest state counts, with orthogonal weights.
        And let gates begin open for as long as is to be remembered (train.remember): otherwise the
        gates are there, and the gradient vanishes all the same.
"""
