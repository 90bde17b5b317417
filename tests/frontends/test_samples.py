"""Chunks that are no samples are refused with the way to make some: taken literally, it works."""

import re
from typing import Any

import numpy as np
import pytest

from streamrnn.errors import InputError
from streamrnn.frontends.samples import flat_samples

SOUND = np.array([[0, -16_384], [8_192, 16_384], [-32_768, 0]], np.int16)  # two channels
ONE = SOUND[:, 0]
FULL = ONE / 32_768.0


@pytest.mark.parametrize(
    ("chunk", "wanted", "way"),
    [
        (ONE.data, ONE, r"with (.*)"),
        (ONE.tobytes(), ONE, r"with (.*)"),
        (memoryview(SOUND.tobytes()), SOUND, r"with (.*)"),
        (ONE.astype(">i2"), ONE, r"with (.*)"),
        (FULL, ONE, r"with (.*), where full scale is 1"),
        (FULL.astype(">f4"), ONE, r"with (.*), where full scale is 1"),
        ((FULL * 128 + 128).astype(np.uint8), ONE, r"with (.*)"),
        ((FULL * 32_768 + 32_768).astype(np.uint16), ONE, r"with (.*)"),
        (np.ma.masked_equal(np.where(ONE, ONE, 99), 99), ONE, r"masked: (.*)"),
        (ONE.T[None], ONE, r"last: (.*)"),
        (SOUND.T[:, :3], SOUND, r"last: (.*)"),
        (SOUND.reshape(-1), SOUND, r"become (.*)"),
    ],
)
def test_the_way_leads_to_the_samples(chunk: Any, wanted: Any, way: str) -> None:
    channels = wanted.shape[1] if wanted.ndim == 2 else 1
    with pytest.raises(InputError) as refusal:
        flat_samples(chunk, channels)
    found = re.search(way + "$" * way.endswith(")"), str(refusal.value))
    assert found, str(refusal.value)
    samples, count, scale = flat_samples(eval(found[1], {"np": np, "chunk": chunk}), channels)
    assert count == len(wanted)
    np.testing.assert_array_equal(samples * scale, wanted.reshape(-1) / 32_768.0)


def test_masked_unsigned_samples_are_put_in_the_middle() -> None:
    with pytest.raises(InputError, match=r"masked: chunk\.filled\(128\)$"):
        flat_samples(np.ma.masked_equal(np.zeros(3, np.uint8), 0), 1)


@pytest.mark.parametrize(
    ("chunk", "says"),
    [
        (np.zeros(9, np.int32), r"by the full scale: 32768 for samples of 16 bits$"),
        (np.zeros((9, 3), np.int16), r"expected \(n, 2\), as .*, got \(9, 3\); .*: channels=…$"),
        (np.zeros((1, 9, 2), np.int16), r"expected \(n, 2\), as .*, got \(1, 9, 2\)$"),
        (np.array(1, np.int16), r"got \(\)$"),
        (np.zeros((2, 1), np.int16), r"got \(2, 1\); .*: channels=…$"),
        ([0.5, 0.2], r"got list; samples are np.int16, or np.float32 where full scale is 1: np.as"),
        (np.zeros(9, complex), r"got complex128 \(9,\); samples are np.int16, or"),
    ],
)
def test_where_there_are_several_ways_they_are_told_in_words(chunk: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        flat_samples(chunk, 2)
