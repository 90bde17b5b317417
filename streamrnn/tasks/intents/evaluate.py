"""Scores of a model on sentences: how often it is right, how early, and what it lets pass by."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from streamrnn.config import DecideConfig
from streamrnn.errors import UnsupportedError
from streamrnn.tasks.intents.corpora import Labelled
from streamrnn.tasks.intents.templates import OUTSIDE

FRACTIONS = (0.25, 0.5, 0.75, 1.0)


def score(
    model: Any, sentences: Sequence[Labelled], *, advance: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Score a model that says at each word what a sentence asks for.

    Args:
        model: a `streamrnn.Model` with a decoder of kind `decide` and a front end of words.
        sentences: and what they ask for; `oos`, or the model's own label for it, where it is
            nothing that the model knows.
        advance: called after each sentence, for a progress bar.

    Returns:
        `{"accuracy", "n", "accuracy_by_fraction": {"0.25": …}, "decided_early",
        "decided_early_right", "words_needed_mean", "words_mean", "out_of_scope_recall",
        "out_of_scope_n", "unknown_words"}`. Accuracies are of sentences within scope, at their
        last word, or at the word that completes a fraction of them. `decided_early` is the share
        of these that were decided before the last word, `decided_early_right` how many of them
        rightly; `words_needed_mean` counts the words until it was decided, all of a sentence where
        it was not. What nothing could be scored on is None.

    Raises:
        UnsupportedError: the model says no intents, or not those of the sentences.
    """
    decoder = model.config.decoder
    if not isinstance(decoder, DecideConfig):
        raise UnsupportedError(
            f"{model.name}: expected a decoder that decides on one intent, got "
            f"{decoder.__struct_config__.tag}; score a model of configs/intents.toml, or the like"
        )
    beyond = decoder.outside or OUTSIDE
    strange = sorted({label for _, label in sentences} - {*decoder.labels, OUTSIDE})
    if strange:
        raise UnsupportedError(
            f"{model.name}: expected labels among its {len(decoder.labels)}, "
            f"{', '.join(decoder.labels[:3])} …, got {', '.join(strange[:5])}"
            f"{' …' * (len(strange) > 5)}; score a model that has learnt these, as one of "
            "configs/clinc.toml has CLINC150's"
        )
    right = {fraction: 0 for fraction in FRACTIONS}
    inside = outside = refused = early = early_right = words = needed = unknown = told = 0
    for text, label in sentences:
        said = model.predict(text)
        labels = said.labels or (None,)
        unknown += int((model.frontend.tokens(text) == 0).sum())
        told += len(said)
        if label in (OUTSIDE, beyond):
            outside += 1
            refused += labels[-1] in (beyond, None)
        else:
            inside += 1
            for fraction in FRACTIONS:
                right[fraction] += labels[math.ceil(fraction * len(labels)) - 1] == label
            decided = [step for step, events in enumerate(said.events) if events]
            words += len(said)
            needed += decided[0] + 1 if decided else len(said)
            if decided and decided[0] + 1 < len(said):
                early += 1
                early_right += said.events[decided[0]][0].label == label
        if advance:
            advance()

    def share(part: int, of: int) -> float | None:
        return part / of if of else None

    return {
        "accuracy": share(right[1.0], inside),
        "n": inside,
        "accuracy_by_fraction": {str(f): share(right[f], inside) for f in FRACTIONS},
        "decided_early": share(early, inside),
        "decided_early_right": share(early_right, early),
        "words_needed_mean": share(needed, inside),
        "words_mean": share(words, inside),
        "out_of_scope_recall": share(refused, outside),
        "out_of_scope_n": outside,
        "unknown_words": share(unknown, told),
    }
