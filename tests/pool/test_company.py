"""A pool's streams: the bits of streams alone, whoever shares their ticks."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import (
    AudioConfig,
)
from streamrnn.model import Model
from streamrnn.pool import PooledStream
from streamrnn.predictions import Predictions, join
from tests.conftest import CELLS, example, models
from tests.pool.twins import KINDS, Twins, every_thread_works, of_front_end
from tests.test_stream import told


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 3])
def test_company_never_shows(
    kind: str, cell: Any, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_thread_works(monkeypatch)
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
    every_thread_works(monkeypatch)
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
