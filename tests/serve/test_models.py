"""What services ask of models, and what they are told where a model is another."""

import subprocess
import sys
from typing import Any

import pytest

from streamrnn.config import AudioConfig, RawConfig
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.serve.models import sound_of, wake_words_of, warm
from tests.conftest import make_model


def test_models_that_fit_tell_what_is_asked_for() -> None:
    assert wake_words_of(load("wake")) == ("alexa", "computer", "jarvis")
    assert sound_of(load("keywords")) == load("keywords").config.frontend
    warm(load("wake"))


STREAMS = """
import numpy as np, streamrnn, tests.serve.wyoming
from streamrnn.serve.models import warm
from tests.serve.wyoming.fresh import forms

model = streamrnn.load("wake")
warm(model)
before = forms()
for dtype in (np.int16, np.float32):
    for rate in (8_000, 16_000, 48_000):
        for count in (1, 160, 20_000):
            stream = model.stream(rate=rate)
            stream.feed(np.zeros(count, dtype))
            stream.flush()
print(forms() - before or "nothing new")
"""


def test_once_a_model_is_warm_no_stream_waits_for_a_kernel() -> None:
    """In a process of its own, where no other test has called any."""
    done = subprocess.run([sys.executable, "-c", STREAMS], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("nothing new\n", "")


NO_DECODER = make_model(frontend=AudioConfig(), decoder=RawConfig(), input_size=40)


@pytest.mark.parametrize("given, told", [("wake", "str 'wake'"), (None, "NoneType None")])
def test_what_is_no_model_is_refused_with_the_way_to_one(given: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=f"expected a streamrnn.Model, got {told}; .*load"):
        wake_words_of(given)


@pytest.mark.parametrize(
    "model, told",
    [
        (load("ball"), "ball: expected a model that hears sound, got one of motion"),
        (load("intents"), "hears sound, got one of text"),
        (NO_DECODER, "expected a model that detects words, got one whose decoder is raw"),
    ],
)
def test_others_are_refused_by_name(model: Model, told: str) -> None:
    with pytest.raises(UnsupportedError, match=told):
        wake_words_of(model)
