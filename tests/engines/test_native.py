"""The native engine: torch's network, no worse than torch, and refusals of what is no network."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from streamrnn.config import NetworkConfig
from streamrnn.engines import packing
from streamrnn.engines.native import NativeEngine
from streamrnn.engines.reference import Reference
from streamrnn.errors import ModelFileError, NonFiniteError
from streamrnn.kernels import network as kernel
from tests.conftest import CELLS, make_frames, make_weights, networks

MODULES: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
Weights = dict[str, NDArray[np.float32]]


def torch_run(
    config: NetworkConfig, weights: Weights, frames: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The same network of torch's own parts, in float32."""
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
    linear = nn.functional.linear
    x = torch.from_numpy(frames)
    with torch.no_grad():
        if "normalise.mean" in tensors:
            x = (x - tensors["normalise.mean"]) * tensors["normalise.scale"]
        if config.encoder == "embedding":
            x = tensors["encoder.weight"][x[:, 0].long()]
        elif config.encoder == "linear":
            x = linear(x, tensors["encoder.weight"], tensors["encoder.bias"])
        if config.cell == "feedforward":
            squash = torch.tanh if config.nonlinearity == "tanh" else torch.relu
            for k in range(config.num_layers):
                x = squash(linear(x, tensors[f"rnn.weight_ih_l{k}"], tensors[f"rnn.bias_ih_l{k}"]))
        else:
            options = {"nonlinearity": config.nonlinearity} if config.cell == "rnn" else {}
            module = MODULES[config.cell](
                x.shape[1], config.hidden_size, config.num_layers, **options
            )
            module.load_state_dict(
                {n.removeprefix("rnn."): t for n, t in tensors.items() if n.startswith("rnn.")}
            )
            # As it runs live: one step a call, the state carried.
            state, rows = None, []
            for frame in x:
                y, state = module(frame[None], state)
                rows.append(y)
            x = torch.cat(rows)
        if config.output_size:
            x = linear(x, tensors["head.weight"], tensors["head.bias"])
    return x.numpy()


def frames_of(config: NetworkConfig, steps: int, seed: int) -> NDArray[np.float32]:
    if config.encoder == "embedding":
        tokens = np.random.default_rng(seed).integers(0, config.vocabulary_size, (steps, 1))
        return tokens.astype(np.float32)
    return make_frames(steps, config.input_size, seed)


def compare(config: NetworkConfig, normalise: bool, seed: int, steps: int) -> None:
    weights = make_weights(config, normalise=normalise, seed=seed)
    frames = frames_of(config, steps, seed)
    exact = Reference(config, weights).run(frames)
    native = np.abs(NativeEngine(config, weights).stream().run(frames) - exact).max()
    theirs = np.abs(torch_run(config, weights, frames) - exact).max()
    # The contract's bound is 4 × torch's error. Where a small network leaves torch nearly exact
    # by luck, native may still round once in each of: normalisation, encoder, layers, head, each
    # then multiplied by weights of order 1 and handed on by the loop: a floor of 8 ulp of the
    # largest value in play (unbounded ones: what a relu or a linear layer puts out).
    floor = 8 * np.spacing(np.float32(max(1.0, np.abs(exact).max())))
    assert native <= 4 * theirs + floor


@given(networks(), st.booleans(), st.integers(0, 10_000))
@settings(max_examples=80, deadline=None)
def test_no_further_from_float64_than_four_times_torch(
    config: NetworkConfig, normalise: bool, seed: int
) -> None:
    compare(config, normalise, seed, 20)


@pytest.mark.sweep
@given(networks(largest=300), st.booleans(), st.integers(0, 10_000))
@settings(max_examples=300, deadline=None)
def test_sweep_of_larger_networks(config: NetworkConfig, normalise: bool, seed: int) -> None:
    compare(config, normalise, seed, 200)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_ten_thousand_steps_stay_with_torch(cell: Any) -> None:
    # 1e-5 is the contract's bound for the bundled models; a network of torch's own initial
    # weights is not chaotic, so rounding fades and no drift may be seen.
    config = NetworkConfig(input_size=4, hidden_size=20, cell=cell, num_layers=2, output_size=3)
    weights, frames = make_weights(config), make_frames(10_000, 4)
    tensors = {n: torch.from_numpy(w) for n, w in weights.items()}
    module = MODULES[cell](4, 20, 2)
    module.load_state_dict(
        {n.removeprefix("rnn."): t for n, t in tensors.items() if n.startswith("rnn.")}
    )
    with torch.no_grad():
        x = (torch.from_numpy(frames) - tensors["normalise.mean"]) * tensors["normalise.scale"]
        y, _ = module(x)
        y = nn.functional.linear(y, tensors["head.weight"], tensors["head.bias"])
    got = NativeEngine(config, weights).stream().run(frames)
    assert np.abs(got - y.numpy()).max() <= 1e-5


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("size", [5, 16, 70])
def test_gates_are_those_of_the_formulas(cell: Any, size: int) -> None:
    config = NetworkConfig(input_size=3, hidden_size=size, cell=cell, num_layers=2)
    weights = make_weights(config, normalise=False)
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    stream, plain = NativeEngine(config, weights).stream(), NativeEngine(config, weights).stream()
    for frame in make_frames(6):
        before = {name: a.astype(np.float64) for name, a in stream.arrays().items()}
        output, gates = stream.run_traced(frame[None])
        assert output.tobytes() == plain.run(frame[None]).tobytes()
        after = stream.arrays()
        x = frame.astype(np.float64)
        for k, got in enumerate(gates):
            h = before["h"][k]
            a = np.split(w[f"rnn.weight_ih_l{k}"] @ x + w[f"rnn.bias_ih_l{k}"], len(got))
            b = np.split(w[f"rnn.weight_hh_l{k}"] @ h + w[f"rnn.bias_hh_l{k}"], len(got))
            if cell == "gru":
                r, z = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
                expected = [r, z, np.tanh(a[2] + r * b[2])]
                h = (1 - z) * expected[2] + z * h
            else:
                i, f, o = (sigmoid(a[n] + b[n]) for n in (0, 1, 3))
                expected = [i, f, np.tanh(a[2] + b[2]), o]
                c = f * before["c"][k] + i * expected[2]
                np.testing.assert_allclose(after["c"][k], c, rtol=0, atol=1e-6)
                h = o * np.tanh(c)
            # Sums of up to 140 terms below 1, in float32: some 1e-7 each way.
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)
            np.testing.assert_allclose(after["h"][k], h, rtol=0, atol=1e-6)
            x = after["h"][k].astype(np.float64)


@pytest.mark.parametrize("cell", ["feedforward", "rnn"])
def test_cells_without_gates_trace_none(cell: Any) -> None:
    config = NetworkConfig(input_size=3, hidden_size=5, cell=cell)
    output, gates = NativeEngine(config, make_weights(config)).stream().run_traced(make_frames(1))
    assert output.shape == (1, 5)
    assert gates == []


def refusing(change: str) -> tuple[Weights, str]:
    weights: Weights = make_weights(NetworkConfig(input_size=3, hidden_size=5, output_size=2))
    name = "rnn.weight_hh_l0"
    match change:
        case "missing":
            del weights[name]
            return weights, r"missing \['rnn.weight_hh_l0'\], unknown none"
        case "unknown":
            weights["rnn.weight_hh_l1"] = weights[name]
            return weights, r"missing none, unknown \['rnn.weight_hh_l1'\]"
        case "half normalised":
            del weights["normalise.mean"]
            return weights, r"missing \['normalise.mean'\]"
        case "shape":
            weights[name] = weights[name].T.copy()
            return weights, r"expected float32 \(15, 5\), got float32 \(5, 15\)"
        case "dtype":
            weights[name] = weights[name].astype(np.float64)  # type: ignore[assignment]
            return weights, r"expected float32 \(15, 5\), got float64"
        case "byte order":
            weights[name] = weights[name].astype(">f4")
            return weights, "expected float32"
        case _:
            weights[name][0, 0] = float(change)
            return weights, "rnn.weight_hh_l0: expected finite numbers"


@pytest.mark.parametrize(
    "change",
    ["missing", "unknown", "half normalised", "shape", "dtype", "byte order", "nan", "inf"],
)
def test_weights_that_are_not_the_networks_are_refused(change: str) -> None:
    weights, says = refusing(change)
    with pytest.raises(ModelFileError, match=says):
        NativeEngine(NetworkConfig(input_size=3, hidden_size=5, output_size=2), weights)


def test_a_module_has_no_weights_here() -> None:
    with pytest.raises(ModelFileError, match="expected feedforward, rnn, gru or lstm, got module"):
        packing.expected_shapes(NetworkConfig(input_size=3, hidden_size=5, cell="module"))


@pytest.mark.parametrize("cell", CELLS)
def test_a_frame_that_is_refused_leaves_the_state(cell: Any) -> None:
    config = NetworkConfig(input_size=3, hidden_size=5, cell=cell)
    stream = NativeEngine(config, make_weights(config)).stream()
    stream.run(make_frames(4))
    before = stream._state.tobytes()
    for bad in (np.nan, np.inf, -np.inf):
        frames = make_frames(5)
        frames[3, 2] = bad
        with pytest.raises(NonFiniteError, match=f"frame 3, element 2: .*got {bad}"):
            stream.run(frames)
        with pytest.raises(NonFiniteError, match="frame 0, element 2"):
            stream.run_traced(frames[3:4])
        assert stream._state.tobytes() == before


@pytest.mark.parametrize("token", [-1.0, 6.0, 2.5, np.nan, np.inf, 1e30])
def test_what_is_no_token_is_refused(token: float) -> None:
    config = NetworkConfig(
        input_size=1, hidden_size=5, encoder="embedding", encoder_size=4, vocabulary_size=6
    )
    stream = NativeEngine(config, make_weights(config)).stream()
    before = stream._state.tobytes()
    with pytest.raises(NonFiniteError, match="frame 1: expected a token's number.*from 0 to 5"):
        stream.run(np.array([[5.0], [token]], np.float32))
    assert stream._state.tobytes() == before


def test_an_engine_keeps_copies_of_its_weights() -> None:
    config, frames = NetworkConfig(input_size=3, hidden_size=5), make_frames(5)
    weights = make_weights(config)
    engine = NativeEngine(config, weights)
    before = engine.stream().run(frames).tobytes()
    for array in weights.values():
        array[:] = 7.0
    assert engine.stream().run(frames).tobytes() == before


@pytest.mark.parametrize("cell", CELLS)
def test_copies_and_pickles_run_on_by_themselves(cell: Any) -> None:
    config, frames = NetworkConfig(input_size=3, hidden_size=40, cell=cell), make_frames(8)
    engine = NativeEngine(config, make_weights(config))
    whole = engine.stream().run(frames)
    stream = engine.stream()
    stream.run(frames[:4])
    held = stream._state.tobytes()
    others = [copy.deepcopy(stream), pickle.loads(pickle.dumps(stream)), copy.copy(stream)]
    for other in others:
        # Vectors are read from multiples of 64 bytes; elsewhere the process would die.
        assert other._engine.packed.weights.ctypes.data % 64 == 0
        assert other.run(frames[4:]).tobytes() == whole[4:].tobytes()
        assert stream._state.tobytes() == held


def test_read_only_and_unaligned_frames_need_no_compilation() -> None:
    config, frames = NetworkConfig(input_size=3, hidden_size=5), make_frames(8)
    engine = NativeEngine(config, make_weights(config))
    expected = engine.stream().run(frames).tobytes()
    before = len(kernel.run.signatures)  # type: ignore[attr-defined]
    read_only = np.frombuffer(frames.tobytes(), np.float32).reshape(8, 3)
    unaligned = np.ndarray((8, 3), np.float32, bytearray(b"\0" + frames.tobytes()), 1)
    for other in (read_only, unaligned):
        assert engine.stream().run(other).tobytes() == expected
    assert engine.stream().run_traced(read_only[:1])[0].tobytes() == expected[:20]
    assert len(kernel.run.signatures) == before  # type: ignore[attr-defined]
