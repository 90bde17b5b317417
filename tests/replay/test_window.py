"""Seeking is playing through: a part of a stream has the bits that it has in the whole."""

import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.errors import ConfigError, RecordingError
from streamrnn.io import recorded as recorded_module
from streamrnn.io import recorder
from streamrnn.io.recorded import RecordedStream
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.replay.difference import difference
from streamrnn.replay.play import play
from streamrnn.replay.reel import Step
from streamrnn.replay.sources import open_source
from streamrnn.replay.window import WHOLE, Window, play_within, window
from tests.conftest import example, pieces
from tests.replay.test_play import KINDS, model_of

Row = tuple[float, int, bytes]


class Clock:
    """Time in which a quarter of a second goes by whenever anybody looks."""

    def __init__(self) -> None:
        self.now = 0
        self.sleep = time.sleep
        self.time_ns = time.time_ns

    def monotonic_ns(self) -> int:
        self.now += 250_000_000
        return self.now


def rows(steps: Iterator[Step], part: Window = WHOLE) -> tuple[list[Row], list[Any], list[Any]]:
    """Each prediction of a part, with its time; what was recorded of it; the events."""
    said: list[Row] = []
    then: list[Any] = []
    events: list[Any] = []
    for step in steps:
        assert difference(step) is None
        if step.times is None:
            continue
        for n, second in enumerate(step.times.tolist()):
            if part.start <= second < part.end:
                said.append((second, step.samples - step.offset, step.said.outputs[n].tobytes()))
                events += step.said.events[n]
        then += zip(step.recorded.positions, step.recorded.labels or [], strict=False)
    return said, then, events


@given(
    st.sampled_from(KINDS),
    st.lists(st.integers(0, 4_000), max_size=6),
    st.lists(st.sampled_from(["flush", "reset", "restore", ""]), max_size=4),
    st.floats(0.0, 1.2),
    st.floats(0.0, 1.2),
    st.floats(0.01, 1.0),
)
@settings(max_examples=80, deadline=None)
def test_seeking_is_playing_through(
    kind: str, cuts: list[int], verbs: list[str], one: float, other: float, cut: float
) -> None:
    model = model_of(kind)
    sequence = example(model, 60)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mcap"
        with (
            mock.patch.object(recorder, "time", Clock()),
            mock.patch.object(recorded_module, "SAMPLES", 20),
            RecordedStream(model, path, every=0.05) as stream,
        ):
            for chunk, verb in zip([*pieces(sequence, cuts)] * 2, [*verbs, ""] * 9, strict=False):
                before = stream.snapshot()
                if kind == "motion":
                    stream.reset()
                stream.feed(chunk)
                if verb == "restore":
                    stream.restore(before)
                elif verb:
                    getattr(stream, verb)()
            stream.flush() if kind != "motion" else stream.reset()
        if cut < 0.9:  # as after a kill
            blob = path.read_bytes()
            path.write_bytes(blob[: int(len(blob) * (0.6 + cut / 3))])
            try:
                Recording(path)
            except RecordingError:
                return  # the first piece is cut
        whole = list(play(Recording(path), model))
        last = max(
            (s.times[-1] for s in whole if s.times is not None and len(s.times)), default=1.0
        )
        part = Window(min(one, other) * last, max(one, other) * last)
        through = rows(play_within(Recording(path), model, part, seek=False))
        assert through[0] == rows(iter(whole), part)[0]
        assert rows(play_within(Recording(path), model, part)) == through


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path, Any]:
    """Three seconds of sound in chunks of 10 ms, with a snapshot in each half second."""
    model, path = model_of("sound"), tmp_path_factory.mktemp("window") / "a.mcap"
    sound = np.random.default_rng(0).normal(0.0, 0.1, 24_000).astype(np.float32)
    with RecordedStream(model, path, every=0.5) as stream:
        for first in range(0, len(sound), 80):
            stream.feed(sound[first : first + 80])
        stream.flush()
    return model, path, sound


def test_only_what_is_needed_is_played(recorded: tuple[Model, Path, Any]) -> None:
    model, path, sound = recorded
    part = Window(2.2, 2.3)
    steps = list(play_within(Recording(path), model, part))
    assert steps[0].samples > 2.0 * 8_000  # the snapshot at 2 s
    said = np.concatenate([step.said.outputs for step in steps])
    whole = model.predict(sound)
    mine = (whole.positions >= 2.2 * 8_000) & (whole.positions < 2.3 * 8_000)
    assert 5 < mine.sum() == len(said)
    np.testing.assert_array_equal(said, whole.outputs[mine])


def test_another_model_plays_from_the_beginning(recorded: tuple[Model, Path, Any]) -> None:
    _, path, sound = recorded
    other = model_of("sound", hidden_size=7)
    steps = list(play_within(Recording(path), other, Window(2.2, 2.3)))
    assert steps[0].samples < 8_000
    whole = other.predict(sound)
    mine = (whole.positions >= 2.2 * 8_000) & (whole.positions < 2.3 * 8_000)
    said = np.concatenate([step.said.outputs for step in steps])
    np.testing.assert_array_equal(said, whole.outputs[mine])


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("90", "1:31", (90.0, 91.0)),
        ("3:00:00", "3:05:00.5", (10_800.0, 11_100.5)),
        (None, "0:05", (0.0, 5.0)),
        ("7", None, (7.0, np.inf)),
    ],
)
def test_times_since_the_beginning(
    recorded: tuple[Model, Path, Any], start: str | None, end: str | None, found: Any
) -> None:
    assert window(start, end, Recording(recorded[1])) == found


def test_times_of_the_clock(recorded: tuple[Model, Path, Any]) -> None:
    recording = Recording(recorded[1])
    begun = datetime.fromtimestamp(recording.begun / 1e9)
    soon = (begun + timedelta(hours=5)).replace(microsecond=0)
    wanted = (soon - begun).total_seconds()
    for text in (soon.isoformat(), soon.strftime("T%H:%M:%S")):
        assert window(text, None, recording).start == pytest.approx(wanted, abs=1e-3)
    before = (begun - timedelta(hours=1)).replace(microsecond=0)
    tomorrow = window(before.strftime("T%H:%M:%S"), None, recording).start
    assert tomorrow == pytest.approx((before - begun).total_seconds() + 86_400, abs=1e-3)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("noon", None, "expected a time since the beginning as 3:00:00"),
        ("T25:00", None, "got 'T25:00'"),
        ("5", "5", "expected a time after 5, got 5"),
        ("-1", None, "got '-1'"),
        ("1:2:3:4", None, "got '1:2:3:4'"),
    ],
)
def test_what_is_no_time(
    recorded: tuple[Model, Path, Any], start: str, end: str | None, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        window(start, end, Recording(recorded[1]))


def test_only_a_recording_knows_the_clock(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time_s,x,y\n5,1,1\n6,1,1\n")
    with pytest.raises(RecordingError, match="only a recording knows when"):
        window("T03:00", None, open_source(tmp_path / "a.csv"))


def test_a_track_by_its_own_time(tmp_path: Path) -> None:
    lines = "\n".join(f"{5 + n / 10},{n},{n * n}" for n in range(50))
    (tmp_path / "a.csv").write_text(f"time_s,x,y\n{lines}\n")
    source = open_source(tmp_path / "a.csv")
    steps = list(play_within(source, model_of("motion"), Window(1.0, 2.0)))
    times = np.concatenate([step.times for step in steps if step.times is not None])
    np.testing.assert_allclose(times, np.arange(10, 20) / 10)


def test_text_in_a_file_has_no_times(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello there")
    source = open_source(tmp_path / "a.txt")
    with pytest.raises(RecordingError, match="expected a stream with times"):
        list(play_within(source, model_of("words"), Window(1.0, 2.0)))


def test_an_end_that_comes_late_has_its_own_time(tmp_path: Path) -> None:
    model, clock = model_of("words"), Clock()
    with mock.patch.object(recorder, "time", clock):
        with RecordedStream(model, tmp_path / "a.mcap") as stream:
            stream.feed("a")
            clock.now += 10**9
            stream.flush()  # ends the word
            stream.feed("b c ")
            stream.flush()
    part = Window(0.8, 10.0)
    sought = rows(play_within(Recording(tmp_path / "a.mcap"), model, part))
    assert len(sought[0]) == 3
    assert sought == rows(play_within(Recording(tmp_path / "a.mcap"), model, part, seek=False))


def test_what_lies_behind_a_damaged_place_can_be_sought(
    recorded: tuple[Model, Path, Any], tmp_path: Path
) -> None:
    model, path, _ = recorded
    blob = bytearray(path.read_bytes())
    blob[len(blob) // 3] ^= 1
    (tmp_path / "a.mcap").write_bytes(blob)
    through = Recording(tmp_path / "a.mcap")
    assert rows(play(through, model)) and through.broken is not None
    part = Window(2.2, 2.9)
    whole = rows(play_within(Recording(path), model, part))
    assert len(whole[0]) == 70
    assert rows(play_within(Recording(tmp_path / "a.mcap"), model, part)) == whole


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_an_error_of_its_own_when_sought(
    recorded: tuple[Model, Path, Any], data: st.DataObject
) -> None:
    model, path, _ = recorded
    blob = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(blob) - 9))
        blob[at : at + 8] = data.draw(
            st.sampled_from([b"\xff" * 8, b"\0" * 8, blob[at : at + 7] + b"x"])
        )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.mcap").write_bytes(blob)
        try:
            for step in play_within(Recording(Path(folder) / "a.mcap"), model, Window(1.5, 2.0)):
                assert difference(step) is None
        except RecordingError:
            pass
