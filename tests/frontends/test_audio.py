"""The front end of sound: cut, mixed, resampled, refused, flushed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import AudioConfig, WaveformConfig
from streamrnn.errors import ConfigError, DtypeError, NonFiniteError, ShapeError
from streamrnn.frontends.audio import AudioFrontend

STACKS = {stack: AudioFrontend(AudioConfig(stack=stack)) for stack in (1, 3)}
PLAIN = STACKS[1]


def noise(count, channels=1, seed=0):
    values = np.random.default_rng(seed).normal(size=(count, channels)) * 3000
    return values.astype(np.int16)


def heard(frontend, x, cuts=(), **options):
    """All frames of a signal, and how many of its samples had arrived at each."""
    stream = frontend.stream(**options)
    values, places = [], []
    edges = [0, *sorted(cuts), len(x)]
    for a, b in zip(edges, edges[1:], strict=False):
        found = stream.feed(x[a:b])
        assert found.samples == b - a
        arrived = np.array(found.positions, np.int64)
        assert (a < arrived).all() and (arrived <= b).all()
        values.append(found.values.copy())
        places.append(arrived)
    tail = stream.flush()
    values.append(tail.values)
    places.append(tail.positions)
    return np.concatenate(values), np.concatenate(places)


@settings(max_examples=50, deadline=None)
@given(
    rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000, 192_000, 17_389]),
    channels=st.integers(1, 3),
    stack=st.sampled_from([1, 3]),
    count=st.integers(0, 6_000),
    data=st.data(),
)
def test_chunking_never_shows(rate, channels, stack, count, data):
    x = noise(count, channels, count)
    cuts = data.draw(st.lists(st.integers(0, count), max_size=8))
    options = {"rate": rate, "channels": channels}
    whole, places = heard(STACKS[stack], x, **options)
    cut, cut_places = heard(STACKS[stack], x, cuts, **options)
    assert whole.tobytes() == cut.tobytes()
    np.testing.assert_array_equal(places, cut_places)


@pytest.mark.parametrize("stack", [1, 3])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("count", [0, 1, 399, 400, 401, 560, 561, 5000])
def test_every_sample_is_in_a_frame_and_the_last_is_padded(stack, rate, count):
    x = noise(count)
    found, places = heard(STACKS[stack], x, rate=rate)
    samples = -(-count * 16_000 // rate)  # as many as torchaudio makes of them
    columns = 0 if not samples else 1 + max(0, -(-(samples - 400) // 160))
    assert len(found) == -(-columns // stack)
    assert (np.diff(places) >= 0).all() and (places <= count).all()
    if rate == 16_000 and count:
        whole = stack * -(-columns // stack)
        padded = np.zeros(((whole - 1) * 160 + 400, 1), np.int16)
        padded[:count] = x
        assert heard(STACKS[stack], padded)[0].tobytes() == found.tobytes()


def test_a_frame_is_known_with_its_last_sample():
    _, places = heard(PLAIN, noise(1000))
    assert places.tolist() == [400, 560, 720, 880, 1000]
    _, places = heard(PLAIN, noise(3000), rate=48_000)
    # Sample 399 of 16 kHz lies on sample 1197; its taps reach six crossings, 18.2 samples, on.
    assert 1197 + 18 < places[0] <= 1197 + 18 + 9


def test_integers_are_floats_of_full_scale():
    x = noise(2000)
    floats = x.astype(np.float32) / 2**15
    assert heard(PLAIN, x)[0].tobytes() == heard(PLAIN, floats)[0].tobytes()
    assert heard(PLAIN, x[:, 0])[0].tobytes() == heard(PLAIN, x)[0].tobytes()


def test_equal_channels_are_as_one():
    x = noise(2000)
    stereo = np.repeat(x, 2, axis=1)
    assert heard(PLAIN, stereo, channels=2)[0].tobytes() == heard(PLAIN, x)[0].tobytes()
    strided = np.repeat(x, 4, axis=1)[:, ::2]
    strided.flags.writeable = False
    assert heard(PLAIN, strided, channels=2)[0].tobytes() == heard(PLAIN, x)[0].tobytes()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_subclasses_of_arrays_are_heard_as_arrays(tmp_path, kind):
    x = noise(700).astype(kind)
    kept = np.memmap(tmp_path / "sound", kind, "w+", shape=x.shape)
    kept[:] = x
    for one in (kept, np.asmatrix(x), np.memmap(tmp_path / "sound", kind, "r", shape=x.shape)):
        assert heard(PLAIN, one)[0].tobytes() == heard(PLAIN, x)[0].tobytes()


def test_what_was_retained_becomes_known_with_the_last_sample():
    stream = PLAIN.stream(rate=44_100)
    assert stream.feed(noise(5000)).rate == 44_100
    tail = stream.flush()
    assert tail.rate == 44_100
    np.testing.assert_array_equal(tail.positions, np.full(len(tail.values), 5000))


@pytest.mark.parametrize(
    ("chunk", "error", "says"),
    [
        ([0.0] * 9, DtypeError, "expected an array of int16 or float32, got list"),
        (np.zeros(9), DtypeError, r"got float64 \(9,\)"),
        (np.zeros(9, np.int32), DtypeError, r"got int32 \(9,\)"),
        (np.zeros(9, ">i2"), DtypeError, "got >i2"),
        (b"\0" * 18, DtypeError, "got bytes"),
        (np.int16(3), DtypeError, "got numpy.int16"),
        (np.ma.masked_equal(np.zeros(9, np.float32), 0), DtypeError, "got MaskedArray"),
        (
            np.zeros((9, 2), np.float32),
            ShapeError,
            r"expected \(n,\) or \(n, 1\).*got \(9, 2\)",
        ),
        (np.zeros((1, 9, 1), np.float32), ShapeError, r"got \(1, 9, 1\)"),
        (np.array(1.0, np.float32), ShapeError, r"got \(\)"),
        (np.array([0, np.nan], np.float32), NonFiniteError, r"got nan in sample 1"),
        (np.array([-np.inf], np.float32), NonFiniteError, r"got -inf in sample 0"),
        (np.array([*[0] * 3_000, np.nan], np.float32), NonFiniteError, "got nan in sample 3000"),
    ],
)
@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("config", [AudioConfig(stack=1), WaveformConfig(hop=100)])
def test_bad_chunks_are_refused_and_leave_no_trace(config, rate, chunk, error, says):
    stream = AudioFrontend(config).stream(rate=rate)
    stream.feed(noise(700))
    before = {name: array.tobytes() for name, array in stream.arrays().items()}
    with pytest.raises(error, match=says):
        stream.feed(chunk)
    assert {name: array.tobytes() for name, array in stream.arrays().items()} == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rate": 7_999}, "rate: expected whole samples a second from 8000 to 192000, got 7999"),
        ({"rate": 192_001}, "got 192001"),
        ({"rate": 0}, "got 0"),
        ({"rate": 44_100.5}, "got 44100.5"),
        ({"channels": 0}, "channels: expected 1 to 64, got 0"),
        ({"channels": 65}, "got 65"),
        ({"colour": 1}, "expected rate and channels, got colour"),
    ],
)
def test_options_that_cannot_be(options, says):
    with pytest.raises(ConfigError, match=says):
        PLAIN.stream(**options)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_restored_state_goes_on_to_the_bit_and_shares_nothing(rate):
    x = noise(6000)
    stream, other = PLAIN.stream(rate=rate), PLAIN.stream(rate=rate)
    stream.feed(x[:2345])
    arrays = stream.arrays()
    expected = stream.feed(x[2345:])
    other.restore(arrays)
    found = other.feed(x[2345:])
    assert found.values.tobytes() == expected.values.tobytes()
    np.testing.assert_array_equal(found.positions, expected.positions)
    stream.reset()
    fresh = {n: a.tobytes() for n, a in PLAIN.stream(rate=rate).arrays().items()}
    assert {n: a.tobytes() for n, a in stream.arrays().items()} == fresh
