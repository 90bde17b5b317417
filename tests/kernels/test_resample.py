"""Resampling against torchaudio's, however the signal is cut."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels.resample import SUMS, resample, taps

torch = pytest.importorskip("torch", reason="pip install streamrnn[learn]")
functional = pytest.importorskip("torchaudio.functional", reason="pip install streamrnn[learn]")

COMMON = [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]


def converted(x, rate, to, cuts=()):
    shared = math.gcd(rate, to)
    before, after = rate // shared, to // shared
    sets, first = taps(before, after)
    kept, counts = np.zeros(sets.shape[1]), np.zeros(2, np.int64)
    whole = math.ceil(len(x) * to / rate)
    fed = np.concatenate((x, np.zeros(2 * sets.shape[1] + before)))  # silence brings out the tail
    parts = []
    edges = [0, *sorted(cuts), len(fed)]
    for a, b in zip(edges, edges[1:], strict=False):
        out = np.empty((b - a) * after // before + 2)
        count = resample(fed[a:b], sets, first, before, kept, counts, out)
        parts.append(out[:count])
    assert counts.tolist() == [len(fed), sum(map(len, parts))]
    return np.concatenate(parts)[:whole]


@pytest.mark.parametrize(
    ("rate", "to"), [(rate, to) for rate in COMMON for to in (16_000, 8_000) if rate != to]
)
def test_it_is_torchaudios(rate, to):
    x = 0.3 * np.random.default_rng(rate).standard_normal(rate // 4 + 3)
    found = converted(x, rate, to)
    exact = functional.resample(torch.from_numpy(x), rate, to).numpy()
    assert len(found) == len(exact)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12)
    # torchaudio places float32 taps by float32 arithmetic: up to 3e-5 off its own float64 at full
    # scale; at the level of speech within 1e-5.
    single = functional.resample(torch.from_numpy((0.1 * x).astype(np.float32)), rate, to).numpy()
    np.testing.assert_allclose(0.1 * found, single, rtol=0, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(rate=st.integers(8_000, 192_000), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_chunking_never_shows_at_any_rate(rate, seed, data):
    x = np.random.default_rng(seed).normal(size=300)
    cuts = data.draw(st.lists(st.integers(0, len(x)), max_size=8))
    if rate != 16_000:
        whole, cut = converted(x, rate, 16_000), converted(x, rate, 16_000, cuts)
        assert whole.tobytes() == cut.tobytes()


@settings(max_examples=20, deadline=None)
@given(rate=st.integers(17_000, 192_000))
def test_a_tone_is_kept_at_any_rate(rate):
    k = np.arange(rate // 10)
    found = converted(np.sin(2 * np.pi * 440 * k / rate), rate, 16_000)
    expected = np.sin(2 * np.pi * 440 * np.arange(len(found)) / 16_000)
    # A sinc of six crossings ripples by a thousandth in its pass band.
    np.testing.assert_allclose(found[50:-50], expected[50:-50], atol=3e-3)


@settings(max_examples=60, deadline=None)
@given(before=st.integers(1, 500), after=st.integers(1, 500))
def test_no_tap_within_the_window_is_left_out(before, after):
    if math.gcd(before, after) != 1:
        return
    sets, first = taps(before, after)
    assert sets.shape[1] % SUMS == 0 and sets.shape[1] == len(sets[0])
    reach = 6 / (0.99 * min(1.0, after / before))
    centre = np.arange(after) * before / after
    assert (first <= centre - reach + 1).all()
    assert (first + sets.shape[1] > centre + reach - 1e-9).all()
