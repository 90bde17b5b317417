"""A small model that decides, of random weights, for tests where weights do not matter."""

from typing import Any

from streamrnn.config import DecideConfig, TextConfig
from streamrnn.model import Model
from tests.conftest import make_model

LABELS = ("HassGetWeather", "HassNevermind", "HassStartTimer", "oos")
VOCABULARY = {
    "words": ("turn", "on", "the", "light", "timer", "don't", "0"),
    "characters": ("t", "i", "m", "e", " ", "é", "0"),
}


def deciding_model(unit: Any = "words", **network: Any) -> Model:
    """Decides at the first step that is not outside."""
    return make_model(
        frontend=TextConfig(unit=unit, vocabulary=VOCABULARY[unit]),
        decoder=DecideConfig(labels=LABELS, outside="oos", threshold=0.0, confirm=1),
        input_size=1,
        output_size=len(LABELS),
        encoder="embedding",
        encoder_size=4,
        vocabulary_size=8,
        **{"hidden_size": 16, **network},
    )
