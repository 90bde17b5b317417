"""Six of the points fail on a model that is broken in that point."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrnn.config import TextConfig
from streamrnn.engines.native import NativeEngine, NativeState
from streamrnn.frontends.base import Frames, Option
from streamrnn.frontends.frames import FramesFrontend
from streamrnn.frontends.text import TextFrontend, TextState
from tests.checks.broken import Floats, broken, failed
from tests.conftest import make_model, make_text_model


class CountsCalls(NativeState):
    """A bit more at each call: how a sequence is cut shows."""

    calls = 0

    def run(self, frames: Floats) -> Floats:
        self.calls += 1
        return super().run(frames) + np.float32(self.calls * 1e-6)

    def reset(self) -> None:
        super().reset()
        self.calls = 0


class Minus(NativeState):
    """-0.0 for 0.0 at single steps: equal numbers, other bits."""

    def run(self, frames: Floats) -> Floats:
        sign = np.float32(-1.0 if len(frames) == 1 else 1.0)
        return np.where(super().run(frames) > 9, np.float32(1), np.float32(0) * sign)


class Shared(NativeState):
    """One state for all streams."""

    memory: dict[int, NDArray[np.float32]] = {}

    def __init__(self, engine: NativeEngine) -> None:
        super().__init__(engine)
        self._state = self.memory.setdefault(id(engine), self._state)
        self._handle[3] = self._state.ctypes.data


class Forgets(NativeState):
    """Does not take over a snapshot."""

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        return


class Peeks(NativeState):
    """Looks one frame ahead within a chunk."""

    def run(self, frames: Floats) -> Floats:
        return super().run(np.concatenate([frames[1:], frames[-1:]]))


class Reuses(NativeState):
    """Writes all outputs into the same memory."""

    def __init__(self, engine: NativeEngine) -> None:
        super().__init__(engine)
        self._same = np.empty((5000, self._outputs), np.float32)

    def run(self, frames: Floats) -> Floats:
        self._same[: len(frames)] = super().run(frames)
        return self._same[: len(frames)]


class Lingers(NativeState):
    """Is not fresh after a reset."""

    def reset(self) -> None:
        self._state[:5] *= 0.5


class Grows(NativeState):
    """Remembers every frame."""

    steps = 0

    def run(self, frames: Floats) -> Floats:
        self.steps += len(frames)
        return super().run(frames)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {**super().arrays(), "past": np.zeros(self.steps)}


class Scribbles(NativeState):
    """Writes into its input."""

    def run(self, frames: Floats) -> Floats:
        outputs = super().run(frames)
        frames *= 0.5
        return outputs


class Swallows(NativeState):
    """Takes infinity for zero."""

    def run(self, frames: Floats) -> Floats:
        return super().run(np.nan_to_num(frames, posinf=0.0))


class Raises(NativeState):
    """Cannot take a single frame."""

    def run(self, frames: Floats) -> Floats:
        if len(frames) == 1:
            raise ValueError("expected a batch")
        return super().run(frames)


@pytest.mark.parametrize(
    ("kind", "point", "says"),
    [
        (CountsCalls, 1, "one sample a chunk: outputs differ, first at step"),
        (Minus, 1, "one sample a chunk: outputs differ, first at step 0"),
        (Raises, 1, "ValueError: expected a batch"),
        (Shared, 2, "stream .*: outputs differ"),
        (Forgets, 3, "restored after"),
        (Peeks, 5, "cut at"),
        (Reuses, 5, "changed after"),
        (Lingers, 6, "the state is not that of a new stream"),
        (Grows, 6, "the state grew from"),
        (Scribbles, 7, "feed changed its input"),
        (Swallows, 7, "infinity was not refused"),
    ],
)
def test_each_point_can_fail(kind: type[NativeState], point: int, says: str) -> None:
    found = failed(broken(kind))
    assert re.search(says, found[point])


class Retains(FramesFrontend):
    """A front end that keeps the caller's array, and gives it a chunk later."""

    delay = 1

    def __init__(self) -> None:
        super().__init__(3)
        self._kept: Floats = np.zeros((0, 3), np.float32)

    def stream(self, **options: Option) -> "Retains":
        return Retains()

    def feed(self, chunk: Any) -> Frames:
        now, before = super().feed(chunk).values, self._kept
        self._kept = now
        return Frames(before.copy(), len(before))

    def flush(self) -> Frames:
        return Frames(self._kept.copy(), len(self._kept))

    def reset(self) -> None:
        self._kept = np.zeros((0, 3), np.float32)


class Hasty(FramesFrontend):
    """A front end that moves on before it looks."""

    def __init__(self) -> None:
        super().__init__(3)
        self._seen = 0

    def stream(self, **options: Option) -> "Hasty":
        return Hasty()

    def feed(self, chunk: Any) -> Frames:
        self._seen += 1
        return super().feed(chunk)

    def reset(self) -> None:
        self._seen = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"seen": np.array([self._seen])}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._seen = int(arrays["seen"][0])


@pytest.mark.parametrize(
    ("frontend", "says"),
    [(Retains, "the caller's buffer used again"), (Hasty, "was refused, but changed the stream")],
)
def test_broken_front_ends_fail_the_seventh(
    frontend: Callable[[], FramesFrontend], says: str
) -> None:
    model = make_model()
    model.frontend = frontend()
    assert says in failed(model)[7]


class Muddles(TextFrontend):
    """A front end of text whose streams take each chunk of bytes for whole characters."""

    def stream(self, **options: Option) -> TextState:
        return MuddledState(self, "strict")


class MuddledState(TextState):
    def feed(self, chunk: Any) -> Frames:
        return super().feed(chunk.decode(errors="replace") if isinstance(chunk, bytes) else chunk)


def test_a_front_end_that_cannot_be_cut_in_mid_character_fails() -> None:
    model = make_text_model("characters")
    assert isinstance(model.config.frontend, TextConfig)
    model.frontend = Muddles(model.config.frontend)
    found = failed(model, "日本語" * 20)
    assert "random cuts 0: outputs of another shape" in found[1]
    assert "bytes that are no UTF-8 was not refused" in found[7]
