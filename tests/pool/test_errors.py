"""What a pool refuses, by name, and what is left as it was."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from streamrnn.errors import (
    ConfigError,
    DtypeError,
    EncodingError,
    InputError,
    NonFiniteError,
    PoolFullError,
    QueueFullError,
    ShapeError,
    StreamClosedError,
    UnsupportedError,
)
from tests.conftest import make_frames, make_model
from tests.pool.twins import hearing, of_front_end
from tests.test_stream import told


def test_errors_have_names_and_change_nothing() -> None:
    model = make_model()
    pool = model.pool(2, queue=10)
    stream, other = pool.open(), pool.open()
    with pytest.raises(PoolFullError, match="fewer than 2 open streams, got as many"):
        pool.open()
    stream.feed(make_frames(6))
    before = stream.waiting
    bad = make_frames(2)
    bad[1, 2] = np.nan
    for chunk, error in (
        (make_frames(5), QueueFullError),
        (bad, NonFiniteError),
        (make_frames(2, 4), ShapeError),
        (np.zeros((2, 3)), DtypeError),
        (None, DtypeError),
        ("text", DtypeError),
        (np.float32(1.0), DtypeError),
        (np.array(1.0, np.float32), ShapeError),
    ):
        with pytest.raises(error):
            stream.feed(chunk)
        assert stream.waiting == before and stream.position == 6
    stream.feed(make_frames(4))
    other.close()
    for verb in ("flush", "reset", "snapshot"):
        with pytest.raises(StreamClosedError, match=f"{verb}: expected an open stream"):
            getattr(other, verb)()
    with pytest.raises(StreamClosedError):
        other.feed(make_frames(1))
    assert len(pool.tick()[stream]) == 10
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"capacity": 0}, "capacity: expected a whole"),
        ({"queue": 0}, "queue: expected a whole"),
        ({"threads": 0}, "threads: expected a whole number"),
        ({"threads": 1.5}, "threads: expected a whole number"),
        ({"capacity": True}, "capacity: expected a whole number"),
    ]
    for options, match in wrong:
        with pytest.raises(ConfigError, match=match):
            model.pool(**options)
    with pytest.raises(ConfigError, match="rate"):
        pool.open(rate=8000)
    assert len(pool) == 1


def test_text_refused_by_a_full_queue_leaves_the_stream_as_it_was() -> None:
    model = of_front_end("words", "gru")
    pool = model.pool(1, queue=20)
    stream = pool.open()
    stream.feed("turn on " * 9 + "the ki")
    with pytest.raises(QueueFullError, match="at most 20 frames"):
        stream.feed("tchen " * 10)
    stream.feed("tchen ")
    alone = model.stream()
    expected = alone.feed("turn on " * 9 + "the kitchen ")
    assert told(pool.tick()[stream]) == told(expected)
    stream.feed("é".encode()[:1])
    with pytest.raises(EncodingError):
        stream.flush()
    stream.feed("é".encode()[1:])


def test_sound_refused_by_a_full_queue() -> None:
    model = hearing()
    stream = model.pool(1, queue=10).open(rate=16_000)
    stream.feed(np.zeros(10 * 320, np.float32))
    assert stream.waiting == 10
    with pytest.raises(QueueFullError, match="at most 10 frames to wait, got 0 more where 10 do"):
        stream.feed(np.zeros(1, np.float32))
    with pytest.raises(InputError):
        stream.feed(np.array([np.nan], np.float32))
    assert stream.position == 3200


def test_what_fails_half_way_closes_the_streams_concerned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make_model()
    pool = model.pool(3)
    known, lost, idle = (pool.open() for _ in range(3))
    known.feed(make_frames(2))
    known.flush()
    lost.feed(make_frames(3))
    with monkeypatch.context() as patch:

        def fail(*given: Any) -> None:
            raise MemoryError("no room")

        patch.setattr(pool._core.networks, "run", fail)
        with pytest.raises(MemoryError):
            pool.tick()
    assert lost.slot == -1 and pool.streams == (known, idle)
    with pytest.raises(StreamClosedError):
        lost.feed(make_frames(1))
    assert {s: len(p) for s, p in pool.tick().items()} == {known: 2}
    again = pool.open()
    again.feed(make_frames(4))
    assert told(pool.tick()[again]) == told(model.predict(make_frames(4)))


def test_copies_are_refused() -> None:
    pool = make_model().pool(1)
    for what in (pool, pool.open()):
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(UnsupportedError, match="expected to stay in its"):
                copied(what)
