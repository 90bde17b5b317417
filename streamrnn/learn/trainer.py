"""The state of one training run and what moves it on: an update, a validation, a checkpoint."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from streamrnn.errors import ConfigError, TrainingError
from streamrnn.experiment import Experiment
from streamrnn.learn.checkpoint import Checkpoint
from streamrnn.learn.data import Batch, lanes
from streamrnn.learn.losses import Loss, loss_of
from streamrnn.learn.network import Network, State, detach, dropped
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.tasks.base import KnowsTokens, Task


@dataclass
class Counters:
    """Where a run stands; plain data, kept in the checkpoint."""

    epoch: int = 0
    """Epochs done."""
    batch: int = 0
    """Batches done in this epoch."""
    batches: int = 0
    """Batches of the epoch before; 0: there was none."""
    updates: int = 0
    """Weight updates done."""
    steps: int = 0
    """Steps of the network trained on, padding not counted."""
    total: float = 0.0
    """Sum of the losses in this epoch."""
    weight: float = 0.0
    """Sum of their weights."""
    seconds: float = 0.0
    """Time spent, in all runs together."""
    best_loss: float | None = None
    """Smallest validation loss so far."""
    best_epoch: int = -1
    """The epoch that it came from."""
    finished: bool = False
    """All epochs are done, or training stopped early."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """One record an epoch."""


class Trainer:
    """Network, optimizer and counters of one run; all chance comes from torch's generator."""

    def __init__(self, experiment: Experiment, task: Task) -> None:
        """Begin a new run with random weights.

        Raises:
            ConfigError: the network does not fit the task, or the model to begin with another.
            ModelFileError: the model to begin with cannot be read.
        """
        self.train = experiment.train
        config = task.model_config(experiment.network)
        self.config = msgspec.structs.replace(config, name=experiment.name)
        self.loss = loss_of(self.config.decoder)
        normalisation = task.normalisation()
        network = self.config.network
        self.network = Network(
            network,
            normalisation=normalisation,
            dropout=self.train.dropout,
            dropout_input=self.train.dropout_input,
            dropout_output=self.train.dropout_output,
            remember=self.train.remember,
        )
        if isinstance(task, KnowsTokens):
            self.network.begin_embedding(task.embedding(network.encoder_size))
        if self.train.start:
            self._begin_with(load(self.train.start))
        # What is validated and kept: the moving average of the weights, or the weights.
        self.average = Network(network, normalisation=normalisation)
        self.average.load_state_dict(self.network.state_dict())
        self.average.requires_grad_(False).eval()
        self.best = {k: v.clone() for k, v in self.average.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            betas=(0.9, 0.99),  # windows follow one another closely: a short memory of their size
            weight_decay=self.train.weight_decay,
            fused=True,
        )
        self.state: State = None
        self.counters = Counters()
        # Longest first: lanes then end together.
        examples = sorted(task.validation(), key=lambda e: -len(e.frames))
        size = min(self.train.batch_size, len(examples)) or 1
        self.validation = list(lanes(examples, batch_size=size, window=self.train.window))

    def _begin_with(self, model: Model) -> None:
        own, other = self.config, model.config
        if (own.network, own.frontend) != (other.network, other.frontend):
            raise ConfigError(
                f"train.start: expected a model with {own.network} and {own.frontend}, got "
                f"{other.network} and {other.frontend}; name another, or change [network]"
            )
        assert model.weights is not None  # what `load` gives is native
        self.network.load_weights(model.weights)

    def update(self, batch: Batch) -> None:
        """Learn from one window of all lanes, and carry their state on.

        Raises:
            TrainingError: the loss or its gradient is NaN or infinite; the weights are as they
                were.
        """
        at = self.counters
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        frames, targets, mask, keep = _tensors(batch)
        self.network.train()
        at.batch += 1
        steps = int(batch.mask.sum())
        at.steps += steps
        self.optimizer.zero_grad()
        with dropped(self.network, self.train.dropout_recurrent):
            outputs, state = self.network(frames, self.state, keep)
            self.state = detach(state)
            total, weight = self.loss(outputs, targets, mask)
            amount = weight.item()
            if amount == 0.0:
                return
            # Where lanes have run dry a few steps remain, whose mean is noise: they count in part.
            share = min(1.0, 2.0 * steps / mask.numel())
            (total / weight * share).backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.train.clip)
        if not (math.isfinite(total.item()) and math.isfinite(norm.item())):
            raise TrainingError(self._not_finite(batch, total.item() / amount, norm.item()))
        self.optimizer.step()
        at.updates += 1
        at.total += total.item()
        at.weight += amount
        if self.train.ema:
            # A young average follows quickly, so that it forgets the random beginning.
            self._follow(min(self.train.ema, at.updates / (at.updates + 9.0)))

    def end_epoch(self) -> dict[str, Any]:
        """Validate, keep the weights if they are the best, and go to the next epoch.

        Returns:
            The epoch's record.

        Raises:
            TrainingError: the epoch had no steps, or the validation loss is not finite.
        """
        at = self.counters
        if at.weight == 0.0:
            raise TrainingError(
                "training data: expected steps with targets, got none in an epoch; look into the "
                "task's training()"
            )
        if not self.train.ema:
            self._follow(0.0)
        validation = self.validate()
        if validation is not None and not math.isfinite(validation):
            raise TrainingError(
                f"epoch {at.epoch + 1}: expected a finite validation loss, got {validation}; "
                "lower train.learning_rate or train.clip"
            )
        best = validation is None or at.best_loss is None or validation < at.best_loss
        record = {
            "epoch": at.epoch,
            "loss": at.total / at.weight,
            "validation_loss": validation,
            "learning_rate": self.learning_rate(),
            "updates": at.updates,
            "steps": at.steps,
            "seconds": at.seconds,
            "best": best,
        }
        if best:
            at.best_loss, at.best_epoch = validation, at.epoch
            self.best = {k: v.clone() for k, v in self.average.state_dict().items()}
        stale = self.train.patience and at.epoch - at.best_epoch >= self.train.patience
        reached = validation is not None and validation < self.train.goal
        at.history.append(record)
        at.epoch, at.batch, at.batches = at.epoch + 1, 0, at.batch
        at.total = at.weight = 0.0
        at.finished = bool(stale) or reached or at.epoch >= self.train.epochs
        self.state = None
        return record

    def validate(self) -> float | None:
        """Mean loss over the validation sequences; None if there are none."""
        return mean_loss(self.average, self.validation, self.loss)

    def done(self) -> float | None:
        """How many epochs are done, fractions included; None if an epoch's length is unknown."""
        at = self.counters
        size = self.train.updates or at.batches
        return at.epoch + min(1.0, at.batch / size) if size else None

    def learning_rate(self) -> float:
        """The rate of the next update: a linear rise, then constant or half a cosine to 1 %."""
        at, train = self.counters, self.train
        rate = train.learning_rate * min(1.0, (at.updates + 1) / (train.warmup + 1))
        if train.schedule == "cosine":
            done = self.done()
            share = (at.epoch if done is None else done) / train.epochs
            rate *= 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * share))
        return rate

    def checkpoint(self) -> Checkpoint:
        """Everything from which `restore` goes on to the same bits."""
        state = self.state if isinstance(self.state, tuple) else (self.state,)
        groups = {
            "weights": self.network.state_dict(),
            "average": self.average.state_dict(),
            "best": self.best,
            "state": {str(n): part for n, part in enumerate(state) if part is not None},
            "optimizer": {
                f"{name}/{key}": value
                for name, parameter in self.network.named_parameters()
                for key, value in self.optimizer.state[parameter].items()
            },
        }
        tensors = {f"{g}/{name}": t for g, group in groups.items() for name, t in group.items()}
        tensors["generator"] = torch.get_rng_state()
        return Checkpoint(tensors, asdict(self.counters))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            TrainingError: its tensors are not those of this run.
        """
        groups: dict[str, dict[str, Tensor]] = {}
        for name, tensor in checkpoint.tensors.items():
            group, _, rest = name.partition("/")
            groups.setdefault(group, {})[rest] = tensor
        try:
            self.network.load_state_dict(groups["weights"])
            self.average.load_state_dict(groups["average"])
            self.best = groups["best"]
            for name, parameter in self.network.named_parameters():
                prefix = name + "/"
                self.optimizer.state[parameter] = {
                    key.removeprefix(prefix): tensor
                    for key, tensor in groups.get("optimizer", {}).items()
                    if key.startswith(prefix)
                }
            self.counters = Counters(**checkpoint.progress)
            torch.set_rng_state(groups["generator"][""])
        except (KeyError, TypeError, RuntimeError) as error:
            raise TrainingError(
                f"checkpoint: expected the tensors of this run, got: {error}; start anew"
            ) from error
        parts = [tensor for _, tensor in sorted(groups.get("state", {}).items())]
        self.state = None
        if parts:
            self.state = (parts[0], parts[1]) if len(parts) == 2 else parts[0]

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        """Move the average towards the weights, all the way with a decay of 0."""
        pairs = zip(self.average.parameters(), self.network.parameters(), strict=True)
        for average, weight in pairs:
            average.lerp_(weight, 1.0 - decay)

    def _not_finite(self, batch: Batch, loss: float, norm: float) -> str:
        at = self.counters
        where = f"epoch {at.epoch + 1}, batch {at.batch}"
        frames = torch.from_numpy(batch.frames)
        if not torch.isfinite(frames).all():
            return (
                f"{where}: expected finite frames, got NaN or infinity; look into the task's data"
            )
        return (
            f"{where}: expected a finite loss and gradient, got {loss} and {norm}; lower "
            f"train.learning_rate ({self.train.learning_rate}) or train.clip ({self.train.clip})"
        )


@torch.no_grad()
def mean_loss(network: Network, batches: Iterable[Batch], loss: Loss) -> float | None:
    """Mean loss of a network over batches in order, the state carried; None without any weight."""
    state: State = None
    total = weight = 0.0
    for batch in batches:
        frames, targets, mask, keep = _tensors(batch)
        outputs, state = network(frames, state, keep)
        part, amount = loss(outputs, targets, mask)
        total += part.item()
        weight += amount.item()
    return total / weight if weight else None


def _tensors(batch: Batch) -> tuple[Tensor, dict[str, Tensor], Tensor, Tensor]:
    targets = {name: torch.from_numpy(target) for name, target in batch.targets.items()}
    mask, keep = torch.from_numpy(batch.mask), torch.from_numpy(~batch.fresh)
    return torch.from_numpy(batch.frames), targets, mask, keep
