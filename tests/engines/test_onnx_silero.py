"""silero-vad's own files as models, against its own wrapper and iterator."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import streamrnn
from streamrnn.bench.silero import silero_file
from streamrnn.config import OnnxConfig, VoiceConfig
from streamrnn.io.sounds import read_sound

SPEECH = Path(__file__).parents[2].parent / "shared" / "data" / "other_speech"
HOP = 512


@pytest.fixture(scope="module")
def silero():
    """The model of the wheel's file, and the package that it came with."""
    package = pytest.importorskip("silero_vad", reason="needs silero-vad: pip install silero-vad")
    return streamrnn.load(silero_file()), package


def speech(seconds):
    """So much recorded speech, over and over."""
    files = sorted(SPEECH.glob("*.flac"))
    if not files:
        pytest.skip("needs ../shared/data")
    parts, length = [], 0
    while length < 16_000 * seconds:
        parts.append(read_sound(files[len(parts) % len(files)]).samples[:, 0])
        length += len(parts[-1])
    return np.concatenate(parts)[: 16_000 * seconds]


def wrapped(package, sound):
    """What silero-vad's own wrapper and iterator say to a whole file."""
    import torch

    model = package.load_silero_vad(onnx=True)
    probabilities = model.audio_forward(torch.from_numpy(sound), 16_000).numpy()[0]
    iterator, told = package.VADIterator(model), []
    for chunk in np.pad(sound, (0, -len(sound) % HOP)).reshape(-1, HOP):
        told += (iterator(torch.from_numpy(chunk)) or {}).items()
    return probabilities, told, iterator.triggered


def cut(model, sound, generator, **options):
    """The predictions of a sound cut at random, from single samples to many seconds."""
    stream, parts, at = model.stream(**options), [], 0
    while at < len(sound):
        count = int(10 ** generator.uniform(0, 5))
        parts.append(stream.feed(sound[at : at + count]))
        at += count
    return streamrnn.predictions.join([*parts, stream.flush()])


def agree(model, package, sound):
    expected, told, talking = wrapped(package, sound)
    # Or nothing would be shown: what is nearly silent has no event to agree on.
    assert len(sound) < 16_000 * 10 or (len(told) > 2 and expected.max() > 0.9)
    got = cut(model, sound, np.random.default_rng(len(sound)))
    assert np.abs(got.outputs[:, 0] - expected).max() <= 1e-6
    events = [(e.kind, e.position) for step in got.events for e in step]
    events += [(e.kind, e.position) for e in got.ended]
    if talking:  # of which the iterator says nothing; the package's other function ends it here
        assert events.pop() == ("end", len(sound))
    assert events == told
    assert got.outputs.tobytes() == model.predict(sound).outputs.tobytes()


@pytest.mark.parametrize("samples", [HOP, 1_000, 16_000 * 30, 938 * HOP])
def test_silero_as_its_own_wrapper_says(silero, samples):
    model, package = silero
    agree(model, package, speech(31)[:samples])


@pytest.mark.sweep
def test_silero_over_an_hour(silero):
    model, package = silero
    agree(model, package, speech(3_600))


def test_silero_keeps_the_contract(silero):
    report = streamrnn.check_model(silero[0])
    assert report.passed, report
    assert "equal bits" in report.points[0].tried


def stepped(path, sound):
    """What onnxruntime says to windows of 512 samples with 64 before them, the state carried."""
    session = onnxruntime.InferenceSession(path)
    padded = np.pad(sound, (64, -len(sound) % HOP))
    state, told = np.zeros((2, 1, 128), np.float32), []
    output: Any
    for first in range(0, len(padded) - 64, HOP):
        feeds = {"input": padded[None, first : first + HOP + 64], "state": state}
        output, state = session.run(None, feeds)
        told.append(output[0])
    return np.array(told)


KINDS = ["half", "16k_sequence", "16k_op15", "op18_ifless", "openvino_16k"]


@pytest.mark.parametrize("name", KINDS)
def test_all_of_the_wheels_files_are_recognised(silero, name):
    model = streamrnn.load(silero_file().with_name(f"silero_vad_{name}.onnx"))
    sound = speech(10)
    other = silero[0].predict(sound)
    got = model.predict(sound)
    if name == "half":
        # Its weights are other numbers, and so is what it says: it is held to itself, step by step.
        np.testing.assert_array_equal(
            got.outputs, stepped(silero_file().with_name(f"silero_vad_{name}.onnx"), sound)
        )
        assert ((got.outputs > 0.5) == (other.outputs > 0.5)).mean() > 0.9
    else:
        assert np.abs(got.outputs - other.outputs).max() <= 1e-6


def test_a_snapshot_goes_on_in_another_process(silero, tmp_path):
    model, sound = silero[0], speech(6)
    stream = model.stream()
    stream.feed(sound[:50_001])
    (tmp_path / "state").write_bytes(stream.snapshot())
    np.save(tmp_path / "rest.npy", sound[50_001:])
    program = (
        "import sys, numpy as np, streamrnn; "
        "s = streamrnn.load(sys.argv[1]).stream(state=open(sys.argv[2], 'rb').read()); "
        "sys.stdout.buffer.write(s.feed(np.load(sys.argv[3])).outputs.tobytes())"
    )
    names = [silero_file(), tmp_path / "state", tmp_path / "rest.npy"]
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, names)], capture_output=True, check=True
    )
    assert done.stdout == stream.feed(sound[50_001:]).outputs.tobytes()


def test_one_thing_may_be_told_of_what_is_recognised(silero):
    config = OnnxConfig(decoder=VoiceConfig(threshold=0.3))
    model = streamrnn.load(silero_file(), config=config)
    assert isinstance(model.config.decoder, VoiceConfig)
    assert model.config.decoder.released == pytest.approx(0.15)
    assert model.config.frontend == silero[0].config.frontend
    assert model.fingerprint != silero[0].fingerprint
