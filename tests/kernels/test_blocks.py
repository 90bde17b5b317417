"""Blocks of streams: the bits of the lone step, whatever the block, the slot and the threads."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import NetworkConfig
from streamrnn.engines import native, packing
from streamrnn.engines.native import NativeEngine
from streamrnn.workers import Workers
from tests.conftest import CELLS, make_frames, make_weights, networks


def frames_of(network: NetworkConfig, count: int) -> np.ndarray:
    if network.encoder == "embedding":
        tokens = np.random.default_rng(1).integers(0, network.vocabulary_size, (count, 1))
        return tokens.astype(np.float32)
    return make_frames(count, network.input_size)


def same_as_alone(engine: NativeEngine, counts: list[int], workers: Workers, seed: int = 0) -> None:
    """Run streams with so many frames each, twice, and compare with streams alone."""
    generator = np.random.default_rng(seed)
    arena = engine.arena(len(counts) + 3, workers)
    slots = generator.permutation(len(counts) + 3)[: len(counts)]
    lone = [engine.stream() for _ in counts]
    for _ in range(2):
        sizes = generator.permutation(np.array(counts))
        # Gaps between the streams' frames are not to be touched.
        firsts = np.cumsum(sizes + 1) - sizes
        frames = frames_of(engine.network, int(sizes.sum() + len(sizes) + 1))
        outputs = np.full((len(frames), engine.network.output_width), 7, np.float32)
        expected = outputs.copy()
        arena.run(slots, firsts, sizes, frames, outputs)
        for state, first, size in zip(lone, firsts, sizes, strict=True):
            expected[first : first + size] = state.run(frames[first : first + size])
        assert outputs.tobytes() == expected.tobytes()
    for state, slot in zip(lone, slots, strict=True):
        kept = arena.stream(int(slot)).arrays()
        assert all(
            kept[name].tobytes() == array.tobytes() for name, array in state.arrays().items()
        )


@given(networks(), st.lists(st.integers(0, 5), max_size=20), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_company_never_shows(network: NetworkConfig, counts: list[int], seed: int) -> None:
    engine = NativeEngine(network, make_weights(network))
    same_as_alone(engine, counts, Workers(1), seed)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("streams", [1, 2, 3, 7, 8, 31])
def test_every_block_and_panel(cell: Any, streams: int) -> None:
    # 120 outputs lie in panels of 64, 32, 16 and a half-empty 16, where registers allow.
    network = NetworkConfig(input_size=37, hidden_size=120, num_layers=2, cell=cell, output_size=9)
    same_as_alone(NativeEngine(network, make_weights(network)), [3] * streams, Workers(1))


@pytest.mark.parametrize("lanes", [448, 112, 64])
@pytest.mark.parametrize("cell", CELLS)
def test_what_fits_the_registers_changes_no_bit(
    cell: Any, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As another machine would have it: panels and blocks are narrower there.
    monkeypatch.setattr(packing, "_lanes", lambda: lanes)
    network = NetworkConfig(input_size=7, hidden_size=72, cell=cell, output_size=3)
    same_as_alone(NativeEngine(network, make_weights(network)), [2] * 15, Workers(1))


def test_the_largest_blocks_of_two_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    for lanes, sizes in ((448, [8, 8, 6]), (112, [6, 2, 1])):
        monkeypatch.setattr(packing, "_lanes", lambda lanes=lanes: lanes)
        assert [packing.largest_block(gates) for gates in (1, 3, 4)] == sizes


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_threads_never_show(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_WORTH", 1)
    network = NetworkConfig(input_size=8, hidden_size=48, output_size=4)
    workers = Workers(threads)
    same_as_alone(NativeEngine(network, make_weights(network)), [*range(60)], workers)
    workers.close()


def test_the_rest_of_the_arena_stays() -> None:
    network = NetworkConfig(input_size=3, hidden_size=5)
    arena = NativeEngine(network, make_weights(network)).arena(4, Workers(1))
    slots, frames = np.arange(4), make_frames(4)
    ones = np.ones(4, np.int64)
    arena.run(slots, slots, ones, frames, np.empty((4, 5), np.float32))
    before = [arena.stream(slot).hidden.copy() for slot in range(4)]
    assert all(row.any() for row in before)
    arena.reset(np.array([1, 3]))
    after = [arena.stream(slot).hidden for slot in range(4)]
    assert [row.any() for row in after] == [True, False, True, False]
    assert after[0].tobytes() == before[0].tobytes()
