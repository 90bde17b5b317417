"""The live line of a recording."""

from pathlib import Path

import numpy as np
import pytest

from streamrnn.cli.record_view import Gauge


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.mcap"
    found.write_bytes(bytes(12_345))
    return found


def test_time_level_bytes_and_losses(path: Path) -> None:
    gauge = Gauge(path, 8_000)
    assert gauge.text().split() == ["0.0", "s", "silence", "12,345", "bytes"]
    gauge.add(np.full((8_000, 1), -16_384, np.int16), 0)
    assert gauge.text().split() == ["1.0", "s", "-6.0", "dBFS", "12,345", "bytes"]
    gauge.add(np.zeros((400, 1), np.int16), 1_200)
    assert gauge.text().split()[2:] == "-6.0 dBFS 12,345 bytes lost 1,200 samples".split()
    gauge.add(np.zeros((400, 1), np.int16), 0)  # now the last tenth of a second is silent
    assert gauge.text().split()[:3] == ["1.1", "s", "silence"]


def test_the_loudest_channel_of_floats_and_of_the_lowest_number(path: Path) -> None:
    gauge = Gauge(path, 16_000)
    gauge.add(np.array([[0.1, -0.01], [0.02, -0.05]], np.float32), 0)
    assert "-20.0 dBFS" in gauge.text()
    gauge.add(np.array([[0, -32_768]], np.int16), 0)
    assert "  0.0 dBFS" in gauge.text()


def test_of_no_sound_time_and_bytes(path: Path) -> None:
    gauge = Gauge(path, 0)
    gauge.add(b"text", 0)
    assert gauge.text().endswith(" s  12,345 bytes") and "dBFS" not in gauge.text()
