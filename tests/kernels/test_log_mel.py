"""Log-mel columns against torchaudio's MelSpectrogram, however the signal is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels import log_mel, mel

torch = pytest.importorskip("torch", reason="pip install streamrnn[learn]")
torchaudio = pytest.importorskip("torchaudio", reason="pip install streamrnn[learn]")

SETTINGS = [  # window, hop, fft, mels, f_min, f_max
    (400, 160, 512, 40, 20.0, 8000.0),
    (512, 160, 512, 64, 0.0, 8000.0),
    (480, 320, 512, 80, 60.0, 7600.0),
    (640, 160, 1024, 40, 125.0, 7500.0),
]


def columns(x, window, hop, fft, mels, f_min, f_max, *, floor=1e-10, stack=1, cuts=()):
    bands = mel.mel_bands(fft // 2 + 1, mels, f_min, f_max, 16_000)
    tables, plan = mel.log_mel_tables(
        window=window, hop=hop, fft=fft, bands=bands, stack=stack, floor=floor
    )
    kept, pending = np.zeros((1, window)), np.zeros((1, (stack - 1) * mels))
    seen, one = np.zeros((1, log_mel.COUNTS), np.int64), np.zeros(1, np.int64)
    parts, places = [], []
    edges = [0, *sorted(cuts), len(x)]
    for a, b in zip(edges, edges[1:], strict=False):
        frames = np.empty(((b - a) // hop + 2, stack * mels), np.float32)
        ends = np.empty(len(frames), np.int64)
        found = np.empty(1, np.int64)
        log_mel.log_mel_streams(
            *(x[a:b], one, one, np.array([b - a]), tables, plan, kept, pending, seen),
            *(one, frames, ends, found),
        )
        parts.append(frames[: found[0]])
        places.append(ends[: found[0]])
    return np.concatenate(parts), np.concatenate(places)


def torchaudios(x, window, hop, fft, mels, f_min, f_max, *, floor=1e-10):
    """The logarithm of its spectrogram; the window lies in the transform's middle there."""
    make = torchaudio.transforms.MelSpectrogram(
        16_000,
        n_fft=fft,
        win_length=window,
        hop_length=hop,
        f_min=f_min,
        f_max=f_max,
        n_mels=mels,
        center=False,
    ).to(x.dtype)
    lead = (fft - window) // 2
    padded = torch.nn.functional.pad(x, (lead, fft - window - lead))
    return torch.log(make(padded) + floor).numpy().T


def sounds():
    rng = np.random.default_rng(3)
    t = np.arange(24_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 120 * k * (t + 0.02 * t * t)) / k for k in range(1, 40))
    yield "voice", 0.1 * voice * (1.05 + np.sin(2 * np.pi * 3 * t))
    yield "noise", 0.1 * rng.standard_normal(len(t))
    yield "tone", 0.5 * np.sin(2 * np.pi * 1000 * t)
    yield "quiet", 1e-4 * rng.standard_normal(len(t))


@pytest.mark.parametrize("options", SETTINGS)
@pytest.mark.parametrize(
    ("name", "sound"), list(sounds()), ids=lambda v: v if type(v) is str else ""
)
def test_they_are_torchaudios(options, name, sound):
    single = sound.astype(np.float32)
    found, _ = columns(single.astype(np.float64), *options)
    expected = torchaudios(torch.from_numpy(single), *options)
    exact = torchaudios(torch.from_numpy(single).double(), *options)
    assert found.shape == expected.shape
    loud = expected > expected.max(axis=1, keepdims=True) - np.log(1e6)  # within 60 dB
    np.testing.assert_allclose(found[loud], expected[loud], rtol=0, atol=1e-4)
    # Below that a logarithm is at the mercy of the last places of what is loud, in torch by
    # whichever library its machine's FFT comes from: amplitudes err by a quarter of the last place
    # of the loudest band's in a float32, which torch's own here and there do not keep.
    amplitudes, true = np.exp(found / 2.0), np.exp(exact / 2.0)
    last_place = 2.0**-24 * true.max(axis=1, keepdims=True)
    assert (np.abs(amplitudes - true) / last_place)[~loud].max(initial=0.0) <= 0.25


@pytest.mark.parametrize("options", SETTINGS)
def test_the_bands_are_torchaudios(options):
    _, _, fft, mels, f_min, f_max = options
    theirs = torchaudio.functional.melscale_fbanks(fft // 2 + 1, f_min, f_max, mels, 16_000)
    bands = mel.mel_bands(fft // 2 + 1, mels, f_min, f_max, 16_000)
    # Equal but for the last place of a float32 power of ten, which moves an edge by 1 mHz.
    np.testing.assert_allclose(bands, theirs.numpy().T, rtol=0, atol=1e-5)


def test_the_window_is_torchs():
    np.testing.assert_allclose(
        mel.hann(400), torch.hann_window(400, dtype=torch.float64).numpy(), atol=1e-15
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 3000),
    stack=st.integers(1, 4),
    data=st.data(),
)
def test_chunking_never_shows(seed, count, stack, data):
    x = np.random.default_rng(seed).normal(size=count)
    cuts = data.draw(st.lists(st.integers(0, count), max_size=12))
    whole, ends = columns(x, *SETTINGS[0], stack=stack)
    cut, cut_ends = columns(x, *SETTINGS[0], stack=stack, cuts=cuts)
    assert whole.tobytes() == cut.tobytes()
    np.testing.assert_array_equal(ends, cut_ends)
    # Frame f is complete with the window of its last column.
    np.testing.assert_array_equal(ends, (np.arange(len(ends)) * stack + stack - 1) * 160 + 400)


def test_a_stack_is_consecutive_columns_side_by_side():
    x = np.random.default_rng(0).normal(size=4000)
    single, _ = columns(x, *SETTINGS[0])
    stacked, _ = columns(x, *SETTINGS[0], stack=3)
    np.testing.assert_array_equal(stacked, single[: 3 * len(stacked)].reshape(len(stacked), -1))


def test_silence_is_the_floor():
    found, _ = columns(np.zeros(1000), *SETTINGS[0], floor=1e-6)
    np.testing.assert_allclose(found, np.log(1e-6), rtol=1e-6)


@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_channels_are_mixed_to_their_mean(kind):
    rng = np.random.default_rng(0)
    samples = rng.integers(-(2**15), 2**15, (50, 3)).astype(kind)
    signal = np.empty(50)
    assert log_mel.mix_down(samples.ravel(), 3, 2.0**-15, signal) == -1
    np.testing.assert_allclose(signal, samples.mean(axis=1, dtype=float) / 2**15, rtol=1e-12)


def test_the_first_sample_that_is_not_finite_is_told():
    samples = np.ones((9, 2), np.float32)
    samples[7, 0] = np.inf
    samples[5, 1] = np.nan
    assert log_mel.mix_down(samples.ravel(), 2, 1.0, np.empty(9)) == 5
