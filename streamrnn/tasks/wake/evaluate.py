"""Scores of a model on wake words: rejects, accepts and delay, in streams that are never reset."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from streamrnn.decoded import Event
from streamrnn.errors import UnsupportedError
from streamrnn.replay.judged import (
    LATEST,
    THRESHOLDS,
    Judged,
    judge,
    middle_and_ninth,
    per_hour,
    together,
)
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import Signal
from streamrnn.tasks.wake.detectors import Detector, Heard, ModelDetector
from streamrnn.tasks.wake.words import Spoken, cut

ORDER = 20_261_124  # seed of the order in which words and speech follow one another
MARGIN = 0.1  # seconds of a clip that are kept before and after its word
LOUDER = 10.0  # a soft piece of negatives is made no louder than so many times
CHUNK = 160_000  # samples fed at once


def score(
    model: Any,
    words: Mapping[str, Sequence[Spoken]],
    negatives: Sequence[Signal],
    *,
    noise: Sequence[Signal] = (),
    noise_db: float = 10.0,
    peers: Mapping[str, Detector] | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Score a model that detects words.

    The words are laid, in random order, between pieces of the negatives that are made as loud,
    into one stream that is never reset; a word is found where it is detected after its beginning
    and at most 1 s after its end. The negatives are one more such stream, in which every
    detection is false.

    Args:
        model: a `streamrnn.Model` with a decoder of kind `detect`.
        words: recordings at the network's rate, by label.
        negatives: sounds without any of the words; may be none.
        noise: recordings that are mixed under the stream of words.
        noise_db: how far the noise lies below each word.
        peers: other detectors by name, which hear the same two streams.
        advance: called with the samples done and all to be done, for a progress bar.

    Returns:
        `{"words": {word: {"false_reject_rate", "n", "threshold"}}, "false_accepts",
        "false_accepts_per_hour", "hours", "delay_ms_median", "delay_ms_90", "accepts_among_words",
        "det": [{"threshold", "false_reject_rate": {word: …}, "false_accepts_per_hour"}]}`. Rates
        an hour are None without negatives, delays without detections. `accepts_among_words` is of
        detections in the stream of words where that word was not. Where peers were given,
        `"peers": {name: …}` holds the same of each, of the words that it tells.

    Raises:
        UnsupportedError: the model detects nothing, or knows some word not.
    """
    own = ModelDetector(model)
    strange = sorted(set(words) - set(own.thresholds))
    if strange:
        raise UnsupportedError(f"words: expected those of the model, got {', '.join(strange)}")
    rate: int = model.config.frontend.sample_rate
    streams = _Streams(
        *_laid(words, negatives, noise, noise_db, rate),
        np.concatenate(negatives) if negatives else np.zeros(0, np.float32),
        rate,
    )
    each, done = len(streams.signal) + len(streams.negatives), 0

    def count(samples: int) -> None:
        nonlocal done
        done += samples
        if advance:
            advance(done, each * (1 + len(peers or ())))

    scores = _scores(own, streams, count)
    if peers is not None:
        scores["peers"] = {name: _scores(peer, streams, count) for name, peer in peers.items()}
    return scores


class _Streams(NamedTuple):
    """What every detector hears."""

    signal: Signal
    """All words, and something else between them."""
    spans: Sequence[tuple[str, int, int]]
    """Label, first sample and end of each word."""
    negatives: Signal
    rate: int


def _scores(detector: Detector, streams: _Streams, count: Callable[[int], None]) -> dict[str, Any]:
    """The scores of one detector, of the words that it tells."""
    rate, spans = streams.rate, [span for span in streams.spans if span[0] in detector.thresholds]
    clips = Counter(word for word, _, _ in spans)
    here = _listen(detector, streams.signal, count)
    elsewhere = _listen(detector, streams.negatives, count)
    hours = len(streams.negatives) / rate / 3600.0
    at_own = _judge(detector.detected(here), spans, rate)
    false = len(detector.detected(elsewhere))
    curve: list[dict[str, Any]] = []
    for threshold in THRESHOLDS:
        judged = _judge(detector.detected(here, threshold), spans, rate)
        accepts = len(detector.detected(elsewhere, threshold))
        curve.append(
            {
                "threshold": threshold,
                "false_reject_rate": {word: judged[word].missed / n for word, n in clips.items()},
                "false_accepts_per_hour": per_hour(accepts, hours),
            }
        )
    everything = together(at_own.values())
    middle, ninth = middle_and_ninth(everything.delays)
    return {
        "words": {
            word: {
                "false_reject_rate": at_own[word].missed / n,
                "n": n,
                "threshold": detector.thresholds[word],
            }
            for word, n in sorted(clips.items())
        },
        "false_accepts": false,
        "false_accepts_per_hour": per_hour(false, hours),
        "hours": hours,
        "delay_ms_median": middle,
        "delay_ms_90": ninth,
        "accepts_among_words": everything.false,
        "det": curve,
    }


def _judge(
    events: Sequence[Event], spans: Sequence[tuple[str, int, int]], rate: int
) -> dict[str, Judged]:
    """Compare what was detected with where the words are: label, first sample and end of each."""
    places: dict[str, list[tuple[int, int]]] = {}
    for word, first, end in spans:
        places.setdefault(word, []).append((first, end))
    detected: dict[str, list[int]] = {}
    for event in events:
        detected.setdefault(event.label, []).append(event.position)
    return {
        word: judge(detected.get(word, ()), places.get(word, ()), rate)
        for word in {**places, **detected}
    }


def _listen(detector: Detector, signal: Signal, count: Callable[[int], None]) -> Heard:
    """What a detector makes of a long signal."""
    hear = detector.listen()
    parts = [hear(signal[:0])]
    for first in range(0, len(signal), CHUNK):
        chunk = signal[first : first + CHUNK]
        parts.append(hear(chunk))
        count(len(chunk))
    outputs, positions = zip(*parts, strict=True)
    return Heard(np.concatenate(outputs), np.concatenate(positions))


def _laid(
    words: Mapping[str, Sequence[Spoken]],
    speech: Sequence[Signal],
    noise: Sequence[Signal],
    noise_db: float,
    rate: int,
) -> tuple[Signal, list[tuple[str, int, int]]]:
    """One long signal with all the words in it, and where they are."""
    rng = np.random.default_rng(ORDER)
    all_words = [(word, clip) for word, clips in sorted(words.items()) for clip in clips]
    parts: list[Signal] = []
    spans: list[tuple[str, int, int]] = []
    at = 0
    order: list[int] = rng.permutation(len(all_words)).tolist()
    for word, clip in (all_words[number] for number in order):
        margin = int(MARGIN * rate)
        samples, first, end = cut(clip, margin, margin)
        loud = augment.level(samples[first:end])
        before = _between(speech, loud, rate, rng)
        spans.append((word, at + len(before) + first, at + len(before) + end))
        here = np.concatenate((before, samples))
        if noise:
            under = augment.piece(noise[int(rng.integers(len(noise)))], len(here), rng)
            gain = loud * 10.0 ** (-noise_db / 20.0) / max(float(under.std()), 1e-9)
            here = (here + gain * under).astype(np.float32)
        parts.append(here)
        at += len(here)
    parts.append(np.zeros(int(LATEST * rate), np.float32))
    return np.concatenate(parts), spans


def _between(speech: Sequence[Signal], loud: float, rate: int, rng: np.random.Generator) -> Signal:
    """Two to four seconds of something else, as loud as the word, and up to 0.3 s of nothing."""
    pause = np.zeros(int(rng.uniform(0.0, 0.3) * rate), np.float32)
    count = int(rng.uniform(2.0, 4.0) * rate)
    if not speech:
        return np.zeros(count, np.float32)
    other = speech[int(rng.integers(len(speech)))]
    part = augment.piece(other, min(count, len(other)), rng)
    gain = min(loud / max(augment.level(part), 1e-9), LOUDER)
    return np.concatenate((part * np.float32(gain), pause))
