"""Predictions: a struct of arrays, one by one, and joined."""

import copy
import pickle
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streamrnn.decoded import Decoded, Event, softmax_of
from streamrnn.predictions import Prediction, Predictions, Trace, join
from tests.conftest import make_frames

WAKE = Event("wake", "hey", 7, 0.9)
TOLD = [name for name in dir(Prediction) if name[0] != "_" and name != "copy"]


def rich(steps: int, first: int = 0) -> Predictions:
    """Predictions with every field there is."""
    count = range(first, first + steps)
    numbers = np.arange(first, first + steps, dtype=np.float64)
    return Predictions(
        numbers[:, None].astype(np.float32) * np.array([1, 2], np.float32),
        np.array(count, np.int64) + 1,
        timing=numbers / 10,
        decoded=Decoded(
            labels=tuple(None if i % 2 else f"l{i}" for i in count),
            scores=numbers / 100,
            events=tuple((WAKE,) if i == 1 else () for i in count),
            points=numbers[:, None, None] * np.ones((1, 2, 3)),
            spreads=numbers[:, None] * np.ones((1, 2)),
            horizons=(1, 5),
            probabilities=numbers[:, None] * np.array([0.1, 0.9]),
        ),
        trace=Trace(np.ones((steps, 1, 2), np.float32), (np.ones((steps, 3, 2), np.float32),)),
    )


def test_one_by_one() -> None:
    whole = rich(3)
    items = list(whole)
    assert len(items) == len(whole) == 3
    for i, item in enumerate(items):
        assert isinstance(item, Prediction)
        assert (item.position, item.time, item.score) == (i + 1, i / 10, i / 100)
        assert item.output.tolist() == [i, 2 * i]
        assert item.label == (None if i % 2 else f"l{i}")
        assert item.point is not None and item.point.shape == (2, 3)
        assert item.spread is not None and item.horizons == (1, 5)
    assert [item.events for item in items] == [(), (WAKE,), ()]
    assert [item.event for item in items] == [None, "wake", None]
    assert whole[-1].position == whole[np.int64(2)].position == 3
    for wrong in ("a", 1.0, np.array([True, False, True])):
        with pytest.raises(TypeError):
            cast(Any, whole)[wrong]
    assert type(whole[0].position) is int and type(whole[0].score) is float


@given(st.integers(0, 5), st.slices(5), st.booleans())
def test_a_slice_has_the_steps_of_the_whole(steps: int, cut: slice, bare: bool) -> None:
    counted = Predictions(make_frames(steps), range(3, 3 + 2 * steps, 2), timing=8_000)
    whole = counted if bare else rich(steps)
    some, expected = whole[cut], list(whole)[cut]
    assert isinstance(some, Predictions) and len(some) == len(expected)
    same(list(some), expected)
    assert (some.trace is None) is bare
    if some.trace is not None:
        assert [len(some.trace.hidden), *map(len, some.trace.gates)] == [len(some)] * 2
    if len(some):
        assert np.shares_memory(some.outputs, whole.outputs)


def test_positions_and_times_are_arrays_however_they_are_held() -> None:
    outputs = make_frames(3)
    counted = Predictions(outputs, range(160, 640, 160), timing=16_000)
    listed = Predictions(outputs, counted.positions, timing=np.array([0.01, 0.02, 0.03]))
    mixed = replace(counted[1:], arrivals=counted.positions[1:])
    joined = [join([counted[:1], rest]) for rest in (counted[1:], mixed)]
    for each in (counted, listed, *joined, counted.copy()):
        assert each.positions.dtype == np.int64 and each.positions.tolist() == [160, 320, 480]
        assert each.times is not None and each.times.tolist() == [0.01, 0.02, 0.03]
        assert [(p.position, p.time) for p in each[1:]] == [(320, 0.02), (480, 0.03)]
    assert counted[:0].positions.dtype == np.int64 and counted[:0].positions.shape == (0,)


def arrays_of(predictions: Predictions) -> list[np.ndarray]:
    said, trace = predictions.decoded, predictions.trace
    parts = [predictions.outputs, predictions.arrivals, predictions.timing]
    parts += [said.scores, said.points, said.spreads, said.probabilities]
    parts += [trace.hidden, *trace.gates] if trace is not None else []
    return [part for part in parts if isinstance(part, np.ndarray)]


def test_a_copy_shares_no_memory() -> None:
    whole = replace(rich(3), ended=(WAKE,))
    alone, one = whole.copy(), whole[1].copy()
    assert len(one._all) == 1 and one._all.trace is None  # it keeps nothing of other steps
    assert len(arrays_of(alone)) == len(arrays_of(whole)) == 9 and alone.ended == (WAKE,)
    for kept in (*arrays_of(alone), *arrays_of(one._all)):
        assert not any(np.shares_memory(kept, array) for array in arrays_of(whole))
    same(list(alone), list(whole))
    same([one], [whole[1]])


def test_one_is_pickled_and_copied_without_its_chunk() -> None:
    whole = rich(1_000)
    for again in (pickle.loads(pickle.dumps(whole[7])), copy.deepcopy(whole[7])):
        same([again], [whole[7]])
        assert len(again._all) == 1
    assert len(pickle.dumps(whole[7])) == pytest.approx(len(pickle.dumps(rich(8)[7])), abs=8)
    same(list(pickle.loads(pickle.dumps(whole))), list(whole))


def same(some: list[Prediction], others: list[Prediction]) -> None:
    for got, one in zip(some, others, strict=True):
        for name in TOLD:
            np.testing.assert_array_equal(getattr(got, name), getattr(one, name), strict=True)


def test_fields_are_there_by_name() -> None:
    whole = rich(2)
    decoded = whole.decoded
    assert whole.labels is decoded.labels and whole.scores is decoded.scores
    assert whole.points is decoded.points and whole.spreads is decoded.spreads
    assert whole.events == decoded.events and whole.horizons == (1, 5)


def test_without_decoder_nothing_is_said() -> None:
    bare = Predictions(make_frames(2), np.array([1, 2]))
    assert bare.labels is bare.scores is bare.points is bare.spreads is bare.horizons is None
    assert bare.probabilities is bare[0].probabilities is None
    assert bare.events == ((), ())
    item = bare[1]
    assert item.time is item.label is item.score is item.point is item.spread is item.event is None


def test_probabilities_are_those_that_were_smoothed_else_the_softmax_of_the_logits() -> None:
    outputs, positions = make_frames(4), np.arange(1, 5)
    logits = Predictions(outputs, positions, decoded=Decoded(probabilities=softmax_of))
    found = logits.probabilities
    assert found is not None and (found.shape, found.dtype) == ((4, 3), np.float64)
    exact = torch.softmax(torch.from_numpy(outputs).double(), 1).numpy()
    # Three terms, each 2 ulp off, in both libraries: 1e-15.
    np.testing.assert_allclose(found, exact, rtol=1e-15)
    assert b"".join(p.probabilities.tobytes() for p in logits if p.probabilities is not None) == (
        found.tobytes()
    )
    joined = join([logits, logits]).probabilities
    assert joined is not None and joined.tobytes() == 2 * found.tobytes()
    smoothed = Predictions(outputs, positions, decoded=Decoded(probabilities=found))
    assert smoothed.probabilities is found
    assert smoothed[1].probabilities is not None
    assert smoothed[1].probabilities.tobytes() == found[1].tobytes()
    joined = join([smoothed, smoothed]).probabilities
    assert joined is not None and joined.tobytes() == 2 * found.tobytes()


def test_joined_parts_are_the_whole() -> None:
    whole = rich(6)
    for parts in ([rich(6)], [rich(2), rich(4, 2)], [rich(0), rich(1), rich(0, 1), rich(5, 1)]):
        got = join(parts)
        for name in ("outputs", "positions", "times", "scores", "points", "spreads"):
            np.testing.assert_array_equal(getattr(got, name), getattr(whole, name))
        assert (got.labels, got.events, got.horizons) == (whole.labels, whole.events, (1, 5))
        assert got.trace is not None and whole.trace is not None
        assert got.trace.hidden.shape == (6, 1, 2)
        assert [layer.shape for layer in got.trace.gates] == [(6, 3, 2)]


def test_joined_nothing_keeps_its_shape() -> None:
    got = join([rich(0), rich(0)])
    assert len(got) == 0 and got.outputs.shape == (0, 2)
    assert list(got) == [] and got.events == ()


def test_a_part_without_trace_leaves_the_whole_without() -> None:
    bare = Predictions(
        rich(1, 2).outputs, rich(1, 2).positions, rich(1, 2).times, rich(1, 2).decoded
    )
    assert join([rich(2), bare]).trace is None


def test_what_is_printed_names_what_there_is_and_nothing_private() -> None:
    whole = rich(3)
    assert repr(whole) == "<Predictions: 3 steps, positions 1 to 3, wake hey at 7>"
    assert repr(whole[:1]) == "<Predictions: 1 step, position 1>"
    assert repr(whole[:0]) == "<Predictions: 0 steps>"
    told = repr(whole[1])
    assert told.startswith("Prediction(position=2, time=0.1, output=array(")
    assert "events=(Event(kind='wake'" in told and "label" not in told.split("events")[0]
    assert "_" not in told and "events" not in repr(whole[0])
