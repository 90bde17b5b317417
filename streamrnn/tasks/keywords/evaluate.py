"""Scores of a model on labelled clips: each from a fresh state, and all joined without a reset."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labelled = tuple[NDArray[Any], str]
ORDER = 20_261_124  # seed of the order in which clips are joined


def score(
    model: Any, clips: Sequence[Labelled], *, advance: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Score a model on clips.

    A clip's label is the likeliest class, as the decoder has smoothed it, at the last step inside
    the clip.

    Args:
        model: a `streamrnn.Model` with classes.
        clips: samples and label of each, at the network's rate; at least one.
        advance: called after each clip of either pass, for a progress bar.

    Returns:
        `{"accuracy", "n", "confusion": {true: {said: count}}, "accuracy_endless"}`. Accuracy is
        of clips that each come from a fresh state; endless, of all clips joined in one shuffled
        order, with the state carried from the first to the last.
    """
    advance = advance or (lambda: None)
    single: list[str] = []
    for samples, _ in clips:
        single.append(_last(model.stream().feed(samples)))
        advance()
    confusion: dict[str, dict[str, int]] = {}
    for (_, label), said in zip(clips, single, strict=True):
        row = confusion.setdefault(label, {})
        row[said] = row.get(said, 0) + 1
    stream = model.stream()
    endless = 0
    order: list[int] = np.random.default_rng(ORDER).permutation(len(clips)).tolist()
    for index in order:
        samples, label = clips[index]
        endless += _last(stream.feed(samples)) == label
        advance()
    hits = sum(said == label for (_, label), said in zip(clips, single, strict=True))
    return {
        "accuracy": hits / len(clips),
        "n": len(clips),
        "confusion": {name: dict(sorted(row.items())) for name, row in sorted(confusion.items())},
        "accuracy_endless": endless / len(clips),
    }


def _last(predictions: Any) -> str:
    """The label at the last step, or none where a clip is shorter than a step."""
    labels = predictions.labels
    return labels[-1] if labels else ""
