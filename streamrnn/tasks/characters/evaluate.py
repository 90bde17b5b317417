"""Bits per character: how well the next character is foreseen, beside n-grams."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from streamrnn.errors import TextError
from streamrnn.frontends.text import characters
from streamrnn.tasks.characters.kneser_ney import KneserNey

ORDER = 5
UNKNOWN = "_unknown_"
_UNKNOWN = "\0"  # how n-grams spell it
_CHUNK = 4096  # characters fed at a time


def score(
    model: Any, text: str, learnt: str, *, advance: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Score a model of characters on a text, streamed through it once.

    Every character but the first is scored, after all before it, by -log2 of the probability
    that it had. A character that the model does not know counts as one of a kind, for both.

    Args:
        model: a `streamrnn.Model` whose labels are characters, and `UNKNOWN`.
        text: what is scored.
        learnt: what the n-grams learn from.
        advance: called with the number of characters done, now and then, for a progress bar.

    Returns:
        `{"bits_per_character", "n", "unknown", "baselines": {"5-gram": bits}}`; `unknown` counts
        the characters scored that the model does not know.

    Raises:
        TextError: nothing to score.
        EncodingError: a text with half a character.
    """
    labels: dict[str, int] = {label: n for n, label in enumerate(model.labels)}
    fold = model.config.frontend.fold
    read = [symbol if symbol in labels else UNKNOWN for symbol in characters(text, fold=fold)]
    if len(read) < 2:
        raise TextError(f"text: expected at least 2 characters to score, got {len(read)}")
    goals = np.array([labels[symbol] for symbol in read])
    stream, bits = model.stream(), 0.0
    for first in range(0, len(text), _CHUNK):
        outputs = stream.feed(text[first : first + _CHUNK]).outputs.astype(np.float64)
        goal = goals[first + 1 : first + 1 + len(outputs)]
        outputs = outputs[: len(goal)]
        top = outputs.max(axis=1)
        total = top + np.log(np.exp(outputs - top[:, None]).sum(axis=1))
        bits += float((total - outputs[np.arange(len(goal)), goal]).sum()) / math.log(2.0)
        if advance is not None:
            advance(min(first + _CHUNK, len(text)))

    def spelt(symbols: list[str]) -> str:
        return "".join(s if s in labels and s != UNKNOWN else _UNKNOWN for s in symbols)

    grams = KneserNey(spelt(characters(learnt, fold=fold)), len(labels), ORDER)
    count = len(read) - 1
    return {
        "bits_per_character": bits / count,
        "n": count,
        "unknown": read[1:].count(UNKNOWN),
        "baselines": {f"{ORDER}-gram": float(grams.bits(spelt(read)) / count)},
    }
