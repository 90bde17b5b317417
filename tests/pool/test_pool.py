"""A pool's streams: the bits of streams alone, whoever shares their ticks."""

import gc
import sys
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import (
    AudioConfig,
    ClassesConfig,
    DecideConfig,
    DetectConfig,
    MotionConfig,
    PointsConfig,
)
from streamrnn.engines import native
from streamrnn.errors import (
    ConfigError,
    DtypeError,
    EncodingError,
    InputError,
    NonFiniteError,
    PoolFullError,
    QueueFullError,
    ShapeError,
    StateError,
    StreamClosedError,
)
from streamrnn.frontends import audio_arena
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.model import Model
from streamrnn.pool import PooledStream, StreamPool
from streamrnn.predictions import Predictions, join
from streamrnn.stream import Stream
from tests.conftest import CELLS, example, make_frames, make_model, make_text_model, models
from tests.test_stream import told

DETECT: dict[str, Any] = {
    "labels": ("a", "b", "quiet"),
    "threshold": 0.34,
    "ignored": ("quiet",),
    "smoothing": 3,
    "refractory": 2,
    "quiet": "quiet",
    "quiet_above": 0.3,
    "reset_after": 5,
    "reset_quiet": 2,
}


def hearing(cell: Any = "gru", **options: Any) -> Model:
    """A model of sound that detects, and is reset when it is quiet."""
    return make_model(
        frontend=AudioConfig(sample_rate=8000, window=200, hop=80, fft=256, mels=6, stack=2),
        decoder=DetectConfig(**{**DETECT, **options}),
        input_size=12,
        hidden_size=19,
        output_size=3,
        cell=cell,
    )


def of_front_end(kind: str, cell: Any) -> Model:
    """A model of each kind of front end and decoder."""
    if kind == "frames":
        decoder = DecideConfig(labels=("a", "b"), threshold=0.51, confirm=2)
        return make_model(decoder=decoder, output_size=2, cell=cell, hidden_size=21)
    if kind == "motion":
        return make_model(
            frontend=MotionConfig(),
            decoder=PointsConfig(horizons=(1, 5)),
            input_size=FRAME_SIZE,
            output_size=8,
            cell=cell,
        )
    if kind == "sound":
        return hearing(cell)
    return make_text_model(kind, cell=cell)


KINDS = ("frames", "motion", "sound", "characters", "words")


class Twins:
    """A pool, and for each of its streams one alone that is fed the same."""

    def __init__(self, model: Model, pool: StreamPool, seed: int) -> None:
        self.model, self.pool = model, pool
        self.generator = np.random.default_rng(seed)
        self.live: list[tuple[PooledStream, Stream]] = []
        self.got: dict[PooledStream, list[Predictions]] = {}
        self.due: dict[PooledStream, list[Predictions]] = {}

    def open(self, **options: Any) -> None:
        pooled = self.pool.open(**options)
        state = options.pop("state", None)
        self.live.append((pooled, self.model.stream(state=state, **options)))
        self.got[pooled], self.due[pooled] = [], []

    def chunk(self, stream: Stream) -> Any:
        count = int(self.generator.integers(0, 6))
        chunk = self.model.frontend.example(self.generator, count) if count else None
        if chunk is None:
            chunk = self.model.frontend.example(self.generator, 1)[:0]
        if isinstance(self.model.config.frontend, MotionConfig):
            chunk = chunk + [[stream.position / 30.0, 0.0, 0.0]]  # times go on
        return chunk

    def act(self) -> None:
        """Do one thing at random to one stream, here and alone."""
        pooled, alone = self.live[int(self.generator.integers(len(self.live)))]
        what = self.generator.random()
        if what < 0.8:
            chunk = self.chunk(alone)
            pooled.feed(chunk)
            self.due[pooled].append(alone.feed(chunk))
        elif what < 0.85:
            tail = pooled.flush()
            assert told(tail) == told(alone.flush())
        elif what < 0.88:
            self.take()
            pooled.reset()
            alone.reset()
        elif what < 0.92:
            assert pooled.snapshot() == alone.snapshot()
        elif what < 0.95:
            blob = self.pool.evict(pooled)
            assert blob == alone.snapshot()
            self.take()
            self.live.remove((pooled, alone))
            self.open(state=blob)
        else:
            self.take()
        assert pooled.position == alone.position or pooled.slot < 0

    def take(self) -> None:
        """Tick, and see that every stream got what it got alone."""
        ready = self.pool.tick()
        assert all(len(predictions) for predictions in ready.values())
        for pooled, due in self.due.items():
            known = [part for part in due if len(part)]
            if known:
                assert told(ready[pooled]) == told(join(known))
            else:
                assert pooled not in ready
            due.clear()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 3])
def test_company_never_shows(
    kind: str, cell: Any, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_WORTH", 1)  # threads share every tick
    monkeypatch.setattr(audio_arena, "_WORTH", 1)
    company(of_front_end(kind, cell), threads, acts=400, seed=threads)


def company(model: Model, threads: int, *, acts: int, seed: int) -> None:
    rates = [{}, {"rate": 16_000}, {"rate": 11_025, "channels": 1}]
    with model.pool(13, threads=threads) as pool:
        twins = Twins(model, pool, seed)
        for n in range(11):
            twins.open(**rates[n % 3] if isinstance(model.config.frontend, AudioConfig) else {})
        for _ in range(acts):
            twins.act()
        twins.take()


@pytest.mark.sweep
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_company_never_shows_in_thousands_of_ticks(
    kind: str, cell: Any, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_WORTH", 1)
    monkeypatch.setattr(audio_arena, "_WORTH", 1)
    company(of_front_end(kind, cell), threads, acts=20_000, seed=7)


@given(models(), st.integers(1, 20), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_any_network_in_a_pool(model: Model, streams: int, seed: int) -> None:
    sequence = example(model, 9)
    generator = np.random.default_rng(seed)
    pool = model.pool(streams, threads=1)
    live = [pool.open() for _ in range(streams)]
    parts: dict[PooledStream, list[Predictions]] = {stream: [] for stream in live}
    fed = dict.fromkeys(live, 0)
    while any(count < len(sequence) for count in fed.values()):
        for stream in live:
            if generator.random() < 0.5:
                more = int(generator.integers(0, 3))
                stream.feed(sequence[fed[stream] : fed[stream] + more])
                fed[stream] += more
        for stream, predictions in pool.tick().items():
            parts[stream].append(predictions)
    whole = told(model.predict(sequence))
    assert all(told(join([*parts[s], s.flush()])) == whole for s in live)


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
    for options, match in (
        ({"capacity": 0}, "capacity: expected 1"),
        ({"queue": 0}, "queue: expected 1"),
        ({"threads": 0}, "threads: expected 1"),
    ):
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


def test_what_is_dropped_leaves_no_trace() -> None:
    model = make_model()
    pool = model.pool(2)
    kept, other = pool.open(), pool.open()
    kept.feed(make_frames(7))
    for _ in range(60):
        other.feed(make_frames(200))
        other.reset()
    rows = pool._core.queue.rows  # pyright: ignore[reportPrivateUsage]
    assert len(rows.room(0)[0]) < 20_000  # 12,000 rows came and went
    assert told(pool.tick()[kept]) == told(model.stream().feed(make_frames(7)))


@pytest.mark.parametrize("kind", ["frames", "sound"])
def test_feeding_in_one_thread_while_ticking_in_another(kind: str) -> None:
    model = of_front_end(kind, "gru")
    pool = model.pool(8)
    live = [pool.open() for _ in range(8)]
    sequences = [example(model, 300, seed) for seed in range(8)]
    parts: dict[PooledStream, list[Predictions]] = {stream: [] for stream in live}
    done = threading.Event()
    errors: list[BaseException] = []

    def feed(first: int) -> None:
        try:
            for at in range(0, len(sequences[0]), 97):
                for n in range(first, 8, 2):
                    live[n].feed(sequences[n][at : at + 97])
        except BaseException as error:
            errors.append(error)

    def tick() -> None:
        while not done.is_set():
            for stream, predictions in pool.tick().items():
                parts[stream].append(predictions)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    feeders = [threading.Thread(target=feed, args=(first,)) for first in (0, 1)]
    ticker = threading.Thread(target=tick)
    for thread in (*feeders, ticker):
        thread.start()
    for thread in feeders:
        thread.join()
    done.set()
    ticker.join()
    sys.setswitchinterval(interval)
    assert not errors
    for stream, predictions in pool.tick().items():
        parts[stream].append(predictions)
    for stream, sequence in zip(live, sequences, strict=True):
        whole = model.predict(sequence)
        assert told(join([*parts[stream], stream.flush()])) == told(whole)


def test_opening_and_closing_leaks_nothing() -> None:
    model = make_model()
    pool = model.pool(8)

    def churn(times: int) -> None:
        for _ in range(times):
            stream = pool.open()
            stream.feed(make_frames(1))
            stream.close()

    for _ in range(2):  # what waits lies in two buffers by turns, which grow to their bounds
        churn(5000)
        pool.tick()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    churn(5000)
    pool.tick()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 30_000, grown  # six bytes a stream: nothing of them is left
    assert len(pool) == 0


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
