"""Every demo runs as the README says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEMOS = Path(__file__).parents[1] / "demos"


def run(name: str, *arguments: str) -> str:
    command = [sys.executable, str(DEMOS / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_control_flow_prints_a_line_a_step() -> None:
    assert run("control_flow.py").count("\n") == 5


def test_ball_compares_two_flights_with_what_then_happened() -> None:
    out = run("ball.py")
    assert out.count("what was foreseen against what then happened") == 2
    assert "physics" in out  # the one in metres has its own filter


def test_ball_takes_a_track(tmp_path: Path) -> None:
    rows = "\n".join(f"{i / 30:.4f},{10 * i},{i * i}" for i in range(40))
    (tmp_path / "track.csv").write_text(f"time_s,x,y\n{rows}\n")
    assert "heading" in run("ball.py", str(tmp_path / "track.csv"))


def test_alphabet_is_unsure_after_one_letter_and_sure_after_two(tmp_path: Path) -> None:
    out = run("alphabet.py", "--png", str(tmp_path / "states.png"))
    rows = [line.split() for line in out.splitlines() if line.startswith("  ")]
    told = {row[0]: [cell for cell in row if cell.endswith("%")] for row in rows if row}
    assert all(49.0 <= float(share[:-1]) <= 51.0 for share in told["F"])
    assert told["G"] == ["0.0%", "100.0%"] and told["E"] == ["100.0%", "0.0%"]
    assert "alphabet_backwards" in out
    assert (tmp_path / "states.png").read_bytes().startswith(b"\x89PNG")
    assert "B ████████████████████ 100.0%" in run("alphabet.py", "a")


def test_audio_hears_most_of_the_words_and_nothing_else(tmp_path: Path) -> None:
    spoken = ["yes", "no", "up", "down", "left", "right", "stop"]
    out = run("audio.py", "--png", str(tmp_path / "heard.png"))
    heard = [line.split()[2] for line in out.splitlines() if " s  " in line]
    assert heard == [word for word in spoken if word in heard]  # in order, none twice
    assert len(heard) >= 5
    assert (tmp_path / "heard.png").read_bytes().startswith(b"\x89PNG")


def test_microphone_takes_a_file_and_hears_what_audio_hears() -> None:
    by_file = [line.split()[2] for line in run("audio.py").splitlines()]
    out = run("microphone.py", "--file", str(DEMOS / "utterance.flac"))
    assert [line.split()[2] for line in out.splitlines()[1:]] == by_file


def test_learning_curve_tells_where_the_line_leads(tmp_path: Path) -> None:
    scores, picture = tmp_path / "scores.jsonl", tmp_path / "curve.png"
    lines = [
        {"accuracy": a, "n": 599, "learnt": {"clips": 15 * n, "speakers": n}}
        for a, n in ((0.8, 20), (0.87, 40), (0.91, 75), (0.94, 150))
    ]
    scores.write_text("\n".join(json.dumps(line) for line in lines))
    out = run("learning_curve.py", str(scores), "--png", str(picture))
    assert out.count("right") == 4 and out.count("extrapolated") == 2
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_chatbot_types_a_sentence_by_itself(tmp_path: Path) -> None:
    out = run("chatbot.py", "what time is it?", "--png", str(tmp_path / "words.png"))
    assert out.count("what") == 4 + 1  # a picture a word, and the answer
    assert "HassGetCurrentTime" in out and "◆" in out
    assert re.search(r"^It is [0-2]\d:[0-5]\d\.$", out, re.MULTILINE)
    assert (tmp_path / "words.png").read_bytes().startswith(b"\x89PNG")


def test_chatbot_answers_lines() -> None:
    command = [sys.executable, str(DEMOS / "chatbot.py")]
    lines = "set a timer for ten minutes\nwhat is the weather like\n"
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    timer, weather = done.stdout.splitlines()
    assert "The timer of 10 minutes runs" in timer and "no forecast" in weather


@pytest.mark.parametrize(
    "command",
    [
        "alphabet.py --model intents",
        "alphabet.py --model characters",
        "alphabet.py --png absent/states.png",
        "audio.py {text}",
        "audio.py --model intents",
        "audio.py --png {text}",
        "ball.py {text}",
        "ball.py --model keywords",
        "ball.py --gif absent/flight.gif",
        "chatbot.py hello --model ball",
        "chatbot.py hello --png absent/words.png",
        "learning_curve.py {text} --png curve.png",
        "microphone.py --file {text}",
        "microphone.py --model ball --file {text}",
    ],
)
def test_what_the_user_can_mend_is_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("no sound, no track")
    name, *arguments = command.format(text="some.txt").split()
    done = subprocess.run(
        [sys.executable, str(DEMOS / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("streamrnn: ") and "expected" in done.stderr


@pytest.mark.parametrize("options", [("--png", "words.png"), ("hello", "--dark")])
def test_chatbot_refuses_to_draw_nothing(options: tuple[str, ...]) -> None:
    command = [sys.executable, str(DEMOS / "chatbot.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "expected" in done.stderr


def test_memory_fades_word_by_word(tmp_path: Path) -> None:
    out = run("memory.py", "--png", str(tmp_path / "memory.png"))
    rows = [line.split(", ") for line in out.splitlines() if line.startswith("   ")]
    assert len(rows) == 3 * 4  # three networks, four words
    for row in rows:
        shares = [float(told.split()[-1].strip("%")) for told in row]
        assert abs(sum(shares) - 100.0) <= 0.5 * len(row)
    for last in rows[3::4]:
        assert "what 2" in last[0] or "what 1" in last[0]  # of 100 % at first
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG")


def test_the_gradient_vanishes_but_through_open_gates(tmp_path: Path) -> None:
    out = run("vanishing_gradient.py", "--steps", "200", "--png", str(tmp_path / "g.png"))
    left = {line[:24].strip(): float(line.split()[-3]) for line in out.splitlines()[:-1]}
    assert left.keys() >= {"RNN", "GRU", "LSTM"}
    assert all((share > 1e-2) == ("open" in name) for name, share in left.items())
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")


def test_replay_says_the_same_again(tmp_path: Path) -> None:
    out = run("replay.py", "--record", str(tmp_path / "heard.mcap"))
    assert out.count("the same bits") == 2
    heard = [line.split()[2] for line in run("audio.py").splitlines()]
    table = out.split("wake, now")[1].split()
    assert [word for word in table if word in heard] == heard
    assert (tmp_path / "heard.mcap").exists()
