"""`streamrnn stream --record` and `streamrnn replay`, as a user has them."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND

UTTERANCE = Path(__file__).parents[2] / "demos" / "utterance.flac"


def run(*arguments: str, code: int = 0, stdin: str | None = None) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, input=stdin
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "spoken.mcap"
    plain = run("stream", "keywords", str(UTTERANCE), "--json")
    assert run("stream", "keywords", str(UTTERANCE), "--json", "--record", str(path)) == plain
    return path


def test_what_was_recorded_is_said_again(spoken: Path) -> None:
    assert "keywords says the same, to the bit" in run("replay", str(spoken), "--check")
    told = json.loads(run("replay", str(spoken), "--json"))
    assert told["same_model"] and told["difference"] is None and told["other_labels"] == 0
    assert told["seconds"] == pytest.approx(10.54, abs=0.01) and told["steps"] == 527
    heard = [each["label"] for each in told["events"] if each["kind"] == "detected"]
    assert len(heard) >= 5 and all(e["scores"][0] == e["scores"][1] for e in told["events"])


def test_another_model_beside_it(spoken: Path) -> None:
    told = json.loads(run("replay", str(spoken), "--model", "wake", "--json"))
    assert not told["same_model"] and told["other_labels"] == told["steps"]
    out = run("replay", str(spoken), "--model", "wake", "--check", code=1)
    assert "the first difference, at 0.0" in out


def test_tracks_and_sentences_too(tmp_path: Path) -> None:
    rows = "\n".join(f"{n / 30:.4f},{10 * n},{n * n}" for n in range(20))
    (tmp_path / "t.csv").write_text(f"time_s,x,y\n{rows}\n")
    track, sentence = tmp_path / "t.mcap", tmp_path / "s.mcap"
    run("stream", "ball", str(tmp_path / "t.csv"), "--record", str(track))
    lines = "turn on the light\nwhat time is it?\n"
    run("stream", "intents", "-", "--record", str(sentence), stdin=lines)
    out = run("replay", str(track), str(sentence), "--check")
    assert "ball says the same, to the bit" in out and "20 steps" in out
    assert "intents says the same, to the bit" in out and "8 steps" in out


def test_cut_short_agrees_and_says_where(spoken: Path, tmp_path: Path) -> None:
    blob = spoken.read_bytes()
    (tmp_path / "cut.mcap").write_bytes(blob[: len(blob) // 2])
    out = " ".join(run("replay", str(tmp_path / "cut.mcap"), "--check").split())
    assert "breaks off there:" in out and "says the same, to the bit" in out


def test_what_cannot_be_read_is_one_line(spoken: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mcap").write_bytes(b"nothing of the kind")
    out = run("replay", str(tmp_path / "x.mcap"), code=2)
    assert out.count("\n") == 1 and "expected a recording by streamrnn" in out
    out = run("replay", str(tmp_path / "x.mcap"), str(spoken), "--check", code=1)
    assert "expected a recording by streamrnn" in out and "says the same" in out
    out = run("stream", "keywords", str(UTTERANCE), "--record", str(spoken), code=2)
    assert out.count("\n") == 1 and "expected a new file to record to" in out
    out = run("replay", str(spoken), "--model", "intents", code=2)
    assert "expected a model of audio to play it to, got intents of text" in out
