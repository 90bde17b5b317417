"""The derivatives are those of finite differences, and of one pass back through all."""

from typing import Any

import numpy as np
import pytest
import torch

from streamrnn.config import DetectConfig
from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.decay import fitted_rate
from streamrnn.learn.explain.inputs import frames_of
from streamrnn.learn.explain.memory import by_distance, explain_memory
from streamrnn.learn.explain.unroll import Unrolled, jacobian
from streamrnn.loading import load
from streamrnn.model import Model
from tests.conftest import make_frames, make_model, make_text_model

KINDS = [
    {"cell": "rnn"},
    {"cell": "rnn", "nonlinearity": "relu", "encoder": "linear", "encoder_size": 4},
    {"cell": "gru", "num_layers": 2, "output_size": 3},
    {"cell": "lstm", "num_layers": 2, "output_size": 2, "encoder": "linear", "encoder_size": 6},
]


def run(unrolled: Unrolled, inputs: torch.Tensor) -> torch.Tensor:
    state = unrolled.fresh()
    for x in inputs:
        state = unrolled.step(state[None], x[None])[0]
    return state


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_a_step_is_the_networks_own(network: dict[str, Any]) -> None:
    model = make_model(**network)
    frames = make_frames(9)
    unrolled = Unrolled(model)
    state = run(unrolled, unrolled.inputs(frames))
    said = unrolled.output(state[None])[0].numpy()
    np.testing.assert_allclose(said, model.predict(frames).outputs[-1], atol=1e-6)  # float32


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_weights_of_inputs_against_finite_differences(network: dict[str, Any]) -> None:
    model, frames = make_model(**network), make_frames(7)
    unrolled, step = Unrolled(model), 1e-6
    inputs = unrolled.inputs(frames)
    layers, size = model.config.network.num_layers, model.config.network.hidden_size
    top = slice((layers - 1) * size, layers * size)
    report = explain_memory(model, frames)
    for last in (0, 3, 6):
        for t in range(last + 1):
            columns, says = list[torch.Tensor](), list[torch.Tensor]()
            for k in range(inputs.shape[1]):
                ends: list[torch.Tensor] = []
                for way in (1, -1):
                    moved = inputs[: last + 1].clone()
                    moved[t, k] += way * step
                    ends.append(run(unrolled, moved))
                columns.append((ends[0] - ends[1])[top] / (2 * step))
                outputs = [unrolled.output(end[None])[0] for end in ends]
                says.append((outputs[0] - outputs[1]) / (2 * step))
            # Central differences err by step² of a third derivative near 1, and by rounding
            # 1e-16 / step.
            expected = torch.stack(columns).norm().item()
            assert report.hidden[last][t] == pytest.approx(expected, rel=1e-5, abs=1e-8)
            expected = torch.stack(says).norm().item()
            assert report.output[last][t] == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_chained_steps_are_one_pass_back_through_the_whole() -> None:
    model = load("intents_lstm")
    text = "what time is it in the kitchen?"
    unrolled = Unrolled(model)
    inputs = unrolled.inputs(frames_of(model, text)).requires_grad_()
    size = model.config.network.hidden_size
    h = run(unrolled, inputs)[:size]
    rows = [torch.autograd.grad(h[n], inputs, retain_graph=True)[0] for n in range(size)]
    expected = torch.stack(rows).norm(dim=(0, 2))
    np.testing.assert_allclose(explain_memory(model, text).hidden[-1], expected, rtol=1e-5)


def test_jacobian_of_a_linear_map_is_its_matrix() -> None:
    a, b = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    x, y = torch.randn(4, dtype=torch.float64), torch.randn(2, dtype=torch.float64)
    value, found = jacobian(lambda x, y: x @ a.T + y @ b.T, x, y)
    torch.testing.assert_close(found, [a, b])
    torch.testing.assert_close(value, a @ x + b @ y)


def test_shares_sum_to_one_and_words_are_named() -> None:
    report = explain_memory(make_text_model("words"), "turn on, don't turn 日本")
    assert report.steps.names[:4] == ["turn", "on,", "don't", "turn"]
    for rows in (report.share("hidden"), report.share("output")):
        for n, row in enumerate(rows):
            assert len(row) == n + 1 and sum(row) == pytest.approx(1.0)


def test_the_last_steps_alone_are_the_same_steps() -> None:
    model, frames = make_model(cell="gru"), make_frames(12)
    whole, part = explain_memory(model, frames), explain_memory(model, frames, last=4)
    assert part.steps.names == whole.steps.names[-4:]
    for own, all_of_them in zip(part.hidden, whole.hidden[-4:], strict=True):
        np.testing.assert_allclose(own, all_of_them[-len(own) :], rtol=1e-5)


def test_a_fixed_decay_is_found() -> None:
    rows = [[0.9 ** (last - t) for t in range(last + 1)] for last in range(30)]
    curve = by_distance(rows)
    np.testing.assert_allclose(curve, 0.9 ** np.arange(30))
    assert fitted_rate(curve) == pytest.approx(0.9)
    assert fitted_rate(np.array([1.0, 0.0, np.nan, 0.5])) is None


def test_distances_have_geometric_means() -> None:
    rows = [[4.0], [2.0, 1.0], [0.0, 9.0, 2.0]]
    np.testing.assert_allclose(by_distance(rows), [2.0, 18.0**0.5, 0.0])


def test_a_saturated_network_weighs_nothing_and_has_no_shares() -> None:
    model = make_model(cell="rnn", hidden_size=1, input_size=1, normalise=False)
    assert model.weights is not None
    weights = {name: np.full_like(array, 100.0) for name, array in model.weights.items()}
    latch = Model.from_weights(model.config, weights)
    report = explain_memory(latch, np.ones((3, 1), np.float32))
    assert report.hidden == [[0.0], [0.0] * 2, [0.0] * 3] == report.share("hidden")
    assert report.kept("hidden") is None


def test_a_state_that_is_reset_is_refused() -> None:
    decoder = DetectConfig(labels=("q", "a"), ignored=("q",), quiet="q", reset_after=5)
    with pytest.raises(UnsupportedError, match="expected a model whose state is never reset"):
        explain_memory(make_model(decoder=decoder, output_size=2), make_frames(3))


@pytest.mark.parametrize("network", [{"cell": "feedforward"}])
def test_without_a_state_there_is_no_memory(network: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match="expected a model of cell rnn, gru or lstm"):
        explain_memory(make_model(**network), make_frames(3))


def test_an_input_without_a_step_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="at least one step"):
        explain_memory(make_text_model("words"), " ")
    with pytest.raises(UnsupportedError, match="at least one step"):
        explain_memory(make_model(), make_frames(0))


def test_the_model_is_left_as_it_was() -> None:
    model: Model = make_model(cell="lstm", output_size=2)
    before = model.predict(make_frames(5)).outputs.copy()
    explain_memory(model, make_frames(5))
    np.testing.assert_array_equal(model.predict(make_frames(5)).outputs, before)
