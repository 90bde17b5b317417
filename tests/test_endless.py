"""A day of sound through one stream: no more memory, no more state."""

from pathlib import Path

import numpy as np
import pytest

from streamrnn.config import AudioConfig, DetectConfig
from tests.conftest import make_model

MINUTE = 16_000 * 60
MEGABYTE = 1 << 20


def resident() -> int:
    """Bytes of this process that lie in memory."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


@pytest.mark.sweep
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_day_of_sound_takes_no_more_memory_than_an_hour() -> None:
    decoder = DetectConfig(
        labels=("a", "b", "c"), ignored=("c",), quiet="c", smoothing=10, reset_after=3_000
    )
    front = AudioConfig()
    model = make_model(
        frontend=front, decoder=decoder, input_size=40, hidden_size=128, output_size=3
    )
    generator = np.random.default_rng(0)
    minute = generator.integers(-8_000, 8_000, MINUTE, dtype=np.int16)
    stream = model.stream()
    sizes, memory = set[int](), list[int]()
    for minutes in range(24 * 60):
        said = stream.feed(minute)
        whole = ((minutes + 1) * MINUTE - front.window) // front.hop
        assert said.positions[-1] == whole * front.hop + front.window  # to the sample, all day
        if minutes % 60 == 59:
            sizes.add(len(stream.snapshot()))
            memory.append(resident())
    assert max(sizes) - min(sizes) <= 16  # the digits of its position in the metadata
    assert max(memory[1:]) - memory[0] < MEGABYTE
