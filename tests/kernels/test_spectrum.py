"""The transform and the logarithm against numpy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels.compile import jit
from streamrnn.kernels.spectrum import fft_tables, logarithms, power_spectra
from streamrnn.kernels.vector import zeros64


@jit
def alone(x, tables, work, power):
    power_spectra(zeros64(1), x, tables, work, power)


@jit
def four_abreast(x, tables, work, power):
    power_spectra(zeros64(4), x, tables, work, power)


@jit
def eight_abreast(x, tables, work, power):
    power_spectra(zeros64(8), x, tables, work, power)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([2**k for k in range(3, 15)]))
def test_the_power_spectrum_is_numpys(seed, size):
    x = np.random.default_rng(seed).normal(size=size)
    kept = x.copy()
    power = np.empty(size // 2 + 1)
    alone(x, fft_tables(size), np.empty(2 * size), power)
    expected = np.abs(np.fft.rfft(x)) ** 2
    # Rounding of either transform: an ulp a stage, of the largest bin.
    np.testing.assert_allclose(power, expected, rtol=0, atol=1e-14 * expected.max())
    np.testing.assert_array_equal(x, kept)


def test_a_tone_on_a_bin_lies_in_that_bin_alone():
    k = np.arange(512)
    power = np.empty(257)
    alone(np.cos(2 * np.pi * 37 * k / 512), fft_tables(512), np.empty(1024), power)
    assert power[37] == pytest.approx(256.0**2, rel=1e-12)
    assert np.delete(power, 37).max() < 1e-20 * power[37]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([2**k for k in range(3, 11)]),
    lanes=st.sampled_from([4, 8]),
)
def test_side_by_side_is_alone_to_the_bit(seed, size, lanes):
    x = np.random.default_rng(seed).normal(size=(size, lanes))
    tables = fft_tables(size)
    power = np.empty((size // 2 + 1, lanes))
    spectra = four_abreast if lanes == 4 else eight_abreast
    spectra(x.reshape(-1), tables, np.empty(2 * x.size), power.reshape(-1))
    for lane in range(lanes):
        single = np.empty(size // 2 + 1)
        alone(x[:, lane].copy(), tables, np.empty(2 * size), single)
        assert single.tobytes() == power[:, lane].tobytes()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), span=st.sampled_from([0.01, 1.0, 50.0, 700.0]))
def test_logarithms_are_within_an_ulp(seed, span):
    x = np.exp(np.random.default_rng(seed).uniform(-span, span, 1000))
    found = x.copy()
    logarithms(found)
    expected = np.log(x)
    assert (np.abs(found - expected) <= np.spacing(np.abs(expected))).all()
