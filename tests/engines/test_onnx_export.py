"""A model written for other runtimes: under onnxruntime alone, and loaded again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.bench.silero import silero_file
from streamrnn.errors import ModelFileError, UnsupportedError
from tests.conftest import CELLS, COMMAND, make_model


def stepped(path, frames):
    """The outputs of the file under onnxruntime alone, states handed back in."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    first, *states = session.get_inputs()
    kept = {put.name: np.zeros(put.shape, np.float32) for put in states}
    kind = np.int64 if first.name == "token" else np.float32
    rows = []
    for frame in frames:
        row, *new = session.run(None, {first.name: frame.astype(kind).reshape(first.shape), **kept})
        kept = dict(zip(kept, new, strict=True))
        rows.append(np.asarray(row)[0])
    assert [put.name for put in session.get_outputs()] == ["output", *(n[0] + "_n" for n in kept)]
    return np.array(rows)


@settings(max_examples=60, deadline=None)
@given(
    cell=st.sampled_from(CELLS),
    layers=st.integers(1, 3),
    nonlinearity=st.sampled_from(["tanh", "relu"]),
    encoder=st.sampled_from(["none", "linear", "embedding"]),
    output_size=st.sampled_from([0, 4]),
    normalise=st.booleans(),
    seed=st.integers(0, 9),
)
def test_every_network_within_1e5(
    tmp_path_factory, cell, layers, nonlinearity, encoder, output_size, normalise, seed
):
    embedded = encoder == "embedding"
    model = make_model(
        input_size=1 if embedded else 3,
        hidden_size=7,
        cell=cell,
        num_layers=layers,
        nonlinearity=nonlinearity,
        encoder=encoder,
        encoder_size=0 if encoder == "none" else 6,
        vocabulary_size=5 if embedded else 0,
        output_size=output_size,
        normalise=normalise and not embedded,
        seed=seed,
    )
    path = streamrnn.export(model, tmp_path_factory.mktemp("out") / "made.onnx")
    frames = model.frontend.example(np.random.default_rng(seed), 50)
    expected = model.predict(frames).outputs
    np.testing.assert_allclose(stepped(path, frames), expected, rtol=0, atol=1e-5)
    again = streamrnn.load(path)
    np.testing.assert_allclose(again.predict(frames).outputs, expected, rtol=0, atol=1e-5)
    assert again.name == model.name and again.stream().hidden.shape[1] == 7


@pytest.mark.parametrize("name", ["ball", "characters", "intents", "keywords", "adding_lstm"])
def test_bundled_models_say_the_same(tmp_path, name):
    model = streamrnn.load(name)
    again = streamrnn.load(streamrnn.export(model, tmp_path / "out.onnx"))
    sequence = model.frontend.example(np.random.default_rng(0), 300)
    one, other = model.predict(sequence), again.predict(sequence)
    # Of logits up to 20, float32's last place is 2e-6, and several are summed.
    scale = max(1.0, float(np.abs(one.outputs).max()))
    np.testing.assert_allclose(other.outputs, one.outputs, rtol=0, atol=1e-5 * scale)
    assert one.labels == other.labels and one.horizons == other.horizons
    np.testing.assert_array_equal(one.positions, other.positions)
    assert again.card == model.card and again.config.decoder == model.config.decoder


def test_a_loaded_export_keeps_the_contract(tmp_path):
    report = streamrnn.check_model(
        streamrnn.load(streamrnn.export(streamrnn.load("intents_lstm"), tmp_path / "out.onnx"))
    )
    assert report.passed, report


def test_what_cannot_be_written_is_refused(tmp_path, monkeypatch):
    ball = streamrnn.load("ball")
    with pytest.raises(ModelFileError, match="expected a path that ends in .onnx"):
        streamrnn.export(ball, tmp_path / "ball.pt")
    for folder in ("absent", "file"):
        (tmp_path / "file").touch()
        with pytest.raises(ModelFileError, match=f"there is no .*{folder}"):
            streamrnn.export(ball, tmp_path / folder / "ball.onnx")
    (tmp_path / "taken.onnx").mkdir()
    with pytest.raises(ModelFileError, match="expected a path to write to"):
        streamrnn.export(ball, tmp_path / "taken.onnx")
    (tmp_path / "taken.onnx").rmdir()
    pytest.importorskip("silero_vad", reason="needs silero-vad: pip install silero-vad")
    with pytest.raises(UnsupportedError, match="expected a model with weights of its own"):
        streamrnn.export(streamrnn.load(silero_file()), tmp_path / "out.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "streamrnn.engines.onnx_export", raising=False)
    with pytest.raises(UnsupportedError, match=r"pip install 'streamrnn\[onnx\]'"):
        streamrnn.export(ball, tmp_path / "ball.onnx")
    assert not list(tmp_path.glob("**/*.onnx"))


def test_the_command_line(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
        )

    done = run("export", "keywords", "out.onnx")
    assert done.returncode == 0 and "out.onnx: keywords, 1.78 MB" in done.stdout, done.stderr
    sound = str(Path(__file__).parents[2] / "demos" / "utterance.flac")
    native, other = (
        run("stream", model, sound, "--no-view").stdout for model in ("keywords", "out.onnx")
    )
    assert native == other and "detected" in native
    refused = run("export", "keywords", "out.pt")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
