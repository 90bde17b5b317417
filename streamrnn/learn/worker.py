"""Batches made beside the training loop, so that it never waits for them.

A simulator in Python would hold the interpreter's lock half of the time: a thread of it slows
training down. So the batches are made in a process of their own (spawned, without torch), which
is ahead by a bounded number of them. It ends when the trainer closes its end of the pipe, or is
killed. What is made is the same in a process, in a thread, and without either.
"""

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from streamrnn.errors import TrainingError
from streamrnn.experiment import Experiment, TrainConfig
from streamrnn.learn.data import Batch, lanes
from streamrnn.tasks import load_task
from streamrnn.tasks.base import Task

AHEAD = 8
"""Batches kept ready; at 128 lanes × 64 steps × 100 float32 a batch is 3 MB."""

Item = Batch | None
"""A batch; None ends an epoch."""


def produce(task: Task, train: TrainConfig, epoch: int, skip: int) -> Iterator[Item]:
    """The batches of all epochs from `epoch` on, without the first `skip`; None ends each epoch."""
    for number in range(epoch, train.epochs):
        batches = lanes(
            task.training(train.seed, number),
            batch_size=train.batch_size,
            window=train.window,
            endless=train.endless,
        )
        yield from islice(batches, skip, train.updates or None)
        yield None
        skip = 0


@contextmanager
def batches(
    experiment: Experiment, task: Task, *, epoch: int, skip: int
) -> Iterator[Iterator[Item]]:
    """Batches from wherever `train.worker` says; the worker ends with the block.

    Args:
        experiment: names the task, for a process to load its own.
        task: the same task, for a thread or none.
        epoch: which epoch to begin with.
        skip: how many of its batches were done before.

    Raises:
        TrainingError: the worker died; whatever it raised itself is raised here.
    """
    train = experiment.train
    if train.worker == "none":
        yield produce(task, train, epoch, skip)
    elif train.worker == "thread":
        yield from _threaded(produce(task, train, epoch, skip))
    else:
        yield from _spawned(experiment.task, experiment.data, train, epoch, skip)


def _threaded(source: Iterator[Item]) -> Iterator[Iterator[Item]]:
    ready: queue.Queue[Item | BaseException | StopIteration] = queue.Queue(AHEAD)
    stop = threading.Event()
    thread = threading.Thread(target=_pump, args=(source, ready, stop), daemon=True)
    thread.start()
    try:
        yield _received(ready.get)
    finally:
        stop.set()
        while thread.is_alive():
            while not ready.empty():
                ready.get()
            thread.join(0.01)


def _pump(
    source: Iterator[Item],
    ready: "queue.Queue[Item | BaseException | StopIteration]",
    stop: threading.Event,
) -> None:
    """Fill the queue until the source ends, raises, or nobody listens; the end is an exception."""
    try:
        for item in source:
            ready.put(item)
            if stop.is_set():
                return
        ready.put(StopIteration())
    except Exception as error:
        ready.put(error)


def _received(get: Any) -> Iterator[Item]:
    while True:
        item = get()
        if isinstance(item, StopIteration):
            return
        if isinstance(item, BaseException):
            raise item
        yield item


def _spawned(
    name: str, data: Mapping[str, Any], train: TrainConfig, epoch: int, skip: int
) -> Iterator[Iterator[Item]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_serve, args=(theirs, name, data, train, epoch, skip), daemon=True
    )
    process.start()
    theirs.close()

    def get() -> Item | BaseException:
        try:
            return ours.recv()
        except EOFError:
            process.join(5)
            return TrainingError(
                "train.worker: expected the process that makes the data to go on, but it ended "
                f"with code {process.exitcode}; a script that calls train() needs "
                "`if __name__ == '__main__':`, or set train.worker = 'thread'"
            )

    try:
        yield _received(get)
    finally:
        ours.close()
        process.terminate()
        process.join()
        process.close()


def _serve(
    out: Connection, name: str, data: Mapping[str, Any], train: TrainConfig, epoch: int, skip: int
) -> None:
    """The process: one thread makes batches, this one sends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trainer's to handle
    ready: queue.Queue[Any] = queue.Queue(AHEAD)

    def source() -> Iterator[Item]:
        yield from produce(load_task(name, data), train, epoch, skip)

    threading.Thread(target=_pump, args=(source(), ready, threading.Event()), daemon=True).start()
    try:
        while True:
            item = ready.get()
            out.send(item)
            if isinstance(item, BaseException):
                return
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the trainer is gone; the thread may be anywhere in the simulator
