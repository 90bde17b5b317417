"""A pool fed, ticked, opened and closed by several threads, and what it keeps."""

import gc
import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest

from streamrnn.errors import (
    StreamClosedError,
)
from streamrnn.pool import PooledStream
from streamrnn.predictions import Predictions, join
from tests.conftest import example, make_frames, make_model
from tests.pool.twins import hearing, of_front_end
from tests.test_stream import told


def test_what_one_thread_feeds_another_evicts_whole() -> None:
    model = make_model()
    pool = model.pool(3, threads=1)
    done = threading.Event()
    fed: list[int] = []
    positions: list[int] = []
    state: list[bytes] = [model.stream().snapshot()]
    live: list[PooledStream] = [pool.open(state=state[0])]

    def feed() -> None:
        count = 0
        while not done.is_set():
            try:
                live[-1].feed(make_frames(1))
                count += 1
            except StreamClosedError:
                continue
        fed.append(count)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    feeder = threading.Thread(target=feed)
    feeder.start()
    for _ in range(300):
        pool.tick()
        blob = pool.evict(live[-1])
        live.append(pool.open(state=blob))
        positions.append(live[-1].position)
    done.set()
    feeder.join()
    sys.setswitchinterval(interval)
    pool.tick()
    # Every chunk that was accepted is in the state, and the next tenant began with no other's.
    assert live[-1].position == fed[0]
    frames = np.concatenate([make_frames(1)] * fed[0]) if fed[0] else make_frames(0)
    alone = model.stream()
    alone.feed(frames)
    assert live[-1].snapshot() == alone.snapshot()


def test_two_threads_tick_while_others_open_and_close() -> None:
    model = hearing()
    pool = model.pool(6)
    sound = example(model, 60)
    whole = told(model.predict(sound))
    done = threading.Event()
    parts: dict[PooledStream, list[tuple[int, Predictions]]] = {}
    errors: list[BaseException] = []

    def tick() -> None:
        while not done.is_set():
            for stream, predictions in pool.tick().items():
                parts.setdefault(stream, []).append((int(predictions.positions[0]), predictions))

    def come_and_go(seed: int) -> None:
        try:
            for _ in range(12):
                with pool.open() as stream:
                    for at in range(0, len(sound), 700):
                        stream.feed(sound[at : at + 700])
                        if at % 2100 == 0:
                            stream.snapshot()
                    tail = stream.flush()
                    while stream.waiting or pool._core.earlier.get(stream):
                        time.sleep(0.001)
                known = [part for _, part in sorted(parts.get(stream, []), key=lambda p: p[0])]
                assert told(join([*known, tail])) == whole
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    users = [threading.Thread(target=come_and_go, args=(seed,)) for seed in range(3)]
    for thread in (*threads, *users):
        thread.start()
    for user in users:
        user.join()
    done.set()
    for thread in threads:
        thread.join()
    assert not errors, errors


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
