"""`streamrnn evaluate` on words and wake words: tables, JSON, pictures, and what is refused."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from streamrnn.tasks.wake.peers import installed
from tests.cli.test_stream_sound import run
from tests.tasks.test_speech_commands import make

RATE = 16_000


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bursts of noise with silence about them, twelve a label, of words that no peer knows."""
    folder = tmp_path_factory.mktemp("clips")
    generator = np.random.default_rng(0)
    for label in ("computer", "jarvis"):
        (folder / label).mkdir()
        for number in range(12):
            clip = np.zeros(RATE)
            clip[4_000:12_000] = 0.1 * generator.standard_normal(8_000)
            soundfile.write(folder / label / f"{number}.wav", clip, RATE)
    return folder


def scores(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_wake_words_are_scored_and_drawn(clips: Path, tmp_path: Path) -> None:
    picture = tmp_path / "det.png"
    options = ("--negatives", str(clips / "computer"), "--noise", str(clips / "jarvis"))
    told = scores(run("evaluate", "wake", str(clips), *options, "--plot", str(picture), "--json"))
    assert set(told["words"]) == {"computer", "jarvis"} and told["peers"] == {}
    assert told["hours"] == pytest.approx(12 / 3600)
    assert picture.read_bytes().startswith(b"\x89PNG")
    table = run("evaluate", "wake", str(clips))
    assert table.returncode == 0 and "computer" in table.stdout.decode()


def test_peers_stand_beside_the_model_for_the_words_that_they_know(
    clips: Path, tmp_path: Path
) -> None:
    for label, word in (("alexa", "computer"), ("jarvis", "jarvis")):
        (tmp_path / label).mkdir()
        for name in ("0.wav", "1.wav"):
            shutil.copy(clips / word / name, tmp_path / label / name)
    told = scores(run("evaluate", "wake", str(tmp_path), "--negatives", str(tmp_path), "--json"))
    assert set(told["words"]) == {"alexa", "jarvis"}
    assert set(told["peers"]) == set(installed({"alexa"}, RATE))
    for peer in told["peers"].values():
        assert set(peer["words"]) == {"alexa"} and peer["hours"] == told["hours"]


def test_parts_are_disjoint_and_make_up_the_whole(clips: Path) -> None:
    def counted(*options: str) -> int:
        done = scores(run("evaluate", "wake", str(clips), *options, "--json"))
        return sum(word["n"] for word in done["words"].values())

    halves = [counted("--parts", parts) for parts in ("0,1,2,3,4", "5,6,7,8,9")]
    assert sum(halves) == counted() == 24


def test_keywords_count_a_strange_folder_as_unknown(clips: Path) -> None:
    told = scores(run("evaluate", "keywords", str(clips), "--json"))
    assert told["n"] == 24 and set(told["confusion"]) == {"_unknown_"}


def test_all_of_speech_commands_is_scored_on_its_testing_list(tmp_path: Path) -> None:
    root = make(tmp_path)
    told = scores(run("evaluate", "keywords", str(root), "--json"))
    said = {label: sum(row.values()) for label, row in told["confusion"].items()}
    assert said == {"yes": 7, "no": 7, "_unknown_": 2, "_silence_": 2}
    refused = run("evaluate", "keywords", str(root), "--parts", "1")
    assert refused.returncode == 2 and b"--parts: expected none" in refused.stderr


def test_the_official_archive_of_test_clips_is_a_folder_as_any_other(tmp_path: Path) -> None:
    for label in ("yes", "_unknown_", "_silence_"):
        (tmp_path / label).mkdir()
        for number in range(3):
            name = f"{number:08x}_nohash_0.wav.wav" if label == "_unknown_" else f"{number}.wav"
            soundfile.write(tmp_path / label / name, np.zeros(RATE), RATE)
    (tmp_path / "_background_noise_").mkdir()  # of the whole set; no word, nor none
    soundfile.write(tmp_path / "_background_noise_" / "tap.wav", np.zeros(3 * RATE), RATE)
    told = scores(run("evaluate", "keywords", str(tmp_path), "--json"))
    said = {label: sum(row.values()) for label, row in told["confusion"].items()}
    assert said == {"yes": 3, "_unknown_": 3, "_silence_": 3}
    alone = run("evaluate", "keywords", str(tmp_path / "_background_noise_"))
    assert alone.returncode == 2 and b"nothing but _background_noise_" in alone.stderr


@pytest.mark.parametrize(
    "options, word",
    [(("--parts", "1,x"), "--parts"), (("--parts", "10"), "--parts"), (("--plot", "x.png"), "neg")],
)
def test_what_cannot_be_scored_is_refused_by_name(
    clips: Path, options: tuple[str, ...], word: str
) -> None:
    done = run("evaluate", "wake", str(clips), *options)
    assert done.returncode == 2
    assert word in done.stderr.decode() and b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "model, option",
    [("keywords", "--plot"), ("keywords", "--noise"), ("ball", "--negatives"), ("ball", "--parts")],
)
def test_an_option_that_does_not_apply_is_refused_not_ignored(
    clips: Path, model: str, option: str
) -> None:
    done = run("evaluate", model, str(clips), option, "1")
    assert done.returncode == 2
    assert f"{option}: expected a model of" in done.stderr.decode()


@pytest.mark.parametrize("model", ["keywords", "wake"])
def test_a_sound_that_cannot_be_read_is_named_and_left_out(
    model: str, clips: Path, tmp_path: Path
) -> None:
    shutil.copytree(clips, tmp_path / "clips")
    (tmp_path / "clips" / "jarvis" / "bad.wav").write_text("no sound")
    done = run("evaluate", model, str(tmp_path / "clips"), "--json")
    assert done.returncode == 1 and b"bad.wav: expected a file of sound" in done.stderr
    assert b"1 files could not be read" in done.stderr
    told, clean = json.loads(done.stdout), scores(run("evaluate", model, str(clips), "--json"))
    assert told.pop("unreadable") == 1 and clean.pop("unreadable") == 0
    assert told == clean
