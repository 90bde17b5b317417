"""How a network is trained, as plain immutable records, read from TOML."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from streamrnn.config import Record, convert
from streamrnn.errors import ConfigError
from streamrnn.records import read_toml


class TrainConfig(Record, frozen=True):
    """How a network is trained."""

    start: str = ""
    """A model whose weights to begin with, a bundled name or a file; by default random ones."""
    epochs: int = 10
    """Passes over the training data; data that a simulator makes is new in each."""
    batch_size: int = 64
    """Streams trained side by side."""
    window: int = 64
    """Steps from one weight update to the next; the state is carried over, gradients are not.
    0: whole sequences, and gradients through all of them."""
    learning_rate: float = 2e-3
    """Of AdamW, at its highest."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Over the whole of training."""
    warmup: int = 100
    """Updates over which the learning rate rises from 0."""
    weight_decay: float = 0.0
    """Share of each weight taken off an update, times the learning rate (AdamW)."""
    dropout: float = 0.0
    """Between layers, in training only."""
    dropout_input: float = 0.0
    """Behind the encoder, likewise: of an embedding, which has a row for each word to learn."""
    dropout_output: float = 0.0
    """Before the head, likewise."""
    dropout_recurrent: float = 0.0
    """Of the weights from hidden state to hidden state, drawn anew for each update."""
    remember: int = 0
    """Over how many steps the gates of a GRU or LSTM are to remember to begin with; 0: a few. Other
    cells have no gates."""
    clip: float = 1.0
    """Largest norm of the gradient of all weights together."""
    patience: int = 5
    """Epochs without a better validation loss before training stops; 0: never stop early."""
    goal: float = 0.0
    """Validation loss that is good enough: training stops below it. 0: none is."""
    updates: int = 0
    """Weight updates that make an epoch; 0: as many as the task's sequences give."""
    endless: bool = False
    """Join sequences without a fresh state between them, to learn a stream that never ends."""
    ema: float = 0.0
    """Decay of the moving average of the weights that is validated and kept; 0: none."""
    seed: int = 0
    """Of weights, dropout and data: the same seed and threads give the same bits."""
    threads: int = 0
    """torch's threads; 0: torch's own choice."""
    worker: Literal["process", "thread", "none"] = "process"
    """What makes the data beside the training loop."""
    checkpoint_minutes: float = 2.0
    """Longest time between checkpoints; each epoch ends with one in any case."""

    def __post_init__(self) -> None:
        """Refuse values that nothing can be trained with."""
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"train.{name}: expected at least 1, got {getattr(self, name)}")
        if self.endless and not self.window:
            raise ConfigError("train.window: expected at least 1 with train.endless, got 0")
        for name in ("learning_rate", "clip", "checkpoint_minutes"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ConfigError(f"train.{name}: expected more than 0, got {getattr(self, name)}")
        natural = ("window", "warmup", "weight_decay", "patience", "remember", "goal", "updates")
        for name in (*natural, "seed", "threads"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"train.{name}: expected 0 or more, got {getattr(self, name)}")
        for name in ("dropout", "dropout_input", "dropout_output", "dropout_recurrent", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"train.{name}: expected 0 to below 1, got {getattr(self, name)}")


class Experiment(Record, frozen=True):
    """One training run: `streamrnn train FILE.toml`."""

    name: str
    """The name of the model."""
    task: str
    """Which task makes the data: a module of `streamrnn.tasks`."""
    network: dict[str, Any]
    """Keys of `NetworkConfig`; the task fills in the sizes that its data fixes."""
    train: TrainConfig = TrainConfig()
    data: dict[str, Any] = {}
    """The task's own keys, which it checks."""


def load_experiment(path: str | Path, overrides: tuple[str, ...] = ()) -> Experiment:
    """Read a training configuration.

    Args:
        path: a TOML file with the keys of `Experiment`.
        overrides: `section.key=value` in TOML's own notation of values (`train.epochs=3`);
            a value that is no TOML is taken as a string.

    Raises:
        ConfigError: the file is absent or no TOML, or a key is unknown or of the wrong type; the
            message begins with the file, or the override, that has it.
    """
    tree = read_toml(path)
    experiment = convert(tree, Experiment, where=str(path))
    for override in overrides:
        _set(tree, override)
        experiment = convert(tree, Experiment, where=f"--set {override}")
    return experiment


def _set(tree: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set: expected section.key=value, got {override!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, last = key.strip().split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
        if type(tree) is not dict:
            raise ConfigError(f"--set {override}: {section} is a value, expected a section")
    tree[last] = value
