from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from streamrnn.config import ClassesConfig, NetworkConfig
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.learn.convert import convert_torch, from_torch
from streamrnn.learn.network import Network

KINDS: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@given(
    st.sampled_from(["rnn", "gru", "lstm"]),
    st.integers(1, 3),
    st.integers(1, 9),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["tanh", "relu"]),
    st.sampled_from([None, True, False]),
)
@settings(max_examples=40, deadline=None)
def test_the_same_network_comes_out(
    kind: str,
    num_layers: int,
    input_size: int,
    hidden_size: int,
    bias: bool,
    batch_first: bool,
    nonlinearity: Any,
    head_bias: bool | None,
) -> None:
    options = {"nonlinearity": nonlinearity} if kind == "rnn" else {}
    module = KINDS[kind](
        input_size, hidden_size, num_layers, bias=bias, batch_first=batch_first, **options
    )
    head = None if head_bias is None else nn.Linear(hidden_size, 3, bias=head_bias)
    config, weights = convert_torch(module, head)
    network = Network(config)
    network.load_weights(weights)
    x = torch.randn(2, 5, input_size)
    expected, _ = module(x if batch_first else x.transpose(0, 1))
    expected = expected if batch_first else expected.transpose(0, 1)
    if head is not None:
        expected = head(expected)
    # A bias of zeros is added where there was none, and layouts differ: rounding only.
    torch.testing.assert_close(network(x)[0], expected, rtol=1e-5, atol=1e-6)
    assert all(w.dtype == np.float32 for w in weights.values())


def test_a_model_streams_what_the_module_says() -> None:
    gru, head = nn.GRU(3, 8, 2, batch_first=True), nn.Linear(8, 4)
    model = from_torch(gru, nn.Sequential(head, nn.Dropout(0.5)), name="mine")
    x = torch.randn(1, 20, 3)
    with torch.no_grad():
        expected = head(gru(x)[0])[0].numpy()
    actual = model.predict(x[0].numpy()).outputs
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    assert model.config.name == "mine"


def test_decoder_must_fit() -> None:
    labels = ClassesConfig(labels=("a", "b", "c"))
    with pytest.raises(ConfigError, match="expected one label an output, 2, got 3"):
        from_torch(nn.GRU(3, 4), nn.Linear(4, 2), decoder=labels)


def test_a_network_of_this_package() -> None:
    network = Network(NetworkConfig(input_size=2, hidden_size=3, output_size=1))
    config, weights = convert_torch(network)
    assert config == network.config
    np.testing.assert_equal(weights, network.weights())
    with pytest.raises(UnsupportedError, match="has its own"):
        convert_torch(network, nn.Linear(1, 1))


def test_weights_are_copies() -> None:
    module: Any = nn.GRU(2, 3)
    _, weights = convert_torch(module)
    weights["rnn.weight_ih_l0"][:] = 9
    assert not (module.weight_ih_l0 == 9).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_float32(dtype: torch.dtype) -> None:
    module: Any = nn.GRU(2, 3).to(dtype)
    _, weights = convert_torch(module)
    expected = module.weight_hh_l0.detach().to(torch.float32).numpy()
    assert weights["rnn.weight_hh_l0"].dtype == np.float32
    np.testing.assert_array_equal(weights["rnn.weight_hh_l0"], expected)


def broken(value: float) -> nn.Module:
    module: Any = nn.GRU(2, 3).double()
    module.weight_hh_l0.data[0, 0] = value
    return module


def hooked() -> nn.Module:
    module = nn.GRU(2, 3)
    module.register_forward_hook(lambda *_: None)
    return module


class Own(nn.GRU):
    def forward(self, x: Any, h: Any = None) -> Any:  # type: ignore[override]
        return super().forward(2 * x, h)


@pytest.mark.parametrize(
    ("module", "head", "message"),
    [
        (nn.GRU(2, 3, bidirectional=True), None, "later input would change earlier output"),
        (nn.LSTM(2, 4, proj_size=2), None, "proj_size: expected 0, got 2"),
        (nn.GRUCell(2, 3), None, "expected torch.nn.RNN.*got torch.nn.modules.rnn.GRUCell"),
        (nn.Linear(2, 3), None, "expected torch.nn.RNN, torch.nn.GRU or torch.nn.LSTM"),
        (Own(2, 3), None, "a forward of its own"),
        (hooked(), None, "expected no forward hooks"),
        (broken(1e300), None, "weight_hh_l0: expected values that are finite in float32"),
        (broken(float("nan")), None, "weight_hh_l0: expected values that are finite"),
        (nn.GRU(2, 3, device="meta"), None, "expected values, got a tensor on the meta device"),
        (nn.GRU(2, 3), nn.Linear(4, 2), "in_features of the hidden size, 3, got 4"),
        (nn.GRU(2, 3), nn.ReLU(), "head: expected torch.nn.Linear.*got .*ReLU"),
        (
            nn.GRU(2, 3),
            nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)),
            "head: expected torch.nn.Linear, or torch.nn.Sequential of one",
        ),
        ("gru", None, "expected torch.nn.RNN.*got builtins.str"),
    ],
)
def test_what_no_stream_can_run_is_refused(module: Any, head: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=f"(?s){message}"):
        convert_torch(module, head)


def test_whole_number_weights_are_refused() -> None:
    head = nn.Linear(3, 2)
    head.weight = nn.Parameter(torch.ones(2, 3, dtype=torch.int32), requires_grad=False)
    with pytest.raises(
        UnsupportedError, match="head.weight: expected floating point, got torch.int32"
    ):
        convert_torch(nn.GRU(2, 3), head)
