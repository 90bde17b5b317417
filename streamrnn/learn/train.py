"""Train a network as an experiment says, and save the model: `streamrnn train FILE.toml`.

A run lives in a directory, `runs/NAME`: `checkpoint.safetensors`, `history.jsonl` (a line an
epoch), TensorBoard's logs. Killed at any moment, the same call goes on from the last checkpoint
and ends with the same bits as a run that nobody killed.
"""

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import torch

from streamrnn.errors import ConfigError
from streamrnn.experiment import Experiment
from streamrnn.files import write_atomic
from streamrnn.learn.checkpoint import read_checkpoint, write_checkpoint
from streamrnn.learn.progress import Reporter, Scalars
from streamrnn.learn.trainer import Trainer
from streamrnn.learn.worker import batches
from streamrnn.model import Model
from streamrnn.tasks import load_task
from streamrnn.tasks.base import Task


def train(
    experiment: Experiment,
    out: str | Path | None = None,
    *,
    run: str | Path | None = None,
    resume: bool = True,
    progress: bool = True,
    command: str = "",
) -> Path:
    """Train until the epochs are done or the validation loss stops falling, and save the model.

    Args:
        experiment: what to train, on what, and how.
        out: the model file; by default `NAME.safetensors` in the run's directory.
        run: the run's directory; by default `runs/NAME`.
        resume: go on from the run's checkpoint if there is one; otherwise begin anew and
            overwrite it.
        progress: show loss and time left on standard error.
        command: what trains the model again, for its card.

    Returns:
        The path of the model file.

    Raises:
        ConfigError: the task, the network or the model file's name is impossible.
        TrainingError: the checkpoint is of another configuration, the loss is not finite, or the
            data ended.
        KeyboardInterrupt: after Ctrl-C, once the checkpoint is written.
    """
    directory = Path(run) if run else Path("runs") / experiment.name
    path = Path(out) if out else directory / f"{experiment.name}.safetensors"
    if path.suffix != ".safetensors":
        raise ConfigError(f"out: expected a name that ends in .safetensors, got {path.name}")
    checkpoint = directory / "checkpoint.safetensors"
    with _seeded(experiment), Reporter(experiment.train.epochs, show=progress) as reporter:
        reporter.say(f"{experiment.name}: making the data of task {experiment.task}")
        task = load_task(experiment.task, experiment.data)
        trainer = Trainer(experiment, task)
        if resume and checkpoint.exists():
            trainer.restore(read_checkpoint(checkpoint, experiment))
            reporter.say(f"going on from {checkpoint}, {_epochs(trainer):.2f} epochs done")
        if not trainer.counters.finished:
            reporter.start(_epochs(trainer))
            _run(trainer, experiment, task, directory, reporter)
        reporter.say("scoring the best weights")
        save_model(trainer, experiment, task, path, command)
        reporter.say(f"saved {path}")
    return path


def save_model(
    trainer: Trainer, experiment: Experiment, task: Task, path: Path, command: str = ""
) -> Model:
    """Score the best weights and write them with their configuration and card."""
    best = trainer.average
    best.load_state_dict(trainer.best)
    weights, at = best.weights(), trainer.counters
    scores = task.evaluate(Model.from_weights(trainer.config, weights, {}))
    settings = msgspec.to_builtins(experiment)
    card: dict[str, Any] = {
        "task": experiment.task,
        "data": settings["data"],
        "train": settings["train"],
        "scores": scores,
        "validation_loss": at.best_loss,
        "epochs": at.epoch,
        "best_epoch": at.best_epoch + 1,
        "steps": at.steps,
        "minutes": round(at.seconds / 60, 1),
        "parameters": sum(p.numel() for p in best.parameters()),
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__,
        "command": command,
    }
    model = Model.from_weights(trainer.config, weights, card)
    model.save(path)
    return model


def _epochs(trainer: Trainer) -> float:
    done = trainer.done()
    return trainer.counters.epoch if done is None else done


def _run(
    trainer: Trainer, experiment: Experiment, task: Task, directory: Path, reporter: Reporter
) -> None:
    """Train to the end; the checkpoint is written at every epoch's end and between."""
    at, path = trainer.counters, directory / "checkpoint.safetensors"
    scalars = Scalars(directory)
    clock = saved = time.monotonic()

    def keep() -> None:
        nonlocal clock, saved
        now = time.monotonic()
        at.seconds += now - clock
        clock = now
        write_checkpoint(path, experiment, trainer.checkpoint())
        saved = time.monotonic()

    with (
        _interruptible() as interrupted,
        batches(experiment, task, epoch=at.epoch, skip=at.batch) as source,
    ):
        for item in source:
            if item is not None:
                before = at.steps
                trainer.update(item)
                loss = at.total / at.weight if at.weight else float("nan")
                reporter.update(at.epoch, trainer.done(), loss, at.steps - before)
                if time.monotonic() - saved > experiment.train.checkpoint_minutes * 60:
                    keep()
            else:
                at.seconds += time.monotonic() - clock
                clock = time.monotonic()
                record = trainer.end_epoch()
                keep()
                lines = "".join(json.dumps(line) + "\n" for line in at.history)
                write_atomic(directory / "history.jsonl", lines.encode())
                reporter.epoch(record)
                scalars.add(record)
            if at.finished:
                break
            if interrupted.is_set():
                keep()
                reporter.say(f"stopped; the same command goes on from {path}")
                raise KeyboardInterrupt
    scalars.close()


@contextmanager
def _seeded(experiment: Experiment) -> Iterator[None]:
    """Seed torch and set its threads within the block, and leave both as they were after it."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(experiment.train.seed)
        torch.set_num_threads(experiment.train.threads or threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Let the first Ctrl-C set an event, so that no update is cut in half; a second one cuts."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted  # only the main thread hears signals
        return

    def note(number: int, frame: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
