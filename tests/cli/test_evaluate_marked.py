"""`streamrnn evaluate` on marked recordings: tables, JSON, thresholds, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from streamrnn.io.recorded import RecordedStream
from streamrnn.loading import load
from streamrnn.replay.judged import THRESHOLDS
from tests.cli.test_stream_sound import run
from tests.replay.test_scored import MARKS, RATE, detector, noise

TABLE = "start,end,label\n" + "".join(f"{m.start},{m.end},{m.label}\n" for m in MARKS)
LABELS = "".join(f"{m.start}\t{m.end}\t{m.label}\n" for m in MARKS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "made.safetensors"
    detector().save(path)
    return str(path)


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder with two recordings, each marked in another way, and one that is not."""
    folder = tmp_path / "night"
    (folder / "below").mkdir(parents=True)
    soundfile.write(folder / "one.flac", noise(12.0, 1), RATE)
    (folder / "one.csv").write_text(TABLE)
    with RecordedStream(detector(), folder / "below" / "two.mcap", rate=RATE) as stream:
        stream.feed(noise(12.0, 2).astype(np.float32))
        stream.flush()
    (folder / "below" / "two.labels.txt").write_text(LABELS)
    soundfile.write(folder / "bare.wav", noise(1.0), RATE)
    return folder


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Another recording."""
    soundfile.write(tmp_path / "day.wav", noise(12.0, 3), RATE)
    (tmp_path / "day.txt").write_text(LABELS)
    return tmp_path / "day.wav"


def scores(*arguments: str, code: int = 0) -> tuple[dict[str, Any], str]:
    done = run("evaluate", *arguments, "--json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout), done.stderr.decode()


def refused(*arguments: str) -> str:
    done = run("evaluate", *arguments)
    told = done.stderr.decode()
    assert done.returncode == 2 and not done.stdout and told.count("\n") == 1, told
    return told


def test_a_folder_is_its_recordings(model: str, night: Path) -> None:
    whole, told = scores(model, str(night))
    assert "1 recordings have no marks beside them, and are left out" in told and "bare.wav" in told
    paths = [night / "below" / "two.mcap", night / "one.flac"]
    assert [each["file"] for each in whole["recordings"]] == [str(path) for path in paths]
    alone = [scores(model, str(path))[0] for path in paths]
    assert [one["recordings"][0] for one in alone] == whole["recordings"]
    assert whole["n"] == 2 * len(MARKS) > whole["missed"] > 0 < whole["false_accepts"]
    assert len(whole["det"]) == len(THRESHOLDS) and "chosen" not in whole
    table = run("evaluate", model, str(night)).stdout.decode()
    assert f"{whole['missed']} of {whole['n']} marks missed" in table
    for word, own in whole["words"].items():
        assert f"{own['missed']}, {own['false_reject_rate']:.1%}" in table and word in table


def test_marks_may_lie_elsewhere(model: str, night: Path, tmp_path: Path) -> None:
    expected, _ = scores(model, str(night / "one.flac"))
    (night / "one.csv").rename(tmp_path / "elsewhere.csv")
    assert "one.flac: expected marks beside it" in refused(model, str(night / "one.flac"))
    marks = ("--marks", str(tmp_path / "elsewhere.csv"))
    assert scores(model, str(night / "one.flac"), *marks)[0] == expected
    assert "--marks: expected one recording" in refused(model, str(night), *marks)


def test_nothing_said_is_scored_too(model: str, night: Path) -> None:
    (night / "one.csv").write_text("start,end,label\n")
    told, _ = scores(model, str(night / "one.flac"))
    assert told["n"] == 0 and told["false_accepts"] > 0
    assert told["words"]["a"]["false_reject_rate"] is None


def test_thresholds_are_chosen_elsewhere(model: str, night: Path, day: Path) -> None:
    plain, _ = scores(model, str(day))
    options = ("--choose", str(night), "--false-accepts", "600")
    told, _ = scores(model, str(day), *options)
    chosen, choice = told.pop("chosen"), told.pop("choice")
    assert told == plain
    held, _ = scores(model, str(night))
    assert choice["hours"] == held["hours"] and choice["recordings"] == held["recordings"]
    for word, own in choice["words"].items():
        at = THRESHOLDS.index(own["threshold"])
        there, here = held["det"][at], plain["det"][at]
        assert own["missed"] == there["missed"][word]
        assert own["false_accepts_per_hour"] == there["false_accepts"][word] / held["hours"] <= 600
        assert chosen["words"][word]["missed"] == here["missed"][word]
        assert chosen["words"][word]["false_accepts"] == here["false_accepts"][word]
    table = run("evaluate", model, str(day), *options).stdout.decode()
    assert table.count("chosen") >= 5 and "chosen on 2 other recordings" in table
    # A recording named twice is one.
    twice = ("--choose", str(night / "one.flac"), "--choose", str(night / "one.flac"))
    assert len(scores(model, str(day), *twice)[0]["choice"]["recordings"]) == 1


def test_a_recording_is_not_scored_by_thresholds_chosen_on_it(
    model: str, night: Path, tmp_path: Path
) -> None:
    (tmp_path / "linked").symlink_to(night)
    other = tmp_path / "linked" / "one.flac"
    (night / "bare.wav").unlink()
    told = refused(model, str(night), "--choose", str(other))
    assert "--choose: expected recordings that are not scored too" in told
    assert str(night / "one.flac") in told


def test_the_curve_is_drawn(model: str, night: Path, day: Path, tmp_path: Path) -> None:
    for options in ((), ("--choose", str(day))):
        picture = tmp_path / f"{len(options)}.png"
        done = run("evaluate", model, str(night), *options, "--plot", str(picture))
        assert done.returncode == 0, done.stderr.decode()
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_read_is_named_and_left_out(model: str, night: Path) -> None:
    clean, _ = scores(model, str(night))
    (night / "bad.wav").write_text("no sound")
    (night / "bad.csv").write_text(TABLE)
    soundfile.write(night / "odd.wav", noise(1.0), RATE)
    (night / "odd.csv").write_text("start,end,label\n2,1,a\n")
    told, said = scores(model, str(night), code=1)
    assert told.pop("unreadable") == 2 and clean.pop("unreadable") == 0 and told == clean
    assert "bad.wav: expected a file of sound" in said
    assert "odd.csv, line 2: expected an end of 2.0 s or later" in said
    assert "2 files could not be read" in said
    assert "odd.csv, line 2" in refused(model, str(night / "odd.wav"))
    assert "bad.wav: expected a file of sound" in refused(model, str(night / "bad.wav"))


def test_what_cannot_be_scored_is_refused_by_name(model: str, night: Path, tmp_path: Path) -> None:
    flac = str(night / "one.flac")
    assert "ball: expected a decoder of kind detect" in refused("ball", flac)
    told = refused("wake", flac)
    assert "expected labels among alexa, computer, jarvis" in told and "got a, b, c" in told
    assert "got --noise" in refused(model, flac, "--noise", str(night))
    assert "got none" in refused("wake", "--choose", flac)
    assert "none.flac: expected a recording" in refused(model, str(tmp_path / "none.flac"))
    assert "--false-accepts: expected 0 or more" in refused(model, flac, "--false-accepts", "-1")
    (tmp_path / "empty").mkdir()
    soundfile.write(tmp_path / "empty" / "a.wav", noise(1.0), RATE)
    told = refused(model, flac, "--choose", str(tmp_path / "empty"))
    assert "with marks beside them, got 1 without" in told


def test_clips_in_folders_without_marks_are_clips(tmp_path: Path) -> None:
    (tmp_path / "yes").mkdir()
    soundfile.write(tmp_path / "yes" / "0.wav", np.zeros(16_000), 16_000)
    assert "confusion" in scores("keywords", str(tmp_path))[0]
    (tmp_path / "yes" / "0.csv").write_text("start,end,label\n0.2,0.8,yes\n")
    told, _ = scores("keywords", str(tmp_path))
    assert told["words"]["yes"]["missed"] == 1 and set(told["words"]) < set(load("keywords").labels)
