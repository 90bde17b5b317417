from pathlib import Path
from typing import Any

import pytest

from streamrnn.errors import TrainingError
from streamrnn.experiment import Experiment
from streamrnn.learn.train import train
from tests.learn.toy import experiment


def run(of: Experiment, directory: Path, **options: Any) -> Path:
    return train(of, run=directory, progress=False, **options)


def test_checkpoint_of_another_configuration_is_refused(tmp_path: Path) -> None:
    run(experiment(), tmp_path)
    with pytest.raises(TrainingError, match=r"train.epochs = 5 \(checkpoint: 3\).*--fresh"):
        run(experiment(epochs=5), tmp_path)
    run(experiment(worker="thread"), tmp_path)
    run(experiment(epochs=1), tmp_path, resume=False)


def test_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    run(experiment(epochs=1), tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"hello" * 100):
        path.write_bytes(damaged)
        with pytest.raises(TrainingError, match="expected a 'streamrnn checkpoint 1'.*start anew"):
            run(experiment(epochs=1), tmp_path)
