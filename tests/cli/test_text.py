"""Text on the command line: streamed, sampled and scored."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamrnn
from streamrnn.sampling import sample
from tests.test_sampling import made

COMMAND = [sys.executable, "-c", "from streamrnn.cli import main; main()"]


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, check=False)


def objects(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "letters.txt"
    path.write_text("F G日HI\nZYX", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a model of characters that is sure of itself."""
    return str(made(8.0).save(tmp_path_factory.mktemp("model") / "made.safetensors"))


def test_a_file_and_standard_input_give_one_object_a_character(text: Path) -> None:
    steps = objects(run("stream", "alphabet", str(text), "--json"))
    said = streamrnn.load("alphabet").predict(text.read_text(encoding="utf-8"))
    assert [step["position"] for step in steps] == list(range(1, 11))
    assert [step["label"] for step in steps] == list(said.labels or ())
    assert said.scores is not None
    assert [step["score"] for step in steps] == said.scores.tolist()
    assert objects(run("stream", "alphabet", "-", "--json", stdin=text.read_bytes())) == steps


def test_bytes_are_answered_as_they_come_cut_in_mid_character() -> None:
    with subprocess.Popen(
        [*COMMAND, "stream", "alphabet", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("F日".encode()[:2])
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["position"] == 1
        process.stdin.write("日G".encode()[1:])
        process.stdin.close()
        assert json.loads(process.stdout.readline())["position"] == 2
        assert json.loads(process.stdout.readline())["label"] == "H"
        assert process.wait() == 0


def test_a_person_reads_a_line_a_step(text: Path) -> None:
    done = run("stream", "alphabet", str(text))
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 10
    assert lines[4].split() == ["5", "H", "→", "I", "100%"]
    assert lines[1].split()[1] == "␣" and lines[6].split()[1] == "␊"
    assert done.stderr == b"streamrnn: 3 of 10 characters are unknown to alphabet\n"
    assert run("stream", "alphabet", "-", stdin=b"ABC").stderr == b""


def test_bytes_that_are_no_text_are_refused_or_replaced() -> None:
    done = run("stream", "alphabet", "-", stdin=b"AB\xff")
    assert done.returncode == 2 and b"expected UTF-8" in done.stderr
    done = run("stream", "alphabet", "-", stdin=b"AB\xe6\x97")
    assert done.returncode == 2 and b"got 0xe6 0x97 at byte 2 (unexpected end" in done.stderr
    done = run("stream", "alphabet", "-", "--replace", stdin=b"AB\xff\xe6")
    assert done.returncode == 0 and done.stdout.count(b"\n") == 4


def test_what_is_printed_is_what_was_read_where_bytes_are_replaced(tmp_path: Path) -> None:
    data = b"AB\xed\xa0C\xed\xa0\x80DE\xe6\x97"
    path = tmp_path / "bad.txt"
    path.write_bytes(data)
    text = data.decode(errors="replace")
    said = streamrnn.load("alphabet").predict(text)
    for source, stdin in ((str(path), b""), ("-", data)):
        done = run("stream", "alphabet", source, "--replace", stdin=stdin)
        lines = [line.split()[:2] for line in done.stdout.decode().splitlines()]
        assert lines == [[str(n), character] for n, character in enumerate(text, 1)]
        steps = objects(run("stream", "alphabet", source, "--replace", "--json", stdin=stdin))
        assert [step["label"] for step in steps] == list(said.labels or ())


def test_a_prompt_that_ends_in_mid_character_is_refused_or_replaced(written: str) -> None:
    options = ("stream", written, "-", "--sample", "5", "--seed", "3")
    done = run(*options, stdin=b"ab\xc3")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1
    assert b"prompt: expected whole characters" in done.stderr
    told = "".join(sample(streamrnn.load(written).stream(), "ab\ufffd", 5, seed=3))
    assert run(*options, "--replace", stdin=b"ab\xc3").stdout.decode() == told + "\n"


def test_a_sample_is_the_librarys_wherever_the_prompt_comes_from(
    tmp_path: Path, written: str
) -> None:
    model, prompt = streamrnn.load(written), "abba baé 日ab"
    told = "".join(sample(model.stream(), prompt, 60, temperature=0.7, seed=5))
    options = ("--sample", "60", "--temperature", "0.7", "--seed", "5")
    done = run("stream", written, *options, "--prompt", prompt)
    assert done.stdout.decode() == prompt + told + "\n"
    path = tmp_path / "begin.txt"
    path.write_text(prompt[:9])
    done = run("stream", written, str(path), *options, "--prompt", prompt[9:])
    assert done.stdout.decode() == prompt[9:] + told + "\n"
    done = run("stream", written, "-", *options, "--json", stdin=prompt.encode())
    steps = objects(done)
    assert "".join(step["label"] for step in steps) == told
    assert [step["position"] for step in steps] == list(range(len(prompt) + 1, len(prompt) + 61))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("stream", "alphabet"), "or --sample"),
        (("stream", "ball"), "expected a source for ball, got none; name a file or -"),
        (("stream", "keywords"), "got none; name a file, mic, or -"),
        (("stream", "intents"), "got none; name a file or -"),
        (("stream", "alphabet", "absent.txt"), "absent.txt"),
        (("stream", "alphabet", "-", "--prompt", "A"), "expected --sample N"),
        (("stream", "alphabet", "--sample", "3"), "at least one character"),
        (("stream", "ball", "x.csv", "--sample", "3"), "--sample: expected a model of characters"),
        (("stream", "alphabet", "-", "--temperature", "0"), "--temperature: expected --sample N"),
        (("stream", "alphabet", "-", "--seed", "0", "--prompt", "A"), "--prompt, --seed: expected"),
        (("stream", "alphabet", "-", "--view"), "--view: expected something to draw"),
        (("stream", "intents", "-", "--replace"), "--replace: expected a model of characters"),
        (("stream", "intents", "x.txt", "--view"), "--view: expected something to draw"),
        (("evaluate", "alphabet", "x.txt"), "expected no file"),
        (("evaluate", "ball"), "expected recordings for ball"),
        (("evaluate", "ball", "x.csv", "--train", "y.txt"), "--train"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], told: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_evaluate_scores_the_alphabet_without_a_file() -> None:
    (scores,) = objects(run("evaluate", "alphabet", "--json"))
    assert scores["forwards"]["2"] == scores["backwards"]["2"] == 1.0
    assert set(scores["baselines"]) == {"alphabet_forwards", "alphabet_backwards"}
    assert "by how many were heard" in run("evaluate", "alphabet").stdout.decode()


def test_evaluate_scores_characters_beside_a_5_gram(tmp_path: Path, written: str) -> None:
    done = run("evaluate", written)
    assert done.returncode == 2 and b"expected a file of text" in done.stderr
    done = run("evaluate", written, "absent.txt")
    assert done.returncode == 2 and b"absent.txt" in done.stderr
    path, other = tmp_path / "text.txt", tmp_path / "other.txt"
    whole = "".join(sample(streamrnn.load(written).stream(), "ab", 3000, seed=1))
    path.write_text(whole)
    done = run("evaluate", written, str(path), "--json")
    (scores,) = objects(done)
    assert done.stderr == b""  # a bar is for a terminal
    assert scores["n"] == 299
    model, scored = streamrnn.load(written), whole[2700:]
    probable = model.predict(scored).probabilities
    assert probable is not None
    goals = [model.labels.index(character) for character in scored[1:]]
    bits = -np.log2(probable[np.arange(299), goals]).mean()
    # Sums of 6 exponentials in another order, and of 299 logarithms.
    assert scores["bits_per_character"] == pytest.approx(bits, rel=1e-6)
    assert 0.0 < scores["baselines"]["5-gram"] < np.log2(6)  # it has learnt something
    path.write_text(whole[2700:])
    other.write_text(whole[:2700])
    done = run("evaluate", written, str(path), "--train", str(other), "--json")
    assert objects(done) == [scores]
    assert "bits per character" in run("evaluate", written, str(path)).stdout.decode()


def test_train_a_small_model_of_characters(tmp_path: Path) -> None:
    path, out = tmp_path / "text.txt", tmp_path / "small.safetensors"
    path.write_text("the cat sat on the mat. " * 200)
    config = Path(__file__).parents[2] / "configs" / "characters.toml"
    sets = ["train.epochs=1", "train.updates=3", "network.hidden_size=8", f"data.text={path}"]
    arguments = [part for pair in sets for part in ("--set", pair)]
    done = run("train", str(config), *arguments, "--out", str(out), "--run", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr.decode()
    scores = streamrnn.load(out).card["scores"]
    assert {"bits_per_character", "n", "baselines"} <= scores.keys()
