"""openWakeWord and microWakeWord, the detectors that voice assistants use, where installed.

Each is fed as its own pages tell, 10 ms of 16-bit sound at a time, and counts at the threshold
that it comes with. Their packages are imported only when asked for.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from streamrnn.decoded import Event
from streamrnn.tasks.sounds.clips import Signal
from streamrnn.tasks.wake.detectors import Heard

RATE = 16_000  # of all their networks
HOP = 160  # samples fed at once
# Samples after a detection without another: openWakeWord looks back 1.28 s and its score may dip
# meanwhile, so that after the one second of our bundled model some words would count twice.
REFRACTORY = 24_000
OPEN_THRESHOLD = 0.5  # of openWakeWord's page and of its command

Ear = Callable[[bytes], Iterator[Sequence[float]]]
"""Takes 16-bit samples; gives a row of scores, one a word, whenever there are new ones."""


class Package(NamedTuple):
    """How a peer is asked."""

    module: str
    """What is imported; its `Model` lists the words that it ships."""
    threshold: Callable[[Any, str], float]
    """Of the module and a word."""
    ear: Callable[[Any, Sequence[str]], Ear]
    """Of the module and words: a fresh stream."""


def _open_threshold(package: Any, word: str) -> float:
    return OPEN_THRESHOLD


def _open(package: Any, words: Sequence[str]) -> Ear:
    """openWakeWord: features of 80 ms, and a network a word that looks at sixteen of them."""
    features = package.OpenWakeWordFeatures.from_builtin()
    networks = [package.OpenWakeWord.from_builtin(package.Model(word)) for word in words]

    def hear(samples: bytes) -> Iterator[Sequence[float]]:
        for part in features.process_streaming(samples):
            # One score each, and none before the sixteenth.
            yield [max(network.process_streaming(part), default=0.0) for network in networks]

    return hear


def _micro(package: Any, words: Sequence[str]) -> Ear:
    """microWakeWord: features of 10 ms; its score is the mean of a window of probabilities."""
    features = package.MicroWakeWordFeatures()
    networks = [package.MicroWakeWord.from_builtin(package.Model(word)) for word in words]
    scores, steps = [0.0] * len(networks), 0

    def hear(samples: bytes) -> Iterator[Sequence[float]]:
        nonlocal steps
        for part in features.process_streaming(samples):
            steps += 1
            for number, network in enumerate(networks):
                score = network.process_streaming_prob(part)
                if steps % network.stride == 0:  # between, it gives 0 without having looked
                    scores[number] = score
            yield tuple(scores)

    return hear


def _micro_threshold(package: Any, word: str) -> float:
    return package.MicroWakeWord.from_builtin(package.Model(word)).probability_cutoff


PACKAGES = {
    "openWakeWord": Package("pyopen_wakeword", _open_threshold, _open),
    "microWakeWord": Package("pymicro_wakeword", _micro_threshold, _micro),
}


def installed(words: Collection[str], rate: int) -> dict[str, "Peer"]:
    """The peers that are installed, run here and know some of the words, by name.

    Args:
        words: that are asked for.
        rate: samples a second of the signals; all peers need 16 kHz, so others have none.
    """
    found: dict[str, Peer] = {}
    if rate != RATE:
        return found
    for name, how in PACKAGES.items():
        try:
            package: Any = import_module(how.module)
            known = sorted({model.value for model in package.Model} & set(words))
            how.ear(package, known)  # where no wheel is made for, its library does not load
        except (ImportError, OSError):
            continue
        if known:
            thresholds = {word: how.threshold(package, word) for word in known}
            found[name] = Peer(thresholds, partial(how.ear, package, known))
    return found


class Peer:
    """A detector of others.

    A word is detected where its score rises above the threshold, or stays there after the
    refractory time; once, for as long as the score stays there.

    Args:
        thresholds: the words that it tells, each with its own.
        ear: begins a fresh stream; its rows are in the order of the words.
    """

    def __init__(self, thresholds: Mapping[str, float], ear: Callable[[], Ear]) -> None:
        self.thresholds, self._ear = thresholds, ear

    def listen(self) -> Callable[[Signal], Heard]:
        """Begin a fresh stream; sound beyond ±1 is clipped, as 16 bits hold no more."""
        ear, at = self._ear(), 0

        def hear(chunk: Signal) -> Heard:
            nonlocal at
            whole = np.clip(np.rint(32_768.0 * chunk), -32_768, 32_767).astype("<i2")
            rows: list[Sequence[float]] = []
            positions: list[int] = []
            for first in range(0, len(whole), HOP):
                samples = whole[first : first + HOP]
                at += len(samples)
                rows += ear(samples.tobytes())
                positions += [at] * (len(rows) - len(positions))
            scores = np.array(rows, np.float64).reshape(-1, len(self.thresholds))
            return Heard(scores, np.array(positions, np.int64))

        return hear

    def detected(self, heard: Heard, threshold: float | None = None) -> list[Event]:
        """Where each word's score rises above its threshold."""
        events: list[Event] = []
        for scores, (word, own) in zip(heard.outputs.T, self.thresholds.items(), strict=True):
            above = np.flatnonzero(scores > (own if threshold is None else threshold))
            free = -1  # where the refractory time is over
            for run in np.split(above, np.flatnonzero(np.diff(above) > 1) + 1):
                late = run[heard.positions[run] > free]
                if len(late):
                    position = int(heard.positions[late[0]])
                    events.append(Event("detected", word, position, float(scores[late[0]])))
                    free = position + REFRACTORY
        return events
