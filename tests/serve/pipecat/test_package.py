"""Pipecat is imported where it is asked for, and its absence is told."""

import asyncio
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pipecat.frames.frames import UserStartedSpeakingFrame
from pipecat.processors.aggregators.llm_context import LLMContext

import streamrnn.serve.pipecat
from streamrnn.serve import pipecat
from streamrnn.serve.pipecat import WakeWordFrame
from tests.serve.pipecat.bot import Until, frames, recorded, through
from tests.test_readme import python_of, ways

ROOT = Path(streamrnn.__file__).parents[1]


def python(code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pipecat_is_imported_by_nothing_else() -> None:
    code = "import sys, streamrnn.serve, streamrnn.cli; streamrnn.load('wake'); print(*sys.modules)"
    assert "pipecat" not in {name.split(".")[0] for name in python(code).split()}


def test_it_comes_without_warnings_and_without_what_it_does_not_need() -> None:
    loaded = python("import sys; from streamrnn.serve.pipecat import *; print(*sys.modules)")
    assert not {"torch", "onnxruntime", "openai"} & {n.split(".")[0] for n in loaded.split()}


def test_its_absence_is_told() -> None:
    code = """
import sys
class Without:
    def find_spec(self, name, *_):
        if name == "pipecat":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Without())
from streamrnn.errors import UnsupportedError
try:
    import streamrnn.serve.pipecat
except UnsupportedError as error:
    print(error)
"""
    assert "expected pipecat-ai to be installed; pip install 'streamrnn[pipecat]'" in python(code)


def test_templates_are_read_before_the_first_word() -> None:
    code = """
import hassil, streamrnn
from streamrnn.serve.pipecat import IntentProcessor
from streamrnn.tasks.intents.entities import entities
IntentProcessor(streamrnn.load("intents"))
hassil.Intents.from_dict = None
print(entities("turn on the kitchen lights", "HassTurnOn"))
"""
    assert python(code) == "{'area': 'kitchen', 'domain': 'light'}\n"


def test_what_is_public_is_there() -> None:
    assert all(hasattr(pipecat, name) for name in pipecat.__all__)


def test_the_readmes_bot_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With stand-ins for what a bot has already, each of which lets frames through."""
    (block,) = python_of(ways()["A Pipecat bot"])
    has: dict[str, Any] = {name: Until() for name in ("stt", "llm", "tts")}
    has |= {"context": LLMContext(), "transport": SimpleNamespace(input=Until, output=Until)}
    monkeypatch.chdir(str(files("pipecat.audio.vad.data")))  # where silero_vad.onnx lies
    exec(block, has)
    bot = asyncio.run(through(has["bot"], frames(recorded("question"))))
    assert [frame.label for frame in bot.of(WakeWordFrame)] == ["computer"]
    assert bot.of(UserStartedSpeakingFrame) and bot.errors == []
