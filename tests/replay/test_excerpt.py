"""An excerpt is the slice of the whole, and no more of the file is read than has to be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from streamrnn.errors import RecordingError, SoundError
from streamrnn.io.messages import Audio
from streamrnn.io.recorded import RecordedStream
from streamrnn.io.recorder import Recorder
from streamrnn.io.sounds import read_sound
from streamrnn.replay import excerpt as module
from streamrnn.replay.excerpt import excerpt
from tests.conftest import example, make_frames, make_model
from tests.replay.test_play import model_of

RATE = 8_000
CUTS = [(0.0, 1.0), (0.7251, 2.0004), (-3.0, 0.5), (5.9, 99.0), (99.0, 100.0), (2.0, 2.0), (3.0, 1)]
WHOLE = (-1.0, np.inf)


def samples(count: int, channels: int = 1) -> Any:
    noise = np.random.default_rng(count).normal(size=(count, channels)) * 3_000
    return noise.astype(np.int16)


def slice_of(whole: Any, start: float, end: float, rate: int = RATE) -> Any:
    places = np.clip([start * rate, end * rate], 0, len(whole))
    first, last = np.round(places).astype(int)
    return whole[first : max(first, last)]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("channels", [1, 2])
def test_of_a_file_of_sound_it_is_the_slice(tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, samples(50_001, channels), RATE)
    whole = read_sound(path).samples
    for start, end in [*CUTS, WHOLE]:
        got = excerpt(path, start, end)
        assert got.rate == RATE and got.samples.dtype == np.float32
        np.testing.assert_array_equal(got.samples, slice_of(whole, start, end))


@pytest.mark.parametrize(("channels", "dtype"), [(0, "i2"), (1, "f4"), (2, "i2"), (2, "f4")])
def test_of_a_recording_it_is_the_slice(tmp_path: Path, channels: int, dtype: str) -> None:
    path, written = tmp_path / "a.mcap", samples(50_001, max(1, channels))
    whole = written.astype(np.float32) / 32_768
    fed = written if dtype == "i2" else whole
    options: Any = {"channels": channels} if channels else {}
    with RecordedStream(model_of("sound"), path, every=0.5, rate=RATE, **options) as stream:
        sizes = np.random.default_rng(0).integers(0, 1_301, 200)
        for n, first in enumerate(np.cumsum(sizes)):
            part = fed[first - sizes[n] : first]
            stream.feed(part if channels else part[:, 0])
            if n == 20:
                stream.flush()
    for start, end in [*CUTS, WHOLE]:
        got = excerpt(path, start, end)
        assert got.rate == RATE and got.samples.dtype == np.float32
        np.testing.assert_array_equal(got.samples, slice_of(whole, start, end))


def test_little_of_a_recording_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, model = tmp_path / "a.mcap", model_of("sound")
    with RecordedStream(model, path, every=1.0) as stream:
        for seed in range(100):
            stream.feed(example(model, 50, seed))  # half a second
    read: list[Audio] = []

    class Counted(module.Recording):
        def __iter__(self) -> Any:
            for found in super().__iter__():
                read.extend([found.message] if isinstance(found.message, Audio) else [])
                yield found

    monkeypatch.setattr(module, "Recording", Counted)
    assert len(excerpt(path, 40.2, 40.9).samples) == 0.7 * RATE
    assert len(read) <= 5  # from the state before it to the chunk after it


def test_of_a_recording_without_states_it_is_the_slice(tmp_path: Path) -> None:
    whole = samples(40_000)
    with Recorder(tmp_path / "a.mcap", options={"rate": RATE, "channels": 1}) as recorder:
        for first in range(0, len(whole), 700):
            recorder.chunk(whole[first : first + 700], 1)
    got = excerpt(tmp_path / "a.mcap", 1.01, 3.3).samples
    np.testing.assert_array_equal(got, slice_of(whole.astype("f4") / 32_768, 1.01, 3.3))


def test_what_is_damaged_is_there_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, samples(50_000), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    got = excerpt(path, 2.0, 6.0).samples
    whole = samples(50_000).astype("f4")[16_000:] / 32_768
    assert 0 < len(got) < 16_000
    np.testing.assert_array_equal(got, whole[: len(got)])
    assert len(excerpt(path, 5.0, 6.0).samples) == 0


def test_what_holds_no_sound_is_refused(tmp_path: Path) -> None:
    with RecordedStream(make_model(), tmp_path / "a.mcap") as stream:
        stream.feed(make_frames(3))
    with pytest.raises(RecordingError, match="expected a recording of sound, got one of frames"):
        excerpt(tmp_path / "a.mcap", 0.0, 1.0)
    with pytest.raises(SoundError, match="no such file"):
        excerpt(tmp_path / "none.wav", 0.0, 1.0)
