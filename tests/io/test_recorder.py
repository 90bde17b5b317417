"""A recording holds what came and what was said, whatever becomes of the process or the disk."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import Writer

from streamrnn.config import AudioConfig, ClassesConfig
from streamrnn.errors import InputError, RecordingError
from streamrnn.io import recorder as recorder_module
from streamrnn.io.messages import Audio, Gap, Happened, Kept, Opened, Said, Text, Verb, chunk_of
from streamrnn.io.recorded import RecordedModel, RecordedStream
from streamrnn.io.recorder import Recorder
from streamrnn.io.recording import Recording
from streamrnn.io.sounds import read_sound
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.replay.difference import difference
from streamrnn.replay.play import play
from streamrnn.replay.window import Window, play_within
from tests.conftest import make_frames, make_model, make_text_model

QUESTION = Path(__file__).parents[2] / "demos" / "question.flac"


def hearing(**network: Any) -> Model:
    return make_model(
        frontend=AudioConfig(),
        decoder=ClassesConfig(labels=("a", "b")),
        input_size=40,
        output_size=2,
        **network,
    )


def sound(seconds: float, rate: int = 16_000) -> Any:
    rng = np.random.default_rng(0)
    return rng.integers(-3_000, 3_000, int(seconds * rate)).astype(np.int16)


def test_what_came_is_there_in_order(tmp_path: Path) -> None:
    model, samples = hearing(), sound(12.0)
    with RecordedStream(model, tmp_path / "a.mcap", rate=16_000, source="a test") as stream:
        for first in range(0, len(samples), 1_000):
            stream.feed(samples[first : first + 1_000])
        stream.gap(77)
        stream.flush()
        stream.reset()
    recording = Recording(tmp_path / "a.mcap")
    opened = recording.opened
    assert (opened.model, opened.fingerprint) == (model.name, model.fingerprint)
    assert opened.options == {"rate": 16_000, "channels": 1} and opened.source == "a test"
    assert abs(recording.begun / 1e9 - time.time()) < 60
    found = [each.message for each in recording]
    heard = np.concatenate([chunk_of(each) for each in found if isinstance(each, Audio)])
    np.testing.assert_array_equal(heard, samples)
    steps = sum(len(each.positions) for each in found if isinstance(each, Said))
    assert steps == len(model.predict(samples))
    assert [each.position for each in found if isinstance(each, Kept)] == [80_000, 160_000]
    assert [each.verb for each in found if isinstance(each, Verb)] == ["flush", "reset"]
    assert [each.samples for each in found if isinstance(each, Gap)] == [77]
    assert recording.broken is None


def test_snapshots_go_on_to_the_same_bits(tmp_path: Path) -> None:
    model, samples = hearing(), sound(11.0)
    with RecordedStream(model, tmp_path / "a.mcap", rate=16_000) as stream:
        for first in range(0, len(samples), 3_000):
            stream.feed(samples[first : first + 3_000])
    kept = [each.message for each in Recording(tmp_path / "a.mcap")]
    whole = model.predict(samples)
    snapshots = [each for each in kept if isinstance(each, Kept)]
    assert len(snapshots) == 2
    for message in snapshots:
        stream = model.stream(state=message.snapshot)
        said = stream.feed(samples[message.position :])
        later = whole.outputs[whole.positions > message.position]
        np.testing.assert_array_equal(said.outputs, later[: len(said)])
        assert len(said) > 80


def test_a_refused_chunk_is_not_recorded_and_an_empty_one_is(tmp_path: Path) -> None:
    model = make_model()
    with RecordedStream(model, tmp_path / "a.mcap") as stream:
        stream.feed(make_frames(2))
        with pytest.raises(InputError):
            stream.feed(make_frames(2).astype(np.float64))
        stream.feed(make_frames(0))
    names = [type(each.message).__name__ for each in Recording(tmp_path / "a.mcap")]
    assert names == ["FrameChunk", "Said", "FrameChunk"]


def test_other_programs_read_it(tmp_path: Path) -> None:
    """By the container's own index, with a schema for each channel; sound as Foxglove has it."""
    with RecordedStream(hearing(), tmp_path / "a.mcap", rate=16_000) as stream:
        for _ in range(20):
            stream.feed(sound(0.2))
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary is not None and len(summary.chunk_indexes) > 1
        names = {schema.name for schema in summary.schemas.values()}
        assert {"foxglove.RawAudio", "streamrnn.Predictions"} <= names
        topics = [channel.topic for _, channel, _ in reader.iter_messages(topics=["/audio"])]
        assert len(topics) == 20
    assert (tmp_path / "a.mcap").stat().st_size < 20 * 6_400 * 4 / 3  # smaller than its base64


def test_a_recorded_model_records_its_first_stream(tmp_path: Path) -> None:
    with RecordedModel(make_text_model("words"), tmp_path / "a.mcap") as model:
        first, second = model.stream(errors="replace"), model.stream()
        first.feed("turn on ")
        second.feed("off ")
    recording = Recording(tmp_path / "a.mcap")
    assert recording.opened.options == {"errors": "replace"}
    assert [chunk_of(each.message) for each in recording if isinstance(each.message, Text)] == [
        "turn on "
    ]
    with RecordedModel(make_model(), tmp_path / "b.mcap"):
        pass
    assert not (tmp_path / "b.mcap").exists()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(b"mine")
    with pytest.raises(RecordingError, match="expected a new file"):
        Recorder(tmp_path / "a.mcap")
    assert (tmp_path / "a.mcap").read_bytes() == b"mine"
    with pytest.raises(RecordingError, match="no-folder"):
        Recorder(tmp_path / "no-folder" / "a.mcap")


KILLED = """
import sys, time, numpy as np
from tests.io.test_recorder import hearing, sound
from streamrnn.io.recorded import RecordedStream
stream = RecordedStream(hearing(), sys.argv[1], rate=16_000)
samples = sound(6.0)
for first in range(0, len(samples), 320):
    stream.feed(samples[first:first + 320])
print("fed", flush=True)
time.sleep(0.8)
print("now", flush=True)
time.sleep(60)
"""


def test_killed_all_but_the_last_second_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().strip() for _ in range(2)] == ["fed", "now"]
        process.send_signal(signal.SIGKILL)
    recording = Recording(path)
    heard = [each.message for each in recording]
    count = sum(len(chunk_of(each)) for each in heard if isinstance(each, Audio))
    assert count >= 5.0 * 16_000
    assert recording.broken is not None and "byte" in recording.broken


FULL = """
import resource, sys
from tests.io.test_recorder import hearing, sound
from streamrnn.io.recorded import RecordedStream
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
told = []
with RecordedStream(hearing(), sys.argv[1], rate=16_000, failed=told.append) as stream:
    import time
    said = 0
    for second in range(12):
        said += len(stream.feed(sound(1.0)))
        time.sleep(0.3)
print(said, len(told), told[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size there")
def test_a_full_disk_ends_the_recording_and_not_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said, told, why = done.stdout.strip().split(" ", 2)
    assert int(said) > 1_000 and told == "1"
    assert "a.mcap: expected a file that takes more" in why and "the recording ends here" in why
    assert any(isinstance(each.message, Audio) for each in Recording(path))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9, 0.999])
def test_cut_short_it_is_read_to_there(share: float, tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with RecordedStream(hearing(), path, rate=16_000) as stream:
        for _ in range(30):
            stream.feed(sound(0.2))
    blob = path.read_bytes()
    path.write_bytes(blob[: int(share * len(blob))])
    recording = Recording(path)
    count = sum(isinstance(each.message, Audio) for each in recording)
    assert recording.broken is not None
    assert count >= int(30 * share) - 3


def test_garbled_it_is_read_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with RecordedStream(hearing(), path, rate=16_000) as stream:
        for _ in range(30):
            stream.feed(sound(0.2))
    blob = bytearray(path.read_bytes())
    whole = sum(isinstance(each.message, Audio) for each in Recording(path))
    rng = np.random.default_rng(1)
    for _ in range(40):
        at = int(rng.integers(len(blob) // 4, len(blob)))
        damaged = bytearray(blob)
        damaged[at : at + 4] = bytes(4) if any(blob[at : at + 4]) else b"\xff" * 4
        path.write_bytes(damaged)
        recording = Recording(path)
        assert 0 < sum(isinstance(each.message, Audio) for each in recording) <= whole


def test_what_is_no_recording_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with pytest.raises(RecordingError, match="expected a recording, got: .*No such file"):
        Recording(path)
    for blob in (b"", b"nothing of the kind", os.urandom(5_000)):
        path.write_bytes(blob)
        with pytest.raises(RecordingError, match="expected a recording by streamrnn, got"):
            Recording(path)
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2")
        channel = writer.register_channel("/stream", "json", writer.register_schema("x", "", b""))
        writer.add_message(channel, 0, b'{"version": 99}', 0)
        writer.finish()
    with pytest.raises(RecordingError, match="expected version 1 of a recording, got 99"):
        Recording(path)
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2")
        writer.finish()
    with pytest.raises(RecordingError, match="another MCAP file, of profile 'ros2'"):
        Recording(path)


def test_without_a_model_it_records_what_comes(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.mcap", options={"rate": 8_000, "channels": 1}) as recorder:
        recorder.chunk(sound(0.1, 8_000), time.time_ns())
    recording = Recording(tmp_path / "a.mcap")
    assert recording.opened == Opened(
        options={"rate": 8_000, "channels": 1}, software=recording.opened.software
    )
    (chunk,) = [chunk_of(each.message) for each in recording if isinstance(each.message, Audio)]
    np.testing.assert_array_equal(chunk, sound(0.1, 8_000))


@pytest.mark.parametrize("patient", [True, False])
def test_a_source_that_is_faster_than_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patient: bool
) -> None:
    monkeypatch.setattr(recorder_module, "WAITING", 100_000)
    told: list[RecordingError] = []
    chunk = np.zeros(1_000, np.int16)
    options = {"rate": 16_000, "channels": 1}
    path = tmp_path / "a.mcap"
    with Recorder(path, options=options, failed=told.append, patient=patient) as recorder:
        for _ in range(20):
            recorder.chunk(chunk, 1)
        while not path.stat().st_size:
            time.sleep(0.01)
        for _ in range(280):
            recorder.chunk(chunk, 1)
    chunks = sum(isinstance(message, Audio) for message, _ in Recording(path))
    if patient:
        assert chunks == 300 and not told and recorder.error is None
    else:
        assert chunks < 300 and "expected a disk that keeps up" in str(told[0])


def test_who_waits_for_a_disk_that_is_full_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "WAITING", 50_000)
    options = {"rate": 16_000, "channels": 1}
    with Recorder(tmp_path / "a.mcap", options=options, patient=True) as recorder:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Writer, "add_message", full)
        for _ in range(300):
            recorder.chunk(np.zeros(1_000, np.int16), 1)
    assert "No space left" in str(recorder.error)


def test_a_clock_that_is_set_is_told_and_disturbs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, path = sound(2.0), tmp_path / "a.mcap"
    true, jump = time.time_ns, 0
    monkeypatch.setattr(time, "time_ns", lambda: true() + jump)
    with RecordedStream(hearing(), path, every=0.25) as stream:
        for number, first in enumerate(range(0, len(samples), 1_600)):
            jump = (-3_600, 0, 86_400)[number % 3] * 10**9
            stream.feed(samples[first : first + 1_600])
    begun, found = Recording(path).begun, list(Recording(path))
    times = [at for _, at in found]
    assert times == sorted(times) and times[-1] - begun < 3_600 * 10**9
    told = [message.timestamp.sec for message, _ in found if isinstance(message, Audio)]
    hours = [round((sec - begun / 1e9) / 3_600) for sec in told]
    assert hours[:6] == [-1, 0, 24, -1, 0, 24]  # as the clock had it
    steps = list(play_within(Recording(path), hearing(), Window(1.0, 1.5)))
    assert steps[0].offset == 0 and all(difference(step) is None for step in steps)
    assert sum(len(step.said) for step in steps) == 50


def test_a_chunk_of_many_megabytes_is_recorded_in_parts(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(-999, 999, 40_000_000).astype(np.int16)
    with Recorder(tmp_path / "a.mcap", options={"rate": 16_000, "channels": 1}) as recorder:
        recorder.chunk(samples, 1)
    assert recorder.error is None
    chunks = [
        message for message, _ in Recording(tmp_path / "a.mcap") if isinstance(message, Audio)
    ]
    np.testing.assert_array_equal(np.concatenate(list(map(chunk_of, chunks))), samples)
    begins = np.cumsum([0, *(len(chunk_of(chunk)) for chunk in chunks)])
    assert [chunk.begin for chunk in chunks] == begins[:-1].tolist() and len(chunks) > 10


@pytest.mark.parametrize("chunk", [bytearray(b"ab c"), memoryview(b"ab c"), "a\ud800b c"])
def test_whatever_a_stream_takes_is_recorded(tmp_path: Path, chunk: Any) -> None:
    model = make_text_model("words")
    with RecordedStream(model, tmp_path / "a.mcap", errors="replace") as stream:
        said = stream.feed(chunk)
        said = [said, stream.flush()]
    steps = list(play(Recording(tmp_path / "a.mcap"), model))
    assert [difference(step) for step in steps] == [None, None]
    assert [len(step.said) for step in steps] == list(map(len, said))


def test_who_is_told_of_the_end_may_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "WAITING", 50_000)
    told: list[str] = []
    recorder = Recorder(
        tmp_path / "a.mcap",
        options={"rate": 16_000, "channels": 1},
        failed=lambda error: told.append(threading.current_thread().name),
    )
    for _ in range(300):
        recorder.chunk(np.zeros(1_000, np.int16), 1)
    recorder.close()
    assert told == ["recorder"]


def test_what_ends_with_the_sequence_is_kept_where_the_end_brings_no_step(tmp_path: Path) -> None:
    package = pytest.importorskip("silero_vad", reason="needs silero-vad: pip install silero-vad")
    model = load(Path(package.__file__).parent / "data" / "silero_vad.onnx")
    speech = read_sound(QUESTION).samples[: 60 * 512, 0]  # it ends amid a word, on a hop
    with RecordedStream(model, tmp_path / "a.mcap", rate=16_000) as stream:
        said = [stream.feed(speech), stream.flush()]
    told = [event for each in said for event in each.happened]
    assert len(said[1]) == 0 and told[-1].kind == "end"
    found = [each.message for each in Recording(tmp_path / "a.mcap")]
    kept = [each for each in found if isinstance(each, Happened)]
    assert [(each.kind, each.position) for each in kept] == [(e.kind, e.position) for e in told]
