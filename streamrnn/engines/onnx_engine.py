"""The ONNX engine: any graph of one step with its states in and out, run by onnxruntime.

Every step is one call of one shape on one thread, so equal frames give equal bits however they
were cut into chunks. A graph that takes and gives float32 is called by a kernel, where the wheel
carries the library for that. Imported only when asked for; nothing else needs onnxruntime.
"""

# pyright: standard
# onnxruntime tells a checker little of its types.

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig, OnnxConfig
from streamrnn.engines.base import LoneArena
from streamrnn.engines.onnx_graph import (
    Port,
    Wiring,
    first_line,
    frame_shape,
    overlaid,
    recognised,
    wire,
)
from streamrnn.engines.onnx_library import Session, library
from streamrnn.engines.onnx_state import BoundState, CalledState, OnnxState, cast_to
from streamrnn.errors import ModelFileError
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
    may_refuse = True

    def __init__(
        self,
        graph: bytes,
        session: onnxruntime.InferenceSession,
        config: OnnxConfig | None = None,
        network: NetworkConfig | None = None,
    ) -> None:
        """Try a graph on one step of zeros.

        Args:
            graph: the file.
            session: of it, for a look at it, and to run where no kernel can call it.
            config: how it is read; what it leaves as it is by default, the graph's inputs say
                where it is recognised by them, or else their names.
            network: of a graph that was exported here; else None.

        Raises:
            ModelFileError: it is no graph of one step, or one that is to be explained first.
        """
        inputs, outputs = _ports(session.get_inputs()), _ports(session.get_outputs())
        known = recognised(inputs, outputs)
        self.config = overlaid(known, config)
        """How it is read."""
        self._folded = False
        self.wiring: Wiring = wire(inputs, outputs, self.config)
        named = (*self.wiring.states, *self.wiring.constants)
        for port in (self.wiring.frame, *(port for port, _ in named)):
            if port.kind not in _KINDS:
                raise ModelFileError(f"{port}: expected one of {', '.join(_KINDS)}")
        self.shape = frame_shape(self.wiring.frame, self.config)
        """Of the input that takes a frame."""
        self.results = self._try(session)
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
        self.session: Any = self._best(graph, known) or session
        """Shared by all streams; one that kernels call, where they can."""

    def _best(self, graph: bytes, known: OnnxConfig | None) -> Session | None:
        """A session that kernels call, if there is one."""
        if not self._plain or library() is None:
            return None
        less = self._without_constants(graph, known)
        called = _called(less) if less else None
        self._folded = called is not None
        return called or _called(graph)

    def _without_constants(self, graph: bytes, known: OnnxConfig | None) -> bytes | None:
        """A known graph, read as it is known, with what never changes folded in.

        Others are left as they are: onnxruntime 1.32 was seen to crash where it took the branches
        out of one. Nor is there one where onnx is missing, or cannot read what onnxruntime can.
        """
        config = self.config
        if not known or (known.constants, known.frontend) != (config.constants, config.frontend):
            return None
        try:
            from streamrnn.engines.onnx_folding import folded

            return folded(graph, self.constants(), self.wiring.frame.name, self.shape)
        except Exception:  # protobuf's, of ORT's own format; of many kinds
            return None

    @property
    def _plain(self) -> bool:
        """Whether frames and outputs are float32, as a kernel has them."""
        return self.frame().dtype == self.results[0].dtype == np.float32

    def frame(self) -> NDArray[Any]:
        """Zeros, as the graph takes a frame."""
        return np.zeros(self.shape, _KINDS[self.wiring.frame.kind])

    def constants(self) -> dict[str, NDArray[Any]]:
        """The inputs that never change, by name; none where they are folded in."""
        return {
            port.name: np.full(port.one, value, _KINDS[port.kind])
            for port, value in self.wiring.constants
            if not self._folded
        }

    def _try(self, session: onnxruntime.InferenceSession) -> list[NDArray[Any]]:
        """The outputs of one step of zeros: what they are like."""
        wiring = self.wiring
        feeds = {wiring.frame.name: self.frame(), **self.constants()}
        feeds |= {port.name: np.zeros(port.one, _KINDS[port.kind]) for port, _ in wiring.states}
        names = [wiring.output, *(after for _, after in wiring.states)]
        try:
            results = [np.asarray(array) for array in session.run(names, feeds)]
        except Exception as error:  # of many kinds, none of which has a base of its own
            raise ModelFileError(
                f"expected a graph that takes a step of zeros, {self.shape} and its states, got: "
                f"{first_line(str(error))}; say in an OnnxConfig how it is to be read"
            ) from error
        for (port, after), array in zip(wiring.states, results[1:], strict=True):
            if array.shape != port.one or array.dtype != _KINDS[port.kind]:
                raise ModelFileError(
                    f"{after}: expected the next state of {port}, got {array.dtype} {array.shape}"
                )
        if not results[0].size:
            raise ModelFileError(f"{wiring.output}: expected some numbers a step, got none")
        return results

    def expect(self, frames: NDArray[np.float32]) -> None:
        """Refuse what the graph's type does not hold; what the graph does with it is not known."""
        cast_to(self.frame().dtype, frames)

    def stream(self) -> OnnxState:
        """The fresh state of a new stream."""
        session = self.session
        return (
            CalledState(self, session)
            if isinstance(session, Session)
            else BoundState(self, session)
        )

    def arena(self, capacity: int, workers: Workers) -> LoneArena:
        """The fresh states of `capacity` streams, which run one by one."""
        return LoneArena(self, capacity)


def _called(graph: bytes) -> Session | None:
    """A session of a graph that kernels can call, where the wheel has the library for it."""
    calls = library()
    try:
        return calls.session(graph) if calls else None
    except ModelFileError:  # which onnxruntime's Python did not say
        return None


def _ports(nodes: Any) -> list[Port]:
    return [
        Port(node.name, tuple(n if isinstance(n, int) else None for n in node.shape), node.type)
        for node in nodes
    ]
