"""The verbs of a pool and its streams."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from streamrnn.config import (
    ClassesConfig,
)
from streamrnn.errors import (
    NonFiniteError,
    StateError,
)
from streamrnn.pool import PooledStream
from streamrnn.predictions import join
from tests.conftest import example, make_frames, make_model
from tests.pool.twins import KINDS, hearing, of_front_end
from tests.test_stream import told


def test_a_tick_goes_on_until_nothing_is_ready() -> None:
    model = make_model()
    pool = model.pool(4)
    a, b, c = (pool.open() for _ in range(3))
    a.feed(make_frames(5))
    a.feed(make_frames(3, seed=2))
    b.feed(make_frames(1))
    assert (a.waiting, b.waiting, c.waiting) == (8, 1, 0)
    ready = pool.tick()
    assert {stream: len(p) for stream, p in ready.items()} == {a: 8, b: 1}
    assert c not in ready and len(ready) == 2 and ready
    assert ready[a].positions.tolist() == [*range(1, 9)]
    assert a.waiting == 0 and not pool.tick() and pool.tick() == {}
    with pytest.raises(KeyError):
        ready[c]


def test_flush_and_snapshot_run_what_waits_and_nothing_is_lost() -> None:
    model = hearing()
    sound = example(model, 40)
    whole = model.predict(sound)
    for verb in ("snapshot", "flush"):
        pool = model.pool(2)
        stream, other = pool.open(), pool.open()
        stream.feed(sound[:1000])
        other.feed(sound)
        tail = getattr(stream, verb)()
        assert other.waiting and not stream.waiting
        if verb == "snapshot":
            assert tail == model.pool(1).open(state=tail).snapshot()
            stream.feed(sound[1000:])
            tail = stream.flush()
            assert told(join([pool.tick()[stream], tail])) == told(whole)
        else:
            early = join([pool.tick()[stream], tail])
            assert told(early) == told(model.predict(sound[:1000]))
            assert stream.position == 0 and stream.snapshot() == model.stream().snapshot()


def test_what_a_closed_stream_knew_comes_and_what_waited_does_not() -> None:
    pool = make_model().pool(2)
    stream = pool.open()
    stream.feed(make_frames(3))
    stream.flush()
    stream.feed(make_frames(4))
    stream.close()
    stream.close()
    assert len(pool) == 0 and len(pool.tick()[stream]) == 3 and not pool.tick()


def test_a_slot_freed_is_a_slot_clean() -> None:
    for kind in KINDS:
        model = of_front_end(kind, "lstm")
        pool = model.pool(1)
        fresh = model.stream().snapshot()
        for _ in range(3):
            stream = pool.open()
            assert stream.snapshot() == fresh
            stream.feed(example(model, 30))
            pool.tick()
            stream.feed(example(model, 3) if kind != "motion" else example(model, 30)[:0])
            stream.close()


def test_sequences_are_never_joined() -> None:
    model = of_front_end("motion", "gru")
    pool = model.pool(2)
    a, b = pool.open(), pool.open()
    flat, deep = np.array([[0.0, 1.0, 2.0]]), np.array([[0.0, 1.0, 2.0, 3.0]])
    a.feed(flat)
    a.flush()
    a.feed(deep)
    a.flush()
    a.feed(flat)
    b.feed(flat)
    shapes: list[dict[PooledStream, Any]] = [
        {s: p.points.shape for s, p in pool.tick().items() if p.points is not None}
        for _ in range(4)
    ]
    assert shapes == [{a: (1, 2, 2), b: (1, 2, 2)}, {a: (1, 2, 3)}, {a: (1, 2, 2)}, {}]


def test_the_memory_of_a_rate_goes_with_its_last_stream() -> None:
    pool = hearing().pool(10_000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for rate in (8_000, 11_025, 44_100):
        with pool.open(rate=rate):
            with pool.open(rate=rate):
                pass
            assert tracemalloc.get_traced_memory()[0] - before > 16e6  # 200 samples of each stream
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 1e6  # the taps of the rates


def test_reset_forgets_what_waits_and_what_was_not_taken() -> None:
    model = make_model()
    pool = model.pool(1)
    stream = pool.open()
    stream.feed(make_frames(3))
    stream.snapshot()
    stream.feed(make_frames(2))
    stream.reset()
    assert stream.position == 0 and not pool.tick()
    assert stream.snapshot() == model.stream().snapshot()


def test_a_snapshot_goes_from_pool_to_stream_and_back() -> None:
    model = of_front_end("words", "gru")
    pool = model.pool(2)
    a = pool.open(errors="replace")
    a.feed("turn on the la")
    alone = model.stream(state=a.snapshot())
    assert alone.options == {"errors": "replace"}
    b = pool.open(state=alone.snapshot())
    pool.tick()
    for stream in (a, b):
        stream.feed("mp ")
    ready = pool.tick()
    assert told(ready[a]) == told(ready[b]) == told(alone.feed("mp "))
    a.restore(b.snapshot())
    with pytest.raises(StateError, match="open the stream with these"):
        model.pool(1).open(state=b.snapshot(), errors="strict")
    with pytest.raises(StateError, match="another|got one of"):
        pool.tick()
        a.restore(make_model().stream().snapshot())


def test_idle_streams_are_listed_and_evicted() -> None:
    model = make_model()
    pool = model.pool(3)
    a, b, c = (pool.open() for _ in range(3))
    for stream in (a, b, c):
        stream.feed(make_frames(2))
    pool.tick()
    b.feed(make_frames(1))
    pool.tick()
    pool.tick()
    assert pool.idle(2) == [a, c] and pool.idle(1) == [a, c, b] and pool.idle(3) == []
    a.feed(make_frames(1))
    assert pool.idle(2) == [c]
    blob = pool.evict(c)
    assert pool.streams == (a, b)
    again = pool.open(state=blob)
    again.feed(make_frames(1, seed=3))
    alone = model.stream()
    alone.feed(make_frames(2))
    assert told(pool.tick()[again]) == told(alone.feed(make_frames(1, seed=3)))


def test_an_engine_of_streams_one_by_one() -> None:
    import torch
    from torch import nn

    from streamrnn import from_torch

    torch.manual_seed(0)
    model = from_torch(nn.GRU(3, 5), engine="torch", input_size=3)
    pool = model.pool(3)
    live = [pool.open() for _ in range(3)]
    frames = make_frames(6)
    for at, stream in enumerate(live):
        stream.feed(frames[: 2 * at + 2])
    ready = pool.tick()
    for at, stream in enumerate(live):
        alone = model.predict(frames[: 2 * at + 2])
        np.testing.assert_allclose(ready[stream].outputs, alone.outputs, atol=1e-5)
    bad = frames.copy()
    bad[0, 0] = np.inf
    with pytest.raises(NonFiniteError):
        live[0].feed(bad)


def test_classes_are_decoded_for_who_asks() -> None:
    model = make_model(decoder=ClassesConfig(labels=("a", "b")), output_size=2)
    pool = model.pool(2)
    stream = pool.open()
    stream.feed(make_frames(4))
    ready = pool.tick()
    assert ready[stream].labels == model.predict(make_frames(4)).labels
    assert "predictions of 1 streams" in repr(ready) and "1 of 2 open" in repr(pool)
