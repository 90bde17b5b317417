"""Scores of a model that detects, on marked recordings: what it finds, misses and makes up.

Recordings of any length take little memory: each is played to the model once, and of all that the
network says only the detections are kept, at the model's own thresholds and at those of a curve.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from streamrnn.config import DetectConfig
from streamrnn.errors import (
    ConfigError,
    RecordingError,
    SoundError,
    StreamRNNError,
    UnsupportedError,
)
from streamrnn.model import Model
from streamrnn.replay.heard import Heard, hear
from streamrnn.replay.judged import (
    THRESHOLDS,
    Judged,
    judge,
    middle_and_ninth,
    per_hour,
    together,
)
from streamrnn.replay.marks import Mark, merged, within

Skip = Callable[[StreamRNNError], object]
"""Told of a recording that cannot be read, which is then left out."""


class Marked(NamedTuple):
    """A recording, and what is said in it."""

    path: Path
    """A file of sound, or a recording of a stream of sound."""
    marks: Sequence[Mark]
    """In any order."""


def score(
    model: Model,
    recordings: Sequence[Marked],
    *,
    thresholds: Mapping[str, float] | None = None,
    advance: Callable[[float], object] | None = None,
    skip: Skip | None = None,
) -> dict[str, Any]:
    """Score a model that detects words on recordings whose words are marked.

    A mark is found where its label is detected after its start and at most 1 s after its end.
    Each detection counts for one mark at most; further ones of a label in the time of a mark that
    was found are not false, and every other one is, in a mark of another label too. Marks of one
    label that overlap or touch are one. A mark that begins in what was played, and ends after it,
    ends with it. Where a recording ends a sequence, or makes the stream fresh, so does this.

    Of a model that makes its hidden state fresh by itself, after long quiet, that is done as at
    its own thresholds on the whole curve.

    Args:
        model: with a decoder of kind `detect`, of sound.
        recordings: files, and their marks.
        thresholds: others than the model's own, to be scored beside them, of some labels or all.
        advance: called with the share that is done, 0 to 1, for a progress bar.
        skip: called with the error of each recording that cannot be read, which is then left out;
            by default it is raised.

    Returns:
        `{"words": {word: {"n", "missed", "false_reject_rate", "false_accepts",
        "false_accepts_per_hour", "threshold", "delay_ms_median"}}, "n", "missed", "false_accepts",
        "false_accepts_per_hour", "delay_ms_median", "delay_ms_90", "hours", "recordings": [{"file",
        "seconds", "n", "missed", "false_accepts", "broken"}], "unknown": {label: marks},
        "outside", "unreadable", "det": [{"threshold", "missed": {word: …}, "false_accepts":
        {word: …}, "false_reject_rate": {word: …}, "false_accepts_per_hour"}]}`. Hours are of all
        that was played. Delays count from the end of a mark to its detection. Rates of a word
        without marks are None, and left out of `det`. `unknown` counts marks whose labels the
        model does not tell, `outside` those of its own that begin where nothing was played any
        more. Where thresholds were given, `"chosen"` has the first nine fields at these.

    Raises:
        UnsupportedError: the model detects nothing, or tells none of the labels.
        RecordingError, SoundError, ConfigError: a recording cannot be read or played; without
            `skip`, or all of them.
    """
    config = detecting(model)
    words = config.detected
    _expect_known(model, set(words), recordings)
    given = {word: (thresholds or {}).get(word, own) for word, own in words.items()}
    others = [replace(config, threshold=each, thresholds={}) for each in THRESHOLDS]
    others += [replace(config, thresholds=given)] if thresholds is not None else []
    tallies = [_Tally(list(words)) for _ in range(1 + len(others))]
    unknown, outside, unreadable = Counter[str](), 0, 0
    for number, (path, marks) in enumerate(recordings):
        try:
            heard = hear(model, path, others, _part(advance, number, len(recordings)))
        except (RecordingError, SoundError, ConfigError) as error:
            if skip is None:
                raise
            skip(error)
            unreadable += 1
            continue
        marks = merged(marks)
        unknown.update(mark.label for mark in marks if mark.label not in words)
        known, late = within([mark for mark in marks if mark.label in words], heard.seconds)
        outside += late
        for tally, detected in zip(tallies, heard.detected, strict=True):
            tally.add(heard, known, detected)
    if unreadable == len(recordings):
        raise RecordingError(f"expected recordings that can be read, got {unreadable} that cannot")
    own, *curve = tallies
    scores = own.told(words)
    scores |= {"unknown": dict(sorted(unknown.items())), "outside": outside}
    scores |= {"unreadable": unreadable}
    scores["det"] = [
        tally.point(threshold) for threshold, tally in zip(THRESHOLDS, curve, strict=False)
    ]
    if thresholds is not None:
        scores["chosen"] = curve[-1].told(given)
    return scores


def detecting(model: Model) -> DetectConfig:
    """The decoder of a model that detects words in sound.

    Raises:
        UnsupportedError: it is none.
    """
    decoder = model.config.decoder
    if not isinstance(decoder, DetectConfig):
        raise UnsupportedError(
            f"{model.name}: expected a decoder of kind detect, which finds words in endless sound, "
            f"got {decoder.__struct_config__.tag}; name a model that detects"
        )
    return decoder


def _expect_known(model: Model, words: set[str], recordings: Sequence[Marked]) -> None:
    """Refuse marks none of which the model could find."""
    marked = {mark.label for _, marks in recordings for mark in marks}
    if marked and not marked & words:
        raise UnsupportedError(
            f"marks: expected labels among {', '.join(sorted(words))}, which {model.name} detects, "
            f"got {', '.join(sorted(marked))[:200]}"
        )


def _part(
    advance: Callable[[float], object] | None, number: int, count: int
) -> Callable[[float], object]:
    """What takes the share of one recording of so many."""
    return lambda share: advance((number + share) / count) if advance else None


class _Tally:
    """How words fared at some thresholds, over all recordings."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = {word: Judged(0, 0, [], 0) for word in words}
        self._recordings: list[dict[str, Any]] = []
        self._seconds = 0.0

    def add(
        self, heard: Heard, marks: Sequence[Mark], detected: Mapping[str, Sequence[int]]
    ) -> None:
        """Count one more recording."""
        rate, spans = heard.rate, dict[str, list[tuple[int, int]]]()
        for start, end, label in marks:
            spans.setdefault(label, []).append((round(start * rate), round(end * rate)))
        here = {
            word: judge(detected.get(word, ()), spans.get(word, ()), rate) for word in self._words
        }
        self._words = {word: together((self._words[word], here[word])) for word in here}
        every = together(here.values())
        self._seconds += heard.seconds
        self._recordings.append(
            {
                "file": str(heard.path),
                "seconds": heard.seconds,
                "n": every.n,
                "missed": every.missed,
                "false_accepts": every.false,
                "broken": heard.broken,
            }
        )

    def told(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """The scores; see `score`."""
        every, hours = together(self._words.values()), self._seconds / 3600.0
        middle, ninth = middle_and_ninth(every.delays)
        return {
            "words": {
                word: {
                    "n": own.n,
                    "missed": own.missed,
                    "false_reject_rate": own.missed / own.n if own.n else None,
                    "false_accepts": own.false,
                    "false_accepts_per_hour": per_hour(own.false, hours),
                    "threshold": thresholds[word],
                    "delay_ms_median": middle_and_ninth(own.delays)[0],
                }
                for word, own in self._words.items()
            },
            "n": every.n,
            "missed": every.missed,
            "false_accepts": every.false,
            "false_accepts_per_hour": per_hour(every.false, hours),
            "delay_ms_median": middle,
            "delay_ms_90": ninth,
            "hours": hours,
            "recordings": self._recordings,
        }

    def point(self, threshold: float) -> dict[str, Any]:
        """One point of the curve."""
        words, false = self._words, sum(own.false for own in self._words.values())
        return {
            "threshold": threshold,
            "missed": {word: own.missed for word, own in words.items()},
            "false_accepts": {word: own.false for word, own in words.items()},
            "false_reject_rate": {word: own.missed / own.n for word, own in words.items() if own.n},
            "false_accepts_per_hour": per_hour(false, self._seconds / 3600.0),
        }
