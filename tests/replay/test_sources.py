"""Every file replays as the stream that it was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from streamrnn.errors import RecordingError, StreamRNNError
from streamrnn.io.messages import Verb
from streamrnn.io.recorder import Recorder
from streamrnn.replay.sources import Source, files_of, open_source


def chunks(source: Source) -> list[Any]:
    """What is fed; the end of a sequence is "|"."""
    items = [item for item, _ in source]
    return ["|" if isinstance(item, Verb) else item for item in items]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_sound(tmp_path: Path, suffix: str) -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.1, (8_000 * 45 + 7, 2)).astype(np.float32)
    sf.write(tmp_path / f"a{suffix}", sound, 8_000)
    source = open_source(tmp_path / f"a{suffix}")
    assert source.kind == "audio" and source.options == {"rate": 8_000, "channels": 2}
    *parts, end = chunks(source)
    assert end == "|" and len(parts) == 3 and source.share == 1.0 and source.broken is None
    read, _ = sf.read(tmp_path / f"a{suffix}", dtype="float32")
    np.testing.assert_array_equal(np.concatenate(parts), read)
    slow = chunks(open_source(tmp_path / f"a{suffix}", slow=True))
    assert {len(part) for part in slow[:-2]} == {160}


def test_sound_that_is_cut_short(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.flac", np.random.default_rng(0).normal(0.0, 0.1, 160_000), 8_000)
    blob = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(blob[: len(blob) // 2])
    source = open_source(tmp_path / "a.flac")
    found = chunks(source)
    assert sum(map(len, found)) > 50_000 and isinstance(found[-1], np.ndarray)
    assert source.broken is not None and "cut short" in source.broken


def test_a_track(tmp_path: Path) -> None:
    lines = "\n".join(f"{n},{n},{n}" for n in range(5_000))
    (tmp_path / "a.csv").write_text(f"time_s,x,y\n{lines}\n")
    *parts, end = chunks(open_source(tmp_path / "a.csv"))
    assert end == "|" and len(parts) == 2
    np.testing.assert_array_equal(np.concatenate(parts)[:, 0], np.arange(5_000))
    (tmp_path / "a.csv").write_text(f"time_s,x,y\n{lines}\n5000,1\n")
    source = open_source(tmp_path / "a.csv")
    assert sum(map(len, chunks(source))) == 5_000  # what is whole is played
    assert source.broken is not None and "line 5002" in source.broken


def test_text_and_sentences(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Turn on\nthe lïght\n\n")
    assert "".join(chunks(open_source(tmp_path / "a.txt"))) == "Turn on\nthe lïght\n\n|"
    each = chunks(open_source(tmp_path / "a.txt", sentences=True))
    assert each == ["Turn on", "|", "the lïght", "|"]
    (tmp_path / "a.jsonl").write_text('{"text": "one", "label": "x"}\n\n{"text": "twö"}')
    assert chunks(open_source(tmp_path / "a.jsonl")) == ["one", "|", "twö", "|"]


@pytest.mark.parametrize(
    ("name", "blob", "told"),
    [
        ("a.jsonl", b'{"text": "one"}\n{"txt": 1}\n', 'line 2: expected {"text"'),
        ("a.jsonl", b'{"text": "one"}\n{"text": 1}\n', "line 2"),
        ("a.txt", b"one \xff two", "expected UTF-8, got 0xff at byte 4"),
        ("a.csv", b"time_s,x,y\n1,2,3\n0,2,3\n", "expected a time of 1.0 s or later"),
    ],
)
def test_what_breaks_off_says_where(tmp_path: Path, name: str, blob: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(blob)
    source = open_source(tmp_path / name)
    chunks(source)
    assert source.broken is not None and told in source.broken


@pytest.mark.parametrize("name", ["a.mcap", "a.wav", "a.pdf", "a"])
def test_what_is_nothing_of_the_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(StreamRNNError, match=f"{name}: expected"):
        open_source(tmp_path / name)


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    names = (
        "b.wav",
        "b.csv",
        "d.ogg",
        "d.labels.txt",
        "b.2.csv",
        "c.csv",
        "deep/a.FLAC",
        "n.txt",
        "x.pdf",
        "r.txt",
    )
    (tmp_path / "deep").mkdir()
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "b.2.csv").write_text("time_s,x,y\n1,2,3\n")  # a track
    Recorder(tmp_path / "r.mcap").close()

    def found(kind: str) -> list[str]:
        return [str(p.relative_to(tmp_path)) for p in files_of([tmp_path], kind=kind)]

    assert found("audio") == ["b.wav", "d.ogg", "deep/a.FLAC", "r.mcap"]
    assert found("motion") == ["b.2.csv", "c.csv", "r.mcap"]
    assert found("") == ["b.2.csv", "b.wav", "c.csv", "d.ogg", "deep/a.FLAC", "n.txt", "r.mcap"]
    assert files_of([tmp_path / "x.pdf"]) == [tmp_path / "x.pdf"]  # which open_source refuses
    assert files_of([tmp_path / "y", tmp_path / "b.wav", tmp_path / "y"]) == [
        tmp_path / "y",
        tmp_path / "b.wav",
    ]
    assert files_of([tmp_path], kind="recorded") == [tmp_path / "r.mcap"]
    with pytest.raises(RecordingError, match="expected files that replay"):
        files_of([tmp_path / "deep"], kind="motion")
