"""The torch engine: any module of the form (x, state) → (y, state)."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from streamrnn.engines.torch_engine import TorchEngine, flatten, rebuild
from streamrnn.errors import NonFiniteError, UnsupportedError
from tests.conftest import make_frames

MODULES: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Nested(nn.Module):
    """State in a dict of a tuple and a list, one of them without dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(3, 4)

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        h, (last, count) = (
            (torch.ones(1, 4), [torch.zeros(1, 3), torch.tensor(0.0)])
            if state is None
            else (state["h"][0], state["more"])
        )
        h = self.cell(x + last, h)
        return h + count, {"h": (h,), "more": [x, count + 1]}


class Careless(nn.Module):
    """Writes into its input and into its state, and gives the state as the output."""

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Tensor]:
        x.mul_(2.0)
        if state is None:
            return x, x
        state.add_(x)
        return state, state


@pytest.mark.parametrize("cell", MODULES)
def test_one_step_at_a_time_is_the_module(cell: str) -> None:
    torch.manual_seed(0)
    module, head = MODULES[cell](3, 6, 2, dropout=0.5), nn.Linear(6, 4)
    stream = TorchEngine(module, 3, head).stream()
    frames = make_frames(40)
    with torch.no_grad():
        expected = head(module.eval()(torch.from_numpy(frames))[0]).numpy()
    got = np.concatenate(
        [stream.run(frames[:17]), stream.run(frames[17:17]), stream.run(frames[17:])]
    )
    # The contract's tolerance of this engine: torch's sums depend on shapes.
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


def test_nested_states_survive_a_snapshot() -> None:
    torch.manual_seed(0)
    engine, frames = TorchEngine(Nested(), 3), make_frames(10)
    whole = engine.stream().run(frames)
    stream = engine.stream()
    stream.run(frames[:4])
    arrays = stream.arrays()
    assert set(arrays) == {"begun", "s.h.0", "s.more.0", "s.more.1"}
    kept = {name: array.copy() for name, array in arrays.items()}
    stream.run(frames[4:])
    other = engine.stream()
    other.restore(arrays)
    for array in arrays.values():
        array[...] = 0  # the stream has taken copies
    assert other.run(frames[4:]).tobytes() == whole[4:].tobytes()
    stream.restore(kept)
    assert stream.run(frames[4:]).tobytes() == whole[4:].tobytes()


def test_a_fresh_stream_begins_as_the_module_does() -> None:
    # Nested begins with ones, not zeros: a restored fresh state must too.
    engine, frames = TorchEngine(Nested(), 3), make_frames(5)
    whole, stream = engine.stream().run(frames), engine.stream()
    fresh = stream.arrays()
    stream.run(frames)
    stream.restore(fresh)
    assert stream.run(frames).tobytes() == whole.tobytes()
    stream.reset()
    assert {n: a.tobytes() for n, a in stream.arrays().items()} == {
        n: a.tobytes() for n, a in fresh.items()
    }


def test_input_is_neither_changed_nor_kept() -> None:
    frames = make_frames(6)
    kept, stream = frames.copy(), TorchEngine(Careless(), 3).stream()
    first = stream.run(frames[:3])
    assert frames.tobytes() == kept.tobytes()
    frames[:3] = 0.0
    # Twice the inputs, summed up: what the module does.
    np.testing.assert_allclose(first, np.cumsum(2 * kept[:3], axis=0), rtol=1e-6)
    held = stream.arrays()
    assert stream.run(frames[3:])[-1].tolist() == pytest.approx(2 * kept.sum(axis=0), rel=1e-5)
    np.testing.assert_allclose(held["s"][0], first[-1])  # no alias of the live state
    first[:] = 0.0
    read_only = np.frombuffer(kept.tobytes(), np.float32).reshape(6, 3)
    assert stream.run(read_only).shape == (6, 3)


def test_the_module_is_copied_and_left_alone() -> None:
    module = nn.GRU(3, 4).train()
    engine, frames = TorchEngine(module, 3), make_frames(4)
    before = engine.stream().run(frames).tobytes()
    assert module.training
    assert all(weight.requires_grad for weight in module.parameters())
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
    assert engine.stream().run(frames).tobytes() == before


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (nn.GRU(3, 4, bidirectional=True), "later input would change earlier output"),
        (nn.Linear(3, 4), "Linear, which takes"),
        (nn.GRU(5, 4), "expected .*GRU, which takes"),
        (nn.Identity(), "Identity, which takes"),
    ],
)
def test_what_is_not_of_the_form_is_refused(module: nn.Module, says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        TorchEngine(module, 3)


def test_a_bad_frame_leaves_the_state() -> None:
    stream, frames = TorchEngine(nn.LSTM(3, 4), 3).stream(), make_frames(4)
    stream.run(frames)
    before = {name: array.tobytes() for name, array in stream.arrays().items()}
    frames[2, 1] = np.nan
    with pytest.raises(NonFiniteError, match="frame 2, element 1: .*got nan"):
        stream.run(frames)
    assert {name: array.tobytes() for name, array in stream.arrays().items()} == before


def test_fingerprints_tell_weights_apart() -> None:
    torch.manual_seed(0)
    one, other = nn.GRU(3, 4), nn.GRU(3, 4)
    assert TorchEngine(one, 3).fingerprint() == TorchEngine(one, 3).fingerprint()
    assert TorchEngine(one, 3).fingerprint() != TorchEngine(other, 3).fingerprint()


def test_nests_come_back_as_they_were() -> None:
    a, b, c = torch.zeros(1), torch.ones(2), torch.ones(3)
    nest = {"x": (a, [b]), "y": c}
    flat = flatten(nest)
    assert list(flat) == ["s.x.0", "s.x.1.0", "s.y"]
    again = rebuild(nest, flat)
    assert isinstance(again["x"], tuple) and isinstance(again["x"][1], list)
    assert again["x"][0] is a and again["x"][1][0] is b and again["y"] is c
