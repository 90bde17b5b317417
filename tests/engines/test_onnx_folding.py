"""What never changes is folded into graphs that are known, and no number changes by it."""

import sys
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import streamrnn
from streamrnn.bench.silero import silero_file
from streamrnn.config import OnnxConfig, VoiceConfig, WaveformConfig
from streamrnn.engines import onnx_engine
from streamrnn.engines.onnx_folding import folded
from streamrnn.engines.onnx_library import library

pytest.importorskip("silero_vad", reason="needs silero-vad: pip install silero-vad")

called = pytest.mark.skipif(library() is None, reason="no shared library in this wheel")
FILES = sorted(path.name for path in silero_file().parent.glob("*.onnx"))


def test_constants_are_no_inputs_any_more_and_a_frame_has_its_shape() -> None:
    graph = silero_file().read_bytes()
    less = onnx.load_model_from_string(
        folded(graph, {"sr": np.array(16_000)}, "input", (1, 576))
    ).graph
    assert [port.name for port in less.input] == ["input", "state"]
    assert [d.dim_value for d in less.input[0].type.tensor_type.shape.dim] == [1, 576]
    assert onnx.numpy_helper.to_array(less.initializer[-1]).tolist() == 16_000


@called
@pytest.mark.parametrize("name", FILES)
def test_no_number_of_any_file_changes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path: Any = silero_file().with_name(name)
    less: Any = streamrnn.load(path)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "streamrnn.engines.onnx_folding", None)  # as without onnx
        whole: Any = streamrnn.load(path)
        patch.setattr(onnx_engine, "library", lambda: None)
        slow: Any = streamrnn.load(path)
    assert [model.engine._folded for model in (less, whole, slow)] == [
        less.engine._plain,  # its frames are float32
        *(False, False),
    ]
    sound = less.frontend.example(np.random.default_rng(1), 150)
    for other in (whole, slow):
        assert less.predict(sound).outputs.tobytes() == other.predict(sound).outputs.tobytes()
    stream = less.stream()
    stream.feed(sound[:9_000])
    again = whole.stream(state=stream.snapshot())
    assert (
        again.feed(sound[9_000:]).outputs.tobytes() == stream.feed(sound[9_000:]).outputs.tobytes()
    )


@called
def test_what_is_read_in_another_way_stays_as_it_is() -> None:
    front = WaveformConfig(sample_rate=8_000, hop=256, context=32)
    config = OnnxConfig(constants={"sr": 8_000}, frontend=front, decoder=VoiceConfig(threshold=0.4))
    model: Any = streamrnn.load(silero_file(), config=config)
    assert not model.engine._folded
    sound = model.frontend.example(np.random.default_rng(1), 40)
    session: Any = onnxruntime.InferenceSession(str(silero_file()))
    state = np.zeros((2, 1, 128), np.float32)
    padded = np.concatenate((np.zeros(32, np.float32), sound))
    for step, found in enumerate(model.predict(sound).outputs[:40, 0]):
        frame = padded[256 * step : 256 * step + 288][None]
        feeds = {"input": frame, "state": state, "sr": np.array(8_000)}
        said, state = session.run(["output", "stateN"], feeds)
        assert said.item() == found
    usual: Any = streamrnn.load(
        silero_file(), config=OnnxConfig(decoder=VoiceConfig(threshold=0.4))
    )
    assert usual.engine._folded
