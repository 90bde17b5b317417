"""Other people's graphs as models: their own numbers, cut anywhere, resumed, refused."""

import sys
from typing import Any, cast

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import streamrnn
from streamrnn.config import OnnxConfig, WaveformConfig
from streamrnn.engines.onnx_weights import first_nan
from streamrnn.errors import (
    ConfigError,
    InputError,
    ModelFileError,
    NonFiniteError,
    UnsupportedError,
)
from tests.conftest import make_frames
from tests.engines.graphs import graph, summing, sums


def saved(tmp_path, content, name="made.onnx"):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=5), seed=st.integers(0, 99))
def test_a_graph_of_ones_own(tmp_path_factory, cuts, seed):
    model = streamrnn.load(saved(tmp_path_factory.mktemp("graph"), summing()))
    frames = make_frames(40, seed=seed)
    stream, edges = model.stream(), [0, *sorted(cuts), 40]
    parts = [stream.feed(frames[a:b]) for a, b in zip(edges, edges[1:], strict=False)]
    np.testing.assert_array_equal(np.concatenate([p.outputs for p in parts]), sums(frames))
    np.testing.assert_array_equal(stream.hidden[0], sums(frames)[-1])
    with model.pool(3) as pool:
        streams = [pool.open() for _ in range(3)]
        for each in streams:
            each.feed(frames)
        for known in pool.tick().values():
            np.testing.assert_array_equal(known.outputs, sums(frames))


def test_a_toml_beside_the_file_says_how_it_is_read(tmp_path):
    path = saved(tmp_path, summing("a", "b", more=[("gain", "f4", (1, 3)), ("bias", "f4", ())]))
    with pytest.raises(ModelFileError, match="made.onnx: inputs: expected one frame besides"):
        streamrnn.load(path)
    told = 'name = "other"\ninput = "x"\nconstants = { gain = 2, bias = 0.5 }\nstates = { a = "b" }'
    (tmp_path / "made.toml").write_text(told)
    model = streamrnn.load(path)
    assert model.name == "other"
    frames = make_frames(9)
    np.testing.assert_array_equal(
        model.predict(frames).outputs, sums(frames) + np.float32(2) + np.float32(0.5)
    )
    (tmp_path / "made.toml").write_text("nmae = 'other'")
    with pytest.raises(ConfigError, match="made.toml: Object contains unknown field `nmae`"):
        streamrnn.load(path)
    (tmp_path / "made.toml").write_text("=")
    with pytest.raises(ConfigError, match="expected a TOML file"):
        streamrnn.load(path)
    again = OnnxConfig(input="x", constants={"gain": 0, "bias": 0}, states={"a": "b"})
    again = streamrnn.load(path, config=again)
    assert again.fingerprint != model.fingerprint


def test_windows_of_sound_with_what_came_before(tmp_path):
    path = saved(tmp_path, summing(width="width"))
    config = OnnxConfig(frontend=WaveformConfig(hop=4, context=2))
    with pytest.raises(ModelFileError, match="say it as input_size"):
        streamrnn.load(path)
    with pytest.raises(ModelFileError, match="total_n: expected the next state of total"):
        streamrnn.load(path, config=config)  # the state's own width stays unknown
    fixed = saved(tmp_path, summing(width=6), "fixed.onnx")
    model = streamrnn.load(fixed, config=config)
    sound = np.arange(1, 9, dtype=np.float32)
    expected = sums(np.array([[0, 0, 1, 2, 3, 4], [3, 4, 5, 6, 7, 8]], np.float32))
    np.testing.assert_array_equal(model.predict(sound).outputs, expected)


def test_states_of_other_types_and_none(tmp_path):
    nodes = [
        ("Cast", ["x"], ["whole"], {"to": 7}),
        ("Add", ["whole", "count"], ["count_n"], {}),
        ("Cast", ["count_n"], ["y"], {"to": 1}),
    ]
    counting = graph(
        nodes,
        [("x", "f4", (1, 1)), ("count", "i8", (1, 1))],
        [("y", "f4", (1, 1)), ("count_n", "i8", (1, 1))],
    )
    model = streamrnn.load(saved(tmp_path, counting))
    frames = np.array([[2.0], [3.0]], np.float32)
    assert model.predict(frames).outputs.ravel().tolist() == [2.0, 5.0]
    stream = model.stream()
    stream.feed(frames)
    assert model.stream(state=stream.snapshot()).feed(frames).outputs.ravel().tolist() == [7, 10]
    plain = graph([("Neg", ["x"], ["y"], {})], [("x", "f4", (1, 2))], [("y", "f4", (1, 2))])
    model = streamrnn.load(saved(tmp_path, plain))
    assert model.predict(np.ones((3, 2), np.float32)).outputs.tolist() == [[-1, -1]] * 3
    assert model.stream().hidden.size == 0


def test_bad_frames_leave_the_state(tmp_path):
    model = streamrnn.load(saved(tmp_path, summing()))
    stream, frames = model.stream(), make_frames(3)
    stream.feed(frames)
    before = stream.snapshot()
    frames[1, 2] = np.nan
    with pytest.raises(NonFiniteError, match="frame 1, element 2"):
        stream.feed(frames)
    assert stream.snapshot() == before


@pytest.mark.parametrize("content", [b"", b"\x08\x08nothing", summing()[:-40], b"\0" * 4_000])
def test_files_that_are_no_graph(tmp_path, content):
    with pytest.raises(ModelFileError, match=r"made.onnx: expected an ONNX graph"):
        streamrnn.load(saved(tmp_path, content))


def test_graphs_that_are_no_step(tmp_path):
    growing = graph(
        [("Concat", ["x", "h"], ["hn"], {"axis": 0}), ("Identity", ["x"], ["y"], {})],
        [("x", "f4", ("n", 3)), ("h", "f4", ("m", 3))],
        [("y", "f4", ("n", 3)), ("hn", "f4", ("k", 3))],
    )
    with pytest.raises(
        ModelFileError, match=r"hn: expected the next state of h .* got .* \(2, 3\)"
    ):
        streamrnn.load(saved(tmp_path, growing))
    with pytest.raises(ModelFileError, match="expected a readable model file"):
        streamrnn.load(tmp_path / "absent.onnx")
    with pytest.raises(ModelFileError, match="expected what an export tells of its model"):
        told = graph(
            [("Neg", ["x"], ["y"], {})],
            [("x", "f4", (1, 2))],
            [("y", "f4", (1, 2))],
            {"streamrnn": '{"config": "{}"}'},
        )
        streamrnn.load(saved(tmp_path, told))
    with pytest.raises(ConfigError, match="expected none beside ball"):
        streamrnn.load("ball", config=OnnxConfig())


def test_without_onnxruntime_the_mend_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for name in ("onnx_engine", "onnx_file"):
        monkeypatch.delitem(sys.modules, f"streamrnn.engines.{name}", raising=False)
    with pytest.raises(UnsupportedError, match=r"pip install 'streamrnn\[onnx\]'"):
        streamrnn.load(saved(tmp_path, summing()))


def test_a_file_of_another_name_is_the_same_model(tmp_path):
    one, other = (streamrnn.load(saved(tmp_path, summing(), f"{n}.onnx")) for n in ("a", "b"))
    assert (one.name, other.name) == ("a", "b") and one.fingerprint == other.fingerprint


def test_what_the_graph_does_not_take_leaves_the_state(tmp_path):
    nodes = [
        ("Gather", ["table", "x"], ["row"], {}),
        ("Add", ["row", "h"], ["hn"], {}),
        ("Identity", ["hn"], ["y"], {}),
    ]
    looking = graph(
        nodes,
        [("x", "i8", (1,)), ("h", "f4", (1, 2)), ("table", "f4", (4, 2))],
        [("y", "f4", (1, 2)), ("hn", "f4", (1, 2))],
    )
    config = OnnxConfig(input="x", constants={"table": 1.0})
    model = streamrnn.load(saved(tmp_path, looking), config=config)
    stream = model.stream()
    stream.feed(np.ones((2, 1), np.float32))
    before = stream.snapshot()
    for bad, told in (
        (1.7, "that int64 holds"),
        (1e30, "int64 holds"),
        (9, "frame 1: ex"),
    ):
        with pytest.raises(InputError, match=told):
            stream.feed(np.array([[1], [bad]], np.float32))
        assert stream.snapshot() == before
    with model.pool(2) as pool:
        one, other = pool.open(), pool.open()
        one.feed(np.ones((2, 1), np.float32))
        with pytest.raises(
            InputError, match="frame 0, element 0: expected .* int64 holds, got 1.7"
        ):
            other.feed(np.array([[1.7]], np.float32))
        other.feed(np.array([[1]], np.float32))
        assert [len(known) for known in pool.tick().values()] == [2, 1]
    half = graph([("Neg", ["x"], ["y"], {})], [("x", "f2", (1, 1))], [("y", "f2", (1, 1))])
    with pytest.raises(NonFiniteError, match="expected a number that float16 holds, got 1000000"):
        streamrnn.load(saved(tmp_path, half)).predict(np.array([[1e6]], np.float32))


def test_what_contradicts_itself_is_refused(tmp_path):
    path = saved(tmp_path, summing())
    for config in (
        OnnxConfig(states={"total": "total_n"}, constants={"total": 1.0}),
        OnnxConfig(input="total", states={"total": "total_n"}),
        OnnxConfig(input_size=7),
    ):
        with pytest.raises(ModelFileError, match="expected (one role|frames of 3 elements)"):
            streamrnn.load(path, config=config)
    with pytest.raises(ConfigError, match="input_size: expected 0 or more"):
        OnnxConfig(input_size=-3)
    wrong: Any
    for wrong, says in (
        ({"states": "total"}, "states: expected a dictionary by inputs, got 'total'"),
        ({"states": ["s", "s2"]}, "states: expected a dictionary"),
        ({"states": {"s": 2}}, "states.s: expected the name of an output, got 2"),
        ({"constants": [1.0]}, "constants: expected a dictionary"),
        ({"constants": {"gain": "a"}}, "constants.gain: expected a number, got 'a'"),
        ({"constants": {"gain": -np.nan}}, "constants.gain: expected a number, got nan"),
    ):
        with pytest.raises(ConfigError, match=says):
            OnnxConfig(**wrong)
    with pytest.raises(ConfigError, match="config: expected an OnnxConfig, or a path of one, got"):
        streamrnn.load(path, config=cast(Any, {"states": {"total": "total_n"}}))


@pytest.mark.parametrize("weight", ["W_l0", "R_l1", "head.bias", "normalise.mean"])
def test_weights_that_are_no_numbers_are_refused(tmp_path, weight):
    path = streamrnn.export(streamrnn.load("wake"), tmp_path / "wake.onnx")
    model = onnx.load_model(path)
    (tensor,) = [each for each in model.graph.initializer if each.name == weight]
    values = numpy_helper.to_array(tensor).copy()
    values.flat[-1] = np.nan
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save_model(model, path)
    with pytest.raises(ModelFileError, match=f"{weight}: expected weights .*, got nan"):
        streamrnn.load(path)


def tensor_of(value):
    return {"value": numpy_helper.from_array(np.full(2, value, np.float32))}


@pytest.mark.parametrize("made", [lambda value: {"value_floats": [value] * 2}, tensor_of])
def test_constants_within_branches_are_looked_at(tmp_path, made):
    def branch(value):
        return helper.make_graph(
            [helper.make_node("Constant", [], [f"c{value}"], **made(value))],
            "branch",
            [],
            [helper.make_tensor_value_info(f"c{value}", TensorProto.FLOAT, (2,))],
        )

    nodes = [
        ("Constant", [], ["which"], {"value": numpy_helper.from_array(np.array(True))}),
        ("If", ["which"], ["c"], {"then_branch": branch(1.0), "else_branch": branch(np.nan)}),
        ("Add", ["x", "c"], ["y"], {}),
    ]
    path = saved(tmp_path, graph(nodes, [("x", "f4", (1, 2))], [("y", "f4", (1, 2))]))
    with pytest.raises(ModelFileError, match="cnan: expected weights"):
        streamrnn.load(path)


def test_weights_of_bfloat16_are_looked_at():
    weights = helper.make_tensor("w", TensorProto.BFLOAT16, [2], [1.0, np.nan])
    made = helper.make_graph([], "made", [], [], [weights])
    assert first_nan(helper.make_model(made).SerializeToString()) == "w"
    assert first_nan(b"no graph") is None


def test_one_constant_may_be_no_number_on_purpose(tmp_path):
    nodes = [
        ("Constant", [], ["missing"], {"value_float": np.nan}),
        ("Constant", [], ["zero"], {"value_float": 0.0}),
        ("Less", ["x", "zero"], ["negative"], {}),
        ("Where", ["negative", "missing", "x"], ["some"], {}),
        ("IsNaN", ["some"], ["is"], {}),
        ("Cast", ["is"], ["y"], {"to": 1}),
    ]
    path = saved(tmp_path, graph(nodes, [("x", "f4", (1, 2))], [("y", "f4", (1, 2))]))
    found = streamrnn.load(path).predict(np.array([[-1, 1]], np.float32)).outputs
    assert found.tolist() == [[1.0, 0.0]]


def test_weights_beside_the_file_are_asked_to_be_inside(tmp_path):
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 64))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 64))],
        [weights],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    path = tmp_path / "made.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="made.bin", size_threshold=0)
    with pytest.raises(ModelFileError, match="save it with its weights inside"):
        streamrnn.load(path)


def test_an_export_passes_over_a_toml_that_happens_to_lie_beside_it(tmp_path):
    (tmp_path / "wake.toml").write_text('task = "wake"')
    path = streamrnn.export(streamrnn.load("adding_rnn"), tmp_path / "wake.onnx")
    assert streamrnn.load(path).name == "adding_rnn"
