"""What services ask of models, and what they are told where a model is another."""

import pytest

from streamrnn.config import AudioConfig, RawConfig
from streamrnn.errors import UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.serve.models import sound_of, wake_words_of, warm
from tests.conftest import make_model


def test_models_that_fit_tell_what_is_asked_for() -> None:
    assert wake_words_of(load("wake")) == ("alexa", "computer", "jarvis")
    assert sound_of(load("keywords")) == load("keywords").config.frontend
    warm(load("wake"))


NO_DECODER = make_model(frontend=AudioConfig(), decoder=RawConfig(), input_size=40)


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
