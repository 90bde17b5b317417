"""Wake: where words are found, what streams ask for, and scores of a model that is known."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from msgspec.structs import replace

from streamrnn.config import AudioConfig, DetectConfig, ModelConfig, NetworkConfig, RawConfig
from streamrnn.errors import ConfigError, SoundError, UnsupportedError
from streamrnn.tasks.sounds.clips import LONG, PARTS, Clip, within
from streamrnn.tasks.sounds.hearing import Hearing
from streamrnn.tasks.wake import task
from streamrnn.tasks.wake.evaluate import score
from streamrnn.tasks.wake.streams import BACKGROUND, Voices
from streamrnn.tasks.wake.words import Spoken, cut, spoken

RATE = 16_000


def noise(seed: int, seconds: float, loud: float = 0.1) -> Any:
    count = int(seconds * RATE)
    return (loud * np.random.default_rng(seed).standard_normal(count)).astype("f4")


def word(lead: float, length: float, tail: float, floor: float) -> Any:
    parts = [noise(1, lead, floor), noise(2, length), noise(3, tail, floor)]
    return np.concatenate(parts)


@pytest.mark.parametrize("floor", [0.0, 1e-4, 0.01, 0.03])
def test_a_word_is_found_in_silence_and_in_noise(floor: float) -> None:
    found = spoken(word(0.7, 0.5, 0.9, floor), RATE)
    assert abs(found.first - 0.7 * RATE) <= 0.03 * RATE
    assert abs(found.end - 1.2 * RATE) <= 0.03 * RATE


def test_a_word_holds_a_short_pause_and_not_what_comes_much_later() -> None:
    pause, long_pause = np.zeros(int(0.15 * RATE), "f4"), np.zeros(int(0.6 * RATE), "f4")
    clip = np.concatenate(
        [pause, noise(1, 0.3), pause, noise(2, 0.2), long_pause, noise(3, 0.1), pause]
    )
    found = spoken(clip, RATE)
    assert abs(found.first - 0.15 * RATE) <= 0.03 * RATE
    assert abs(found.end - 0.8 * RATE) <= 0.03 * RATE


def test_no_word_is_found_where_there_is_none() -> None:
    for nothing in (np.zeros(RATE, "f4"), noise(1, 0.05)):
        with pytest.raises(SoundError, match=r"expected a word of 0\.1 s"):
            spoken(nothing, RATE)


def test_cutting_keeps_the_word_where_it_is() -> None:
    whole = Spoken(np.arange(100, dtype="f4"), 30, 60)
    for before, after in ((5, 10), (0, 0), (50, 90)):
        part = cut(whole, before, after)
        np.testing.assert_array_equal(part.samples[part.first : part.end], np.arange(30, 60))
        assert part.first == min(before, 30) and len(part.samples) - part.end == min(after, 40)


def test_a_long_recording_is_dealt_by_its_tenths() -> None:
    clip = Clip(np.arange(LONG + 7, dtype="f4"), "tap", "tap/1.wav")
    pieces = [within([clip], [part]) for part in range(PARTS)]
    joined = np.concatenate([piece[0].samples for piece in pieces])
    np.testing.assert_array_equal(joined, clip.samples)


def voices() -> Voices:
    words = {w: [spoken(word(0.4, 0.5, 0.4, 0.0), RATE)] for w in ("one", "two")}
    return Voices(words, [[noise(5, 3.0)]], Hearing([noise(6, 9.0)], AudioConfig(stack=2)))


def test_a_word_is_asked_for_just_after_its_end_and_background_elsewhere() -> None:
    made = voices()
    columns = made.hearing.columns(noise(0, 4.0))
    example = made.example(columns, [(2, 16_000, 24_000)], [(40_000, 48_000)])
    _, ends = made.hearing.frames(columns)
    label, weight = example.targets["label"], example.targets["weight"]
    for end, said, counts in zip(ends.tolist(), label.tolist(), weight.tolist(), strict=True):
        if 24_000 - 1_600 < end <= 24_000 + 4_800:
            assert said == 2 and counts == 1.0
        elif 20_000 < end <= 24_000 + 8_000:
            assert said == -1
        else:
            assert said == 0
    assert weight[(ends > 40_000) & (ends <= 48_000)].min() > 1.0


def test_streams_are_finite_and_hold_every_word() -> None:
    made, rng = voices(), np.random.default_rng(0)
    heard: set[int] = set()
    for _ in range(20):
        example = made.stream(rng, np.zeros(40, np.float32))
        assert np.isfinite(example.frames).all() and example.frames.dtype == np.float32
        assert 4.0 / 0.02 * 0.95 < len(example.frames)
        heard |= set(example.targets["label"].tolist())
    assert heard == {-1, 0, 1, 2}


class Loud:
    """A stand-in that hears "one" from the sixth step of anything loud on until it is over."""

    config = ModelConfig(
        name="loud",
        network=NetworkConfig(input_size=80, hidden_size=2, output_size=2),
        frontend=AudioConfig(stack=2),
        decoder=DetectConfig(labels=(BACKGROUND, "one"), ignored=(BACKGROUND,), refractory=10),
    )
    labels = (BACKGROUND, "one")

    def stream(self) -> Any:
        state = {"at": 0, "run": 0}

        def feed(samples: Any) -> SimpleNamespace:
            steps = len(samples) // 320
            levels = np.abs(samples[: steps * 320].reshape(-1, 320)).max(axis=1)
            outputs = np.zeros((steps, 2), np.float32)
            for step, level in enumerate(levels.tolist()):
                state["run"] = state["run"] + 1 if level > 0.2 else 0
                outputs[step, 1] = 8.0 if state["run"] >= 6 else -8.0
            positions = state["at"] + 320 * np.arange(1, steps + 1)
            state["at"] += len(samples)
            return SimpleNamespace(outputs=outputs, positions=positions)

        return SimpleNamespace(feed=feed)


def test_what_is_found_missed_and_false_is_counted() -> None:
    words = {"one": [Spoken(noise(s, 0.5), 0, 8_000) for s in range(5)]}
    words["one"] += [Spoken(noise(9, 0.5, 0.01), 0, 8_000)]  # too soft to be heard
    quiet = [noise(7, 20.0, 0.001)]
    scores = score(Loud(), words, quiet)
    assert scores["words"]["one"]["n"] == 6
    assert scores["words"]["one"]["false_reject_rate"] == pytest.approx(1 / 6)
    assert scores["false_accepts"] == 0 and scores["hours"] == pytest.approx(20.0 / 3600.0)
    # Six steps of 20 ms after the beginning, 0.5 s before the end.
    assert -400.0 <= scores["delay_ms_median"] <= -360.0
    false = score(Loud(), words, [np.concatenate([quiet[0], noise(8, 0.5), quiet[0]])])
    assert false["false_accepts"] == 1
    assert false["false_accepts_per_hour"] == pytest.approx(3600.0 / 40.5)
    rates = [point["false_accepts_per_hour"] for point in false["det"]]
    assert rates == sorted(rates, reverse=True)


def test_models_and_words_that_do_not_fit_are_refused() -> None:
    words = {"two": [Spoken(noise(0, 0.5), 0, 8_000)]}
    with pytest.raises(UnsupportedError, match="those of the model, got two"):
        score(Loud(), words, [])
    other = SimpleNamespace(config=replace(Loud.config, decoder=RawConfig()))
    with pytest.raises(UnsupportedError, match="a decoder that detects"):
        score(other, words, [])


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("words/one", "words/two", "speech", "noise"):
        (tmp_path / name).mkdir(parents=True)
        for number in range(24):
            sound = word(0.4, 0.5, 0.4, 0.001) if "words" in name else noise(number, 2.0)
            soundfile.write(tmp_path / name / f"{number}.wav", sound, RATE)
    return tmp_path


def test_the_task_learns_from_its_parts_and_knows_its_decoder(folders: Path) -> None:
    data = {name: [str(folders / where)] for name, where in _FOLDERS.items()}
    made = task({**data, "leave": [1], "decoder": {"smoothing": 4, "threshold": 0.7}})
    config = made.model_config({"hidden_size": 8})
    assert config.network.input_size == 80 and config.network.output_size == 3
    assert isinstance(config.decoder, DetectConfig)
    assert config.decoder.smoothing == 4 and config.decoder.ignored == (BACKGROUND,)
    learnt = sum(map(len, made.voices.words.values()))
    assert learnt + len(made.kept) < 48 and made.kept
    one, two = (next(iter(made.training(0, 0))).frames for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert len(made.validation()) and made.normalisation()[0].shape == (80,)


_FOLDERS = {"clips": "words", "speech": "speech", "noise": "noise"}


def test_options_that_cannot_be_are_refused(folders: Path) -> None:
    clips = {"clips": [str(folders / "words")]}
    for data, told in (
        ({}, "expected a folder with a subfolder a word"),
        ({**clips, "held": [11]}, "parts from 0 to 9"),
        ({**clips, "leave": list(range(10))}, "expected clips of every word"),
    ):
        with pytest.raises(ConfigError, match=told):
            task(data)
    with pytest.raises(ConfigError, match="smoothing"):
        task({**clips, "decoder": {"smoothing": 0}}).model_config({"hidden_size": 8})
