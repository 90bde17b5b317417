"""Sound of every source comes as `(n, channels)`, with silence in place of what was lost."""

from typing import Any

import numpy as np
import pytest

from streamrnn.cli import sound_source
from streamrnn.cli.sound_source import Source, filled


def source(*chunks: tuple[Any, int], rate: int = 8_000) -> Source:
    return Source("a test", rate, 2, iter(chunks), True)


def test_a_gap_is_filled_and_its_length_told_once() -> None:
    first, second = np.full((3, 2), 7, np.int16), np.full((2, 2), -7, np.int16)
    parts = list(filled(source((first, 0), (second, 5))))
    assert parts[-1] == (None, 0)
    assert [(len(samples), gap) for samples, gap in parts[:-1] if samples is not None] == [
        (3, 0),
        (5, 5),
        (2, 0),
    ]
    whole = np.concatenate([samples for samples, _ in parts if samples is not None])
    assert whole.dtype == np.int16
    np.testing.assert_array_equal(whole, np.concatenate([first, np.zeros((5, 2)), second]))


def test_a_long_gap_is_filled_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_source, "LONGEST_FILL", 2.0)
    samples = np.ones((1, 2), np.int16)
    parts = [(0 if s is None else len(s), gap) for s, gap in filled(source((samples, 40_000)))]
    assert parts == [(16_000, 40_000), (16_000, 0), (8_000, 0), (1, 0), (0, 0)]
