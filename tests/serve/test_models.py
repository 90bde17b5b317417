"""What services ask of models, and what they are told where a model is another."""

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
