"""Scores of a model on a problem that needs memory: on how many sequences it is right."""

from collections.abc import Callable
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
    length: int,
    *,
    count: int = TESTED,
    advance: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Score a model.

    Args:
        model: a `streamrnn.Model` of that problem.
        problem: a name of `PROBLEMS`.
        length: of the sequences.
        count: how many of `examples` to score it on.
        advance: called after each of them.

    Returns:
        `right`: the share of sums within 0.04, as in the paper; of orders whose class is the
        likeliest; of symbols copied; of binary sums with all bits right. `chance`: what the best
        guess without memory has. `n`: how many sequences.
    """
    right, sequences = 0.0, examples(problem, length, count)
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
    chance = PROBLEMS[problem].guessed(length)
    return {"right": right / len(sequences), "chance": chance, "n": len(sequences)}
