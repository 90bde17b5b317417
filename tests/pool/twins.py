"""Models of every kind, and a pool's streams beside streams alone."""

from typing import Any

import numpy as np
import pytest

from streamrnn.config import (
    AudioConfig,
    DecideConfig,
    DetectConfig,
    MotionConfig,
    PointsConfig,
)
from streamrnn.decoders import decide, detect
from streamrnn.engines import native
from streamrnn.frontends import audio_arena
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.model import Model
from streamrnn.pool import PooledStream, StreamPool
from streamrnn.predictions import Predictions, join
from streamrnn.stream import Stream
from tests.conftest import make_model, make_text_model
from tests.test_stream import told

DETECT: dict[str, Any] = {
    "labels": ("a", "b", "quiet"),
    "threshold": 0.34,
    "ignored": ("quiet",),
    "smoothing": 3,
    "refractory": 2,
    "quiet": "quiet",
    "quiet_above": 0.3,
    "reset_after": 5,
    "reset_quiet": 2,
}


def hearing(cell: Any = "gru", **options: Any) -> Model:
    """A model of sound that detects, and is reset when it is quiet."""
    return make_model(
        frontend=AudioConfig(sample_rate=8000, window=200, hop=80, fft=256, mels=6, stack=2),
        decoder=DetectConfig(**{**DETECT, **options}),
        input_size=12,
        hidden_size=19,
        output_size=3,
        cell=cell,
    )


def of_front_end(kind: str, cell: Any) -> Model:
    """A model of each kind of front end and decoder."""
    if kind == "frames":
        decoder = DecideConfig(labels=("a", "b"), threshold=0.51, confirm=2)
        return make_model(decoder=decoder, output_size=2, cell=cell, hidden_size=21)
    if kind == "motion":
        return make_model(
            frontend=MotionConfig(),
            decoder=PointsConfig(horizons=(1, 5)),
            input_size=FRAME_SIZE,
            output_size=8,
            cell=cell,
        )
    if kind == "sound":
        return hearing(cell)
    return make_text_model(kind, cell=cell)


KINDS = ("frames", "motion", "sound", "characters", "words")


class Twins:
    """A pool, and for each of its streams one alone that is fed the same."""

    def __init__(self, model: Model, pool: StreamPool, seed: int) -> None:
        self.model, self.pool = model, pool
        self.generator = np.random.default_rng(seed)
        self.live: list[tuple[PooledStream, Stream]] = []
        self.due: dict[PooledStream, list[list[Predictions]]] = {}
        """Of each stream, one sequence after another, each in its parts."""

    def open(self, **options: Any) -> None:
        pooled = self.pool.open(**options)
        state = options.pop("state", None)
        self.live.append((pooled, self.model.stream(state=state, **options)))
        self.due[pooled] = [[]]

    def chunk(self, stream: Stream) -> Any:
        count = int(self.generator.integers(0, 6))
        chunk = self.model.frontend.example(self.generator, count) if count else None
        if chunk is None:
            chunk = self.model.frontend.example(self.generator, 1)[:0]
        if isinstance(self.model.config.frontend, MotionConfig):
            chunk = chunk + [[stream.position / 30.0, 0.0, 0.0]]  # times go on
        return chunk

    def act(self) -> None:
        """Do one thing at random to one stream, here and alone."""
        pooled, alone = self.live[int(self.generator.integers(len(self.live)))]
        what = self.generator.random()
        if what < 0.8:
            chunk = self.chunk(alone)
            pooled.feed(chunk)
            self.due[pooled][-1].append(alone.feed(chunk))
        elif what < 0.85:
            tail = pooled.flush()
            assert told(tail) == told(alone.flush())
            self.due[pooled].append([])
        elif what < 0.88:
            self.take()
            pooled.reset()
            alone.reset()
        elif what < 0.92:
            assert pooled.snapshot() == alone.snapshot()
        elif what < 0.95:
            blob = self.pool.evict(pooled)
            assert blob == alone.snapshot()
            self.take()
            self.live.remove((pooled, alone))
            self.open(state=blob)
        else:
            self.take()
        assert pooled.position == alone.position or pooled.slot < 0

    def take(self) -> None:
        """Tick until nothing comes: every stream got what it got alone, a sequence a tick."""
        got: dict[PooledStream, list[Any]] = {}
        while ready := self.pool.tick():
            for stream, predictions in ready.items():
                assert len(predictions)
                got.setdefault(stream, []).append(told(predictions))
        for pooled, sequences in self.due.items():
            known = [[part for part in parts if len(part)] for parts in sequences]
            assert got.pop(pooled, []) == [told(join(parts)) for parts in known if parts]
            sequences[:] = [[]]
        assert not got


def every_thread_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let threads share every tick, without the GIL."""
    monkeypatch.setattr(native, "_WORTH", 1)
    monkeypatch.setattr(audio_arena, "_WORTH", 1)
    for module in (native, detect, decide):
        monkeypatch.setattr(module, "_LONG", 0)
    monkeypatch.setattr(audio_arena, "LONG", 0)
