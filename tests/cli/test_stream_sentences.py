"""`streamrnn stream` of sentences: typed in a true terminal, and lines from a pipe."""

import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from streamrnn.cli.stream_sentences import HINT, pieces, unwrap
from streamrnn.loading import load
from streamrnn.model import Model
from tests import conftest
from tests.sentences import deciding_model

COMMAND = [sys.executable, "-c", "from streamrnn.cli import main; main()", "stream"]
PATIENCE = 120.0  # seconds; kernels may have to be compiled


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small model, as a file."""
    return str(deciding_model().save(tmp_path_factory.mktemp("models") / "made.safetensors"))


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, check=False)


def objects(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


class Terminal:
    """A pseudo-terminal with the real command line in it."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24) -> None:
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self._theirs)
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            environment.pop(name, None)
        end = self._theirs
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment, stdin=end, stdout=end, stderr=end
        )
        self.seen = ""

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read(self) -> None:
        """Take what came, without colours."""
        if select.select([self._ours], [], [], 0.1)[0]:
            data = os.read(self._ours, 65_536).decode(errors="replace")
            self.seen = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", self.seen + data)

    def wait_for(self, text: str) -> str:
        """Read until a text is seen; give what came up to its end."""
        until = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < until, f"{text!r} not in {self.seen!r}"
            self.read()
        found, _, self.seen = self.seen.partition(text)
        return found + text

    def end(self) -> int:
        """Read until the command's end; give its exit code. The terminal is as it was."""
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < until
            self.read()
        self.read()
        assert termios.tcgetattr(self._theirs) == self.before
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


def test_a_sentence_with_a_mistake_is_typed_mended_and_answered(path: str) -> None:
    with Terminal(path, "-") as terminal:
        terminal.wait_for(HINT)
        terminal.type("turn om")
        terminal.wait_for("› turn om▏")
        terminal.type("\x7f\x7fon the light\x1b[D")
        terminal.wait_for("› turn on the light▏")
        seen = terminal.wait_for(HINT)
        assert seen.count("%") >= 3 + 4  # three words are known, and four bars
        terminal.type("\r")
        said = load(path).predict("turn on the light")
        assert said.labels is not None and said.scores is not None
        terminal.wait_for("› turn on the light\r\n")
        terminal.wait_for(f"  {said.labels[-1]} {said.scores[-1]:.0%}, decided at word ")
        terminal.wait_for("of 4: ")
        terminal.type("\x04")
        assert terminal.end() == 0


def test_enter_and_clear_make_it_fresh_and_the_end_answers_what_is_left(path: str) -> None:
    said = load(path).predict("turn on")[-1]
    with Terminal(path, "-", columns=60, rows=20) as terminal:
        terminal.wait_for(HINT)
        terminal.type("  \r")  # no word, no answer
        terminal.type("the timer\x15turn on\rturn on\x04")
        for _ in range(2):
            seen = terminal.wait_for("› turn on\r\n")
            assert "› the" not in seen.split("▏")[-1]
            terminal.wait_for(f"{said.label} {said.score:.0%}, decided")
        assert terminal.end() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(
    path: str, number: signal.Signals, code: int
) -> None:
    with Terminal(path, "-") as terminal:
        terminal.wait_for(HINT)
        terminal.type("turn o")
        terminal.wait_for("› turn o▏")
        terminal.process.send_signal(number)
        assert terminal.end() == code


def test_the_bundled_model_tells_the_time() -> None:
    with Terminal("intents", "-") as terminal:
        terminal.wait_for(HINT)
        terminal.type("what tome\x7f\x7f\x7fime is it?")
        terminal.wait_for("› what time is it?▏")
        terminal.type("\r")
        terminal.wait_for("› what time is it?\r\n")
        terminal.wait_for("HassGetCurrentTime")
        terminal.wait_for("It is ")
        terminal.type("\x04")
        assert terminal.end() == 0
        assert re.match(r"[0-2]\d:[0-5]\d\.", terminal.seen)


TEXT = "Turn on\nthe  light, don't\r\n\n?! 🎉\n\ufffd שלום\x00\x1b[2J 7:30\ntimer"


@pytest.mark.parametrize("by", ["pipe", "file"])
def test_json_has_an_object_a_step_and_one_a_sentence(path: str, by: str, tmp_path: Path) -> None:
    data = TEXT.encode().replace("\ufffd".encode(), b"\xe2\x82")
    (tmp_path / "said.txt").write_bytes(data)
    source = "-" if by == "pipe" else str(tmp_path / "said.txt")
    done = run(path, source, "--json", stdin=data)
    assert (done.returncode, done.stderr) == (0, b"")
    told = objects(done.stdout)
    model = load(path)
    for line in re.split("\r?\n", TEXT):
        said = model.predict(line)
        steps, told = told[: len(said)], told[len(said) :]
        for number, (step, each) in enumerate(zip(steps, said, strict=True)):
            assert (step["position"], step["word_index"]) == (each.position, number)
            assert (step["label"], step["score"]) == (each.label, each.score)  # to the bit
            assert step["event"] == each.event
            shares = step["probabilities"]
            assert len(shares) == 4 and sum(shares.values()) == pytest.approx(1.0)
            assert next(iter(shares.items())) == (each.label, each.score)
        sentence, *told = told
        assert sentence["sentence"] == line and sentence["characters"] == len(line)
        assert sentence["words"] == len(said)
        if len(said):
            assert (sentence["label"], sentence["score"]) == (said[-1].label, said[-1].score)
            assert sentence["answer"]
        else:
            assert sentence["label"] is sentence["answer"] is None
        decided = [step for step in steps if step["event"] == "decided"]
        keys = ("position", "word_index", "word", "label", "score")
        assert sentence["decided"] == next(({k: d[k] for k in keys} for d in decided), None)
    assert told == []


def test_a_person_has_a_line_a_sentence_that_moves_no_terminal(path: str) -> None:
    done = run(path, "-", stdin=TEXT.encode())
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert [line.split("  |  ")[0] for line in lines] == [
        "Turn on",
        "the  light, don't",
        "?! 🎉",
        "\ufffd שלום␀␛[2J 7:30",
        "timer",
    ]
    assert all(len(line.split("  |  ")) == 3 for line in lines)
    assert "no word in it" in lines[2] and b"\x1b" not in done.stdout


def test_steps_come_before_the_pipe_closes(path: str) -> None:
    with subprocess.Popen(
        [*COMMAND, path, "-", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for cut in (b"turn on t", b"he"):
            process.stdin.write(cut)
            process.stdin.flush()
            if cut == b"turn on t":
                assert json.loads(process.stdout.readline())["word"] == "turn"
                assert json.loads(process.stdout.readline())["word"] == "on"
        process.stdin.close()
        assert json.loads(process.stdout.readline())["word"] == "the"
        assert json.loads(process.stdout.readline())["sentence"] == "turn on the"


@pytest.mark.parametrize("line", [b"x" * 1_000_000, b"\x00 " * 500_000, b"on the " * 20_000])
def test_a_long_line_is_a_sentence(path: str, line: bytes) -> None:
    model: Model = load(path)
    done = run(path, "-", stdin=line + b"\nturn on\n")
    long, short = done.stdout.decode().splitlines()
    assert f"({len(line)} characters)" in long
    assert short.startswith(f"turn on  |  {model.predict('turn on')[-1].label}")
    assert len(long) < 500


def test_what_cannot_be_read_is_one_line_and_exit_code_2(path: str, tmp_path: Path) -> None:
    for arguments in (
        (path, str(tmp_path / "absent.txt")),
        (path, "-", "--view"),
    ):
        done = run(*arguments)
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1
        assert b"expected a" in done.stderr


def joined(parts: Iterator[tuple[str, bool]]) -> list[str]:
    lines = [""]
    for text, ended in parts:
        lines[-1] += text
        lines += [""] * ended
    return lines


@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", "é🎉".encode(), b"\xe2\x82", b"\xff"])),
    st.lists(st.integers(0, 99), max_size=6),
)
def test_bytes_may_be_cut_anywhere(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    text = data.decode(errors="replace").removesuffix("\r")
    lines = re.split("\r?\n", text)  # of several \r before \n, the last belongs to the end
    assert joined(pieces(conftest.pieces(data, cuts))) == lines


@given(st.lists(st.integers(0, 60), min_size=1), st.integers(20, 60), st.integers(20, 60))
def test_lines_that_a_narrower_terminal_wrapped_are_taken_back(
    lengths: list[int], before: int, now: int
) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=now, _environ={})
    unwrap(console, Text("\n".join("x" * length for length in lengths)), before)
    assert isinstance(console.file, io.StringIO)
    rows = sum(len(range(now, min(length, before), now)) for length in lengths)
    assert console.file.getvalue() == "\x1b[2K\x1b[1A" * rows


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_either_line_end_is_read_alike(path: str, end: str) -> None:
    objects_of = [
        objects(run(path, "-", "--json", stdin=f"turn on{e}{e}the light{e}".encode()).stdout)
        for e in ("\n", end)
    ]
    assert objects_of[0] == objects_of[1]
