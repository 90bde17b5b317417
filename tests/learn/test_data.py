from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.errors import DtypeError, ShapeError
from streamrnn.learn.data import Batch, lanes
from streamrnn.tasks.base import Example

lengths = st.lists(st.integers(0, 20), max_size=12)


def numbered(sizes: list[int]) -> list[Example]:
    """Sequences whose frames say (sequence, step) and whose targets say it again."""
    return [
        Example(
            np.stack([np.full(n, s), np.arange(n)], -1).astype(np.float32),
            {"step": np.arange(n), "pair": np.tile(np.array([s, s], np.float32), (n, 1))},
        )
        for s, n in enumerate(sizes)
    ]


def played(batches: list[Batch], size: int) -> list[list[tuple[int, int, bool]]]:
    """What each lane saw: (sequence, step, state forgotten just before)."""
    seen: list[list[tuple[int, int, bool]]] = [[] for _ in range(size)]
    for batch in batches:
        for lane in range(size):
            fresh = bool(batch.fresh[lane])
            for step in np.flatnonzero(batch.mask[lane]):
                sequence, number = batch.frames[lane, step].astype(int).tolist()
                assert batch.targets["step"][lane, step] == number
                assert batch.targets["pair"][lane, step].tolist() == [sequence, sequence]
                seen[lane].append((sequence, number, fresh))
                fresh = False
    return seen


@given(lengths, st.integers(1, 5), st.integers(1, 7), st.booleans())
@settings(deadline=None)
def test_every_step_of_every_sequence_exactly_once_and_in_order(
    sizes: list[int], batch_size: int, window: int, endless: bool
) -> None:
    batches = list(lanes(numbered(sizes), batch_size=batch_size, window=window, endless=endless))
    seen = played(batches, batch_size)
    everything = sorted((s, n) for lane in seen for s, n, _ in lane)
    assert everything == [(s, n) for s, size in enumerate(sizes) for n in range(size)]
    for lane in seen:
        assert [(s, n) for s, n, _ in lane] == sorted((s, n) for s, n, _ in lane)
        for place, (_, number, fresh) in enumerate(lane):
            assert fresh == (place == 0 if endless else number == 0)
    for batch in batches:
        assert batch.frames.shape == (batch_size, window, 2)
        assert batch.mask.any()
        assert not batch.frames[~batch.mask].any()
        if not endless:  # a row is one piece from its beginning
            assert (np.diff(batch.mask.astype(int), axis=1) <= 0).all()


def test_endless_pads_only_at_the_end_of_the_data() -> None:
    batches = list(lanes(numbered([5, 3, 9, 7]), batch_size=1, window=4, endless=True))
    assert [int(batch.mask.sum()) for batch in batches] == [4, 4, 4, 4, 4, 4]
    assert [bool(batch.fresh[0]) for batch in batches] == [True, False, False, False, False, False]


def test_takes_sequences_as_lanes_run_empty() -> None:
    taken: list[int] = []

    def source():
        for number, example in enumerate(numbered([4] * 10)):
            taken.append(number)
            yield example

    batches = lanes(source(), batch_size=2, window=4)
    next(batches)
    assert taken == [0, 1, 2, 3]


def test_batches_do_not_alias_each_other_or_the_data() -> None:
    data = numbered([8])
    first, second = lanes(data, batch_size=1, window=4)
    first.frames[:] = -1
    assert second.frames.min() >= 0
    assert data[0].frames.min() >= 0


def test_bad_sequences_are_refused_by_name() -> None:
    good = numbered([3])[0]

    def run(*examples: Example) -> None:
        list(lanes(examples, batch_size=1, window=4))

    with pytest.raises(DtypeError, match="expected float32, got float64"):
        run(Example(cast(Any, good.frames.astype(np.float64)), good.targets))
    with pytest.raises(ShapeError, match=r"expected \(steps, input_size\), got \(3,\)"):
        run(Example(good.frames[:, 0], good.targets))
    with pytest.raises(ShapeError, match="targets.step: expected one row a frame, 3, got 2"):
        run(Example(good.frames, {**good.targets, "step": np.arange(2)}))
    with pytest.raises(ShapeError, match="targets: expected step, pair in every sequence"):
        run(good, Example(good.frames, {"step": np.arange(3)}))
    with pytest.raises(ShapeError, match="frames: expected float32"):
        run(good, Example(np.zeros((3, 5), np.float32), good.targets))


@given(lengths, st.integers(1, 5))
@settings(deadline=None)
def test_window_0_takes_sequences_whole(sizes: list[int], batch_size: int) -> None:
    batches = list(lanes(numbered(sizes), batch_size=batch_size, window=0))
    for batch in batches:
        assert batch.fresh[batch.mask.any(axis=1)].all()
    seen = [size for batch in batches for size in batch.mask.sum(axis=1).tolist() if size]
    assert sorted(seen) == sorted(size for size in sizes if size)
    for batch in batches:
        assert batch.mask.shape[1] == batch.mask.sum(axis=1).max()  # no wider than it must be
