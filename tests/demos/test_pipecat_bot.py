"""The Pipecat bot's demo, as a process that hears files and tells what happens, and when."""

import re
import signal
import subprocess
import sys

import pytest

from tests.serve.assistant.speech import DEMOS, QUESTION


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMOS / "pipecat_bot.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("given", [("--said", "what time is it"), ()])
def test_it_is_called_and_knows_what_is_asked_for(given: tuple[str, ...]) -> None:
    """By words that are given, and by those that this machine hears."""
    done = run(*given)
    assert done.returncode == 0, done.stderr
    lines = [re.fullmatch(r" +([\d.]+) s  (.+)", line) for line in done.stdout.splitlines()]
    times = [float(line[1]) for line in lines if line]
    told = [re.sub(r" \d+%", "", line[2]) for line in lines if line]
    assert len(told) == len(lines) and times == sorted(times)
    order = [
        "called: computer",
        "the user's turn begins",
        "so far HassGetCurrentTime",
        "quiet",
        "HassGetCurrentTime",
        "“what time is it”",
        "the user's turn ends",
    ]
    assert [each for each in told if each in order] == order
    assert told[0] == "speech" and 1.5 < times[told.index("called: computer")] < 2.0


def test_without_a_wake_word_nothing_is_heard() -> None:
    done = run("--file", DEMOS / "utterance.flac", "--said", "turn on the light")
    assert done.returncode == 0, done.stderr
    assert {line.split()[-1] for line in done.stdout.splitlines()} == {"speech", "quiet"}


def test_it_ends_when_it_is_told_to_while_it_listens() -> None:
    command = [sys.executable, "-u", str(DEMOS / "pipecat_bot.py"), "--said", "what time is it"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as bot:
        assert bot.stdout
        assert any("turn begins" in line for line in bot.stdout)
        bot.send_signal(signal.SIGINT)
        try:
            _, told = bot.communicate(timeout=60)
        finally:
            bot.kill()
    assert bot.returncode == 130 and "Traceback" not in told and "pending" not in told


def test_a_file_that_is_none_is_told_in_a_line() -> None:
    done = run("--file", QUESTION.with_name("absent.flac"))
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2 and done.stdout == ""
    assert (
        last.startswith("streamrnn: ") and "no such file" in last and "Traceback" not in done.stderr
    )
