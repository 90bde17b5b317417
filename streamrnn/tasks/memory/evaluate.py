"""Scores of a model on a problem that needs memory: on how many sequences it is right."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from streamrnn.tasks.base import Example
from streamrnn.tasks.memory.problems import CORRECT, PROBLEMS

TESTED = 1_000
SEED = 987_654_321  # of test sequences; training has pairs of numbers as seeds


def examples(problem: str, length: int, count: int = TESTED) -> list[Example]:
    """The test sequences of a problem: the same at every call."""
    rng = np.random.default_rng(SEED)
    return [PROBLEMS[problem].draw(rng, length) for _ in range(count)]


def score(
    model: Any,
    problem: str,
    sequences: Sequence[Example],
    *,
    advance: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Score a model.

    Args:
        model: a `streamrnn.Model` of that problem.
        problem: a name of `PROBLEMS`.
        sequences: what to score it on.
        advance: called after each of them.

    Returns:
        `right`, the share that the paper counts as right: of sums within 0.04, of orders, of
        symbols copied, of sums of binary numbers with all bits right; `chance`, the same without
        memory; `n`, how many sequences.
    """
    right = 0.0
    for frames, targets in sequences:
        said = model.predict(frames).outputs
        if "values" in targets:
            right += abs(float(said[-1, 0] - targets["values"][-1, 0])) < CORRECT
        else:
            asked = targets["label"] >= 0
            if problem == "copying":
                asked[:-10] = False
            hits = said.argmax(axis=1)[asked] == targets["label"][asked]
            right += float(hits.mean()) if problem == "copying" else float(hits.all())
        advance()
    known = PROBLEMS[problem]
    return {"right": right / len(sequences), "chance": known.chance, "n": len(sequences)}
