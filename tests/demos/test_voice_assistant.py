"""The voice assistant's demo, as a process that hears files, servers' words and a microphone."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.serve.assistant.speech import DEMOS, QUESTION, samples_of, synthesised
from tests.serve.assistant.stt_server import served
from tests.virtual_microphone import VirtualMicrophone, here, started

COMMAND = [sys.executable, str(DEMOS / "voice_assistant.py")]


@pytest.fixture(scope="module")
def uri() -> Any:
    """A speech-to-text server, so that not every process learns a language model."""
    with served() as found:
        yield found["stream"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_it_answers_a_question_out_of_the_box() -> None:
    done = run("--file", QUESTION, "--now", "10:42")
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first.endswith("listening for alexa, computer, jarvis")
    assert "computer" in lines[0] and lines[-1].strip() == "It is 10:42."
    assert "“what time is it” HassGetCurrentTime" in lines[-2]
    assert any("after word" in line for line in lines)


@synthesised
def test_words_come_from_a_server_and_the_answer_is_spoken(uri: str, tmp_path: Path) -> None:
    spoken = tmp_path / "answer.wav"
    done = run("--file", QUESTION, "--now", "7:05", "--stt", uri, "--json", "--speak", spoken)
    assert done.returncode == 0, done.stderr
    told = objects(done.stdout)
    assert told[0]["listening"] == ["alexa", "computer", "jarvis"]
    assert [each["wake"] for each in told if "wake" in each] == ["computer"]
    assert {"words", "decided"} <= {key for each in told for key in each}
    last = told[-1]
    assert (last["text"], last["intent"]) == ("what time is it", "HassGetCurrentTime")
    assert (last["entities"], last["answer"]) == ({}, "It is 07:05.")
    assert np.abs(samples_of(spoken).astype(int)).max() > 3_000


def test_two_questions_in_one_file_and_none_in_another(uri: str, tmp_path: Path) -> None:
    twice, none = tmp_path / "twice.flac", tmp_path / "none.wav"
    samples = samples_of(QUESTION)
    soundfile.write(twice, np.tile(samples, 2), 16_000)
    soundfile.write(none, samples[28_000:], 16_000)
    done = run("--file", twice, "--now", "10:42", "--stt", uri)
    assert done.stdout.count("It is 10:42.") == 2 and done.stderr == ""
    done = run("--file", none, "--stt", uri)
    assert (done.returncode, done.stdout.count("\n"), done.stderr.count("\n")) == (1, 1, 1)
    assert "no wake word was heard (alexa, computer, jarvis)" in done.stderr


def test_a_file_that_is_cut_short_is_heard_as_far_as_it_goes(uri: str, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.wav", tmp_path / "cut.wav"
    soundfile.write(whole, np.tile(samples_of(QUESTION), 2), 16_000)
    cut.write_bytes(whole.read_bytes()[:-60_000])
    done = run("--file", cut, "--now", "10:42", "--stt", uri)
    assert done.returncode == 2 and done.stdout.count("It is 10:42.") == 1
    assert done.stderr.count("\n") == 1 and "cut short" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--file absent.wav", "expected a file of sound, got: no such file"),
        ("--file {folder}", "expected a file of sound, got: a folder"),
        ("--file {question} --stt http://somewhere", "expected tcp://HOST:PORT"),
        ("--file {question} --wake intents", "expected a model that hears sound"),
        ("--file {question} --intents keywords", "expected a model that reads text"),
    ],
)
def test_what_the_user_can_mend_is_one_line(options: str, told: str, uri: str) -> None:
    arguments = options.format(question=QUESTION, folder=DEMOS).split()
    done = run(*(() if "--stt" in arguments else ("--stt", uri)), *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("streamrnn: ") and told in done.stderr


def test_a_server_that_is_not_there_loses_commands_and_nothing_else(tmp_path: Path) -> None:
    twice = tmp_path / "twice.flac"
    soundfile.write(twice, np.tile(samples_of(QUESTION), 2), 16_000)
    done = run("--file", twice, "--stt", "tcp://127.0.0.1:1", "--json")
    _, *told = objects(done.stdout)
    assert [*map(set, told)] == 2 * [{"wake", "time", "score"}, {"failed", "time"}]
    assert "expected a speech-to-text server" in told[1]["failed"]
    assert (done.returncode, done.stderr) == (1, "")


def test_models_and_file_are_looked_at_before_anything_is_learnt() -> None:
    for options in (("--file", "absent.wav"), ("--intents", "keywords"), ("--wake", "intents")):
        assert "learning" not in run("--file", QUESTION, *options).stderr


def test_it_helps_and_refuses_a_time_that_is_none() -> None:
    assert "--stt URI" in run("--help").stdout
    assert "--now" in run("--now", "25:00").stderr


def lines_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout
    while text not in (line := process.stdout.readline()):
        assert line, "it ended by itself"


@here
def test_a_microphone_is_heard_until_ctrl_c(
    uri: str, device: VirtualMicrophone, tmp_path: Path
) -> None:
    question = tmp_path / "question.wav"
    soundfile.write(question, samples_of(QUESTION), 16_000)
    with started(device, *COMMAND, "--stt", uri, "--now", "10:42") as process:
        assert process.stderr
        lines_until(process, "mic: listening for")
        device.play(question)
        lines_until(process, "It is 10:42.")
        process.send_signal(signal.SIGINT)
        assert (process.stderr.read(), process.wait()) == ("", 130)


@here
def test_a_microphone_that_vanishes_is_one_line(uri: str, device: VirtualMicrophone) -> None:
    with started(device, *COMMAND, "--stt", uri) as process:
        assert process.stderr
        lines_until(process, "mic: listening for")
        device.stop()
        told = process.stderr.read()
        assert process.wait() == 2
        assert "unplugged" in told and told.splitlines()[-1].startswith("streamrnn: ")
        assert "Traceback" not in told
