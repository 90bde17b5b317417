import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from streamrnn.config import Cell, NetworkConfig
from streamrnn.errors import ConfigError
from streamrnn.learn.network import Network, detach, dropped


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    # The same float32 operations in another grouping: a few units in the last place.
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_is_torch_with_encoder_and_head(cell: Cell, num_layers: int) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(
        input_size=3,
        hidden_size=7,
        cell=cell,
        num_layers=num_layers,
        encoder="linear",
        encoder_size=5,
        output_size=4,
    )
    mean, scale = np.array([1, 2, 3], np.float32), np.array([0.5, 1, 2], np.float32)
    network = Network(config, normalisation=(mean, scale)).eval()
    weights = {n: torch.from_numpy(w) for n, w in network.weights().items()}
    reference = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](5, 7, num_layers)
    reference.load_state_dict(
        {n.removeprefix("rnn."): w for n, w in weights.items() if n.startswith("rnn.")}
    )
    x = torch.randn(2, 9, 3)
    encoded = (x - torch.from_numpy(mean)) * torch.from_numpy(scale)
    encoded = encoded @ weights["encoder.weight"].T + weights["encoder.bias"]
    h, state = reference(encoded.transpose(0, 1))
    expected = h.transpose(0, 1) @ weights["head.weight"].T + weights["head.bias"]
    outputs, own = network(x)
    close(outputs, expected)
    pairs = zip(own, state, strict=True) if cell == "lstm" else [(own, state)]
    for a, b in pairs:
        close(a, b)


def test_feedforward_is_a_stack_of_layers_without_a_loop() -> None:
    config = NetworkConfig(
        input_size=3, hidden_size=6, cell="feedforward", num_layers=2, nonlinearity="relu"
    )
    network = Network(config)
    w = network.weights()
    assert set(w) == {f"rnn.{kind}_ih_l{k}" for kind in ("weight", "bias") for k in (0, 1)}
    x = np.random.default_rng(0).standard_normal((2, 4, 3)).astype(np.float32)
    h = np.maximum(x @ w["rnn.weight_ih_l0"].T + w["rnn.bias_ih_l0"], 0)
    h = np.maximum(h @ w["rnn.weight_ih_l1"].T + w["rnn.bias_ih_l1"], 0)
    outputs, state = network(torch.from_numpy(x))
    close(outputs, torch.from_numpy(h))
    assert state is None


def test_embedding_reads_whole_numbers() -> None:
    config = NetworkConfig(
        input_size=1, hidden_size=4, encoder="embedding", encoder_size=3, vocabulary_size=10
    )
    network = Network(config)
    tokens = torch.tensor([[3, 9, 0]])
    reference, _ = network.rnn(network.encoder(tokens))
    close(network(tokens[..., None].float())[0], reference)


CELLS: list[Cell] = ["feedforward", "rnn", "gru", "lstm"]


@given(st.sampled_from(CELLS), st.lists(st.integers(1, 11), unique=True).map(sorted))
@settings(max_examples=25, deadline=None)
def test_cut_anywhere_gives_the_same(cell: Cell, cuts: list[int]) -> None:
    config = NetworkConfig(input_size=2, hidden_size=5, cell=cell, num_layers=2, output_size=3)
    network = Network(config).eval()
    x = torch.randn(3, 12, 2)
    whole, _ = network(x)
    state, parts = None, []
    for begin, end in zip([0, *cuts], [*cuts, 12], strict=True):
        part, state = network(x[:, begin:end], state, torch.ones(3))
        parts.append(part)
        state = detach(state)
    close(torch.cat(parts, 1), whole)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_keep_forgets_only_where_told(cell: Cell) -> None:
    config = NetworkConfig(input_size=2, hidden_size=5, cell=cell)
    network = Network(config)
    first, second = torch.randn(2, 2, 6, 2)
    _, state = network(first)
    carried, _ = network(second, state)
    fresh, _ = network(second)
    mixed, _ = network(second, state, torch.tensor([1, 0]))
    close(mixed[0], carried[0])
    close(mixed[1], fresh[1])


def test_infinite_state_is_forgotten_too() -> None:
    network = Network(NetworkConfig(input_size=1, hidden_size=2))
    outputs, _ = network(torch.zeros(1, 1, 1), torch.full((1, 1, 2), torch.inf), torch.zeros(1))
    assert torch.isfinite(outputs).all()


def test_gradient_stops_between_windows() -> None:
    network = Network(NetworkConfig(input_size=2, hidden_size=5))
    first = torch.randn(1, 4, 2, requires_grad=True)
    second = torch.randn(1, 4, 2, requires_grad=True)
    _, state = network(first)
    outputs, _ = network(second, detach(state))
    outputs.sum().backward()
    assert first.grad is None
    assert second.grad is not None and second.grad.abs().sum() > 0


def test_weights_round_trip_and_are_copies() -> None:
    config = NetworkConfig(input_size=2, hidden_size=3, output_size=2)
    normalisation = (np.array([1, 2], np.float32), np.array([3, 4], np.float32))
    one, other = Network(config, normalisation=normalisation), Network(config)
    weights = one.weights()
    other.load_weights(weights)
    x = torch.randn(1, 5, 2)
    assert torch.equal(one(x)[0], other(x)[0])
    for array in weights.values():
        array += 1
    assert torch.equal(one(x)[0], other(x)[0])


def test_bad_weights_are_refused_by_name() -> None:
    network = Network(NetworkConfig(input_size=2, hidden_size=3))
    with pytest.raises(ConfigError, match=r"rnn.weight_hh_l0.*\(12, 4\)"):
        bigger = Network(NetworkConfig(input_size=2, hidden_size=4)).weights()
        network.load_weights(bigger)
    with pytest.raises(ConfigError, match=r"expected mean and scale of shape \(2,\), got \(3,\)"):
        Network(network.config, normalisation=(np.zeros(3, np.float32), np.ones(3, np.float32)))


def test_dropout_only_between_layers_and_in_training() -> None:
    config = NetworkConfig(input_size=2, hidden_size=8, cell="feedforward", num_layers=2)
    network = Network(config, dropout=0.5)
    x = torch.randn(1, 3, 2)
    assert not torch.equal(network(x)[0], network(x)[0])
    network.eval()
    assert torch.equal(network(x)[0], network(x)[0])


def test_dropout_before_the_head_leaves_the_state_alone() -> None:
    config = NetworkConfig(input_size=2, hidden_size=8, output_size=3)
    network = Network(config, dropout_output=0.5)
    x = torch.randn(1, 5, 2)
    (a, state), (b, other) = network(x), network(x)
    assert not torch.equal(a, b) and torch.equal(state, other)
    network.eval()
    assert torch.equal(network(x)[0], network(x)[0])


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_dropped_weights_are_out_forwards_and_backwards_and_then_as_they_were(cell: Cell) -> None:
    config = NetworkConfig(input_size=2, hidden_size=8, cell=cell, num_layers=2, output_size=3)
    network, twin = Network(config), Network(config)
    before = network.weights()
    x = torch.randn(2, 6, 2)
    with dropped(network, 0.25):
        during = network.weights()
        outputs, _ = network(x)
        outputs.square().sum().backward()
    np.testing.assert_equal(network.weights(), before)
    twin.load_weights(during)
    outputs, _ = twin(x)
    outputs.square().sum().backward()
    out = total = 0
    for (name, weight), same in zip(network.named_parameters(), twin.parameters(), strict=True):
        assert weight.grad is not None and same.grad is not None
        scale = torch.ones_like(weight)
        if name.startswith("rnn.weight_hh"):
            kept = during[name] != 0
            np.testing.assert_allclose(during[name][kept], before[name][kept] / 0.75, rtol=1e-6)
            scale = torch.from_numpy(kept / np.float32(0.75))
            out, total = out + (~kept).sum(), total + kept.size
        else:
            np.testing.assert_array_equal(during[name], before[name])
        close(weight.grad, same.grad * scale)
    # Of 64 to 512 independent draws; 4.5 σ.
    assert abs(out / total - 0.25) < 4.5 * (0.25 * 0.75 / total) ** 0.5
    with dropped(network, 0.0):
        np.testing.assert_equal(network.weights(), before)


def test_begins_orthogonal_and_remembering() -> None:
    network = Network(NetworkConfig(input_size=2, hidden_size=6, cell="lstm", num_layers=2))
    for k in (0, 1):
        for gate in getattr(network.rnn, f"weight_hh_l{k}").split(6):
            close(gate @ gate.T, torch.eye(6))
        assert (getattr(network.rnn, f"bias_hh_l{k}")[6:12] == 1).all()  # i, then f


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gates_begin_as_open_as_the_spans_are_long(cell: Cell) -> None:
    size, every = 1_000, list[torch.Tensor]()
    for _ in range(4):  # one of 4,000 takes long to be made orthogonal
        rnn = Network(NetworkConfig(input_size=2, hidden_size=size, cell=cell), remember=100).rnn
        hidden, entering = rnn.bias_hh_l0, rnn.bias_ih_l0
        assert isinstance(hidden, torch.Tensor) and isinstance(entering, torch.Tensor)
        # Torch's own bias of the input stays, within 1/√size.
        assert entering.abs().max() <= size**-0.5
        kept = (hidden + entering)[size : 2 * size].sigmoid()  # z of a GRU, f of an LSTM
        every.append(1.0 / (1.0 - kept))  # 1 + u, steps after which 1/e of it is left, about
        if cell == "lstm":
            close(hidden[:size], -hidden[size : 2 * size])
    spans, most = torch.cat(every), math.exp(size**-0.5)
    assert spans.min() >= 1.0 + 1.0 / most - 1e-4 and spans.max() <= 1.0 + 100.0 * most + 1e-2
    assert abs(spans.mean().item() - 51.0) < 2.0  # uniform; 4 σ
