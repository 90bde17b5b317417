"""Frames that are the samples themselves, with the last ones of the frame before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import WaveformConfig
from streamrnn.errors import ConfigError
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.workers import Workers
from tests.frontends.test_audio import heard, noise


@settings(max_examples=60, deadline=None)
@given(
    hop=st.integers(1, 40),
    context=st.integers(0, 90),
    count=st.integers(0, 300),
    data=st.data(),
)
def test_frames_are_the_samples_however_they_were_cut(hop, context, count, data):
    frontend = AudioFrontend(WaveformConfig(hop=hop, context=context))
    x = noise(count)
    cuts = data.draw(st.lists(st.integers(0, count), max_size=6))
    values, places = heard(frontend, x, cuts)
    steps = -(-count // hop)
    padded = np.zeros(context + steps * hop)
    padded[context : context + count] = x[:, 0] / 32_768
    expected = [padded[t * hop : t * hop + context + hop] for t in range(steps)]
    np.testing.assert_array_equal(values, np.array(expected, "f4").reshape(steps, hop + context))
    np.testing.assert_array_equal(places, np.minimum((np.arange(steps) + 1) * hop, count))


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_another_rate_is_converted_as_for_spectra(rate):
    frontend, x = AudioFrontend(WaveformConfig(hop=100)), noise(3_000)
    values, _ = heard(frontend, x, [7, 1_000], rate=rate)
    whole, _ = heard(frontend, x, rate=rate)
    np.testing.assert_array_equal(values, whole)
    assert values.size == pytest.approx(3_000 * 16_000 / rate, abs=100)


def test_many_streams_at_once_have_the_frames_of_each_alone():
    frontend, x = AudioFrontend(WaveformConfig(hop=64, context=16)), noise(5_000)
    arena = frontend.arena(3, Workers(2))
    for slot, rate in enumerate((16_000, 16_000, 44_100)):
        arena.stream(slot, rate=rate)
    counts = np.array([1_000, 2_000, 2_000])
    found = arena.hear(
        np.arange(3), np.array([0, 1_000, 3_000]), counts, x[:, 0] / np.float64(32_768)
    )
    for slot, rate in enumerate((16_000, 16_000, 44_100)):
        first = [0, 1_000, 3_000][slot]
        alone = frontend.stream(rate=rate).feed(x[first : first + counts[slot]])
        rows = slice(found.firsts[slot], found.firsts[slot] + found.counts[slot])
        np.testing.assert_array_equal(found.values[rows], alone.values)
        np.testing.assert_array_equal(found.positions[rows], alone.positions)
        assert found.rates[slot] == alone.rate == rate


def test_what_makes_no_frame_is_refused():
    for wrong in ({"hop": 0}, {"context": -1}, {"hop": 10**9}, {"sample_rate": 100}):
        with pytest.raises(ConfigError, match="frontend"):
            WaveformConfig(**wrong)


@settings(max_examples=60, deadline=None)
@given(
    channels=st.integers(1, 3),
    dtype=st.sampled_from(["i2", "f4"]),
    sizes=st.lists(st.integers(0, 900), max_size=6),
    hop=st.integers(1, 300),
    context=st.integers(0, 100),
)
def test_one_kernel_gives_what_several_do(
    channels: int, dtype: str, sizes: list[int], hop: int, context: int
) -> None:
    front = AudioFrontend(WaveformConfig(16_000, hop, context))
    one, several = front.stream(channels=channels), front.stream(channels=channels)
    several._whole = None  # as if it had no kernel of its own for chunks
    rng = np.random.default_rng(len(sizes))
    for size in sizes:
        chunk = (rng.uniform(-1, 1, (size, channels)) * (30_000 if dtype == "i2" else 1)).astype(
            dtype
        )
        got, expected = one.feed(chunk), several.feed(chunk)
        a, b = got.values, expected.values
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
        assert got.positions is not None and expected.positions is not None
        assert (list(got.positions), got.rate) == (list(expected.positions), expected.rate)
    arrays = several.arrays()
    assert all(array.tobytes() == arrays[name].tobytes() for name, array in one.arrays().items())
