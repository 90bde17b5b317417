"""Replay is the recording again, to the bit, however the stream was cut, ended or restored."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import AudioConfig, DetectConfig, MotionConfig, PointsConfig
from streamrnn.errors import RecordingError
from streamrnn.io.messages import Said
from streamrnn.io.recorded import RecordedStream
from streamrnn.io.recorder import Recorder
from streamrnn.io.recording import Found, Recording
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.model import Model
from streamrnn.replay.difference import Difference, difference
from streamrnn.replay.play import play
from tests.conftest import example, make_frames, make_model, make_text_model, pieces


def model_of(kind: str, **network: Any) -> Model:
    """A model of each kind of input."""
    if kind in ("characters", "words"):
        return make_text_model(kind, **network)
    if kind == "motion":
        front, decoder = MotionConfig(), PointsConfig(horizons=(1, 3))
        sizes = {"input_size": FRAME_SIZE, "output_size": 8}
        return make_model(frontend=front, decoder=decoder, **sizes, **network)
    if kind == "sound":
        return make_model(
            frontend=AudioConfig(sample_rate=8_000, window=200, hop=80, fft=256, mels=6),
            decoder=DetectConfig(labels=("a", "b", "c"), threshold=0.34),
            input_size=6,
            output_size=3,
            **network,
        )
    return make_model(output_size=2, **network)


KINDS = ("frames", "characters", "words", "motion", "sound")


@given(
    st.sampled_from(KINDS),
    st.lists(st.integers(0, 4_000), max_size=6),
    st.lists(st.sampled_from(["flush", "reset", "restore", "gap"]), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_the_same_model_says_the_same(kind: str, cuts: list[int], verbs: list[str]) -> None:
    model = model_of(kind)
    sequence = example(model, 30)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mcap"
        with RecordedStream(model, path) as stream:
            for chunk, verb in zip([*pieces(sequence, cuts)] * 2, verbs * 9, strict=False):
                before = stream.snapshot()
                stream.feed(chunk) if kind != "motion" else _feed_rows(stream, chunk)
                if verb == "gap":
                    stream.gap(5)
                elif verb == "restore":
                    stream.restore(before)
                else:
                    getattr(stream, verb)()
            _feed_rows(stream, sequence) if kind == "motion" else stream.feed(sequence)
            stream.flush()
        recording = Recording(path)
        steps = list(play(recording, model))
        assert recording.broken is None and steps
        assert [difference(step) for step in steps] == [None] * len(steps)
        assert any(len(step.said) for step in steps)


def _feed_rows(stream: RecordedStream, rows: Any) -> None:
    """Rows whose time goes on from wherever the stream is: a new sequence."""
    stream.reset()
    stream.feed(rows)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    with RecordedStream(model_of("sound"), tmp_path / "a.mcap") as stream:
        for seed in range(8):
            stream.feed(example(stream.model, 12, seed))
        stream.flush()
    return tmp_path / "a.mcap"


def found(path: Path, model: Model) -> list[Difference]:
    return [told for step in play(Recording(path), model) if (told := difference(step))]


def test_another_model_is_told_apart(recorded: Path) -> None:
    told = found(recorded, model_of("sound", hidden_size=7))
    assert told and told[0].what in ("labels", "scores", "outputs")
    assert told[0].time == told[0].position / 8_000


class Changed(Recording):
    """A recording of which one prediction was something else."""

    def __init__(self, path: Path, name: str, value: Any) -> None:
        super().__init__(path)
        self.name, self.value = name, value

    def __iter__(self) -> Any:
        for n, each in enumerate(super().__iter__()):
            message = each.message
            if n > 8 and isinstance(message, Said) and self.value is not None:
                message = msgspec.structs.replace(
                    message, **{self.name: self.value(getattr(message, self.name))}
                )
                self.value = None
            yield Found(message, each.at)


def flip(outputs: bytes) -> bytes:
    return outputs[:-4] + bytes([outputs[-4] ^ 1]) + outputs[-3:]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("outputs", flip),
        ("positions", lambda positions: [positions[0] + 1, *positions[1:]]),
        ("labels", lambda labels: ["z", *labels[1:]]),
        ("scores", lambda scores: [*scores[:-1], scores[-1] + 2**-50]),
    ],
)
def test_a_single_bit_is_found(recorded: Path, name: str, change: Any) -> None:
    told = [
        t for s in play(Changed(recorded, name, change), model_of("sound")) if (t := difference(s))
    ]
    assert [each.what for each in told] == [name]


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_what_is_readable_of_a_recording_cut_short_agrees(recorded: Path, share: float) -> None:
    blob = recorded.read_bytes()
    recorded.write_bytes(blob[: int(share * len(blob))])
    recording = Recording(recorded)
    told = [difference(step) for step in play(recording, model_of("sound"))]
    assert recording.broken is not None
    assert told == [None] * len(told)


def test_a_model_of_another_kind_is_refused(recorded: Path) -> None:
    with pytest.raises(RecordingError, match="expected a model of audio to play it to, got made"):
        next(play(Recording(recorded), model_of("words")))


def test_what_nobody_listened_to_is_played_to_any_model(tmp_path: Path) -> None:
    model = model_of("sound")
    samples = example(model, 60)
    with Recorder(tmp_path / "a.mcap", options={"rate": 8_000, "channels": 1}) as recorder:
        for first in range(0, len(samples), 700):
            recorder.chunk(samples[first : first + 700], 1)
    said = [step.said.outputs for step in play(Recording(tmp_path / "a.mcap"), model)]
    whole = model.stream().feed(samples)
    np.testing.assert_array_equal(np.concatenate(said), whole.outputs)


def test_a_million_chunks_would_not_be_kept(tmp_path: Path) -> None:
    """Steps come one by one: none is held back but the one whose predictions may follow."""
    model = make_model(output_size=2)
    with RecordedStream(model, tmp_path / "a.mcap") as stream:
        for _ in range(50):
            stream.feed(make_frames(1))
    playing = play(Recording(tmp_path / "a.mcap"), model)
    first = next(playing)
    assert first.recorded is not None and first.samples == 1
    assert sum(1 for _ in playing) == 49
