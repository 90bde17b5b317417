"""Spans of steps: the bits of steps one by one."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import NetworkConfig
from streamrnn.engines import native
from streamrnn.engines.native import NativeEngine
from streamrnn.kernels.spans import run_long
from tests.conftest import CELLS, make_weights, networks
from tests.kernels.test_blocks import frames_of


def same_as_one_by_one(network: NetworkConfig, steps: list[int], most: int) -> None:
    engine = NativeEngine(network, make_weights(network))
    engine.most, engine.steps_until_long = most, 1
    spanning, lone = engine.stream(), NativeEngine(network, make_weights(network)).stream()
    for count in steps:
        frames = frames_of(network, count)
        expected = [lone.run(frames[t : t + 1]).tobytes() for t in range(count)]
        assert spanning.run(frames).tobytes() == b"".join(expected)
    kept, own = spanning.arrays(), lone.arrays()
    assert all(kept[name].tobytes() == array.tobytes() for name, array in own.items())


@given(networks(), st.lists(st.integers(0, 30), max_size=4), st.sampled_from([8, 6, 2]))
@settings(max_examples=60, deadline=None)
def test_spans_change_no_bit(network: NetworkConfig, steps: list[int], most: int) -> None:
    same_as_one_by_one(network, steps, most)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("most", [8, 6])
def test_every_width_of_panels(cell: Any, most: int) -> None:
    network = NetworkConfig(input_size=37, hidden_size=120, num_layers=2, cell=cell, output_size=9)
    same_as_one_by_one(network, [8, 13, 6], most)


def test_long_chunks_go_in_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    network = NetworkConfig(input_size=3, hidden_size=5)
    calls: list[int] = []

    def noted(handle: Any, most: int, frames: Any, outputs: Any) -> int:
        calls.append(len(frames))
        return run_long(handle, most, frames, outputs)

    monkeypatch.setattr(native, "run_long", noted)
    engine = NativeEngine(network, make_weights(network))
    assert engine.most in (8, 6, 4, 2, 1)
    for count in (1, engine.steps_until_long - 1, engine.steps_until_long):
        engine.stream().run(frames_of(network, count))
    assert calls == [engine.steps_until_long]


def test_threads_do_not_share_what_they_work_in() -> None:
    network = NetworkConfig(input_size=40, hidden_size=100, num_layers=2, output_size=12)
    engine = NativeEngine(network, make_weights(network))
    frames = frames_of(network, 200)
    alone = engine.stream().run(frames).tobytes()
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda _: engine.stream().run(frames).tobytes(), range(400))
        assert all(bits == alone for bits in found)
