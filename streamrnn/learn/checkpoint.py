"""Everything a killed run needs to go on to the same bits, in one file that is never unpickled.

A checkpoint is a safetensors file: tensors by name, the rest as JSON in its metadata. It is
written beside its place, synced and renamed, so that whenever the run dies a whole one is there.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from streamrnn.errors import TrainingError
from streamrnn.experiment import Experiment
from streamrnn.files import write_atomic

FORMAT = "streamrnn checkpoint 1"
HARMLESS = {"train.worker", "train.checkpoint_minutes"}
"""Settings that change no number: a run may be resumed with others."""


class Checkpoint(NamedTuple):
    """A run, between two updates."""

    tensors: dict[str, Tensor]
    """`weights/…`, `optimizer/…`, `average/…`, `best/…`, `state/…`, `generator`."""
    progress: dict[str, Any]
    """Counters, sums and history: plain data."""


def write_checkpoint(path: Path, experiment: Experiment, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint at `path`; at any moment either the old or the new one is whole."""
    metadata = {
        "format": FORMAT,
        "experiment": msgspec.json.encode(experiment, order="sorted").decode(),
        "progress": json.dumps(checkpoint.progress),
    }
    tensors = {name: t.detach().cpu().contiguous() for name, t in checkpoint.tensors.items()}
    write_atomic(path, save(tensors, metadata))


def read_checkpoint(path: Path, experiment: Experiment) -> Checkpoint:
    """Read a checkpoint that belongs to this experiment.

    Raises:
        TrainingError: the file is damaged, foreign, or of another configuration; the message
            names the settings that differ.
    """
    anew = f"delete {path.parent} or pass resume=False (--fresh) to start anew"
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        if metadata.get("format") != FORMAT:
            raise KeyError(metadata.get("format"))
        theirs = json.loads(metadata["experiment"])
        progress = json.loads(metadata["progress"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise TrainingError(f"{path}: expected a {FORMAT!r}, got: {error}; {anew}") from error
    ours = msgspec.to_builtins(experiment)
    differing = [
        f"{key} = {ours_value} (checkpoint: {theirs_value})"
        for key, (ours_value, theirs_value) in _differences(ours, theirs).items()
        if key not in HARMLESS
    ]
    if differing:
        raise TrainingError(
            f"{path}: expected a checkpoint of the same configuration, but this run has "
            f"{'; '.join(differing)}; {anew}, or give the run another name"
        )
    return Checkpoint(tensors, progress)


def _differences(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = ""
) -> dict[str, tuple[Any, Any]]:
    """Leaves of two trees that are not equal, by dotted name."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted({*ours, *theirs}):
        left, right = ours.get(key), theirs.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found |= _differences(left, right, f"{prefix}{key}.")
        elif json.dumps(left) != json.dumps(right):
            found[prefix + key] = (left, right)
    return found
