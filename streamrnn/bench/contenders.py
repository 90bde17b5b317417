"""What a user would pick to run one step after another, each as fast as its own manual makes it.

A contender takes a case, and offers `outputs` (to be checked) and `loop` (to be timed: nothing
but the steps themselves). It carries its state from step to step, on one thread. What is not
installed raises ImportError when the contender is made.
"""

from collections.abc import Callable
from itertools import repeat
from typing import Any, Protocol

import numpy as np

from streamrnn.bench.cases import Case, Floats
from streamrnn.config import ModelConfig
from streamrnn.engines.native import NativeEngine
from streamrnn.kernels import network as kernel
from streamrnn.model import Model


class Contender(Protocol):
    """One way to run a case."""

    def outputs(self, frames: Floats) -> Floats:
        """The outputs (T, hidden_size) of frames (T, input_size), from a fresh state."""
        ...

    def loop(self, count: int) -> object:
        """`count` steps on the case's one frame, going on from the state as it is."""
        ...


class Compiled:
    """The native engine's compiled call alone."""

    def __init__(self, case: Case) -> None:
        self._frame = case.frame
        self._output = np.empty((1, case.network.output_width), np.float32)
        self._engine = NativeEngine(case.network, case.weights)
        self._state = self._engine.stream()

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        self._state = self._engine.stream()
        rows = np.empty((len(frames), self._output.shape[1]), np.float32)
        for t in range(len(frames)):
            kernel.run(self._state._handle, frames[t : t + 1], rows[t : t + 1], 0)
        return rows

    def loop(self, count: int) -> None:
        """See `Contender`."""
        run, handle, frame, output = kernel.run, self._state._handle, self._frame, self._output
        for _ in repeat(None, count):
            run(handle, frame, output, 0)


class Fed:
    """`Stream.feed` of one frame, which gives a Predictions object."""

    def __init__(self, case: Case) -> None:
        model = Model.from_weights(ModelConfig(name="bench", network=case.network), case.weights)
        self._frame = case.frame
        self._stream = model.stream()

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        self._stream.reset()
        return np.concatenate([self._stream.feed(frame[None]).outputs for frame in frames])

    def loop(self, count: int) -> None:
        """See `Contender`."""
        feed, frame = self._stream.feed, self._frame
        for _ in repeat(None, count):
            feed(frame)


class FedObjects(Fed):
    """`for prediction in stream.feed(frame)`: one Prediction object a step."""

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        self._stream.reset()
        return np.stack([p.output for frame in frames for p in self._stream.feed(frame[None])])

    def loop(self, count: int) -> None:
        """See `Contender`."""
        feed, frame = self._stream.feed, self._frame
        for _ in repeat(None, count):
            for prediction in feed(frame):
                _ = prediction.position, prediction.output


class TorchModule:
    """`torch.nn.RNN`, `GRU` or `LSTM`, eager, in inference mode."""

    def __init__(self, case: Case) -> None:
        import torch

        self._torch, network = torch, case.network
        kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[network.cell]
        self._module = kind(network.input_size, network.hidden_size, network.num_layers)
        names = {name.removeprefix("rnn."): torch.from_numpy(a) for name, a in case.weights.items()}
        self._module.load_state_dict(names)
        self._module.eval()
        self._frame = torch.from_numpy(case.frame)[None]
        self._state: Any = None

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        state, rows = None, []
        with self._torch.inference_mode():
            for frame in frames:
                row, state = self._module(self._torch.from_numpy(frame)[None, None], state)
                rows.append(row[0].numpy())
        return np.concatenate(rows)

    def loop(self, count: int) -> None:
        """See `Contender`."""
        module, frame, state = self._module, self._frame, self._state
        with self._torch.inference_mode():
            for _ in repeat(None, count):
                _row, state = module(frame, state)
        self._state = state


class TorchCells:
    """`torch.nn.RNNCell`, `GRUCell` or `LSTMCell`, one a layer, in inference mode."""

    def __init__(self, case: Case) -> None:
        import torch

        self._torch, network = torch, case.network
        kinds = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}
        self._loop = network.cell == "lstm"
        self._cells, inputs = [], network.input_size
        for layer in range(network.num_layers):
            cell = kinds[network.cell](inputs, network.hidden_size)
            suffix, inputs = f"_l{layer}", network.hidden_size
            own = {n: a for n, a in case.weights.items() if n.endswith(suffix)}
            cell.load_state_dict(
                {n[4 : -len(suffix)]: torch.from_numpy(array) for n, array in own.items()}
            )
            self._cells.append(cell.eval())
        self._frame = torch.from_numpy(case.frame)
        self._states: list[Any] = [None] * network.num_layers

    def _steps(self, frames: Any) -> list[Any]:
        rows, cells, states, pair = [], list(enumerate(self._cells)), self._states, self._loop
        for x in frames:
            for layer, cell in cells:
                states[layer] = state = cell(x, states[layer])
                x = state[0] if pair else state
            rows.append(x)
        return rows

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        self._states = [None] * len(self._cells)
        with self._torch.inference_mode():
            rows = self._steps(self._torch.from_numpy(frames)[:, None])
        return np.concatenate([row.numpy() for row in rows])

    def loop(self, count: int) -> None:
        """See `Contender`."""
        with self._torch.inference_mode():
            self._steps(repeat(self._frame, count))


class Numpy:
    """float32 numpy as it is best written: matrices stacked, everything in place.

    σ(x) = ½ + ½ tanh(x/2): the halves are multiplied into the weights, so that one tanh does
    for several gates.
    """

    def __init__(self, case: Case) -> None:
        network = case.network
        make = {"rnn": _numpy_rnn, "gru": _numpy_gru, "lstm": _numpy_lstm}[network.cell]
        self._size, self._frame = network.hidden_size, case.frame[0]
        self._layers: list[Callable[[Floats], Floats]] = []
        self._states: list[Floats] = []
        for layer in range(network.num_layers):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            step, states = make(*(case.weights[f"rnn.{name}_l{layer}"] for name in names))
            self._layers.append(step)
            self._states.extend(states)

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        for state in self._states:
            state[:] = 0
        rows = np.empty((len(frames), self._size), np.float32)
        for row, x in zip(rows, frames, strict=True):
            for layer in self._layers:
                x = layer(x)
            row[:] = x
        return rows

    def loop(self, count: int) -> None:
        """See `Contender`."""
        frame, layers = self._frame, self._layers
        for _ in repeat(None, count):
            x = frame
            for layer in layers:
                x = layer(x)


_Step = tuple[Callable[[Floats], Floats], list[Floats]]
_HALF = np.float32(0.5)


def _numpy_rnn(w_ih: Floats, w_hh: Floats, b_ih: Floats, b_hh: Floats) -> _Step:
    weights, bias, inputs = np.hstack([w_ih, w_hh]), b_ih + b_hh, w_ih.shape[1]
    joined = np.zeros(weights.shape[1], np.float32)
    x_part, h = joined[:inputs], joined[inputs:]
    total = np.empty(len(bias), np.float32)

    def step(x: Floats) -> Floats:
        x_part[:] = x
        np.dot(weights, joined, out=total)
        np.add(total, bias, out=total)
        return np.tanh(total, out=h)

    return step, [h]


def _numpy_gru(w_ih: Floats, w_hh: Floats, b_ih: Floats, b_hh: Floats) -> _Step:
    size = w_hh.shape[1]
    halves = np.repeat(np.array([0.5, 0.5, 1.0], np.float32), size)
    w_ih, w_hh = w_ih * halves[:, None], w_hh * halves[:, None]
    b_ih, b_hh = b_ih * halves, b_hh * halves
    from_x, from_h = np.empty(3 * size, np.float32), np.empty(3 * size, np.float32)
    gates, new_x, new_h = from_x[: 2 * size], from_x[2 * size :], from_h[2 * size :]
    gates_h, r, z = from_h[: 2 * size], from_x[:size], from_x[size : 2 * size]
    h = np.zeros(size, np.float32)

    def step(x: Floats) -> Floats:
        np.dot(w_ih, x, out=from_x)
        np.add(from_x, b_ih, out=from_x)
        np.dot(w_hh, h, out=from_h)
        np.add(from_h, b_hh, out=from_h)
        np.add(gates, gates_h, out=gates)
        np.tanh(gates, out=gates)
        np.multiply(gates, _HALF, out=gates)
        np.add(gates, _HALF, out=gates)
        np.multiply(r, new_h, out=new_h)
        np.add(new_x, new_h, out=new_x)
        np.tanh(new_x, out=new_x)
        np.subtract(h, new_x, out=h)
        np.multiply(z, h, out=h)
        return np.add(h, new_x, out=h)

    return step, [h]


def _numpy_lstm(w_ih: Floats, w_hh: Floats, b_ih: Floats, b_hh: Floats) -> _Step:
    size, inputs = w_hh.shape[1], w_ih.shape[1]
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), size)
    offset = np.repeat(np.array([0.5, 0.5, 0.0, 0.5], np.float32), size)
    weights, bias = np.hstack([w_ih, w_hh]) * scale[:, None], (b_ih + b_hh) * scale
    joined = np.zeros(inputs + size, np.float32)
    x_part, h = joined[:inputs], joined[inputs:]
    gates, c = np.empty(4 * size, np.float32), np.zeros(size, np.float32)
    i, f, g, o = gates.reshape(4, size)

    def step(x: Floats) -> Floats:
        x_part[:] = x
        np.dot(weights, joined, out=gates)
        np.add(gates, bias, out=gates)
        np.tanh(gates, out=gates)
        np.multiply(gates, scale, out=gates)
        np.add(gates, offset, out=gates)
        np.multiply(c, f, out=c)
        np.multiply(i, g, out=i)
        np.add(c, i, out=c)
        np.tanh(c, out=h)
        return np.multiply(h, o, out=h)

    return step, [h, c]
