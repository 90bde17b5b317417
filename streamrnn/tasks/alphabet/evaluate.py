"""Scores of a model of the alphabet: from every letter on, either way, letter by letter."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.classes import softmax
from streamrnn.loading import load

LETTERS = tuple(ascii_uppercase)
LAST = len(LETTERS) - 1
DIRECTIONS = {"forwards": ascii_uppercase, "backwards": ascii_uppercase[::-1]}


def score(model: Any, *, others: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Score a model on all runs of letters, from each letter to either end.

    Args:
        model: a `streamrnn.Model` whose labels are the letters.
        others: further models, by name.

    Returns:
        `{"forwards": {"1": 0.52, "2": 1.0, …}, "backwards": {…}, "n": {"1": 25, …}}`: the share
        of runs in which the next letter was right, by how many had been heard; `first`, the
        neighbours' probabilities after each letter heard first; `largest_miss`, how far these lie
        from a half at most, where a letter has two neighbours; `turns`, how often the way back is
        said past an end; `baselines`, the same of the others.
    """
    found: dict[str, Any] = {}
    turned = 0
    for name, row in DIRECTIONS.items():
        right = [0] * LAST
        for first in range(LAST):
            *said, last = model.predict(row[first:]).labels
            turned += last == row[-2]
            for heard, label in enumerate(said):
                right[heard] += label == row[first + heard + 1]
        found[name] = {str(n): hits / (LAST + 1 - n) for n, hits in enumerate(right, 1)}
    found["n"] = {str(n): LAST + 1 - n for n in range(1, LAST + 1)}
    first = {letter: model.predict(letter).outputs[0] for letter in LETTERS}
    found["first"] = {letter: neighbours(letter, output) for letter, output in first.items()}
    pairs = [pair for pair in found["first"].values() if len(pair) == 2]
    found["largest_miss"] = max(abs(p - 0.5) for pair in pairs for p in pair.values())
    found["turns"] = turned / (2 * LAST)
    if others:
        found["baselines"] = {name: score(other) for name, other in others.items()}
    return found


def neighbours(letter: str, output: NDArray[np.float32]) -> dict[str, float]:
    """The probabilities of a letter's neighbours, the one before it first.

    Args:
        letter: the one heard last, in either case.
        output: of the network after it, (26,).
    """
    shares = np.empty((1, len(output)))
    softmax(output[None], 1.0, shares)
    at = LETTERS.index(letter.upper())
    return {LETTERS[n]: float(shares[0, n]) for n in (at - 1, at + 1) if 0 <= n <= LAST}


def single_directions() -> dict[str, Any]:
    """The bundled networks that learnt one direction alone, by name."""
    names = ("alphabet_forwards", "alphabet_backwards")
    return {name: load(name) for name in names}
