import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from streamrnn.config import encode
from streamrnn.errors import ConfigError, TrainingError
from streamrnn.experiment import Experiment
from streamrnn.learn.checkpoint import read_checkpoint
from streamrnn.learn.train import train
from streamrnn.loading import load
from streamrnn.tasks import load_task
from tests.learn.toy import experiment


def run(of: Experiment, directory: Path, **options: Any) -> Path:
    return train(of, run=directory, progress=False, **options)


def tensors(directory: Path, of: Experiment) -> dict[str, torch.Tensor]:
    return read_checkpoint(directory / "checkpoint.safetensors", of).tensors


def same_bits(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def test_learns_saves_and_scores(tmp_path: Path) -> None:
    of = experiment(data={"count": 150}, epochs=8, learning_rate=1e-2, ema=0.9)
    path = run(of, tmp_path)
    assert path == tmp_path / "toy.safetensors" and path.exists()
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in history] == list(range(8))
    assert history[-1]["validation_loss"] < 0.6 * history[0]["validation_loss"]
    # Trained to be right more often than a coin, measured through the model itself.
    assert load_task(of.task, of.data).evaluate(load(path))["accuracy"] > 0.8


def test_begins_with_the_weights_of_a_model(tmp_path: Path) -> None:
    first = run(experiment(epochs=1), tmp_path / "first")
    still = experiment(epochs=1, learning_rate=1e-12, start=str(first))
    again = load(run(still, tmp_path / "again"))
    weights = load(first).weights
    assert weights and again.weights
    for name, weight in weights.items():
        np.testing.assert_allclose(again.weights[name], weight, atol=1e-6, err_msg=name)
    with pytest.raises(ConfigError, match="train.start: expected a model with"):
        run(experiment(epochs=1, start="ball"), tmp_path / "other")


def test_a_file_that_could_not_be_loaded_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a name that ends in .safetensors, got toy.pt"):
        run(experiment(), tmp_path, out=tmp_path / "toy.pt")
    assert not list(tmp_path.iterdir())


def test_card_says_how_the_model_came_about(tmp_path: Path) -> None:
    of = experiment(epochs=1)
    card = load(run(of, tmp_path)).card
    assert card["task"] == "tests.learn.toy"
    assert card["train"]["batch_size"] == 4
    assert card["scores"].keys() == {"accuracy"}
    assert card["torch"] == torch.__version__
    # 2 layers of an LSTM: 4 · 12 rows of inputs, hidden state and two biases; a head of 2.
    assert card["parameters"] == 48 * (2 + 12 + 2) + 48 * (12 + 12 + 2) + 2 * 13


def test_same_seed_same_bits_other_seed_others(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in "abc")
    run(experiment(dropout=0.2), one)
    torch.manual_seed(99)
    before = torch.get_rng_state()
    run(experiment(dropout=0.2), two)
    assert torch.equal(torch.get_rng_state(), before)
    run(experiment(dropout=0.2, seed=1), three)
    a = tensors(one, experiment(dropout=0.2))
    same_bits(a, tensors(two, experiment(dropout=0.2)))
    c = tensors(three, experiment(dropout=0.2, seed=1))
    assert not torch.equal(a["weights/rnn.weight_hh_l0"], c["weights/rnn.weight_hh_l0"])


@pytest.mark.parametrize("worker", ["thread", "process"])
def test_worker_changes_no_bit(tmp_path: Path, worker: str) -> None:
    run(experiment(), tmp_path / "none")
    run(experiment(worker=worker), tmp_path / worker)
    same_bits(tensors(tmp_path / "none", experiment()), tensors(tmp_path / worker, experiment()))


SCRIPT = """
import sys, msgspec
from streamrnn.experiment import Experiment
from streamrnn.learn.train import train
if __name__ == "__main__":
    train(msgspec.json.decode(sys.argv[1], type=Experiment), run=sys.argv[2])
"""


def start(of: Experiment, directory: Path) -> subprocess.Popen[str]:
    script = directory.parent / "run.py"
    script.write_text(SCRIPT)
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(script), encode(of), str(directory)],
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
    )


def wait_for(path: Path, process: subprocess.Popen[str], changes: int = 1) -> None:
    """Wait until a checkpoint was replaced so many times."""
    seen: set[int] = set()
    while len(seen) < changes:
        assert process.poll() is None, process.communicate()[1]
        if path.exists():
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.002)


def test_killed_and_resumed_gives_the_same_bits(tmp_path: Path) -> None:
    # A checkpoint after nearly every update, so that the kill lands in the middle of an epoch.
    of = experiment(
        data={"count": 100},
        epochs=4,
        dropout=0.2,
        dropout_output=0.1,
        dropout_recurrent=0.1,
        ema=0.9,
        checkpoint_minutes=1e-6,
        worker="process",
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(of, whole)
    path = killed / "checkpoint.safetensors"
    process = start(of, killed)
    wait_for(path, process, changes=30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not read_checkpoint(path, of).progress["finished"]
    run(of, killed)
    same_bits(tensors(whole, of), tensors(killed, of))
    lines = [(d / "history.jsonl").read_text().splitlines() for d in (whole, killed)]
    times = re.compile(r'"seconds": [\d.]+')
    assert [times.sub("", a) for a in lines[0]] == [times.sub("", b) for b in lines[1]]


def test_ctrl_c_keeps_the_checkpoint_and_says_how_to_go_on(tmp_path: Path) -> None:
    of = experiment(data={"count": 300}, epochs=50, checkpoint_minutes=1e-6, patience=0)
    directory = tmp_path / "run"
    process = start(of, directory)
    wait_for(directory / "checkpoint.safetensors", process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "stopped; the same command goes on from" in errors
    assert process.returncode != 0
    assert not read_checkpoint(directory / "checkpoint.safetensors", of).progress["finished"]


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    run(experiment(), tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    before = path.read_bytes()
    (tmp_path / "toy.safetensors").unlink()
    assert run(experiment(), tmp_path).exists()
    assert path.read_bytes() == before


def test_nan_in_the_data_stops_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="epoch 2, batch 1: expected finite frames"):
        run(experiment(data={"nan_in_epoch": 1}), tmp_path)
    assert read_checkpoint(tmp_path / "checkpoint.safetensors", experiment({"nan_in_epoch": 1}))
