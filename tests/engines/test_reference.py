"""The float64 reference, against torch.nn in double."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from streamrnn.config import NetworkConfig
from streamrnn.engines.reference import Reference
from tests.conftest import CELLS, make_frames, make_weights

MODULES: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
# Both are float64, 1e-16 a rounding; some tens of roundings a step, carried over some steps.
CLOSE: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-13}


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_recurrent_layers(cell: Any, nonlinearity: Any) -> None:
    config = NetworkConfig(
        input_size=4, hidden_size=7, cell=cell, num_layers=3, nonlinearity=nonlinearity
    )
    weights = make_weights(config, normalise=False)
    options = {"nonlinearity": nonlinearity} if cell == "rnn" else {}
    module = MODULES[cell](4, 7, 3, **options).double()
    module.load_state_dict(
        {name.removeprefix("rnn."): torch.from_numpy(w).double() for name, w in weights.items()}
    )
    frames = make_frames(30, 4)
    with torch.no_grad():
        y, state = module(torch.from_numpy(frames).double())
    reference = Reference(config, weights)
    np.testing.assert_allclose(reference.run(frames), y.numpy(), **CLOSE)
    h, c = state if cell == "lstm" else (state, None)
    np.testing.assert_allclose(reference.h, h.numpy(), **CLOSE)
    if c is not None:
        np.testing.assert_allclose(reference.c, c.numpy(), **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_around_the_cell(cell: Any) -> None:
    # Normalisation, encoder and head by a hand calculation around the network without them.
    whole = NetworkConfig(
        input_size=4, hidden_size=7, cell=cell, encoder="linear", encoder_size=6, output_size=3
    )
    weights = {name: w.astype(np.float64) for name, w in make_weights(whole).items()}
    frames = make_frames(20, 4).astype(np.float64)
    inner = (frames - weights["normalise.mean"]) * weights["normalise.scale"]
    inner = inner @ weights["encoder.weight"].T + weights["encoder.bias"]
    bare = Reference(
        NetworkConfig(input_size=6, hidden_size=7, cell=cell),
        {name: w for name, w in weights.items() if name.startswith("rnn.")},  # type: ignore[misc]
    )
    hidden = np.array([bare.step(x) for x in inner])
    expected = hidden @ weights["head.weight"].T + weights["head.bias"]
    got = Reference(whole, make_weights(whole)).run(frames.astype(np.float32))
    np.testing.assert_allclose(got, expected, **CLOSE)


def test_an_embedding_is_a_row() -> None:
    config = NetworkConfig(
        input_size=1,
        hidden_size=4,
        cell="feedforward",
        encoder="embedding",
        encoder_size=5,
        vocabulary_size=9,
        nonlinearity="relu",
    )
    weights = make_weights(config)
    got = Reference(config, weights).run(np.array([[8], [0]], np.float32))
    rows = weights["encoder.weight"][[8, 0]].astype(np.float64)
    expected = rows @ weights["rnn.weight_ih_l0"].T.astype(np.float64) + weights["rnn.bias_ih_l0"]
    np.testing.assert_allclose(got, np.maximum(expected, 0.0), **CLOSE)


def test_no_frames() -> None:
    config = NetworkConfig(input_size=4, hidden_size=7, output_size=3)
    assert Reference(config, make_weights(config)).run(make_frames(0, 4)).shape == (0, 3)
