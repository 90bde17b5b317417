"""The trial of the voice assistant: one command by one voice as a process, and what it counts."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from rich.console import Console

from streamrnn.errors import SoundError
from streamrnn.serve.assistant import Answered, Woken
from tests.serve.assistant.speech import DEMOS, synthesised

COMMAND = [sys.executable, str(DEMOS / "assistant_trial.py")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(DEMOS)
    return importlib.import_module("assistant_trial")


def woken(time: float) -> Woken:
    return Woken(time, "computer", 0.9)


def answered(time: float, text: str, intent: str) -> Answered:
    return Answered(time, text, intent, 0.9, {}, "It is 10:42.")


@synthesised
def test_a_plain_question_is_understood_and_counted() -> None:
    done = run("--voice", "en-us", "what time is it", "--json")
    assert done.returncode == 0, done.stderr
    (heard,) = json.loads(done.stdout)
    assert heard["voice"] == "en-us" and heard["woken"] and heard["right"]
    assert heard["text"] == heard["said"] == "what time is it"


@pytest.mark.parametrize("snr", ["nan", "inf", "loud"])
def test_a_level_that_is_none_is_refused(snr: str) -> None:
    done = run("--snr", snr, "what time is it")
    assert done.returncode == 2 and "--snr: " in done.stderr


def test_what_nobody_says_is_refused_with_what_is_said() -> None:
    done = run("sing me a song")
    assert done.returncode == 2 and "what time is it" in done.stderr


TIME = answered(4.0, "what time is it", "HassGetCurrentTime")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([woken(1.5), TIME], (True, "what time is it", True)),
        ([woken(1.5), answered(4.0, "wait a bit", "HassNevermind")], (True, "wait a bit", False)),
        ([woken(1.5), answered(3.0, "never", "HassNevermind"), TIME], (True, TIME.text, True)),
        ([woken(1.5)], (True, "", False)),
        ([woken(0.5), TIME], (False, "", False)),  # noise, before anybody spoke
        ([woken(0.2), answered(0.9, "", ""), woken(1.5), TIME], (True, TIME.text, True)),
        ([woken(0.6), TIME, woken(4.9)], (True, "", False)),
        ([], (False, "", False)),
    ],
)
def test_what_counts_is_what_came_of_the_command(trial: Any, told: Any, found: Any) -> None:
    heard = trial.outcome("en-us", "what time is it", told)
    assert heard == ("en-us", "what time is it", *found)


def test_noise_lies_so_many_decibels_below_speech(trial: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sound = rng.standard_normal(8_000)
    soundfile.write(tmp_path / "noise.wav", 0.1 * sound / abs(sound).max(), 16_000)
    noise = trial.noise_of(str(tmp_path / "noise.wav"))
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(trial.LEVEL, rel=1e-5)
    speech = np.zeros(20_000, np.float32)  # longer than the noise, which goes on from its start
    for snr in (0.0, 20.0):
        heard = trial.room(speech, noise, snr, rng) / 32_767
        level = trial.LEVEL * 10 ** (-snr / 20)
        assert np.sqrt(np.mean(heard**2)) == pytest.approx(level, rel=0.05)
    quiet = trial.room(speech, None, 20.0, rng) / 32_767
    assert np.sqrt(np.mean(quiet**2)) == pytest.approx(trial.QUIET, rel=0.05)
    assert trial.room(speech + 2.0, None, 20.0, rng).min() == 32_767  # too loud is cut, not wrapped
    soundfile.write(tmp_path / "silent.wav", np.zeros(99), 16_000)
    with pytest.raises(SoundError, match="expected a recording of noise, got silence"):
        trial.noise_of(str(tmp_path / "silent.wav"))


def test_the_table_counts_by_voice_and_in_all(trial: Any) -> None:
    heard = [
        trial.Heard("en-us", "next song", True, "next song", True),
        trial.Heard("en-us", "never mind", True, "river", False),
        trial.Heard("en-gb", "next song", False, "", False),
    ]
    console = Console(width=80)
    with console.capture() as shown:
        console.print(trial.table(heard))
    rows = [line.replace("│", " ").split() for line in shown.get().splitlines()]
    for row in (["en-us", "2", "2", "1"], ["en-gb", "1", "0", "0"], ["all", "3", "2", "1"]):
        assert row in rows
