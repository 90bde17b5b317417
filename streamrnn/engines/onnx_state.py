"""The states of one stream of an ONNX graph, in memory that the graph reads and writes."""

# pyright: standard
# onnxruntime tells a checker little of its types.

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.engines.base import refused
from streamrnn.engines.onnx_graph import first_line
from streamrnn.engines.onnx_library import Session
from streamrnn.errors import InputError, NonFiniteError
from streamrnn.kernels.finite import look_at
from streamrnn.kernels.graph import ALL_TAKEN, NO_NUMBER, STATUS, graph_steps

if TYPE_CHECKING:
    from streamrnn.engines.onnx_engine import OnnxEngine

_APART = 64  # bytes: each state begins on a cache line of its own


class OnnxState(ABC):
    """What a stream has; how its graph is called is for those below to say."""

    def __init__(self, engine: "OnnxEngine") -> None:
        wiring = engine.wiring
        self._network = engine.network
        self._frame = engine.frame()
        self._memory, states = _side_by_side(engine.results[1:])
        # A graph may write a state before it has read the last of it: what is new lies apart.
        self._next, following = _side_by_side(engine.results[1:])
        self._states = {port.name: a for (port, _), a in zip(wiring.states, states, strict=True)}
        self._inputs = {wiring.frame.name: self._frame, **self._states, **engine.constants()}
        names = [after for _, after in wiring.states]
        self._outputs = dict(zip(names, following, strict=True))
        output = np.empty_like(engine.results[0], order="C")
        output = self._outputs.setdefault(wiring.output, output)
        self._flat, self._frame_flat = output.reshape(-1), self._frame.reshape(-1)
        self._width = output.size
        network = engine.network
        self._tokens = network.vocabulary_size if network.encoder == "embedding" else 0

    @abstractmethod
    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames (T, input_size); gives outputs (T, output_size).

        Raises:
            NonFiniteError: an element is not finite, no token, or none that the graph's type holds;
                or the graph makes NaN of it.
            InputError: onnxruntime refuses a frame. The state is as it was, each time.
        """

    def run_traced(
        self, frame: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Advance by one frame; a graph's gates are its own affair."""
        return self.run(frame), []

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the first state, one row a layer; no rows without one."""
        size = self._network.hidden_size
        first = next(iter(self._states.values()), np.empty(0, np.float32))
        return first.reshape(-1, size if first.ndim else 1).astype(np.float32)

    def reset(self) -> None:
        """Make the state fresh."""
        self._memory[:] = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the states, by the names of their inputs."""
        return {name: state.copy() for name, state in self._states.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        for name, state in self._states.items():
            state[...] = arrays[name]


class CalledState(OnnxState):
    """A kernel calls the graph: frames and outputs are float32."""

    def __init__(self, engine: "OnnxEngine", session: Session) -> None:
        super().__init__(engine)
        self._call = session.call(self._inputs, self._outputs)
        # What the kernel takes at each call.
        self._fixed = (
            *(self._tokens, self._call.words, self._frame_flat, self._flat),
            *(self._memory, self._next),
        )

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames."""
        if not frames.flags.carray:
            frames = frames.copy()  # numba would compile anew for a read-only or strided array
        outputs = np.empty((len(frames), self._width), np.float32)
        bad = graph_steps(frames, *self._fixed, outputs)
        if bad == ALL_TAKEN:
            return outputs
        if bad <= NO_NUMBER:
            raise _no_number(NO_NUMBER - bad, outputs)
        if self._call.words[STATUS]:
            raise _not_taken(bad, self._call.failure())
        raise refused(self._network, frames, bad)


class BoundState(OnnxState):
    """onnxruntime's Python calls the graph: of any types."""

    def __init__(self, engine: "OnnxEngine", session: Any) -> None:
        super().__init__(engine)
        self._binding = bound(session, self._inputs, self._outputs)
        self._run = session.run_with_iobinding

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames."""
        if not frames.flags.carray:
            frames = frames.copy()  # the kernel below would be compiled anew
        bad = look_at(frames, self._tokens)
        if bad >= 0:
            raise refused(self._network, frames, bad)
        given = cast_to(self._frame.dtype, frames)
        outputs = np.empty((len(frames), self._width), np.float32)
        before, t = self._memory.copy(), 0
        try:
            for t in range(len(frames)):
                self._frame_flat[:] = given[t]
                self._run(self._binding)
                outputs[t] = self._flat
                if np.isnan(outputs[t]).any():
                    self._memory[:] = before
                    break
                self._memory[:] = self._next
            else:
                return outputs
        except Exception as error:  # onnxruntime's: an index beyond a table, outputs that grow
            self._memory[:] = before
            raise _not_taken(t, str(error)) from error
        raise _no_number(t, outputs)


def cast_to(kind: np.dtype[Any], frames: NDArray[np.float32]) -> NDArray[Any]:
    """Frames of the type that a graph takes; what is not finite is for others to find.

    Raises:
        NonFiniteError: that type does not hold an element as it is: 1.7 as a whole number, 1e6 in
            float16.
    """
    if kind == np.float32:
        return frames
    with np.errstate(all="ignore"):
        cast = frames.astype(kind)
        back = cast.astype(np.float64)
    whole = not np.issubdtype(kind, np.floating)
    fits = back == frames if whole else np.isfinite(back)
    bad = np.argwhere(~fits & np.isfinite(frames))
    if len(bad):
        frame, place = bad[0]
        raise NonFiniteError(
            f"frame {frame}, element {place}: expected a number that {kind} holds, got "
            f"{frames[frame, place]}"
        )
    return cast


def _not_taken(frame: int, told: str) -> InputError:
    said = first_line(told)
    return InputError(f"frame {frame}: expected one that the graph takes, got: {said}")


def _no_number(frame: int, outputs: NDArray[np.float32]) -> NonFiniteError:
    place = int(np.flatnonzero(np.isnan(outputs[frame]))[0])
    return NonFiniteError(
        f"frame {frame}: expected numbers of the graph, got nan in output {place}; look at its "
        "weights, and whether its state grows beyond what is finite"
    )


def _side_by_side(like: list[NDArray[Any]]) -> tuple[NDArray[np.uint8], list[NDArray[Any]]]:
    """Zeros like some arrays in one piece of memory, which is copied at once."""
    sizes = [-(-array.nbytes // _APART) * _APART for array in like]
    room = np.zeros(sum(sizes) + _APART, np.uint8)
    start = -room.ctypes.data % _APART
    memory = room[start : start + sum(sizes)]
    ends = np.cumsum(sizes, dtype=int).tolist()
    return memory, [
        memory[end - size : end][: array.nbytes].view(array.dtype).reshape(array.shape)
        for array, size, end in zip(like, sizes, ends, strict=True)
    ]


def bound(
    session: Any, inputs: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[Any]]
) -> Any:
    """The inputs and outputs of a session bound to memory, which the caller keeps."""
    binding = session.io_binding()
    for bind, arrays in ((binding.bind_input, inputs), (binding.bind_output, outputs)):
        for name, array in arrays.items():
            bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
    return binding
