"""The native engine: weights packed for the kernels, and streams advanced by one compiled call."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig
from streamrnn.engines.base import NONE_REFUSED, Counts, refused
from streamrnn.engines.packing import Floats, aligned, largest_block, pack, padded
from streamrnn.errors import InputError
from streamrnn.kernels import blocks
from streamrnn.kernels import network as kernel
from streamrnn.kernels.spans import run_long
from streamrnn.workers import Workers

# A call with more multiply-adds than this takes longer than about 50 µs on one core, and gives
# up the GIL meanwhile.
_LONG = 2_000_000

# A thread more is worth its while from so many multiply-adds on, some 200 µs: to wake one takes
# up to 50.
_WORTH = 10_000_000


class NativeEngine:
    """One step for one stream, by the project's own kernels, with the bit contract.

    Immutable; any number of streams and threads share it.

    Args:
        network: what the layers are.
        weights: float32 by name, in torch's layout; copied.

    Raises:
        ModelFileError: weights are missing, unknown, misshapen or not finite.
    """

    tolerance = 0.0
    may_refuse = False

    def __init__(self, network: NetworkConfig, weights: Mapping[str, Floats]) -> None:
        self.network = network
        self.packed = pack(network, weights)
        self.steps_until_long = max(1, _LONG // self.packed.weights.size)
        gates = max(kernel.GATES.get(int(kind), 1) for kind in self.packed.plan[:, kernel.KIND])
        self.most = largest_block(gates)
        """Streams, or steps, that are computed side by side."""

    def expect(self, frames: NDArray[np.float32]) -> None:
        """Any finite frame is taken."""

    def stream(self) -> "NativeState":
        """The fresh state of a new stream."""
        return NativeState(self)

    def arena(self, capacity: int, workers: Workers) -> "NativeArena":
        """The fresh states of `capacity` streams, advanced by these threads."""
        return NativeArena(self, capacity, workers)

    def handle(self, scratch: Floats) -> Counts:
        """What the kernels take: addresses of the network, and of memory to work in."""
        packed = self.packed
        handle = np.zeros(kernel.HANDLE_SIZE, np.int64)
        handle[kernel.PLAN] = packed.plan.ctypes.data
        handle[kernel.LAYERS] = len(packed.plan)
        handle[kernel.PACKED] = packed.weights.ctypes.data
        handle[kernel.SCRATCH] = scratch.ctypes.data
        handle[kernel.WIDTH] = packed.width
        return handle


class NativeState:
    """The hidden state of one stream, and the memory its steps work in.

    Args:
        engine: whose network it is.
        state: where it lies, aligned to 64 bytes; by default in memory of its own.
        scratch: to work in, two rows of the widest layer; likewise.
    """

    __slots__ = ("_engine", "_handle", "_long", "_outputs", "_scratch", "_state")

    def __init__(
        self, engine: NativeEngine, state: Floats | None = None, scratch: Floats | None = None
    ) -> None:
        packed = engine.packed
        self._engine = engine
        self._state = aligned(max(16, packed.state_size)) if state is None else state
        self._scratch = aligned(2 * packed.width) if scratch is None else scratch
        self._outputs = engine.network.output_width
        self._long = engine.steps_until_long
        self._handle = engine.handle(self._scratch)
        self._handle[kernel.STREAM] = self._state.ctypes.data

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles have memory of their own; the handle holds addresses."""
        return _revived, (self._engine, self.arrays())

    def run(self, frames: Floats) -> Floats:
        """Advance by some steps.

        Args:
            frames: float32 (steps, input_size).

        Returns:
            The outputs, float32 (steps, output_size).

        Raises:
            NonFiniteError: an element is not finite, or a token is not in the vocabulary.
        """
        if not frames.flags.carray:
            frames = frames.copy()  # numba would compile anew for a read-only or unaligned array
        steps = len(frames)
        outputs = np.empty((steps, self._outputs), np.float32)
        if steps < self._long:
            bad = kernel.run(self._handle, frames, outputs, 0)
        else:
            bad = run_long(self._handle, self._engine.most, frames, outputs)
        if bad >= 0:
            raise refused(self._engine.network, frames, bad)
        return outputs

    def run_traced(self, frame: Floats) -> tuple[Floats, list[Floats]]:
        """Advance by one step and tell the gates.

        Args:
            frame: float32 (1, input_size).

        Returns:
            The output, float32 (1, output_size), and of each layer its gates, (gates,
            hidden_size), in torch's order: r z n of a GRU, i f g o of an LSTM; none of others.
        """
        if not frame.flags.carray:
            frame = frame.copy()
        packed = self._engine.packed
        trace = aligned(packed.trace_size + 16)
        outputs = np.empty((1, self._outputs), np.float32)
        bad = kernel.run(self._handle, frame, outputs, trace.ctypes.data)
        if bad >= 0:
            raise refused(self._engine.network, frame, bad)
        gates: list[Floats] = []
        for row in packed.plan:
            count = kernel.GATES.get(int(row[kernel.KIND]), 1)
            if row[kernel.HIDDEN] and count > 1:
                size, first = int(row[kernel.OUTPUTS]), int(row[kernel.TRACE]) // 4
                block = trace[first : first + count * padded(size)].reshape(count, -1)
                gates.append(block[:, :size].copy())
        return outputs, gates

    def reset(self) -> None:
        """Make the state fresh."""
        self._state.fill(0.0)

    def _rows(self) -> dict[str, list[Floats]]:
        """Views of the state by torch's names, one a layer."""
        rows: dict[str, list[Floats]] = {}
        for row in self._engine.packed.plan:
            if row[kernel.HIDDEN]:
                size, first = int(row[kernel.OUTPUTS]), int(row[kernel.STATE]) // 4
                rows.setdefault("h", []).append(self._state[first : first + size])
                if row[kernel.KIND] == kernel.LSTM:
                    first += padded(size)
                    rows.setdefault("c", []).append(self._state[first : first + size])
        return rows

    @property
    def hidden(self) -> Floats:
        """A copy of the hidden state, float32 (num_layers, hidden_size); empty without a loop."""
        rows = self._rows().get("h")
        return np.stack(rows) if rows else np.empty((0, self._engine.network.hidden_size), "f4")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state, as named arrays: h, and c of an LSTM."""
        return {name: np.stack(rows) for name, rows in self._rows().items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over a state that `arrays` gave; names and shapes were checked before."""
        for name, rows in self._rows().items():
            for row, values in zip(rows, arrays[name], strict=True):
                row[:] = values


def _revived(engine: NativeEngine, arrays: Mapping[str, NDArray[Any]]) -> NativeState:
    state = engine.stream()
    state.restore(arrays)
    return state


class NativeArena:
    """The hidden states of many streams, rows of one block of memory, advanced where they lie."""

    def __init__(self, engine: NativeEngine, capacity: int, workers: Workers) -> None:
        packed = engine.packed
        self._engine = engine
        self._workers = workers
        size = max(16, packed.state_size)
        self._rows = aligned(capacity * size).reshape(capacity, size)
        self._scratch = [aligned(blocks.scratch_size(packed.width)) for _ in range(workers.threads)]
        self._handles = [engine.handle(scratch) for scratch in self._scratch]
        for handle in self._handles:
            handle[kernel.STREAM] = self._rows.ctypes.data

    def stream(self, slot: int) -> NativeState:
        """The state of one slot, to be used while the arena does not run."""
        return NativeState(self._engine, self._rows[slot], self._scratch[0])

    def run(
        self, slots: Counts, firsts: Counts, counts: Counts, frames: Floats, outputs: Floats
    ) -> Mapping[int, InputError]:
        """Advance some streams, each by frames of its own; see `EngineArena`."""
        if not len(slots):
            return NONE_REFUSED
        weights = self._engine.packed.weights.size
        # Frames of others may lie between; to count is worth it where there may be much to do.
        work = len(frames) * weights
        if work >= _LONG:
            work = int(counts.sum()) * weights
        run = blocks.run_streams if work < _LONG else blocks.run_streams_long
        given = self._rows.strides[0], self._engine.most, slots, firsts, counts
        if work < _WORTH or self._workers.threads == 1:
            run(self._handles[0], *given, 0, 1, frames, outputs)
            return NONE_REFUSED

        def part(which: int, of: int) -> None:
            run(self._handles[which], *given, which, of, frames, outputs)

        self._workers.run(part, min(work // _WORTH, len(slots) // self._engine.most))
        return NONE_REFUSED

    def reset(self, slots: Counts) -> None:
        """Make the states of some slots fresh."""
        self._rows[slots] = 0.0
