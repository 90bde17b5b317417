"""The trial of the voice assistant, as a process: one command by one voice."""

import json
import subprocess
import sys

from tests.serve.assistant.speech import DEMOS, synthesised

COMMAND = [sys.executable, str(DEMOS / "assistant_trial.py")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


@synthesised
def test_a_plain_question_is_understood_and_counted() -> None:
    done = run("--voice", "en-us", "what time is it", "--json")
    assert done.returncode == 0, done.stderr
    (heard,) = json.loads(done.stdout)
    assert heard["voice"] == "en-us" and heard["woken"] and heard["right"]
    assert heard["text"] == heard["said"] == "what time is it"


def test_what_nobody_says_is_refused_with_what_is_said() -> None:
    done = run("sing me a song")
    assert done.returncode == 2 and "what time is it" in done.stderr
