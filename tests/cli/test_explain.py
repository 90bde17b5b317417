"""`streamrnn explain …` as a user has it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from streamrnn.loading import load
from tests.conftest import COMMAND, make_frames, make_model


def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, "explain", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done


def test_state_of_a_sentence(tmp_path: Path) -> None:
    picture = tmp_path / "state.png"
    out = run("state", "intents_lstm", "what time is it?", "--png", str(picture), "--dark").stdout
    assert "what" in out and "it?" in out and "let in" in out and "GetCurrentTime" in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    told = json.loads(run("state", "intents_lstm", "what time is it?", "--json").stdout)
    assert told["steps"]["names"] == ["what", "time", "is", "it?"]
    assert np.array(told["hidden"]).shape == (4, 96)
    assert set(told["gates"]) == {"input", "forget", "output"}


def test_state_of_sound_flight_and_frames(tmp_path: Path) -> None:
    sound, track = tmp_path / "a.wav", tmp_path / "a.csv"
    noise = np.random.default_rng(0).normal(0.0, 0.1, (22_050, 2)).astype(np.float32)
    soundfile.write(sound, noise, 44_100)
    told = json.loads(run("state", "keywords", str(sound), "--json", "--last", "9").stdout)
    assert len(told["hidden"]) == 9 and told["layer"] == 1 and told["steps"]["timed"]
    rows = "\n".join(f"{n / 30},{n},{n}" for n in range(12))
    track.write_text(f"time_s,x,y\n{rows}\n")
    told = json.loads(run("state", "ball", str(track), "--json", "--layer", "1").stdout)
    assert len(told["hidden"]) == 12 and told["layer"] == 0
    model = make_model(cell="rnn").save(tmp_path / "m.safetensors")
    np.save(tmp_path / "x.npy", make_frames(5))
    told = json.loads(run("state", str(model), str(tmp_path / "x.npy"), "--json").stdout)
    assert len(told["hidden"]) == 5 and told["gates"] == {}


def test_memory_of_three_cells_beside_one_another() -> None:
    names = ("intents_rnn", "intents_gru", "intents_lstm")
    beside = [part for name in names[1:] for part in ("--beside", name)]
    done = run("memory", names[0], "what time is it?", *beside, "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["model"] for each in told] == list(names)
    for each in told:
        assert [len(row) for row in each["share"]] == [1, 2, 3, 4]
        assert all(sum(row) == pytest.approx(1.0) for row in each["share"])


def test_memory_of_the_adding_problem_is_long_with_gates_alone() -> None:
    half = {}
    for cell in ("rnn", "lstm"):
        told = run(
            "memory", f"adding_{cell}", "example:1", "--json", "--of", "output", "--last", "120"
        )
        last = json.loads(told.stdout)["share"][-1]
        half[cell] = sum(last[: len(last) // 2])
    assert half["rnn"] < 1e-6 and half["lstm"] > 0.5


def test_tasks_and_their_json_are_the_committed_rows(tmp_path: Path) -> None:
    assert "sums within 0.04" in run("tasks", "--png", str(tmp_path / "tasks.svg")).stdout
    assert b"<svg" in (tmp_path / "tasks.svg").read_bytes()
    rows = [json.loads(line) for line in run("tasks", "--json").stdout.splitlines()]
    assert {row["cell"] for row in rows} == {"feedforward", "rnn", "gru", "lstm"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["state", "intents", " "], "at least one step"),
        (["state", "ball", "no.csv"], "no.csv: expected a CSV file"),
        (["state", "keywords", "no.wav"], "no.wav"),
        (["state", "adding_gru", "hello"], "expected a .npy file of frames .*, or example:N"),
        (["state", "adding_gru", "example:1000"], "example:0 to example:999, got example:1000"),
        (["state", "adding_gru", "no.npy"], "expected frames in a .npy file"),
        (["state", "intents", "on", "--layer", "2"], "--layer: expected 1 to 1 of intents, got 2"),
        (["state", "intents", "on", "--dark"], "--dark: expected --png FILE"),
        (["state", "ball_snapshot", "x.csv"], "x.csv"),
        (["memory", "intents", "on", "--beside", "characters"], "--beside characters: expected"),
        (
            ["memory", "intents", "on", "--png", "no/such/a.png"],
            "a.png: expected a file in a folder that exists, got no/such",
        ),
        (["tasks", "no-folder"], "no-folder: expected a folder of .safetensors"),
        (["report", "--out", "no/such/a.html"], "expected a file in a folder that exists"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else None,
)
def test_what_cannot_be_explained_is_one_line(arguments: list[str], says: str) -> None:
    done = run(*arguments, code=2)
    assert re.search(says, done.stderr) and done.stderr.count("\n") == 1
    assert not done.stdout


def test_a_state_needs_no_torch_and_memory_says_how_to_get_it() -> None:
    blocked = "import sys; sys.modules['torch'] = None; from streamrnn.cli import main; main()"
    for verb, code in (("state", 0), ("memory", 2)):
        done = subprocess.run(
            [sys.executable, "-c", blocked, "explain", verb, "intents_gru", "turn on"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert ("pip install 'streamrnn[learn]'" in done.stderr) == bool(code)


def test_models_of_another_task_are_refused_before_anything_is_measured(tmp_path: Path) -> None:
    load("adding_rnn").save(tmp_path / "a.safetensors")
    done = run("gates", str(tmp_path), code=2)
    assert "expected models of task intents or characters, got adding" in done.stderr
    (tmp_path / "a.safetensors").unlink()
    load("characters").save(tmp_path / "c.safetensors")
    assert "expected models of task memory" in run("tasks", str(tmp_path), code=2).stderr


def test_report_is_one_page_that_fetches_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    text = 'say "hi" & turn <b>on</b> the light'
    done = run("report", "--out", str(page), "--quick", "--text", text)
    assert done.stdout.strip() == str(page)
    text = page.read_text()
    assert "explain state intents_lstm &#x27;say &quot;hi&quot;" in text
    assert text.count("<svg ") == text.count("</svg>") >= 5
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert "<b>on</b>" not in text  # what was asked for is shown, not obeyed
    for section in re.findall(r'href="#(\w+)"', text.split("</ol>")[0]):
        assert f'<section id="{section}">' in text
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))
