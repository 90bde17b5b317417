"""One whole input for a model, from what is named on the command line."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import MotionConfig, SoundConfig, TextConfig
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.io.sounds import read_sound
from streamrnn.io.tracks import read_track
from streamrnn.learn.explain import WORDS
from streamrnn.model import Model
from streamrnn.tasks.memory.evaluate import TESTED, examples


def read_input(model: Model, source: str) -> tuple[Any, dict[str, Any]]:
    """A whole sequence for a model, and the options to predict it with.

    Raises:
        UnsupportedError: there is no such kind of input for the model.
        SoundError, TrackError, ConfigError: the file cannot be read.
    """
    front = model.config.frontend
    if isinstance(front, TextConfig):
        return source, {}
    if isinstance(front, MotionConfig):
        return read_track(source), {}
    if isinstance(front, SoundConfig):
        sound = read_sound(WORDS if source == "example" else source)
        return sound.samples, {"rate": sound.rate, "channels": sound.samples.shape[1]}
    known = model.card.get("task") == "memory"
    kind, _, number = source.partition(":")
    if known and kind == "example":
        return _example(model, source, number or "0"), {}
    if source.endswith(".npy"):
        try:
            return np.load(source, allow_pickle=False), {}
        except (OSError, ValueError) as error:
            raise ConfigError(f"{source}: expected frames in a .npy file, got: {error}") from error
    raise UnsupportedError(
        f"{source}: expected a .npy file of frames for {model.name}{', or example:N' * known}"
    )


def _example(model: Model, source: str, number: str) -> NDArray[np.float32]:
    """The Nth test sequence of a model's own problem."""
    if not number.isdecimal() or int(number) >= TESTED:
        raise UnsupportedError(f"expected example:0 to example:{TESTED - 1}, got {source}")
    data = model.card["data"]
    return examples(data["problem"], data["length"], int(number) + 1)[-1].frames
