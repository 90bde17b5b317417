"""What many trained networks were worth, from the cards in their files.

Training them takes hours; so the tables that come with the package are read from JSON beside this
file, and each row has the command that trained its network.
"""

import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from streamrnn.errors import ModelFileError, UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model

COMMITTED = Path(__file__).parent
CHECKPOINT = "checkpoint.safetensors"


class Trained(msgspec.Struct, kw_only=True, frozen=True):
    """A network and what it was worth."""

    task: str
    """Whose data it learnt: of `memory` the problem, else the task."""
    cell: str
    """Its cell."""
    hidden_size: int
    """Elements of its state."""
    weights: int
    """Its weights, without an embedding."""
    seed: int
    """Of weights and data."""
    score: float
    """Of `memory` the share that was right; else what `MEASURES` says."""
    steps: int
    """Steps of the network that it learnt from."""
    command: str
    """What trains it."""
    length: int = 0
    """Of a problem's sequences."""
    further: dict[str, float] = {}
    """The share that was right at other lengths."""


class Spread(msgspec.Struct, kw_only=True, frozen=True):
    """Scores of several seeds."""

    mean: float
    """Of the scores."""
    low: float
    """The least."""
    high: float
    """The greatest."""
    runs: int
    """How many."""


MEASURES = {
    "intents": "sentences right, of phrases left out",
    "characters": "bits a character, less is better",
}
"""What the score of a task is."""


def spread(scores: Iterable[float]) -> Spread:
    """Mean, least and greatest.

    >>> spread([0.5, 1.0])
    Spread(mean=0.75, low=0.5, high=1.0, runs=2)
    """
    values = list(scores)
    low, high = min(values), max(values)
    mean = min(max(statistics.fmean(values), low), high)  # rounding may take it past an end
    return Spread(mean=mean, low=low, high=high, runs=len(values))


def trained(model: Model) -> Trained:
    """What a model's card tells.

    Raises:
        UnsupportedError: it was not trained for one of these tasks.
    """
    card, network = model.card, model.config.network
    task = card.get("task")
    try:
        if task not in ("memory", *MEASURES) or model.weights is None:
            raise KeyError(task)
        scores, data = card["scores"], card["data"]
        own: dict[str, Any] = {"task": task}
        if task == "memory":
            further = scores.get("further", {})
            own = {"task": data["problem"], "length": data["length"], "further": further}
        return Trained(
            cell=network.cell,
            hidden_size=network.hidden_size,
            weights=sum(
                array.size for name, array in model.weights.items() if "encoder." not in name
            ),
            seed=card["train"]["seed"],
            score=_score(task, scores),
            steps=card["steps"],
            command=card["command"],
            **own,
        )
    except KeyError as error:
        raise UnsupportedError(
            f"{model.name}: expected a model that was trained for memory, "
            f"{' or '.join(MEASURES)}, got task {task} and a card without {error}"
        ) from error


def _score(task: str, scores: dict[str, Any]) -> float:
    if task == "memory":
        return float(scores["right"])
    if task == "characters":
        return float(scores["bits_per_character"])
    return float(scores["test"]["phrases"]["accuracy"])


def read_folder(folder: str | Path) -> list[Trained]:
    """What the models of a folder and below were worth, in the order of their paths.

    A training run's own folder may be given: its checkpoints are passed over.

    Raises:
        ModelFileError: a file is damaged, or there is none.
        UnsupportedError: one was trained for another task.
    """
    paths = sorted(p for p in Path(folder).rglob("*.safetensors") if p.name != CHECKPOINT)
    if not paths:
        raise ModelFileError(f"{folder}: expected a folder of .safetensors files, found none")
    return [trained(load(path)) for path in paths]


def read_committed(name: str) -> list[Trained]:
    """The rows that come with the package: `memory_tasks` or `gates_cost`."""
    return msgspec.json.Decoder(Trained).decode_lines((COMMITTED / f"{name}.jsonl").read_bytes())
