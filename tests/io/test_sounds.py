"""Files of sound: pieces that join to the whole, and files that are not what they should be."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from streamrnn.errors import SoundError
from streamrnn.io.sounds import read_sound, sound_chunks, sound_files


def samples(count: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(-9000, 9000, (count, channels)).astype(np.int16)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("channels", [1, 2])
def test_pieces_join_to_the_whole(tmp_path: Path, suffix: str, channels: int) -> None:
    path, written = tmp_path / f"x.{suffix}", samples(10_007, channels)
    soundfile.write(path, written, 22_050)
    whole = read_sound(path)
    assert whole.rate == 22_050
    np.testing.assert_array_equal(whole.samples, written.astype(np.float32) / 32_768.0)
    parts = list(sound_chunks(path, seconds=0.1))
    assert {len(part.samples) for part in parts[:-1]} == {2_205}
    np.testing.assert_array_equal(np.concatenate([p.samples for p in parts]), whole.samples)


def test_files_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all")
    soundfile.write(tmp_path / "empty.wav", samples(0), 16_000)
    soundfile.write(tmp_path / "cut.flac", samples(90_000), 16_000)
    whole = (tmp_path / "cut.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    soundfile.write(tmp_path / "still.wav", samples(100), 16_000)
    header = bytearray((tmp_path / "still.wav").read_bytes())
    header[24:28] = bytes(4)  # the sample rate of a WAV
    (tmp_path / "still.wav").write_bytes(bytes(header))
    for name in ("text.wav", "empty.wav", "cut.flac", "still.wav", "absent.wav"):
        with pytest.raises(SoundError, match=name):
            read_sound(tmp_path / name)


@pytest.mark.parametrize("seconds", [0.02, 0.1, 1.0, 60.0])
def test_all_that_a_cut_flac_holds_comes_before_the_error(tmp_path: Path, seconds: float) -> None:
    path, written = tmp_path / "cut.flac", samples(90_000)
    soundfile.write(path, written, 16_000)
    path.write_bytes(path.read_bytes()[:100_000])
    got: list[np.ndarray] = []
    with pytest.raises(SoundError, match="expected 90000 samples, got [0-9]+: the file is cut"):
        for part in sound_chunks(path, seconds=seconds):
            got.append(part.samples)
    whole = np.concatenate(got)
    # libsndfile encodes blocks of 4096: the whole ones are there, whatever the pieces.
    assert len(whole) > 40_000 and len(whole) % 4096 == 0
    np.testing.assert_array_equal(whole, written[: len(whole)].astype(np.float32) / 32_768.0)


def test_a_flac_that_was_written_to_a_pipe_does_not_know_its_length(tmp_path: Path) -> None:
    path, written = tmp_path / "piped.flac", samples(20_000)
    soundfile.write(path, written, 16_000)
    data = bytearray(path.read_bytes())
    # STREAMINFO begins at byte 8; its bits 108 to 143 count the samples, 0: unknown (RFC 9639).
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(bytes(data))
    np.testing.assert_array_equal(read_sound(path).samples, written.astype(np.float32) / 32_768.0)


def test_what_a_cut_file_holds_comes_before_the_error(tmp_path: Path) -> None:
    path, written = tmp_path / "cut.wav", samples(16_000)
    soundfile.write(path, written, 16_000)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 5_000])
    got: list[np.ndarray] = []
    with pytest.raises(SoundError, match="expected 16000 samples, got 5000"):
        for part in sound_chunks(path, seconds=0.1):
            got.append(part.samples)
    np.testing.assert_array_equal(
        np.concatenate(got)[:, 0], written[:5_000, 0].astype(np.float32) / 32_768.0
    )


@pytest.mark.parametrize("place", [0, 1, 2_000, 4_999])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_not_finite_is_told_after_what_came_before(
    tmp_path: Path, place: int, channels: int
) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (5_000, channels)).astype(np.float32)
    samples[place, -1] = np.inf
    soundfile.write(tmp_path / "a.wav", samples, 8_000, subtype="FLOAT")
    parts: list[np.ndarray] = []
    with pytest.raises(SoundError, match=rf"a.wav: expected finite .*inf\] in sample {place} \("):
        parts.extend(part.samples for part in sound_chunks(tmp_path / "a.wav", seconds=0.1))
    assert all(len(part) for part in parts)
    np.testing.assert_array_equal(np.concatenate([samples[:0], *parts]), samples[:place])
    with pytest.raises(SoundError, match="expected finite"):
        read_sound(tmp_path / "a.wav")


def test_folders_are_searched_below_and_must_hold_something(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    soundfile.write(tmp_path / "a" / "1.WAV", samples(10), 16_000)
    soundfile.write(tmp_path / "2.flac", samples(10), 16_000)
    (tmp_path / "notes.txt").write_text("-")
    assert [path.name for path in sound_files(tmp_path)] == ["2.flac", "1.WAV"]
    for folder in (tmp_path / "absent", tmp_path / "a" / "1.WAV"):
        with pytest.raises(SoundError, match="expected a folder"):
            sound_files(folder)
