import gc
import multiprocessing
import threading
from typing import Any

import numpy as np
import pytest

from streamrnn.errors import TrainingError
from streamrnn.experiment import Experiment, TrainConfig
from streamrnn.learn.worker import Item, batches
from streamrnn.tasks import load_task


def experiment(worker: str, epochs: int = 2, updates: int = 0, **data: Any) -> Experiment:
    train = TrainConfig(batch_size=4, window=8, epochs=epochs, updates=updates, worker=worker)  # type: ignore[arg-type]
    return Experiment(name="toy", task="tests.learn.toy", network={}, train=train, data=data)


def collect(of: Experiment, epoch: int = 0, skip: int = 0) -> list[Item]:
    task = load_task(of.task, of.data)
    with batches(of, task, epoch=epoch, skip=skip) as source:
        return list(source)


def equal(one: list[Item], other: list[Item]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        if a is None or b is None:
            assert a is b
            continue
        for x, y in zip(a, b, strict=True):
            np.testing.assert_equal(x, y)


@pytest.mark.parametrize("worker", ["thread", "process"])
def test_whoever_makes_them_batches_are_the_same(worker: str) -> None:
    expected = collect(experiment("none"))
    assert expected.count(None) == 2 and expected[-1] is None
    equal(collect(experiment(worker)), expected)


def test_a_run_goes_on_where_it_was() -> None:
    whole = collect(experiment("none"))
    first = whole.index(None)
    equal(collect(experiment("none"), epoch=0, skip=3), whole[3:])
    equal(collect(experiment("none"), epoch=0, skip=first), whole[first:])
    equal(collect(experiment("none"), epoch=1), whole[first + 1 :])


def test_updates_bound_an_epoch() -> None:
    items = collect(experiment("none", updates=2))
    assert [item is None for item in items] == [False, False, True] * 2
    skipped = collect(experiment("none", updates=2), skip=1)
    assert [item is None for item in skipped] == [False, True, False, False, True]


@pytest.mark.parametrize("worker", ["none", "thread", "process"])
def test_what_the_task_raises_arrives(worker: str) -> None:
    with pytest.raises(ValueError, match="the simulator broke"):
        collect(experiment(worker, fail_in_epoch=1))


@pytest.mark.parametrize("worker", ["thread", "process"])
def test_stopping_early_leaves_nothing_behind(worker: str) -> None:
    of = experiment(worker, epochs=1000)
    before = threading.active_count()
    with batches(of, load_task(of.task, of.data), epoch=0, skip=0) as source:
        next(source)
    del source
    gc.collect()
    assert threading.active_count() == before
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_named() -> None:
    of = experiment("process", epochs=1000)
    with batches(of, load_task(of.task, of.data), epoch=0, skip=0) as source:
        next(source)
        multiprocessing.active_children()[0].kill()
        with pytest.raises(TrainingError, match="ended with code -9"):
            list(source)
