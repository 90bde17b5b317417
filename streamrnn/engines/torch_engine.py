"""The torch engine: any module of the form `(x, state) → (y, state)`, one step at a time.

Equal to the module itself within 1e-5, not to the bit: torch's sums depend on shapes. Imported
only when asked for; nothing else on the live path needs torch.
"""

# pyright: standard
# torch's own types are incomplete.

import copy
import hashlib
import inspect
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamrnn.engines.base import LoneArena, not_finite
from streamrnn.errors import UnsupportedError
from streamrnn.workers import Workers

Nest = Any  # a tensor, or a tuple, list or dict of nests


def flatten(state: Nest, name: str = "s") -> dict[str, Tensor]:
    """The tensors of a nest, by their path."""
    if isinstance(state, Tensor):
        return {name: state}
    items: Any = state.items() if isinstance(state, dict) else enumerate(state)
    found: dict[str, Tensor] = {}
    for key, value in items:
        found |= flatten(value, f"{name}.{key}")
    return found


def rebuild(like: Nest, tensors: Mapping[str, Tensor], name: str = "s") -> Nest:
    """A nest of the same form with other tensors."""
    if isinstance(like, Tensor):
        return tensors[name]
    if isinstance(like, dict):
        pairs = cast(dict[Any, Nest], like).items()
        return {k: rebuild(v, tensors, f"{name}.{k}") for k, v in pairs}
    parts = [rebuild(v, tensors, f"{name}.{i}") for i, v in enumerate(like)]
    return tuple(parts) if isinstance(like, tuple) else parts


class TorchEngine:
    """Runs a module, whose copy is put into evaluation mode and never changes."""

    tolerance = 1e-5
    may_refuse = False

    def __init__(self, module: nn.Module, input_size: int, head: nn.Module | None = None) -> None:
        """Try the module on one step of zeros.

        Args:
            module: called with x `(1, input_size)` float32 and the state, None at first; gives y
                `(1, output_size)` and the next state: a tensor, or tuples, lists and dicts of
                tensors of fixed shapes. `nn.RNN`, `nn.GRU` and `nn.LSTM` take this form too.
            input_size: elements of a frame.
            head: called on y.

        Raises:
            UnsupportedError: the module is bidirectional, or not of this form.
        """
        if getattr(module, "bidirectional", False):
            raise UnsupportedError(
                "bidirectional: expected False, got True: the backward direction starts at the "
                "sequence's end, so later input would change earlier output"
            )
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.head = nn.Identity() if head is None else copy.deepcopy(head).eval()
        self.head.requires_grad_(False)
        self.input_size = input_size
        first, second = self._try(None), None
        if first is not None:
            second = self._try(first[1])
        if first is None or second is None:
            raise UnsupportedError(
                f"module: expected (x (1, {input_size}), state) → (y (1, output_size), state) "
                f"with a state of tensors of fixed shapes, got {type(module).__name__}, which "
                f"takes {inspect.signature(module.forward)}"
            )
        self.output_size = int(first[0].shape[-1])
        self.like = first[1]
        # A module may begin with something else than zeros: that a stream is fresh, None says.
        self.fresh = {name: torch.zeros_like(t) for name, t in flatten(self.like).items()}
        self.hidden_size = int(next(iter(self.fresh.values())).shape[-1])

    def _try(self, state: Nest) -> tuple[Tensor, Nest] | None:
        try:
            y, state = self.call(torch.zeros(1, self.input_size), state)
            flat = flatten(state)
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
            return None
        numbers = bool(flat) and all(t.is_floating_point() for t in flat.values())
        return (y, state) if numbers and y.ndim == 2 and len(y) == 1 else None

    def call(self, x: Tensor, state: Nest) -> tuple[Tensor, Nest]:
        """One step of module and head."""
        with torch.inference_mode():
            y, state = self.module(x, state)
            return self.head(y), state

    def fingerprint(self) -> str:
        """SHA-256 of the module's and head's structure, as they tell it, and of their weights."""
        total = hashlib.sha256(f"{self.module!r} {self.head!r}".encode())
        for part in (self.module, self.head):
            for name, tensor in part.state_dict().items():
                total.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
        return total.hexdigest()

    def expect(self, frames: NDArray[np.float32]) -> None:
        """Any finite frame is taken."""

    def stream(self) -> "TorchState":
        """The fresh state of a new stream."""
        return TorchState(self)

    def arena(self, capacity: int, workers: Workers) -> LoneArena:
        """The fresh states of `capacity` streams, which run one by one."""
        return LoneArena(self, capacity)


class TorchState:
    """The state of one stream of a torch module."""

    def __init__(self, engine: TorchEngine) -> None:
        self._engine = engine
        self._state: Nest = None

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames (T, input_size); gives outputs (T, output_size).

        Raises:
            NonFiniteError: an element is not finite; the state is as it was.
        """
        bad = np.flatnonzero(~np.isfinite(frames).all(axis=1))
        if len(bad):
            raise not_finite(frames, int(bad[0]))
        frames = frames.copy()  # a module may write into x, or keep it as its state
        outputs = np.empty((len(frames), self._engine.output_size), np.float32)
        for t in range(len(frames)):
            y, self._state = self._engine.call(torch.from_numpy(frames[t : t + 1]), self._state)
            outputs[t] = y.numpy()[0]
        return outputs

    def run_traced(
        self, frame: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Advance by one frame; a module's gates are its own affair."""
        return self.run(frame), []

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the first tensor of the state, one row a layer."""
        arrays = self.arrays()
        return next(a for n, a in arrays.items() if n != "begun").reshape(
            -1, self._engine.hidden_size
        )

    def reset(self) -> None:
        """Make the state fresh."""
        self._state = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state, and whether the stream has begun."""
        begun = self._state is not None
        flat = flatten(self._state) if begun else self._engine.fresh
        copies: dict[str, NDArray[Any]] = {n: t.numpy().copy() for n, t in flat.items()}
        return {"begun": np.array([begun]), **copies}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        if not arrays["begun"][0]:
            self._state = None
            return
        tensors = {n: torch.from_numpy(arrays[n].copy()) for n in self._engine.fresh}
        self._state = rebuild(self._engine.like, tensors)
