"""Clips and what may befall them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from streamrnn.errors import SoundError
from streamrnn.io.sounds import read_sound, sound_chunks, sound_files
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import (
    PARTS,
    Clip,
    Recordings,
    among,
    converted,
    part_of,
    read_clips,
    speaker_of,
    within,
)

RATE = 16_000


def tone(hertz, seconds=1.0, rate=RATE):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype("f4")


def loudest(x, rate=RATE):
    return np.argmax(np.abs(np.fft.rfft(x))) * rate / len(x)


def test_folders_become_labelled_clips(tmp_path: Path) -> None:
    for label, name, rate in (
        ("yes", "0ea0e2f4_nohash_1.wav", 16_000),
        ("yes", "0ea0e2f4_nohash_0.wav", 8_000),
        ("_unknown_", "bed_28497c5b_nohash_0.wav.flac", 44_100),
    ):
        (tmp_path / label).mkdir(exist_ok=True)
        stereo = np.stack([tone(500, rate=rate)] * 2, axis=1)
        soundfile.write(tmp_path / label / name, stereo, rate)
    clips = read_clips(tmp_path, RATE)
    assert [(clip.label, clip.speaker) for clip in clips] == [
        ("_unknown_", "28497c5b"),
        ("yes", "0ea0e2f4"),
        ("yes", "0ea0e2f4"),
    ]
    for clip in clips:
        assert clip.samples.shape == (RATE,) and clip.samples.dtype == np.float32
        assert loudest(clip.samples) == pytest.approx(500, abs=2)
    (tmp_path / "yes" / "bad.wav").write_text("no sound")
    with pytest.raises(SoundError, match="bad.wav"):
        read_clips(tmp_path, RATE)
    skipped: list[SoundError] = []
    again = read_clips(tmp_path, RATE, skip=skipped.append)
    assert [clip.speaker for clip in again] == [clip.speaker for clip in clips]
    assert len(skipped) == 1 and "bad.wav" in str(skipped[0])
    with pytest.raises(SoundError, match="expected sounds, got 1 files that are none"):
        (tmp_path / "other").mkdir()
        shutil.copy(tmp_path / "yes" / "bad.wav", tmp_path / "other")
        read_clips(tmp_path / "other", RATE, skip=skipped.append)


def test_a_speaker_is_in_one_part_and_all_parts_are_peopled() -> None:
    names = [f"{n:08x}" for n in range(2000)]
    clips = [Clip(np.zeros(1, np.float32), "a", name) for name in names for _ in range(2)]
    counts = [len(within(clips, [part])) for part in range(PARTS)]
    assert sum(counts) == 4000 and min(counts) > 300  # 400 each; 300 is five deviations off
    assert part_of("0ea0e2f4") == part_of("0ea0e2f4")
    assert speaker_of(Path("x/y/1024.flac")) == "y/1024.flac"


@pytest.mark.parametrize("share", [0.125, 0.25, 0.5, 1.0])
def test_a_share_takes_as_much_of_each_part_and_lies_within_the_larger(share: float) -> None:
    names = [f"{n:08x}" for n in range(5000)]
    chosen = {name for name in names if among(name, share)}
    assert chosen <= {name for name in names if among(name, min(1.0, 1.2 * share))}
    for part in range(PARTS):
        own = [name for name in names if part_of(name) == part]
        deviation = (share * (1.0 - share) / len(own)) ** 0.5
        assert abs(len(chosen.intersection(own)) / len(own) - share) <= 4.0 * deviation
    assert not any(among(name, 0.0) for name in names)


def test_recordings_are_read_when_asked_for(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(2)]
    sounds = Recordings(paths, RATE)
    for number, path in enumerate(paths):
        soundfile.write(path, tone(300 + number, rate=8_000), 8_000)
    assert len(sounds) == 2 and loudest(sounds[1]) == pytest.approx(301, abs=1)
    paths[0].unlink()
    with pytest.raises(SoundError, match=r"0\.wav"):
        sounds[0]


@pytest.mark.parametrize("rate", [8_000, 44_100, 15_999])
def test_converted_signals_keep_their_length_and_pitch(rate: int) -> None:
    x = converted(tone(440, rate=rate), rate, RATE)
    assert len(x) == RATE and loudest(x) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: None, "expected a file of sound"),
        (lambda p: p.write_bytes(b""), "expected a file of sound"),
        (lambda p: p.write_text("hello"), "expected a file of sound"),
        (lambda p: soundfile.write(p, np.zeros((0, 1)), RATE), "without any"),
        (lambda p: p.mkdir(), "expected a file of sound"),
    ],
)
def test_files_that_are_no_sound(tmp_path: Path, make, says: str) -> None:
    path = tmp_path / "x.wav"
    make(path)
    with pytest.raises(SoundError, match=says):
        read_sound(path)


def test_a_file_cut_short_is_told_after_what_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(5 * RATE), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    got = 0
    with pytest.raises(SoundError, match=r"x\.flac"):
        for part in sound_chunks(path, seconds=0.1):
            got += len(part.samples)
    assert got > RATE


def test_a_folder_without_sounds(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=r"expected a folder with \.wav"):
        sound_files(tmp_path)


def test_speed_moves_the_pitch_and_the_length_alike() -> None:
    rng = np.random.default_rng(0)
    for _ in range(8):
        x = augment.at_speed(tone(400), rng)
        assert loudest(x) * len(x) / RATE == pytest.approx(400, rel=0.02)


def test_a_room_keeps_the_direct_sound_where_it_was() -> None:
    response = augment.echo(RATE, np.random.default_rng(1))
    click = np.zeros(4000, np.float32)
    click[100] = 1.0
    heard = augment.in_room(click, response)
    assert len(heard) == 4000 and np.abs(heard[:100]).max() < 1e-6
    assert heard[100] == pytest.approx(1.0, abs=1e-5)
    expected = np.convolve(click, response)[:4000]
    np.testing.assert_allclose(heard, expected, atol=1e-5)


def test_pieces_fit() -> None:
    rng = np.random.default_rng(0)
    x = np.arange(100, dtype=np.float32)
    assert len(augment.piece(x, 250, rng)) == 250
    assert (np.diff(augment.piece(x, 20, rng)) == 1).all()
    np.testing.assert_array_equal(augment.fitted(x[:4], 6, -2), [2, 3, 0, 0, 0, 0])
    np.testing.assert_array_equal(augment.fitted(x[1:5], 3, 1), [0, 1, 2])
    assert not augment.fitted(x, 5, 9).any()
    assert augment.level(tone(440)) == pytest.approx(0.3 / np.sqrt(2), rel=0.01)
    assert augment.level(x[:9]) == 0.0
    assert augment.coloured(777, rng).std() == pytest.approx(1.0, rel=1e-3)
