"""Gates are those of torch's own formulas."""

import numpy as np
import pytest

from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.states import explain_state
from tests.conftest import make_frames, make_model, make_text_model


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("layer", [0, 1])
def test_gates_by_the_textbook(cell: str, layer: int) -> None:
    model, frames = make_model(cell=cell, num_layers=2, normalise=False), make_frames(6)
    below = frames.astype(np.float64)
    if layer:
        below = np.array(explain_state(model, frames, layer=0).hidden)
    report = explain_state(model, frames, layer=layer)
    assert model.weights is not None
    w = {n: model.weights[f"rnn.{n}_l{layer}"] for n in ("weight_ih", "weight_hh", "bias_ih")}
    bias = w["bias_ih"] + model.weights[f"rnn.bias_hh_l{layer}"]
    before = np.concatenate((np.zeros((1, 5)), report.hidden[:-1]))
    opened = sigmoid(below @ w["weight_ih"].T + before @ w["weight_hh"].T + bias)
    parts = np.split(opened, 3 if cell == "gru" else 4, axis=1)
    names = {
        "gru": {"reset": parts[0], "update": parts[1]},
        "lstm": {"input": parts[0], "forget": parts[1], "output": parts[-1]},
    }[cell]
    assert report.gates.keys() == names.keys()
    for name, gate in names.items():
        np.testing.assert_allclose(report.gates[name], gate, atol=2e-5)  # five digits are told


def test_hidden_is_what_the_stream_has() -> None:
    model, frames = make_model(cell="rnn", num_layers=2), make_frames(4)
    stream = model.stream()
    report = explain_state(model, frames)
    assert report.layer == 1 and not report.gates
    for frame, hidden in zip(frames, report.hidden, strict=True):
        stream.feed(frame[None])
        np.testing.assert_allclose(hidden, stream.hidden[1], atol=1e-5)


def test_names_and_labels_belong_to_the_steps_that_are_shown() -> None:
    model = make_text_model("characters")
    whole, part = explain_state(model, "abba"), explain_state(model, "abba", last=2)
    assert whole.steps.names == list("abba") and part.steps.names == list("ba")
    assert whole.steps.labels and part.steps.labels == whole.steps.labels[-2:]
    assert part.hidden == whole.hidden[-2:]
    assert explain_state(model, "é a".encode()).steps.names == ["é", " ", "a"]


def test_order_puts_what_changes_first_on_top() -> None:
    report = explain_state(make_model(cell="gru", hidden_size=9), make_frames(5))
    hidden = np.array(report.hidden)
    change = np.abs(np.diff(hidden, axis=0, prepend=np.zeros((1, 9))))
    when = change.argmax(axis=0)[report.order()]
    assert sorted(report.order().tolist()) == list(range(9))
    assert (np.diff(when) >= 0).all()


def test_what_has_no_state_or_no_such_layer_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="expected a model of cell rnn, gru or lstm, got f"):
        explain_state(make_model(cell="feedforward"), make_frames(2))
    with pytest.raises(UnsupportedError, match="expected 0 to 0 of made, got 1"):
        explain_state(make_model(), make_frames(2), layer=1)
