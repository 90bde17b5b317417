"""Scores on marked recordings: by hand, as the model anew at each threshold, and on real words."""

import weakref
from array import array
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamrnn.config import AudioConfig, DetectConfig, ModelConfig, NetworkConfig
from streamrnn.errors import RecordingError, SoundError, StreamRNNError, UnsupportedError
from streamrnn.io.recorded import RecordedStream
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.replay import heard, scored
from streamrnn.replay.heard import Heard
from streamrnn.replay.judged import THRESHOLDS
from streamrnn.replay.marks import Mark
from streamrnn.replay.scored import Marked, detecting, score
from streamrnn.tasks.sounds.clips import read_mono
from streamrnn.tasks.wake import evaluate as wake
from streamrnn.tasks.wake.words import spoken
from tests.conftest import make_frames, make_model, make_weights, pieces

DATA = Path(__file__).parents[2].parent / "shared" / "data"
RATE = 8_000


def detector(seed: int = 0, **decoder: Any) -> Model:
    """A model that detects a lot in noise, at many thresholds."""
    network = NetworkConfig(input_size=6, hidden_size=12, output_size=4)
    weights = make_weights(network, seed=seed)
    weights["head.weight"] *= 6.0
    config = DetectConfig(
        labels=("none", "a", "b", "c"),
        ignored=("none",),
        threshold=0.4,
        thresholds={"b": 0.65},
        **{"smoothing": 4, "confirm": 2, "refractory": 9, **decoder},
    )
    front = AudioConfig(sample_rate=RATE, window=200, hop=80, fft=256, mels=6)
    made = ModelConfig(name="made", network=network, frontend=front, decoder=config)
    return Model.from_weights(made, weights)


def at(model: Model, **decoder: Any) -> Model:
    """The same with another decoder."""
    config = replace(model.config, decoder=replace(detecting(model), **decoder))
    assert model.weights is not None
    return Model.from_weights(config, model.weights)


def noise(seconds: float, seed: int = 0) -> Any:
    """Noise whose colour and loudness change several times a second."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(int(seconds * 8)):
        part = rng.standard_normal(RATE // 8 + 20)
        part = np.convolve(part, rng.standard_normal(21), "valid")
        found.append(10.0 ** rng.uniform(-3.0, -1.0) * part / part.std())
    return np.clip(np.concatenate(found), -1.0, 1.0)


MARKS = [Mark(n / 2.0, n / 2.0 + 0.25, "abc"[n % 3]) for n in range(1, 24, 2)]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.flac"
    soundfile.write(path, noise(12.0), RATE)
    return path


@pytest.fixture
def recorded(tmp_path: Path, sound: Path) -> Path:
    """The same, with an end and a reset in it."""
    samples = soundfile.read(sound, dtype="float32")[0]
    with RecordedStream(detector(), tmp_path / "sound.mcap", rate=RATE) as stream:
        for number, chunk in enumerate(pieces(samples, [5_001, 30_000, 30_007, 61_234])):
            stream.feed(chunk)
            if number == 1:
                stream.flush()
            if number == 3:
                stream.reset()
        stream.flush()
    return tmp_path / "sound.mcap"


# By hand.


def played(path: Path, seconds: float, *detected: dict[str, list[float]]) -> Heard:
    """A recording at 100 samples a second, and when each decoder detects what."""

    def samples(times: list[float]) -> "array[int]":
        return array("q", [round(100 * time) for time in times])

    rows = [{word: samples(times) for word, times in each.items()} for each in detected]
    return Heard(path, 100, round(100 * seconds), None, rows)


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(THRESHOLDS)
    first = {"a": [1.5, 1.75, 9.0], "b": [1.5, 30.5]}
    low = {"a": [1.25, 5.5, 9.0, 9.5], "b": [1.5]}
    told = {
        "x": played(Path("x"), 40.0, first, low, *[{}] * count),
        "y": played(Path("y"), 20.0, {"a": [3.25]}, {}, *[{}] * (count - 1), {"a": [3.5]}),
    }
    monkeypatch.setattr(scored, "hear", lambda model, path, others, advance: told[path.name])
    recordings = [
        Marked(Path("x"), [Mark(5.0, 6.0, "a"), Mark(1.0, 2.0, "a"), Mark(30.0, 31.0, "b")]),
        Marked(
            Path("y"),
            [
                *(Mark(3.0, 3.25, "a"), Mark(3.25, 3.75, "a"), Mark(19.0, 25.0, "b")),
                *(Mark(20.0, 21.0, "c"), Mark(1.0, 2.0, "z"), Mark(50.0, 60.0, "none")),
            ],
        ),
    ]
    scores = score(detector(), recordings, thresholds={"a": 0.9})
    rate = 3600.0 / 60.0
    assert scores["words"] == {
        "a": word(3, 1, 1, rate, 0.4, -500.0),  # 1.5 for 2.0, 3.25 for 3.75; 9.0 is made up
        "b": word(2, 1, 1, rate, 0.65, -500.0),  # 30.5 for 31.0; 1.5 is made up, where an a is
        "c": word(0, 0, 0, 0.0, 0.4, None),
    }
    assert [scores[name] for name in ("n", "missed", "false_accepts")] == [5, 2, 2]
    assert scores["false_accepts_per_hour"] == 2 * rate and scores["hours"] == 60.0 / 3600.0
    assert (scores["delay_ms_median"], scores["delay_ms_90"]) == (-500.0, -500.0)
    assert (scores["unknown"], scores["outside"]) == ({"none": 1, "z": 1}, 1)
    assert scores["recordings"] == [recording("x", 40.0, 3, 1, 2), recording("y", 20.0, 2, 1, 0)]
    assert [point["threshold"] for point in scores["det"]] == [*THRESHOLDS]
    assert scores["det"][0] == {
        "threshold": 0.05,
        "missed": {"a": 1, "b": 2, "c": 0},
        "false_accepts": {"a": 2, "b": 1, "c": 0},
        "false_reject_rate": {"a": 1 / 3, "b": 1.0},
        "false_accepts_per_hour": 3 * rate,
    }
    assert scores["det"][1]["missed"] == {"a": 3, "b": 2, "c": 0}
    chosen = scores["chosen"]
    assert chosen["words"]["a"] == word(3, 2, 0, 0.0, 0.9, -250.0)
    assert chosen["words"]["b"] == word(2, 2, 0, 0.0, 0.65, None)


def word(n: int, missed: int, false: int, rate: float, at: float, delay: float | None) -> Any:
    return {
        "n": n,
        "missed": missed,
        "false_reject_rate": missed / n if n else None,
        "false_accepts": false,
        "false_accepts_per_hour": rate,
        "threshold": at,
        "delay_ms_median": delay,
    }


def recording(name: str, seconds: float, n: int, missed: int, false: int) -> Any:
    counts = {"n": n, "missed": missed, "false_accepts": false}
    return {"file": name, "seconds": seconds, **counts, "broken": None}


# Decoders side by side.


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", ["sound", "recorded"])
def test_side_by_side_is_the_model_anew(
    seed: int, form: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(form)
    model = detector(seed)
    given = {"a": 0.3, "b": 0.55, "c": 0.7}
    scores = score(model, [Marked(path, MARKS)], thresholds=given)
    for point in scores["det"]:
        own = score(at(model, threshold=point["threshold"], thresholds={}), [Marked(path, MARKS)])
        assert point["missed"] == {w: each["missed"] for w, each in own["words"].items()}
        assert point["false_accepts"] == {w: e["false_accepts"] for w, e in own["words"].items()}
        assert point["false_accepts_per_hour"] == own["false_accepts_per_hour"]
    chosen = score(at(model, thresholds=given), [Marked(path, MARKS)])
    assert scores["chosen"] == {name: chosen[name] for name in scores["chosen"]}
    found = {str((p["missed"], p["false_accepts"])) for p in scores["det"]}
    assert len(found) > 5  # the thresholds make a difference


def test_at_an_end_all_decoders_begin_anew(recorded: Path, sound: Path) -> None:
    """Else a word would be refractory, or the mean of before would linger, over the end."""
    others = [detecting(at(detector(), threshold=t, thresholds={})) for t in THRESHOLDS]
    whole, parted = (heard.hear(detector(), path, others).detected for path in (sound, recorded))
    assert sum(a != b for a, b in zip(whole, parted, strict=True)) > 5
    own = heard.hear(detector(), recorded, [detecting(detector())]).detected
    assert own[0] == own[1] != {}


def test_after_an_end_the_recordings_time_goes_on(
    recorded: Path, sound: Path, tmp_path: Path
) -> None:
    samples, last = soundfile.read(sound, dtype="int16")[0], 61_234  # from where on it was fresh
    soundfile.write(tmp_path / "rest.flac", samples[last:], RATE)
    parted = heard.hear(detector(), recorded, [detecting(detector())])
    rest = heard.hear(detector(), tmp_path / "rest.flac", [detecting(detector())])
    assert parted.samples == len(samples) == last + rest.samples
    for whole, late in zip(parted.detected, rest.detected, strict=True):
        assert late and all(list(at) == sorted(at) for at in whole.values())
        for label, positions in late.items():
            assert [last + at for at in positions] == [at for at in whole[label] if at > last]


def test_the_bundled_models_never_make_themselves_fresh() -> None:
    """So that decoders side by side are each what the model would be with it."""
    for name in ("keywords", "wake"):
        decoder = load(name).config.decoder
        assert isinstance(decoder, DetectConfig) and not decoder.reset_after


# However it is had.


def without(scores: dict[str, Any]) -> dict[str, Any]:
    """Scores without the names of files."""
    return {**scores, "recordings": [{**each, "file": ""} for each in scores["recordings"]]}


def test_a_recorded_stream_scores_as_its_sound(tmp_path: Path, sound: Path) -> None:
    samples = soundfile.read(sound, dtype="float32")[0]
    with RecordedStream(detector(), tmp_path / "a.mcap", rate=RATE) as stream:
        for chunk in pieces(samples, list(range(700, 96_000, 1_900))):
            stream.feed(chunk)
        stream.flush()
    told = [score(detector(), [Marked(p, MARKS)]) for p in (sound, tmp_path / "a.mcap")]
    assert without(told[0]) == without(told[1])
    assert told[0]["n"] > told[0]["missed"] and told[0]["false_accepts"]


def test_times_are_seconds_at_any_rate(tmp_path: Path) -> None:
    """The first step of silence is told as something, however many samples that is."""
    model = at(detector(), threshold=0.02, thresholds={}, smoothing=1, confirm=1)
    for rate in (8_000, 22_050):
        quiet = np.zeros(rate * 3)
        soundfile.write(tmp_path / f"{rate}.wav", quiet, rate)
        told = heard.hear(model, tmp_path / f"{rate}.wav", [])
        assert (told.rate, told.samples, told.seconds) == (rate, 3 * rate, 3.0)
        first = min(positions[0] for positions in told.detected[0].values())
        # The first window of 25 ms, and what conversion keeps back.
        assert 0.024 < first / rate < 0.05


@given(st.permutations(MARKS), st.integers(0, 7), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_neither_order_nor_cutting_of_marks_matters(
    tmp_path_factory: pytest.TempPathFactory, marks: list[Mark], cut: int, random: Random
) -> None:
    path = tmp_path_factory.getbasetemp() / "shuffled.flac"
    if not path.exists():
        soundfile.write(path, noise(12.0), RATE)
    middle = marks[cut].start + 0.125
    parts = [marks[cut]._replace(end=middle), marks[cut]._replace(start=middle)]
    cut_up = [*marks[:cut], *parts, *marks[cut + 1 :]]
    random.shuffle(cut_up)
    assert score(detector(), [Marked(path, cut_up)]) == score(detector(), [Marked(path, MARKS)])


@given(st.permutations(range(3)))
@settings(max_examples=6, deadline=None)
def test_recordings_add_up_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    paths = [tmp_path_factory.getbasetemp() / f"part{n}.flac" for n in range(3)]
    for number, path in enumerate(paths):
        if not path.exists():
            soundfile.write(path, noise(4.0 + number, number), RATE)
    each = [Marked(path, MARKS[n : n + 5]) for n, path in enumerate(paths)]
    alone = [score(detector(), [one]) for one in each]
    every = score(detector(), [each[n] for n in order])
    assert [part["recordings"][0] for part in (alone[n] for n in order)] == every["recordings"]
    for name in ("n", "missed", "false_accepts", "outside"):
        assert every[name] == sum(part[name] for part in alone)
    for number, point in enumerate(every["det"]):
        for name in ("missed", "false_accepts"):
            assert point[name] == {
                w: sum(part["det"][number][name][w] for part in alone) for w in "abc"
            }
    assert every["hours"] == pytest.approx(15.0 / 3600.0)


def test_nothing_that_the_network_said_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordedStream(detector(), tmp_path / "a.mcap", rate=RATE) as stream:
        for chunk in np.split(noise(12.0).astype(np.float32), 24):
            stream.feed(chunk)
            stream.flush()
    said: list[Any] = []
    most = 0

    def watched(*arguments: Any) -> Iterator[Any]:
        nonlocal most
        for step in play(*arguments):
            most = max(most, sum(each() is not None for each in said))
            said.append(weakref.ref(step.said.outputs))
            yield step

    play = heard.play
    monkeypatch.setattr(heard, "play", watched)
    score(detector(), [Marked(tmp_path / "a.mcap", MARKS)])
    assert len(said) == 48 and 0 < most <= 2  # this one, and the one before it


def test_the_share_that_is_done_rises_to_one(sound: Path, recorded: Path) -> None:
    shares: list[float] = []
    score(detector(), [Marked(sound, []), Marked(recorded, [])], advance=shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0) and min(shares) <= 0.5


# What cannot be scored.


def test_what_cannot_be_read_is_told_and_left_out(tmp_path: Path, sound: Path) -> None:
    (tmp_path / "bad.wav").write_text("no sound")
    soundfile.write(tmp_path / "slow.wav", np.zeros(4_000), 4_000)
    with RecordedStream(make_model(), tmp_path / "frames.mcap") as stream:
        stream.feed(make_frames(9))
    names = ("bad.wav", "slow.wav", "frames.mcap", "none.mcap")
    bad = [Marked(tmp_path / name, MARKS) for name in names]
    told: list[StreamRNNError] = []
    scores = score(detector(), [*bad, Marked(sound, MARKS)], skip=told.append)
    assert scores.pop("unreadable") == len(told) == 4
    clean = score(detector(), [Marked(sound, MARKS)])
    assert clean.pop("unreadable") == 0 and scores == clean
    assert "bad.wav: expected a file of sound" in str(told[0])
    assert "frames.mcap: expected a recording of sound, got frames" in str(told[2])
    with pytest.raises(SoundError, match="bad.wav"):
        score(detector(), bad)
    with pytest.raises(RecordingError, match="got 4 that cannot"):
        score(detector(), bad, skip=told.append)


def test_what_breaks_off_is_scored_up_to_there(recorded: Path) -> None:
    blob = recorded.read_bytes()
    recorded.write_bytes(blob[: len(blob) // 2])
    scores = score(detector(), [Marked(recorded, MARKS)])
    (one,) = scores["recordings"]
    assert one["broken"] and 1.0 < one["seconds"] < 11.0
    late = sum(mark.start >= one["seconds"] for mark in MARKS)
    assert scores["outside"] == late > 0 and scores["n"] == len(MARKS) - late


def test_models_and_labels_that_do_not_fit_are_refused(sound: Path) -> None:
    with pytest.raises(UnsupportedError, match="made: expected a decoder of kind detect, .* raw"):
        score(make_model(), [Marked(sound, MARKS)])
    with pytest.raises(UnsupportedError, match="expected labels among a, b, c, .* got none, z"):
        score(detector(), [Marked(sound, [Mark(0.0, 1.0, "z"), Mark(0.0, 1.0, "none")])])
    empty = score(detector(), [Marked(sound, [])])  # nothing is said there
    assert empty["n"] == 0 and empty["false_accepts"] > 0
    assert all(each["false_reject_rate"] is None for each in empty["words"].values())


# Real words.


@pytest.mark.skipif(not (DATA / "wake_words").is_dir(), reason="needs ../shared/data/wake_words")
def test_real_words_are_scored_as_the_task_scores_them(tmp_path: Path) -> None:
    """Three minutes, laid as `tasks.wake.evaluate` lays them: the same words are found, as late."""
    rate = 16_000
    speech = [read_mono(path, rate) for path in sorted((DATA / "other_speech").glob("*"))[:20]]
    words = {
        folder.name: [spoken(read_mono(path, rate), rate) for path in sorted(folder.glob("*"))[:16]]
        for folder in sorted((DATA / "wake_words").iterdir())
    }
    signal, spans = wake._laid(words, speech, [], 10.0, rate)
    assert len(signal) > 170 * rate and len(spans) == 48
    soundfile.write(tmp_path / "a.wav", signal, rate, subtype="FLOAT")
    marks = [Mark(first / rate, end / rate, word) for word, first, end in spans]
    model = load("wake")
    here = score(model, [Marked(tmp_path / "a.wav", marks)])
    there = wake.score(model, words, speech)
    for word, own in there["words"].items():
        for name in ("n", "false_reject_rate", "threshold"):
            assert here["words"][word][name] == own[name]
    assert here["false_accepts"] == there["accepts_among_words"]
    for name in ("delay_ms_median", "delay_ms_90"):
        assert here[name] == there[name]
    for mine, theirs in zip(here["det"], there["det"], strict=True):
        assert mine["false_reject_rate"] == theirs["false_reject_rate"]
    assert here["missed"] <= 3 and here["false_accepts"] <= 3
    assert here["det"][-1]["false_reject_rate"] != here["det"][0]["false_reject_rate"]
