"""Peers: fed as their own pages tell, found by a rule like ours, judged as our model is."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.config import DetectConfig
from streamrnn.decoders import DetectDecoder
from streamrnn.frontends.base import Frames
from streamrnn.tasks.sounds.clips import read_clips, read_mono, within
from streamrnn.tasks.wake.detectors import Heard
from streamrnn.tasks.wake.evaluate import score
from streamrnn.tasks.wake.peers import HOP, PACKAGES, RATE, REFRACTORY, Ear, Peer, installed
from streamrnn.tasks.wake.words import Spoken, spoken
from tests.tasks.test_wake import Loud, noise

ROOT = Path(__file__).parents[2]
WORDS = ROOT.parent / "shared" / "data" / "wake_words"
NAMES = list(PACKAGES)


def package(name: str) -> Any:
    module = PACKAGES[name].module
    pip = f"pip install {module.replace('_', '-')}"
    return pytest.importorskip(module, reason=f"needs {module}: {pip}")


def open_at_once(package: Any, samples: bytes) -> list[float]:
    word = package.OpenWakeWord.from_builtin(package.Model.ALEXA)
    features = package.OpenWakeWordFeatures.from_builtin()
    parts = features.process_streaming(samples)
    return [probability for part in parts for probability in word.process_streaming(part)]


def micro_at_once(package: Any, samples: bytes) -> list[float]:
    word = package.MicroWakeWord.from_builtin(package.Model.ALEXA)
    features = package.MicroWakeWordFeatures()
    return [word.process_streaming_prob(part) for part in features.process_streaming(samples)][2::3]


# openWakeWord begins with 8 s of silence in a buffer of 10 s: at once it takes no more than 2 s.
@pytest.mark.parametrize(
    "name, at_once, seconds, every",
    [("openWakeWord", open_at_once, 1.9, 1), ("microWakeWord", micro_at_once, 10.0, 3)],
)
def test_streamed_scores_are_those_of_one_call(
    name: str, at_once: Any, seconds: float, every: int
) -> None:
    signal = read_mono(ROOT / "demos" / "utterance.flac", RATE)[: int(seconds * RATE)]
    expected = at_once(package(name), (32_768 * signal).astype("<i2").tobytes())
    heard = installed({"alexa"}, RATE)[name].listen()(signal)
    found = heard.outputs[every - 1 :: every, 0]
    # openWakeWord scores nothing before its sixteenth features.
    assert len(expected) > 80 and max(expected) > 0.0
    np.testing.assert_array_equal(found[len(found) - len(expected) :], expected)
    assert not found[: len(found) - len(expected)].any()
    assert (np.diff(heard.positions) >= 0).all() and heard.positions[-1] <= len(signal)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.6, 0.9]), st.integers(1, 90)), max_size=12))
def test_the_rule_is_our_decoders_without_its_hysteresis(runs: list[tuple[float, int]]) -> None:
    hop = 320
    scores = np.array([score for score, steps in runs for _ in range(steps)])
    positions = hop * np.arange(1, len(scores) + 1)
    events = Peer({"one": 0.5}, silent).detected(Heard(scores[:, None], positions))
    config = DetectConfig(
        labels=("-", "one"), ignored=("-",), release=1.0, refractory=REFRACTORY // hop
    )
    logits = np.column_stack([np.zeros(len(scores)), np.log(scores / (1.0 - scores))])
    nothing = Frames(np.empty((0, 0), np.float32), 0)
    decoded = DetectDecoder(config).stream().decode(logits.astype("f4"), nothing, positions)
    steps = decoded.events or ()
    expected = [e.position for step in steps for e in step if e.kind == "detected"]
    assert [event.position for event in events] == expected


def silent() -> Ear:
    return lambda samples: iter(())


def test_what_was_16_bits_comes_back_and_more_is_clipped() -> None:
    given = np.arange(-32_768, 32_768).astype("<i2")
    samples = (given / 32_768).astype(np.float32)
    got: list[bytes] = []

    def keeps() -> Ear:
        def hear(samples: bytes) -> Iterator[Sequence[float]]:
            got.append(samples)
            return iter(())

        return hear

    hear = Peer({"one": 0.5}, keeps).listen()
    hear(samples)
    hear(np.array([1.5, -1.5], np.float32))
    assert len(got[0]) == 2 * HOP
    ends = np.array([32_767, -32_768], "<i2")
    assert b"".join(got) == given.tobytes() + ends.tobytes()


def test_a_peer_is_judged_as_the_model_is() -> None:
    def loud() -> Ear:
        def hear(samples: bytes) -> Iterator[Sequence[float]]:
            yield [float(np.abs(np.frombuffer(samples, "<i2")).max() > 0.2 * 32_768)]

        return hear

    words = {"one": [Spoken(noise(s, 0.5), 0, 8_000) for s in range(5)]}
    words["one"] += [Spoken(noise(9, 0.5, 0.01), 0, 8_000)]  # too soft to be heard
    negatives = [np.concatenate([noise(7, 5.0, 0.001), noise(8, 0.5), noise(7, 5.0, 0.001)])]
    done: list[tuple[int, int]] = []
    peers = {"other": Peer({"one": 0.5}, loud), "deaf": Peer({"one": 0.5, "two": 0.5}, silent)}
    scores = score(Loud(), words, negatives, peers=peers, advance=lambda *at: done.append(at))
    other, deaf = scores.pop("peers").values()
    assert other["words"] == scores["words"] and set(other) == set(scores)
    assert other["false_accepts"] == scores["false_accepts"] == 1
    assert other["delay_ms_median"] < scores["delay_ms_median"]  # Loud waits for six steps
    assert set(deaf["words"]) == {"one"} and deaf["words"]["one"]["false_reject_rate"] == 1.0
    assert deaf["delay_ms_median"] is None and deaf["false_accepts"] == 0
    assert done[-1][0] == done[-1][1]
    assert score(Loud(), words, negatives) == scores  # nothing is said where none was asked


def test_peers_that_are_not_there_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed({"computer"}, RATE) == {} == installed({"alexa"}, 8_000)
    for how in PACKAGES.values():
        monkeypatch.setitem(sys.modules, how.module, None)
    assert installed({"alexa"}, RATE) == {}


def test_a_peer_whose_library_does_not_load_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(package: Any, words: Sequence[str]) -> Ear:
        raise OSError("wrong ELF class")

    found = installed({"alexa"}, RATE)
    for name in found:
        monkeypatch.setitem(PACKAGES, name, PACKAGES[name]._replace(ear=refuses))
    assert installed({"alexa"}, RATE) == {}


@pytest.mark.parametrize("name", NAMES)
def test_clear_words_are_found_and_other_words_are_not(name: str) -> None:
    package(name)
    if not WORDS.is_dir():
        pytest.skip(f"needs recordings of wake words: {WORDS} is absent")
    clips = within(read_clips(WORDS, RATE), [1])
    words = {"alexa": [spoken(c.samples, RATE) for c in clips if c.label == "alexa"]}
    others = [clip.samples for clip in clips if clip.label == "jarvis"][:6]
    peers = {name: installed(words, RATE)[name]}
    silence = [np.zeros(4 * RATE, np.float32)]
    found = score(streamrnn.load("wake"), words, silence, peers=peers)["peers"][name]
    assert found["words"]["alexa"]["n"] == 29
    assert found["words"]["alexa"]["false_reject_rate"] <= 0.1  # Measured 0 and 1 of 29.
    assert found["accepts_among_words"] == 0
    assert -100.0 < found["delay_ms_median"] < 300.0
    hear = peers[name].listen()
    assert not peers[name].detected(hear(np.concatenate(others)))
