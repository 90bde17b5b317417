"""More of what a user may have installed: torch.compile, OpenVINO, continual-inference.

Contenders as in `streamrnn.bench.contenders`; each imports what it needs when it is made.
"""

import shutil
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np

from streamrnn.bench.cases import Case, Floats
from streamrnn.bench.contenders import TorchCells
from streamrnn.bench.gemm import gemm_model
from streamrnn.bench.ort import onnx_model, session


class TorchCompiled(TorchCells):
    """`torch.compile` of the cells of one step, where a C++ compiler is."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        if not any(map(shutil.which, ("g++", "clang++", "c++"))):
            raise ImportError("a C++ compiler", name="a C++ compiler")
        self._torch._dynamo.reset()  # each case is compiled for itself
        cells, pair = list(self._cells), self._loop

        def step(x: Any, states: Sequence[Any]) -> list[Any]:
            new: list[Any] = []
            for cell, state in zip(cells, states, strict=True):
                new.append(cell(x, state))
                x = new[-1][0] if pair else new[-1]
            return new

        size = case.network.hidden_size
        zero = self._torch.zeros(1, size)
        self._fresh = [(zero, zero) if pair else zero for _ in cells]
        self._compiled = self._torch.compile(step, dynamic=False)
        self._states = list(self._fresh)

    def _steps(self, frames: Any) -> list[Any]:
        run, pair = self._compiled, self._loop
        states = [self._fresh[n] if s is None else s for n, s in enumerate(self._states)]
        rows = []
        for x in frames:
            states = run(x, states)
            rows.append(states[-1][0] if pair else states[-1])
        self._states = list(states)
        return rows


class OrtGemm:
    """The same step as a graph of matrix products, with io-binding; see `bench.gemm`."""

    def __init__(self, case: Case, streams: int = 1, model: bytes | None = None) -> None:
        self._session = session(gemm_model(case, streams) if model is None else model)
        inputs = self._session.get_inputs()
        self._names = [put.name for put in inputs[1:]]
        self._x = np.zeros(inputs[0].shape, np.float32)
        self._x[:] = case.frame[0]
        self._buffers = [
            {put.name: np.zeros(put.shape, np.float32) for put in inputs[1:]} for _ in range(2)
        ]
        here, there = self._buffers
        self._bindings = self._bind(here, there), self._bind(there, here)
        self._last = [name for name in self._names if name.startswith("h")][-1]

    def _bind(self, before: dict[str, Floats], after: dict[str, Floats]) -> Any:
        binding = self._session.io_binding()

        def put(bind: Any, name: str, array: Floats) -> None:
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

        put(binding.bind_input, "x", self._x)
        for name in self._names:
            put(binding.bind_input, name, before[name])
            put(binding.bind_output, f"{name}_next", after[name])
        return binding

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`; of many streams, frames (T, streams, input_size)."""
        kept, rows = self._x.copy(), []
        for state in self._buffers[0].values():
            state[:] = 0
        for t, frame in enumerate(frames):
            self._x[:] = frame
            self._session.run_with_iobinding(self._bindings[t % 2])
            last = self._buffers[1 - t % 2][self._last]
            rows.append(last.reshape(-1, last.shape[-1]).copy())
        self._x[:] = kept
        return np.stack(rows) if frames.ndim == 3 else np.concatenate(rows)

    def loop(self, count: int) -> None:
        """See `Contender`."""
        run, (even, odd) = self._session.run_with_iobinding, self._bindings
        for _ in repeat(None, count // 2):
            run(even)
            run(odd)
        if count % 2:
            run(even)
            self._buffers = self._buffers[::-1]
            self._bindings = self._bindings[::-1]


class OpenVino:
    """OpenVINO's compiled model of the recurrent operators, one stream, one thread."""

    def __init__(self, case: Case) -> None:
        import openvino  # pyright: ignore[reportMissingImports]

        core = openvino.Core()
        hints = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                 "INFERENCE_PRECISION_HINT": "f32"}  # fmt: skip
        compiled = core.compile_model(core.read_model(onnx_model(case), b""), "CPU", hints)
        self._request = compiled.create_infer_request()
        self._frame = case.frame[None].copy()
        self._states = len(compiled.inputs) - 1
        self._kinds = [put.any_name for put in compiled.inputs][1:]
        self._last = [n for n, name in enumerate(self._kinds) if name.startswith("h")][-1]
        size = case.network.hidden_size
        self._state = [np.zeros((1, 1, size), np.float32) for _ in self._kinds]

    def _step(self, x: Floats) -> None:
        results = self._request.infer([x, *self._state])
        self._state = [results[n] for n in range(self._states)]

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        self._state = [np.zeros_like(state) for state in self._state]
        rows = []
        for frame in frames:
            self._step(frame[None, None])
            rows.append(np.asarray(self._state[self._last])[0, 0].copy())
        return np.stack(rows)

    def loop(self, count: int) -> None:
        """See `Contender`."""
        step, frame = self._step, self._frame
        for _ in repeat(None, count):
            step(frame)


class Continual:
    """continual-inference's layers, one `forward_step` a frame."""

    def __init__(self, case: Case) -> None:
        import continual  # pyright: ignore[reportMissingImports]
        import torch

        network = case.network
        kind = {"rnn": continual.RNN, "gru": continual.GRU, "lstm": continual.LSTM}[network.cell]
        self._torch = torch
        self._module = kind(network.input_size, network.hidden_size, network.num_layers)
        names = {name.removeprefix("rnn."): torch.from_numpy(a) for name, a in case.weights.items()}
        self._module.load_state_dict(names)
        self._module.eval()
        self._frame = torch.from_numpy(case.frame)

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        self._module.clean_state()
        with self._torch.inference_mode():
            rows = [self._module.forward_step(self._torch.from_numpy(f)[None]) for f in frames]
        return np.concatenate([np.asarray(row) for row in rows])

    def loop(self, count: int) -> None:
        """See `Contender`."""
        step, frame = self._module.forward_step, self._frame
        with self._torch.inference_mode():
            for _ in repeat(None, count):
                step(frame)
