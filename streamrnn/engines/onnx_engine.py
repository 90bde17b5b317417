"""The ONNX engine: any graph of one step with its states in and out, run by onnxruntime.

Every step is one call of one shape on one thread, so equal frames give equal bits however they
were cut into chunks. Imported only when asked for; nothing else needs onnxruntime.
"""

# pyright: standard
# onnxruntime tells a checker little of its types.

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig, OnnxConfig
from streamrnn.engines.base import LoneArena, refused
from streamrnn.engines.onnx_graph import (
    Port,
    Wiring,
    frame_shape,
    overlaid,
    recognised,
    wire,
)
from streamrnn.errors import InputError, ModelFileError, NonFiniteError
from streamrnn.kernels.finite import look_at
from streamrnn.workers import Workers

_KINDS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}


class OnnxEngine:
    """Runs a graph; its session never changes and is shared by all streams."""

    tolerance = 0.0

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        config: OnnxConfig | None = None,
        network: NetworkConfig | None = None,
    ) -> None:
        """Try a graph on one step of zeros.

        Args:
            session: of the graph.
            config: how it is read; what it leaves as it is by default, the graph's inputs say
                where it is recognised by them, or else their names.
            network: of a graph that was exported here; else None.

        Raises:
            ModelFileError: it is no graph of one step, or one that is to be explained first.
        """
        self.session = session
        """Shared by all streams."""
        inputs, outputs = _ports(session.get_inputs()), _ports(session.get_outputs())
        self.config = overlaid(recognised(inputs, outputs), config)
        """How it is read."""
        self.wiring: Wiring = wire(inputs, outputs, self.config)
        named = (*self.wiring.states, *self.wiring.constants)
        for port in (self.wiring.frame, *(port for port, _ in named)):
            if port.kind not in _KINDS:
                raise ModelFileError(f"{port}: expected one of {', '.join(_KINDS)}")
        self.shape = frame_shape(self.wiring.frame, self.config)
        """Of the input that takes a frame."""
        self.results = self._try()
        """The outputs of a step: what the graph tells first, then the next states."""
        states = [array for array, _ in zip(self.results[1:], self.wiring.states, strict=True)]
        width = int(states[0].shape[-1]) if states and states[0].ndim else 1
        self.network = network or NetworkConfig(
            cell="module",
            input_size=int(np.prod(self.shape)),
            hidden_size=max(1, width),
            output_size=self.results[0].size,
        )
        """Sizes, as far as a graph tells them."""

    def fresh(self, port: Port) -> NDArray[Any]:
        """The zeros that begin a state."""
        return np.zeros(port.one, _KINDS[port.kind])

    def _try(self) -> list[NDArray[Any]]:
        """The outputs of one step of zeros: what they are like."""
        wiring = self.wiring
        feeds = {wiring.frame.name: np.zeros(self.shape, _KINDS[wiring.frame.kind])}
        feeds |= {port.name: self.fresh(port) for port, _ in wiring.states}
        feeds |= {port.name: constant(port, value) for port, value in wiring.constants}
        names = [wiring.output, *(after for _, after in wiring.states)]
        try:
            results = [np.asarray(array) for array in self.session.run(names, feeds)]
        except Exception as error:  # of many kinds, none of which has a base of its own
            raise ModelFileError(
                f"expected a graph that takes a step of zeros, {self.shape} and its states, got: "
                f"{first_line(error)}; say in an OnnxConfig how it is to be read"
            ) from error
        for (port, after), array in zip(wiring.states, results[1:], strict=True):
            if array.shape != port.one or array.dtype != _KINDS[port.kind]:
                raise ModelFileError(
                    f"{after}: expected the next state of {port}, got {array.dtype} {array.shape}"
                )
        if not results[0].size:
            raise ModelFileError(f"{wiring.output}: expected some numbers a step, got none")
        return results

    def stream(self) -> "OnnxState":
        """The fresh state of a new stream."""
        return OnnxState(self)

    def arena(self, capacity: int, workers: Workers) -> LoneArena:
        """The fresh states of `capacity` streams, which run one by one."""
        return LoneArena(self, capacity)


class OnnxState:
    """The states of one stream, in memory that the graph reads and writes."""

    def __init__(self, engine: OnnxEngine) -> None:
        wiring = engine.wiring
        self._engine = engine
        self._run = engine.session.run_with_iobinding
        self.binding = engine.session.io_binding()
        """Of this memory to the inputs and outputs of the graph."""
        self._frame = np.zeros(engine.shape, _KINDS[wiring.frame.kind])
        self._output = np.empty_like(engine.results[0], order="C")
        self._states = {port.name: engine.fresh(port) for port, _ in wiring.states}
        # A graph may write a state before it has read the last of it: what is new lies apart.
        self._next = [np.empty_like(array, order="C") for array in engine.results[1:]]
        self._constants = [constant(port, value) for port, value in wiring.constants]
        for (port, _), array in zip(wiring.constants, self._constants, strict=True):
            self._bind(self.binding.bind_input, port.name, array)
        self._bind(self.binding.bind_input, wiring.frame.name, self._frame)
        for name, array in self._states.items():
            self._bind(self.binding.bind_input, name, array)
        for (_, name), array in zip(wiring.states, self._next, strict=True):
            self._bind(self.binding.bind_output, name, array)
        if wiring.output in [name for _, name in wiring.states]:
            self._output = self._next[[name for _, name in wiring.states].index(wiring.output)]
        else:
            self._bind(self.binding.bind_output, wiring.output, self._output)
        self._pairs = list(zip(self._states.values(), self._next, strict=True))
        self._width, self._flat = self._output.size, self._output.reshape(-1)
        self._frame_flat = self._frame.reshape(-1)
        network = engine.network
        self._tokens = network.vocabulary_size if network.encoder == "embedding" else 0

    @staticmethod
    def _bind(bind: Any, name: str, array: NDArray[Any]) -> None:
        bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames (T, input_size); gives outputs (T, output_size).

        Raises:
            NonFiniteError: an element is not finite, no token, or none that the graph's type holds.
            InputError: onnxruntime refuses a frame. The state is as it was, each time.
        """
        if not frames.flags.carray:
            frames = frames.copy()  # numba would compile anew for a read-only or strided array
        bad = look_at(frames, self._tokens)
        if bad >= 0:
            raise refused(self._engine.network, frames, bad)
        given = frames if self._frame.dtype == np.float32 else self._cast(frames)
        outputs = np.empty((len(frames), self._width), np.float32)
        run, binding, pairs = self._run, self.binding, self._pairs
        before = self.arrays() if len(frames) > 1 else {}
        t = 0
        try:
            for t in range(len(frames)):
                self._frame_flat[:] = given[t]
                run(binding)
                outputs[t] = self._flat
                for state, new in pairs:
                    state[...] = new
        except Exception as error:  # onnxruntime's: an index beyond a table, outputs that grow
            if before:
                self.restore(before)
            raise InputError(
                f"frame {t}: expected one that the graph takes, got: {first_line(error)}"
            ) from error
        return outputs

    def _cast(self, frames: NDArray[np.float32]) -> NDArray[Any]:
        """Frames of the type that the graph takes.

        Raises:
            NonFiniteError: that type does not hold an element as it is: 1.7 as a whole number,
                1e6 in float16.
        """
        with np.errstate(all="ignore"):
            cast = frames.astype(self._frame.dtype)
            back = cast.astype(np.float64)
        whole = not np.issubdtype(cast.dtype, np.floating)
        fits = back == frames if whole else np.isfinite(back)
        bad = np.argwhere(~fits)
        if len(bad):
            frame, place = bad[0]
            raise NonFiniteError(
                f"frame {frame}, element {place}: expected a number that {cast.dtype} holds, got "
                f"{frames[frame, place]}"
            )
        return cast

    def run_traced(
        self, frame: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Advance by one frame; a graph's gates are its own affair."""
        return self.run(frame), []

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the first state, one row a layer; no rows without one."""
        size = self._engine.network.hidden_size
        first = next(iter(self._states.values()), np.empty(0, np.float32))
        return first.reshape(-1, size if first.ndim else 1).astype(np.float32)

    def reset(self) -> None:
        """Make the state fresh."""
        for state in self._states.values():
            state[...] = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the states, by the names of their inputs."""
        return {name: state.copy() for name, state in self._states.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        for name, state in self._states.items():
            state[...] = arrays[name]


def constant(port: Port, value: float) -> NDArray[Any]:
    """An input that never changes."""
    return np.full(port.one, value, _KINDS[port.kind])


def _ports(nodes: Any) -> list[Port]:
    return [
        Port(node.name, tuple(n if isinstance(n, int) else None for n in node.shape), node.type)
        for node in nodes
    ]


def first_line(error: Exception) -> str:
    """The first line of what onnxruntime says."""
    return str(error).strip().split("\n")[0][:300]
