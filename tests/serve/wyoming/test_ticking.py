"""A pool inside an event loop: who is refused does not disturb the others."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

import streamrnn
from streamrnn.config import OnnxConfig, WaveformConfig
from streamrnn.errors import InputError, StreamClosedError
from streamrnn.serve.wyoming.ticking import TickingPool
from tests.engines.graphs import picky


def test_a_network_that_refuses_closes_its_own_stream_alone(tmp_path: Path) -> None:
    (tmp_path / "made.onnx").write_bytes(picky())
    sound = WaveformConfig(hop=4, context=2)
    model = streamrnn.load(tmp_path / "made.onnx", config=OnnxConfig(frontend=sound))
    quiet, loud = np.full((13, 1), 0.11, np.float32), np.full((13, 1), 0.9, np.float32)
    failed: list[Exception] = []

    async def run() -> None:
        pool = TickingPool(model, sound, 2, failed.append)
        good, bad = [await pool.open(16_000, 1, print) for _ in range(2)]
        await pool.feed(good, quiet)
        await pool.feed(bad, loud)
        await pool.settle()
        await pool.feed(good, quiet)
        with pytest.raises(StreamClosedError, match="as its network refused what waited: frame 0"):
            await pool.feed(bad, quiet)
        with pytest.raises(StreamClosedError):
            await pool.end(bad)
        await pool.close(bad)
        await pool.feed(good, loud[:1])  # of which nothing is known until the end
        with pytest.raises(InputError, match="expected one that the graph takes"):
            await pool.end(good)
        assert len(pool) == 0
        await pool.stop()

    asyncio.run(run())
    assert [type(error) for error in failed] == [InputError]
