"""The report's looks inside: states, gates, memory and gradients, with the numbers measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from streamrnn.io.sounds import read_sound
from streamrnn.learn.explain import ADDERS, WORDS
from streamrnn.learn.explain.gradient import Curve, GradientReport
from streamrnn.learn.explain.memory import MemoryReport, Of, explain_memory
from streamrnn.learn.explain.states import StateReport, explain_state
from streamrnn.loading import load
from streamrnn.show.explain.gradient import gradient_picture
from streamrnn.show.explain.memory import memory_picture
from streamrnn.show.explain.section import WIDTH, Section, beside, command, each
from streamrnn.show.explain.state import state_picture
from streamrnn.show.explain.terminal import gradient_tables, memory_table
from streamrnn.tasks.memory.evaluate import examples

Advance = Callable[[float], object]
"""Takes the share of the work that is done."""


def _kept(reports: Sequence[MemoryReport], of: Of) -> str:
    rates = {report.cell: report.kept(of) for report in reports}
    return each({cell: f"× {rate:.3f}" for cell, rate in rates.items() if rate is not None})


def state(report: StateReport, text: str) -> Section:
    """What an LSTM knows of a sentence, word by word."""
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
        command("state", report.model, text),
    )


def hearing() -> Section:
    """How a GRU's gates go with spoken words."""
    sound = read_sound(WORDS)
    report = explain_state(load("keywords"), sound.samples, rate=sound.rate)
    let_in = 1.0 - np.array(report.gates["update"]).mean(axis=1)
    return Section(
        "gates",
        "Gates: let in, keep",
        f"""
        A GRU hears yes, no, up, down. Its gates open most where a word begins, {let_in.max():.0%}
        in the mean of the units, and let the sound in; with the word's end they shut, down to
        {let_in.min():.0%}, and what the word was is kept. In the silence that follows they open
        half, and let it go.
        """,
        state_picture(report),
        command("state", "keywords", "example"),
    )


def fading(reports: Sequence[MemoryReport], text: str) -> Section:
    """How the words of a sentence fade, in networks of several cells."""
    first = reports[0].steps.names[0]
    left = each({r.cell: f"{r.share('hidden')[-1][0]:.0%}" for r in reports})
    kept = _kept(reports, "hidden")
    further = f"A further word leaves {kept} of a word's weight, in the mean." if kept else ""
    return Section(
        "memory",
        "Short-term memory: earlier words fade",
        f"""
        How much each word still weighs in the hidden state after each further word, as a share: the
        norm of the exact derivative of the state by that word, which is how far the state would
        move with it. After the last word “{first}” has {left}. {further} The three networks
        learnt the same sentences alike; what sets them apart comes next.
        """,
        memory_picture(reports),
        command("memory", reports[0].model, text, *beside([r.model for r in reports[1:]])),
        [memory_table(report, "hidden", WIDTH) for report in reports],
    )


def adding(advance: Advance) -> Section:
    """How the networks that add look back over their hundred inputs."""
    frames = examples("adding", 100, 1)[0].frames
    count = len(frames)
    reports: list[MemoryReport] = []
    for n, name in enumerate(ADDERS):

        def on(done: int, total: int, before: int = n) -> None:
            advance((before + done / total) / len(ADDERS))

        reports.append(explain_memory(load(name), frames, last=count, advance=on))
    one, other = (n + 1 for n, marker in enumerate(frames[:, 1]) if marker == 1.0)
    marks = frames[:, 1] == 1.0
    both = {r.cell: f"{np.array(r.share('output')[-1])[marks].sum():.2%}" for r in reports}
    early = {r.cell: f"{sum(r.share('output')[-1][: count // 2]):.2%}" for r in reports}
    return Section(
        "long",
        "Long memory: what gates are for",
        f"""
        The adding problem: of {count} numbers two are marked, here number {one} and number {other},
        and after the last their sum is to be said. Each row is a step, each column an input; the
        brighter, the more the input weighs in the prediction. The first half of the inputs, where
        the marked ones are, has {each(early)} of all weight at the end, and the two marked ones
        {each(both)}: those with gates hold what was marked, and the plain RNN looks at the last few
        inputs, whatever came before. (What was not marked weighs something as well: a mark there
        would have changed the sum.)
        """,
        memory_picture(reports, "output"),
        command(
            *("memory", ADDERS[0], "example", "--last", str(count), "--of", "output"),
            *beside(ADDERS[1:]),
        ),
        [memory_table(report, "output", WIDTH) for report in reports],
    )


def _rates(curves: Mapping[str, Curve]) -> str:
    """The factor a step of each cell, or what is left at the end where no factor fits."""
    told: dict[str, str] = {}
    for cell, curve in curves.items():
        last = len(curve.mean) - 1
        told[cell] = f"× {curve.rate:.3g}" if curve.rate else f"{curve.mean[last]:.2g} at {last:,}"
    return each(told)


def vanishing(report: GradientReport) -> Section:
    """How gradients fade, grow, and are clipped."""
    at = min(100, len(report.torch_init["rnn"].mean) - 1)
    left = max(curve.mean[at] for curve in report.torch_init.values())
    opened = each({cell: f"{curve.mean[at]:.2g}" for cell, curve in report.open_init.items()})
    losses = [report.unclipped.loss[n] for n in (0, 10, 20)]
    path = ", ".join("no number" if loss is None else f"{loss:.3g}" for loss in losses)
    lost = report.unclipped.lost
    ended = f", and is no number from update {lost} on" if lost is not None else ""
    last = report.clipped.loss[-1]
    return Section(
        "gradient",
        "The vanishing gradient: why far things are not learnt",
        f"""
        A network learns from the gradient that comes back from its error, step by step, and every
        step multiplies it anew. As torch begins them it is multiplied by about the same factor
        each time ({_rates(report.torch_init)}), and {at} steps back at most {left:.0e} of it
        arrives. With gates that begin open, and orthogonal weights in the plain RNN, there arrives
        {opened}. After learning to add over 100 steps: {_rates(report.trained)}; above 1 it grows
        on its way back, to what came first and matters.

        Down the layers of a deep feed-forward network it is the same: {_factor(report.layers)} a
        layer over {len(report.layers.mean)}. With larger recurrent weights the gradient grows
        instead, {_factor(report.exploding)} a step, and plain gradient descent along it goes off:
        the loss at the beginning, after 10 and after 20 updates is {path}{ended}. Clipped to a norm
        of 1, the same network goes from {losses[0]:.3g} to {last:.3g}. Clipping mends what
        explodes, and nothing of what vanishes.
        """,
        gradient_picture(report),
        command("gradient"),
        gradient_tables(report),
    )


def _factor(curve: Curve) -> str:
    return "no fixed factor" if curve.rate is None else f"× {curve.rate:.3g}"
