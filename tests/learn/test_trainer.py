import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from streamrnn.errors import ConfigError, TrainingError
from streamrnn.experiment import TrainConfig
from streamrnn.learn.checkpoint import read_checkpoint
from streamrnn.learn.network import Network, detach
from streamrnn.learn.train import train
from streamrnn.learn.trainer import Trainer, mean_loss
from streamrnn.learn.worker import produce
from streamrnn.tasks import load_task
from tests.learn.toy import experiment


def test_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    of = experiment(
        data={"count": 4, "noise_labels": True}, epochs=60, patience=2, learning_rate=0.05
    )
    train(of, run=tmp_path, progress=False)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    losses = [line["validation_loss"] for line in history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 60
    # The kept weights are those of the best epoch: they give its loss again.
    task = load_task(of.task, of.data)
    trainer = Trainer(of, task)
    trainer.restore(read_checkpoint(tmp_path / "checkpoint.safetensors", of))
    network = Network(trainer.config.network, normalisation=task.normalisation())
    network.load_state_dict(trainer.best)
    assert mean_loss(network, trainer.validation, trainer.loss) == losses[best]


def test_state_is_carried_and_gradients_are_cut(tmp_path: Path) -> None:
    """One update after another equals a hand-written loop over one long sequence."""
    of = experiment(data={"count": 1, "longest": 60}, batch_size=1, window=8, warmup=0)
    task = load_task(of.task, of.data)
    torch.manual_seed(0)
    trainer = Trainer(of, task)
    reference = Network(trainer.config.network, normalisation=task.normalisation())
    reference.load_state_dict(trainer.network.state_dict())
    (example,) = task.training(0, 0)
    frames = torch.from_numpy(example.frames)[None]
    label = torch.from_numpy(example.targets["label"])[None]
    state = None
    optimizer = torch.optim.AdamW(reference.parameters(), betas=(0.9, 0.99), weight_decay=0.0)
    whole = [b for b in produce(task, of.train, 0, 0) if b is not None][: frames.shape[1] // 8]
    assert len(whole) > 2
    for number, batch in enumerate(whole):
        here = slice(8 * number, 8 * number + 8)
        optimizer.param_groups[0]["lr"] = trainer.learning_rate()
        outputs, state = reference(frames[:, here], state)
        state = detach(state)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(outputs[0], label[0, here])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reference.parameters(), of.train.clip)
        optimizer.step()
        trainer.update(batch)
    for name, weight in reference.state_dict().items():
        # The fused optimizer groups its float32 operations differently.
        torch.testing.assert_close(trainer.network.state_dict()[name], weight, rtol=1e-4, atol=1e-6)


def test_a_gradient_that_is_not_finite_changes_no_weight() -> None:
    of = experiment()
    task = load_task(of.task, of.data)
    trainer = Trainer(of, task)
    batch = next(produce(task, of.train, 0, 0))
    assert batch is not None
    trainer.update(batch)
    before = trainer.network.weights()
    weight = next(trainer.network.parameters())
    weight.register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(TrainingError, match="a finite loss and gradient, got .* (nan|inf)"):
        trainer.update(batch)
    np.testing.assert_equal(trainer.network.weights(), before)


def test_learning_rate_rises_then_falls() -> None:
    of = experiment(epochs=2, updates=10, warmup=3, learning_rate=1.0)
    trainer = Trainer(of, load_task(of.task, of.data))
    rates = []
    for update in range(20):
        at = trainer.counters
        at.updates, at.epoch, at.batch = update, update // 10, update % 10
        rates.append(trainer.learning_rate())
    assert rates[:3] == pytest.approx([0.25, 0.5 * 0.994, 0.75 * 0.976], abs=0.01)
    assert rates[10] == pytest.approx(0.505)
    assert all(a > b for a, b in pairwise(rates[3:]))
    assert 0.01 < rates[-1] < 0.02


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "train.epochs: expected at least 1, got 0"),
        ({"dropout": 1.0}, "train.dropout: expected 0 to below 1, got 1.0"),
        ({"learning_rate": float("nan")}, "train.learning_rate: expected more than 0, got nan"),
        ({"seed": -1}, "train.seed: expected 0 or more, got -1"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**settings)


def test_stops_once_the_goal_is_reached(tmp_path: Path) -> None:
    train(experiment(epochs=9), run=tmp_path / "all", progress=False)
    lines = (tmp_path / "all" / "history.jsonl").read_text().splitlines()
    losses = [json.loads(line)["validation_loss"] for line in lines]
    assert len(losses) == 9 and losses[3] < losses[0]
    goal = (min(losses[:3]) + min(losses)) / 2.0
    first = next(n for n, loss in enumerate(losses) if loss < goal)
    assert 0 < first < 8
    train(experiment(epochs=9, goal=goal), run=tmp_path / "some", progress=False)
    assert len((tmp_path / "some" / "history.jsonl").read_text().splitlines()) == first + 1
