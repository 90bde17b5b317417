"""Thresholds chosen by scores on marked recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streamrnn.errors import UnsupportedError


class Choice(NamedTuple):
    """A threshold that was chosen."""

    threshold: float
    """From which on the word is detected."""
    n: int
    """How often the word was said where it was chosen; 0: the model's own threshold stays."""
    missed: int
    """How often it was not found there."""
    false_accepts_per_hour: float
    """Its false detections there."""
    enough: bool
    """Whether these are as few as was asked for."""


def choose(scores: Mapping[str, Any], per_hour: float) -> dict[str, Choice]:
    """Choose a threshold for each word, by scores on recordings that are kept for this.

    Of the thresholds at which the word has at most so many false accepts an hour, those with the
    fewest misses are taken. Mostly that is a range, and the middle of its longest run is chosen:
    at either edge one softer word, or one louder neighbour, would have been counted otherwise, and
    on other recordings the edges lie elsewhere. Of an even number the higher of the middle two is.
    Where no threshold has so few, the one with the fewest false accepts is chosen in the same
    manner, and `enough` is False. A word without any marks keeps the model's own threshold, since
    every one of them misses nothing.

    Args:
        scores: what `streamrnn.replay.scored.score` gave.
        per_hour: false accepts of each word in an hour that are borne.

    Raises:
        UnsupportedError: nothing was played.
    """
    hours = scores["hours"]
    if not hours:
        raise UnsupportedError("choose: expected recordings that last, got 0 h to choose on")
    chosen: dict[str, Choice] = {}
    for word, own in scores["words"].items():
        if not own["n"]:
            rate = own["false_accepts_per_hour"]
            chosen[word] = Choice(own["threshold"], 0, 0, rate, rate <= per_hour)
            continue
        missed = [point["missed"][word] for point in scores["det"]]
        rates = [point["false_accepts"][word] / hours for point in scores["det"]]
        most = max(per_hour, min(rates))
        fewest = min(m for m, rate in zip(missed, rates, strict=True) if rate <= most)
        at = _middle([r <= most and m == fewest for m, r in zip(missed, rates, strict=True)])
        chosen[word] = Choice(
            threshold=scores["det"][at]["threshold"],
            n=own["n"],
            missed=missed[at],
            false_accepts_per_hour=rates[at],
            enough=rates[at] <= per_hour,
        )
    return chosen


def _middle(best: Sequence[bool]) -> int:
    """The middle of the longest run, of equal ones the last; the higher of two."""
    first, longest, run = 0, 0, 0
    for at, good in enumerate(best):
        run = run + 1 if good else 0
        if run and run >= longest:
            first, longest = at + 1 - run, run
    return first + longest // 2
