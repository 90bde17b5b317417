"""The sections of the report, one measured after the other."""

from __future__ import annotations

from collections.abc import Iterator

from streamrnn.bench.gates import run as measure_gates
from streamrnn.learn.explain import ADDERS, READERS
from streamrnn.learn.explain.gradient import explain_gradient
from streamrnn.learn.explain.memory import explain_memory
from streamrnn.learn.explain.results import read_committed
from streamrnn.learn.explain.states import explain_state
from streamrnn.loading import load
from streamrnn.show.explain.insides import Advance, adding, fading, hearing, state, vanishing
from streamrnn.show.explain.section import Section
from streamrnn.show.explain.verdicts import gates, tasks


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
    yield state(explain_state(readers[-1], text), text)
    yield hearing()
    yield fading([explain_memory(model, text) for model in readers], text)
    advance(0.1)
    yield adding(lambda share: advance(0.1 + 0.3 * share))
    gradients = explain_gradient(
        [load(name) for name in ADDERS],
        seeds=2 if quick else 5,
        advance=lambda done, total: advance(0.4 + 0.3 * done / total),
    )
    yield vanishing(gradients)
    yield tasks(read_committed("memory_tasks"))
    costs = measure_gates(quick=quick, show_progress=False)
    yield gates(costs, read_committed("gates_cost"))
