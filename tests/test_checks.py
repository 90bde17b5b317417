"""`check_model` passes what is good, and fails each point on a model broken in that point."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from streamrnn import checks
from streamrnn.checks import check_model
from streamrnn.config import ClassesConfig, MotionConfig, PointsConfig, TextConfig
from streamrnn.engines.native import NativeEngine, NativeState
from streamrnn.errors import DtypeError, InputError, ShapeError
from streamrnn.frontends.base import Frames, Option
from streamrnn.frontends.frames import FramesFrontend
from streamrnn.frontends.text import TextFrontend, TextState
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.learn.convert import from_torch
from streamrnn.model import Model
from tests.conftest import CELLS, make_frames, make_model, make_text_model

Floats = NDArray[np.float32]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "STEPS", 60)
    monkeypatch.setattr(checks, "REFERENCE_STEPS", 200)


def failed(model: Model, sequence: Any = None) -> dict[int, str]:
    return {p.number: p.tried for p in check_model(model, sequence).points if not p.passed}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", ["frames", "tokens", "characters", "words", "motion"])
def test_good_models_pass(cell: Any, kind: str) -> None:
    if kind == "frames":
        decoder = ClassesConfig(labels=("a", "b"))
        model = make_model(cell=cell, num_layers=2, output_size=2, decoder=decoder)
    elif kind == "tokens":
        model = make_model(
            cell=cell, input_size=1, encoder="embedding", encoder_size=4, vocabulary_size=6
        )
    elif kind in ("characters", "words"):
        model = make_text_model(kind, cell=cell)
    else:
        points = PointsConfig(horizons=(1, 5))
        model = make_model(
            cell=cell, input_size=FRAME_SIZE, output_size=8, frontend=MotionConfig(), decoder=points
        )
    report = check_model(model)
    assert report.passed, str(report)
    assert [point.number for point in report.points] == [1, 2, 3, 4, 5, 6, 7]
    assert str(report).count("holds") == 7 and model.name in str(report)


@pytest.mark.parametrize("module", [nn.RNN, nn.GRU, nn.LSTM])
def test_good_models_pass_on_the_torch_engine(module: Any) -> None:
    torch.manual_seed(0)
    assert failed(from_torch(module(3, 5), nn.Linear(5, 2), engine="torch")) == {}
    motion = from_torch(
        module(FRAME_SIZE, 5),
        nn.Linear(5, 4),
        engine="torch",
        frontend=MotionConfig(),
        decoder=PointsConfig(horizons=(3,)),
    )
    assert failed(motion) == {}  # within 1e-5, with points that are NaN before the first fix


class Broken(NativeEngine):
    """A native engine whose streams are of another class."""

    kind: type[NativeState] = NativeState

    def stream(self) -> NativeState:
        return self.kind(self)


def broken(kind: type[NativeState], **network: Any) -> Model:
    model = make_model(**network)
    assert model.weights is not None
    engine = Broken(model.config.network, model.weights)
    engine.kind = kind
    return Model(model.config, engine, model.fingerprint, {}, model.weights)


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


class Wrong(NativeState):
    """A network that was not trained: by a thousandth."""

    def run(self, frames: Floats) -> Floats:
        return super().run(frames) * np.float32(1.001)


class Nothing(NativeState):
    """NaN for numbers."""

    def run(self, frames: Floats) -> Floats:
        return super().run(frames) * np.float32(np.nan)


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
        (Wrong, 4, "expected at most 1e-5"),
        (Nothing, 4, "at most nan from float64"),
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


def chaotic(kind: type[NativeState]) -> Model:
    """A random RNN of large weights (Sompolinsky et al. 1988): gain above 1 is chaotic."""
    model = make_model(cell="rnn", hidden_size=60, normalise=False)
    assert model.weights is not None
    weights = {name: array.copy() for name, array in model.weights.items()}
    weights["rnn.weight_hh_l0"] *= 8.0
    engine = Broken(model.config.network, weights)
    engine.kind = kind
    return Model(model.config, engine, model.fingerprint, {}, weights)


def test_chaos_is_told_and_hides_no_wrong_network() -> None:
    (faithful,) = (p for p in check_model(chaotic(NativeState)).points if p.number == 4)
    assert faithful.passed and "chaotic: a nudge grows" in faithful.tried
    found = failed(chaotic(Wrong))
    assert "chaotic" in found[4] and "expected at most 1e-5" in found[4]


@pytest.mark.parametrize("sequence", ["turn on", b"turn on \xe6\x97\xa5", "日👩"])
def test_text_of_ones_own(sequence: str | bytes) -> None:
    report = check_model(make_text_model("characters"), sequence)
    assert report.passed, str(report)
    assert "a lone surrogate" in report.points[6].tried


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


def test_a_sequence_of_ones_own() -> None:
    model = make_model()
    assert check_model(model, make_frames(20)).passed
    with pytest.raises(ShapeError, match="expected at least 2 samples, to be cut, got 1"):
        check_model(model, make_frames(1))
    with pytest.raises(DtypeError):
        check_model(model, np.zeros((9, 3)))
    with pytest.raises(InputError):
        check_model(model, make_frames(0))
    assert check_model(model, make_frames(2)).passed
