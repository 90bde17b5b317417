"""All of Speech Commands, through torchaudio's own class, on a small tree in its layout."""

import math
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from streamrnn.errors import ConfigError, SoundError, UnsupportedError
from streamrnn.io.sounds import read_sound
from streamrnn.tasks.keywords import task
from streamrnn.tasks.keywords.speech_commands import background, home, listed, scored
from streamrnn.tasks.keywords.streams import SILENCE, UNKNOWN
from streamrnn.tasks.sounds.clips import Recordings, speaker_of

RATE = 16_000
WORDS = ["yes", "no"]
VALIDATION, TESTING, EVERYBODY = range(4), range(4, 9), range(24)


def noise(seed: int, seconds: float) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def make(root: Path) -> Path:
    """Four words of 24 speakers, some said twice, on disk as torchaudio unpacks the set."""
    folder = home(root)
    for label in ("yes", "no", "bed", "cat", "_background_noise_"):
        (folder / label).mkdir(parents=True)
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for label in ("yes", "no", "bed", "cat"):
        for speaker in EVERYBODY:
            for number in range(1 + speaker % 2):
                name = f"{label}/{speaker:08x}_nohash_{number}.wav"
                seconds = 0.6 if speaker == 20 else 1.0  # not every clip is a second
                soundfile.write(folder / name, noise(speaker, seconds), RATE, subtype="PCM_16")
                for subset, people in (("validation", VALIDATION), ("testing", TESTING)):
                    lists[subset] += [name] if speaker in people else []
    for subset, names in lists.items():
        (folder / f"{subset}_list.txt").write_text("\n".join(names) + "\n")
    (folder / "_background_noise_" / "README.md").write_text("noise")
    for tap in range(2):
        path = folder / "_background_noise_" / f"tap{tap}.wav"
        soundfile.write(path, noise(100 + tap, 3.0), RATE)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(
    ("subset", "people"),
    [("training", range(9, 24)), ("validation", VALIDATION), ("testing", TESTING)],
)
def test_the_lists_say_who_is_where(root: Path, subset, people: range) -> None:
    rows = listed(root, subset)
    assert {row.speaker for row in rows} == {f"{speaker:08x}" for speaker in people}
    assert len(rows) == 4 * sum(1 + speaker % 2 for speaker in people)
    for row in rows:
        assert row.path.is_file() and row.path.parent.name == row.label
        assert speaker_of(row.path) == row.speaker


@pytest.mark.parametrize("words", [["yes", "no"], ["yes"], ["yes", "no", "bed"]])
def test_a_scored_list_has_a_tenth_unknown_and_a_tenth_silence(root: Path, words) -> None:
    rows, sounds = listed(root, "testing"), background(root, RATE)
    clips = scored(rows, sounds, words, RATE)
    counts = {label: sum(c.label == label for c in clips) for label in {c.label for c in clips}}
    known = [row for row in rows if row.label in words]
    tenth = math.ceil(len(known) / 10)
    assert counts == {**dict.fromkeys(words, len(known) // len(words))} | {
        UNKNOWN: tenth,
        SILENCE: tenth,
    }
    people = {row.speaker for row in rows}
    for clip in clips:
        assert clip.samples.dtype == np.float32 and np.abs(clip.samples).max() < 1.0
        assert len(clip.samples) == RATE if clip.label == SILENCE else clip.speaker in people
    again = scored(rows, sounds, words, RATE)
    assert all(
        a.label == b.label and a.samples.tobytes() == b.samples.tobytes()
        for a, b in zip(clips, again, strict=True)
    )


def test_the_task_learns_from_the_training_list_and_validates_on_the_other(root: Path) -> None:
    made = task({"speech_commands": str(root), "words": WORDS, "streams": 3})
    people = {"training": range(9, 24), "validation": VALIDATION}
    names = {subset: {f"{s:08x}" for s in who} for subset, who in people.items()}
    for label in (*WORDS, UNKNOWN):
        sounds = made.voices.clips[label]
        assert isinstance(sounds, Recordings)
        assert {speaker_of(path) for path in sounds.paths} == names["training"]
        shown = {path.parent.name for path in sounds.paths}
        assert shown == ({"bed", "cat"} if label == UNKNOWN else {label})
        np.testing.assert_array_equal(sounds[3], read_sound(sounds.paths[3]).samples[:, 0])
    assert made.learnt == {"clips": 4 * 23, "speakers": 15}
    assert {c.speaker for c in made.kept if c.label in WORDS} == names["validation"]
    assert len(made.kept) == 12 + 2 + 2
    assert len(made.voices.hearing.noise) == 2
    one, other = (list(made.training(1, 2)) for _ in range(2))
    assert [e.frames.tobytes() for e in one] == [e.frames.tobytes() for e in other]
    assert sum(len(example.frames) for example in made.validation()) > 0
    half = task({"speech_commands": str(root), "words": WORDS, "speakers": 0.5})
    assert 0 < half.learnt["speakers"] < 15 and len(half.kept) == len(made.kept)


def test_what_is_absent_or_not_whole_is_named(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=r"got no such folder; .*data\.download=true"):
        task({"speech_commands": str(tmp_path)})
    make(tmp_path)
    (home(tmp_path) / "testing_list.txt").unlink()
    with pytest.raises(SoundError, match=r"all of it, got: .*testing_list\.txt.*fetch it again"):
        listed(tmp_path, "training")
    (home(tmp_path) / "validation_list.txt").write_text("")
    with pytest.raises(SoundError, match="clips for validation, got none"):
        listed(tmp_path, "validation")


# torchaudio unpacks without a filter, which Python 3.12 and 3.13 warn of
@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")
def test_an_archive_that_was_downloaded_is_unpacked(root: Path, tmp_path: Path) -> None:
    archive = tmp_path / "new" / "speech_commands_v0.02.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for path in home(root).iterdir():
            tar.add(path, path.name)
    rows = listed(archive.parent, "testing", download=True)
    assert len(rows) == len(listed(root, "testing")) and rows[0].path.is_file()
    archive.write_bytes(b"no archive")
    (home(archive.parent)).rename(tmp_path / "away")
    with pytest.raises(SoundError, match="all of it, got"):
        listed(archive.parent, "testing", download=True)


def test_without_torchaudio_it_says_what_to_install(root: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torchaudio.datasets", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'streamrnn\[learn\]'"):
        listed(root, "testing")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"clips": ["x"]}, "either clips or speech_commands, got both"),
        ({"leave": [1]}, r"data\.leave: expected none, got \(1,\)"),
        ({"speech_commands": "", "clips": ["x"], "download": True}, "to say where to"),
    ],
)
def test_options_that_contradict_are_refused(root: Path, options, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        task({"speech_commands": str(root), **options})
