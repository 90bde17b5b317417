"""The ball task for the trainer: simulated tracks, perhaps recorded ones too, and their scores."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import (
    ModelConfig,
    MotionConfig,
    PointsConfig,
    Record,
    convert,
)
from streamrnn.decoders.points import standing
from streamrnn.errors import ConfigError
from streamrnn.io.tracks import read_tracks
from streamrnn.kernels.motion import (
    CONTEXT_SIZE,
    FRAME_SIZE,
    FROM_FIRST,
    FROM_LOWEST,
    METRES,
    PER_AXIS,
    PICTURE,
    SOLID,
    TO_HIGHEST,
    motion_frames,
)
from streamrnn.kernels.motion_filters import STATE_SIZE
from streamrnn.kernels.points import OUTPUTS_PER_HORIZON
from streamrnn.loading import load
from streamrnn.tasks.ball.evaluate import Foreseen, Predictor, evaluate
from streamrnn.tasks.ball.simulate import sequences
from streamrnn.tasks.ball.targets import HORIZONS, targets
from streamrnn.tasks.base import Example, network_config

HELD_BACK = 2_000_000_000  # seeds of tracks that no training sees
# What a frame tells of where the ball is, and nothing of how it came there: for each axis the way
# from the first fix and from both ends of the range so far; the height; the place in the picture;
# how many dimensions.
SNAPSHOT = (
    *(
        PER_AXIS * axis + item
        for axis in range(3)
        for item in (FROM_FIRST, FROM_LOWEST, TO_HIGHEST)
    ),
    METRES,
    METRES + 1,
    PICTURE,
    PICTURE + 1,
    PICTURE + 2,
    SOLID,
)
SHAPE = (2, 3)  # dimensions that recorded tracks may have


class BallData(Record, frozen=True):
    """Options of the ball task."""

    tracks: tuple[str, ...] = ()
    """Folders of recorded tracks to train on beside the simulation; each folder weighs alike."""
    share: float = 0.5
    """Share of sequences that are recorded, where there are any."""
    hold: int = 8
    """Every hold-th group of a folder is kept for validation. Tracks whose names are alike up to
    the first hyphen are one group (`game1-clip1`, `game1-clip2`): what was recorded together is
    kept together."""
    groups: tuple[str, ...] = ()
    """The groups to keep for validation, by name, in place of every hold-th."""
    leave: tuple[str, ...] = ()
    """The groups to leave out altogether, for a test that nothing was tuned on."""
    sequences: int = 4000
    """Sequences of an epoch."""
    held: int = 200
    """Simulated sequences for validation."""
    snapshot: bool = False
    """The network sees where the ball is, and nothing of how it came there: the baseline that
    shows what memory is worth."""


def task(data: Mapping[str, Any]) -> "BallTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an option is unknown or impossible.
        TrackError: a recorded track cannot be read.
    """
    named = dict(data)
    for option in ("tracks", "groups", "leave"):
        if isinstance(named.get(option), str):
            named[option] = [named[option]]
    return BallTask(convert(named, BallData, where="data"))


class BallTask:
    """See `streamrnn.tasks.base.Task`.

    Args:
        data: the options.
    """

    name = "ball"

    def __init__(self, data: BallData) -> None:
        if not 0 <= data.share <= 1:
            raise ConfigError(f"data.share: expected 0 to 1, got {data.share}")
        for option in ("hold", "sequences", "held"):
            if getattr(data, option) < 1:
                raise ConfigError(
                    f"data.{option}: expected at least 1, got {getattr(data, option)}"
                )
        self.data = data
        self._learnt: list[list[NDArray[np.float64]]] = []
        self._kept: list[NDArray[np.float64]] = []
        for folder in data.tracks:
            learnt, kept = split(read_tracks(folder), data)
            self._learnt.append(learnt)
            self._kept.extend(kept)

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """The network, between the motion front end and the decoder of points."""
        outputs = OUTPUTS_PER_HORIZON * len(HORIZONS)
        return ModelConfig(
            name=self.name,
            network=network_config(network, input_size=FRAME_SIZE, output_size=outputs),
            frontend=MotionConfig(),
            decoder=PointsConfig(
                horizons=HORIZONS, anchor="position" if self.data.snapshot else "line"
            ),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """Fresh simulated tracks, with recorded ones strewn in."""
        rng = np.random.default_rng((seed, epoch))
        simulated = sequences(int(rng.integers(HELD_BACK)))
        for _ in range(self.data.sequences):
            if self._learnt and rng.random() < self.data.share:
                folder = self._learnt[rng.integers(len(self._learnt))]
                yield self._example(vary(folder[rng.integers(len(folder))], rng))
            else:
                yield self._example(next(simulated))

    def validation(self) -> Sequence[Example]:
        """Recorded tracks that are kept back where there are any, else simulated ones."""
        return [self._example(rows) for rows in self._kept or self._held()]

    def normalisation(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and one over spread of the frames of simulated tracks."""
        simulated = sequences(HELD_BACK + 1)
        frames = np.concatenate([example(next(simulated)).frames for _ in range(400)])
        mean = frames.mean(axis=0, dtype=np.float64)
        # The floor keeps what hardly varies in simulation from being blown up live.
        scale = 1.0 / (frames.std(axis=0, dtype=np.float64) + 0.05)
        if self.data.snapshot:
            hidden = np.ones(FRAME_SIZE, bool)
            hidden[list(SNAPSHOT)] = False
            scale[hidden] = 0.0
        return mean.astype(np.float32), scale.astype(np.float32)

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Scores beside the baselines, for each number of dimensions by itself."""
        tracks = self._kept or self._held()
        scores: dict[str, Any] = {}
        for dims in SHAPE:
            fitting = [rows for rows in tracks if rows.shape[1] == dims + 1]
            if fitting:
                scores[f"{dims}d"] = evaluate(predictor(model), fitting, HORIZONS)
        return scores

    def _example(self, rows: NDArray[np.float64]) -> Example:
        return example(rows, snapshot=self.data.snapshot)

    def _held(self) -> list[NDArray[np.float64]]:
        simulated = sequences(HELD_BACK)
        return [next(simulated) for _ in range(self.data.held)]


def predictor(model: Any) -> Predictor:
    """Make of a `streamrnn.Model` what `evaluate` asks for."""

    def foresee(rows: NDArray[np.float64]) -> Foreseen:
        said = model.predict(rows)
        return Foreseen(said.points, said.spreads, said.labels)

    return foresee


def split(
    tracks: Mapping[str, NDArray[np.float64]], data: BallData
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Part a folder's tracks, by group, into those to learn from and those to validate on.

    Raises:
        ConfigError: nothing is left to learn from.
    """
    names = {name: name.partition("-")[0] for name in tracks}
    groups = [g for g in dict.fromkeys(names.values()) if g not in data.leave]
    kept = set(data.groups) & set(groups) if data.groups else set(groups[:: data.hold])
    learnt = [rows for name, rows in tracks.items() if names[name] in set(groups) - kept]
    if not learnt:
        raise ConfigError(
            f"data: expected a group of tracks to learn from, got {', '.join(groups)} with "
            f"{', '.join(sorted(kept))} kept for validation; raise hold or name fewer groups"
        )
    return learnt, [rows for name, rows in tracks.items() if names[name] in kept]


def without_memory() -> dict[str, Predictor]:
    """The bundled network without a loop, which sees one snapshot, as a baseline by its name."""
    return {"feedforward": predictor(load("ball_snapshot"))}


def example(rows: NDArray[np.float64], *, snapshot: bool = False) -> Example:
    """Make of one track what the network sees and is to say.

    Args:
        rows: `(n, 3)` or `(n, 4)`.
        snapshot: targets are seen from where the ball is, not from where a line takes it.

    Returns:
        Frames `(n, FRAME_SIZE)` and the targets `points` `(n, horizons, 3)`, `valid` and `weight`
        `(n, horizons)`, `axes` `(n, 3)`.
    """
    rows = np.ascontiguousarray(rows, np.float64)
    frames = np.empty((len(rows), FRAME_SIZE), np.float32)
    context = np.empty((len(rows), CONTEXT_SIZE))
    motion_frames(rows, np.zeros(STATE_SIZE), frames, context)
    points, weight = targets(rows, standing(context) if snapshot else context)
    axes = np.ones((len(rows), 3), np.float32)
    axes[:, rows.shape[1] - 1 :] = 0.0
    return Example(frames, {"points": points, "valid": weight > 0, "weight": weight, "axes": axes})


def vary(rows: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Make of a recorded track what could as well have been recorded.

    It is mirrored in place, begun later, and robbed of some fixes. In a picture, another camera
    sees it, and it goes at another rate of play. Flights in metres keep their shape, which gravity
    gave them.
    """
    rows = rows.copy()
    if rng.random() < 0.5:
        rows[:, 1] = 2.0 * np.nanmean(rows[:, 1]) - rows[:, 1]
    if rng.random() < 0.5:
        rows = rows[int(rng.integers(0, max(1, len(rows) // 3))) :]
    if rows.shape[1] == 3:
        _seen_from_elsewhere(rows, rng)
        if rng.random() < 0.7:
            rows = _replayed(rows, math.exp(rng.uniform(-0.2, 0.2)))
    if rng.random() < 0.2:
        rows[rng.random(len(rows)) < 0.02, 1:] = np.nan
    return rows


def _seen_from_elsewhere(rows: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Warp a track in a picture, in place: wider, higher, aslant, or steeper in perspective."""
    middle = np.nanmean(rows[:, 1:], axis=0)
    x, y = (rows[:, 1:] - middle).T
    depth = y / (2.0 * np.nanstd(y) + 1e-9)  # about −1 at the far end of the court to 1 at the near
    narrow = math.exp(rng.normal() * 0.1) * (1.0 + rng.normal() * 0.08 * depth)
    steep = math.exp(rng.normal() * 0.1) * (1.0 + rng.normal() * 0.08 * depth)
    aslant = rng.normal(size=2) * 0.03
    rows[:, 1] = middle[0] + narrow * x + aslant[0] * y
    rows[:, 2] = middle[1] + steep * y + aslant[1] * x


def _replayed(rows: NDArray[np.float64], pace: float) -> NDArray[np.float64]:
    """The same play at another pace, under the same stamps; between fixes lie straight lines."""
    places = np.arange(0.0, len(rows) - 1, pace)[: len(rows)]
    before = places.astype(np.int64)
    part = (places - before)[:, None]
    played = rows[: len(places)].copy()
    played[:, 1:] = (1.0 - part) * rows[before, 1:] + part * rows[before + 1, 1:]
    return played
