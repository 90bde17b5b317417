"""Ways to advance many streams by one step each, all of the same network and the same frames."""

import time
from itertools import repeat
from typing import Any, Protocol

import numpy as np

from streamrnn.bench.cases import Case, Floats
from streamrnn.bench.gemm import gemm_model
from streamrnn.bench.ort import onnx_model
from streamrnn.bench.others import OrtGemm
from streamrnn.config import ModelConfig
from streamrnn.engines.native import NativeEngine
from streamrnn.model import Model
from streamrnn.workers import Workers


class Many:
    """A network, and frames for so many streams.

    Args:
        case: the network.
        streams: how many.
    """

    def __init__(self, case: Case, streams: int) -> None:
        self.case, self.streams = case, streams
        generator = np.random.default_rng(1)
        self.frames = generator.standard_normal((3, streams, case.network.input_size), np.float32)
        """Of three steps, (3, streams, input_size)."""

    def expected(self) -> Floats:
        """The outputs of the last step of each stream alone, (streams, hidden_size)."""
        engine = NativeEngine(self.case.network, self.case.weights)
        runs = [engine.stream().run(self.frames[:, n].copy())[-1] for n in range(self.streams)]
        return np.stack(runs)


class Contender(Protocol):
    """One way to advance many streams."""

    def outputs(self) -> Floats:
        """The outputs (streams, hidden_size) of the last of three steps, from a fresh state."""
        ...

    def loop(self, count: int) -> object:
        """`count` steps of all streams; see `streamrnn.bench.common.Loop`."""
        ...


class Kernel:
    """The compiled call on an arena whose streams lie in any order."""

    def __init__(self, many: Many, threads: int = 1) -> None:
        self._many = many
        engine = NativeEngine(many.case.network, many.case.weights)
        self._arena = engine.arena(many.streams, Workers(threads))
        self._slots = np.random.default_rng(2).permutation(many.streams)
        self._firsts = np.arange(many.streams)
        self._counts = np.ones(many.streams, np.int64)
        self._outputs = np.empty((many.streams, many.case.network.output_width), np.float32)
        self._frames = many.frames[0].copy()

    def outputs(self) -> Floats:
        """See `Contender`."""
        self._arena.reset(self._slots)
        for frames in self._many.frames:
            self._arena.run(self._slots, self._firsts, self._counts, frames.copy(), self._outputs)
        return self._outputs.copy()

    def loop(self, count: int) -> None:
        """See `Contender`."""
        given = self._slots, self._firsts, self._counts, self._frames, self._outputs
        for _ in repeat(None, count):
            self._arena.run(*given)


class Tick:
    """`StreamPool.tick` with a frame of every stream waiting; feeding is off the clock."""

    def __init__(self, many: Many, threads: int = 1) -> None:
        config = ModelConfig(name="bench", network=many.case.network)
        self._many = many
        self._pool = Model.from_weights(config, many.case.weights).pool(
            many.streams, threads=threads
        )
        self._live = [self._pool.open() for _ in range(many.streams)]
        self._chunks = [many.frames[0, n : n + 1].copy() for n in range(many.streams)]

    def outputs(self) -> Floats:
        """See `Contender`."""
        ready: Any = {}
        for stream in self._live:
            stream.reset()
        for frames in self._many.frames:
            for n, stream in enumerate(self._live):
                stream.feed(frames[n : n + 1])
            ready = self._pool.tick()
        return np.stack([ready[stream].outputs[0] for stream in self._live])

    def loop(self, count: int) -> float:
        """See `Contender`."""
        tick, total = self._pool.tick, 0.0
        for _ in repeat(None, count):
            for stream, chunk in zip(self._live, self._chunks, strict=True):
                stream.feed(chunk)
            begin = time.perf_counter()
            tick()
            total += time.perf_counter() - begin
        return total


class FedTick(Tick):
    """All that a server does: feed every stream, tick, and look at every prediction."""

    def loop(self, count: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """See `Contender`."""
        for _ in repeat(None, count):
            for stream, chunk in zip(self._live, self._chunks, strict=True):
                stream.feed(chunk)
            for predictions in self._pool.tick().values():
                for prediction in predictions:
                    _ = prediction.position, prediction.output


class TorchModule:
    """`torch.nn.RNN`, `GRU` or `LSTM` on a batch, its states side by side already."""

    def __init__(self, many: Many) -> None:
        from streamrnn.bench.contenders import TorchModule as Alone

        alone = Alone(many.case)
        self._torch, self._module = alone._torch, alone._module
        self._frames = [self._torch.from_numpy(frame)[None] for frame in many.frames]
        self._state: Any = None

    def outputs(self) -> Floats:
        """See `Contender`."""
        state, row = None, None
        with self._torch.inference_mode():
            for frame in self._frames:
                row, state = self._module(frame, state)
        return np.asarray(row)[0]

    def loop(self, count: int) -> None:
        """See `Contender`."""
        module, frame, state = self._module, self._frames[0], self._state
        with self._torch.inference_mode():
            for _ in repeat(None, count):
                _row, state = module(frame, state)
        self._state = state


class TorchCells(TorchModule):
    """`torch.nn.GRUCell` and its like on a batch."""

    def __init__(self, many: Many) -> None:
        super().__init__(many)
        from streamrnn.bench.contenders import TorchCells as Alone

        self._cells, self._pair = Alone(many.case)._cells, many.case.network.cell == "lstm"
        self._states: list[Any] = [None] * len(self._cells)

    def _step(self, x: Any) -> Any:
        for layer, cell in enumerate(self._cells):
            self._states[layer] = state = cell(x, self._states[layer])
            x = state[0] if self._pair else state
        return x

    def outputs(self) -> Floats:
        """See `Contender`."""
        self._states = [None] * len(self._cells)
        with self._torch.inference_mode():
            rows = [self._step(frame[0]) for frame in self._frames]
        return np.asarray(rows[-1])

    def loop(self, count: int) -> None:
        """See `Contender`."""
        step, frame = self._step, self._frames[0][0]
        with self._torch.inference_mode():
            for _ in repeat(None, count):
                step(frame)


class _Ort:
    def __init__(self, many: Many, model: bytes) -> None:
        self._many, self._ort = many, OrtGemm(many.case, many.streams, model)
        self.loop = self._ort.loop

    def outputs(self) -> Floats:
        """See `Contender`."""
        return self._ort.outputs(self._many.frames)[-1]


class OrtOperator(_Ort):
    """ONNX Runtime's recurrent operators on a batch, with io-binding."""

    def __init__(self, many: Many) -> None:
        super().__init__(many, onnx_model(many.case, many.streams))


class OrtProducts(_Ort):
    """ONNX Runtime's matrix products on a batch, with io-binding; see `bench.gemm`."""

    def __init__(self, many: Many) -> None:
        super().__init__(many, gemm_model(many.case, many.streams))
