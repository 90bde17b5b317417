"""Keywords: streams with labels where words end, and scores of a model that is known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from streamrnn.config import AudioConfig
from streamrnn.errors import ConfigError
from streamrnn.tasks import load_task, task_names
from streamrnn.tasks.keywords import task
from streamrnn.tasks.keywords.evaluate import score
from streamrnn.tasks.keywords.streams import SILENCE, UNKNOWN, Voices
from streamrnn.tasks.sounds.clips import PARTS, part_of
from streamrnn.tasks.sounds.hearing import Hearing

RATE = 16_000


def noise(seed, seconds=1.0):
    return (0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))).astype("f4")


def voices(stack=2):
    clips = {label: [noise(i)] for i, label in enumerate(("a", "b", UNKNOWN, SILENCE))}
    return Voices(clips, [noise(8, 3.0)], Hearing([noise(9, 5.0)], AudioConfig(stack=stack)))


@pytest.mark.parametrize("stack", [1, 3])
def test_a_step_belongs_to_the_clip_that_its_last_sample_is_in(stack: int) -> None:
    made = voices(stack)
    a, b, silence = (made.labels.index(label) for label in ("a", "b", SILENCE))
    spans = [(a, 0, 16_000), (-1, 16_000, 32_000), (b, 32_000, 48_000)]
    columns = made.hearing.columns(np.concatenate([noise(i) for i in range(3)]))
    frames, label, weight = made.frames(columns, spans)
    assert len(frames) == len(label) == len(weight) == len(columns) // stack
    np.testing.assert_array_equal(frames[3].reshape(stack, -1), columns[3 * stack : 4 * stack])
    ends = (np.arange(1, len(frames) + 1) * stack - 1) * 160 + 400
    for step, end in enumerate(ends.tolist()):
        which = -(-end // 16_000) - 1
        expected = [a, silence if end > 24_000 else -1, b][which]
        assert label[step] == expected
    # What was heard counts from 0.4 of a clip on, and in full from 0.85 on.
    assert not weight[ends < 0.4 * 16_000].any()
    assert (weight[(ends > 0.86 * 16_000) & (ends <= 16_000)] == 1.0).all()


def test_streams_are_finite_and_of_all_classes() -> None:
    made, rng = voices(), np.random.default_rng(0)
    heard: set[int] = set()
    for _ in range(40):
        frames, label, weight = made.stream(rng, np.zeros(40, np.float32))
        assert np.isfinite(frames).all() and frames.dtype == np.float32
        assert frames.shape == (len(label), 80) and (weight >= 0).all()
        heard |= set(label[weight > 0].tolist())
    assert heard - {-1} == set(range(len(made.labels)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in ("yes", "no", "bed", SILENCE):
        (tmp_path / label).mkdir()
        for speaker in range(24):
            path = tmp_path / label / f"{speaker:08x}_nohash_0.wav"
            soundfile.write(path, noise(speaker), RATE)
    (tmp_path / "_background_noise_").mkdir()
    soundfile.write(tmp_path / "_background_noise_" / "tap.wav", noise(1, 4.0), RATE)
    return tmp_path


def test_speakers_that_are_kept_or_left_out_are_not_learnt_from(folder: Path) -> None:
    options = {"clips": [str(folder)], "words": ["yes", "no"], "held": [0, 1], "leave": [2]}
    made = task({**options, "streams": 3})
    counts = np.bincount([part_of(f"{n:08x}") for n in range(24)], minlength=PARTS)
    assert len(made.kept) == 4 * counts[:2].sum()
    assert {clip.label for clip in made.kept} == {"yes", "no", UNKNOWN, SILENCE}
    learnt = {label: len(found) for label, found in made.voices.clips.items()}
    assert set(learnt.values()) == {24 - counts[:3].sum()}
    assert len(made.voices.hearing.noise) == 1
    examples = list(made.training(1, 2))
    again = list(made.training(1, 2))
    assert len(examples) == 3
    for one, other in zip(examples, again, strict=True):
        assert one.frames.tobytes() == other.frames.tobytes()
    assert sum(len(e.frames) for e in made.validation()) > 0
    config = made.model_config({"hidden_size": 4})
    assert config.network.input_size == 80 and config.network.output_size == 4


def test_fewer_speakers_are_among_the_more_and_validation_stays(folder: Path) -> None:
    options = {"clips": [str(folder)], "words": ["yes", "no"], "held": [0, 1]}
    shares = (0.2, 0.5, 0.8, 1.0)
    made = [task({**options, "speakers": share}) for share in shares]
    learnt = [{sound.tobytes() for sound in one.voices.clips["yes"]} for one in made]
    assert all(few < more for few, more in zip(learnt, learnt[1:], strict=False))
    assert made[-1].learnt == task(options).learnt
    for one, sounds in zip(made, learnt, strict=True):
        # A clip of each of three labels a speaker; those of silence are nobody's.
        assert one.learnt == {"clips": 3 * len(sounds), "speakers": len(sounds)}
        assert [c.speaker for c in one.kept] == [c.speaker for c in made[0].kept]


def test_options_are_checked(folder: Path) -> None:
    assert "keywords" in task_names() and "sounds" not in task_names()
    for data, says in [
        ({}, "data.clips: expected a folder with a subfolder a word"),
        ({"clips": [str(folder)], "held": [10]}, "parts from 0 to 9"),
        ({"clips": [str(folder)], "words": ["yes", "maybe"]}, "got none of maybe"),
        ({"clips": [str(folder)], "speakers": 0.0}, r"data\.speakers: expected a share above 0"),
        ({"clips": [str(folder)], "speakers": 1.01}, "at most 1, got 1.01"),
    ]:
        with pytest.raises(ConfigError, match=says):
            load_task("keywords", data)


class Remembers:
    """A model that says what it heard first, whatever comes later, and what a reset undoes."""

    def stream(self):
        heard: list[str] = []

        def feed(samples):
            heard.append("ab"[int(samples[0])])
            return SimpleNamespace(labels=("?", heard[0]))

        return SimpleNamespace(feed=feed)


def test_endless_is_without_a_reset() -> None:
    clips = [(np.array([kind]), "ab"[kind]) for kind in (0, 1, 1, 0, 1)]
    scores = score(Remembers(), clips)
    assert scores["accuracy"] == 1.0 and scores["n"] == 5
    assert scores["confusion"] == {"a": {"a": 2}, "b": {"b": 3}}
    assert scores["accuracy_endless"] in (2 / 5, 3 / 5)
