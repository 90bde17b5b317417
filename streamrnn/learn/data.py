"""Lanes: whole sequences of unequal length, cut into windows that carry their state.

Each of `batch_size` lanes plays one sequence after the other. A window takes the next `window`
steps of every lane; the trainer hands the state from window to window.

    lane 0   a a a a | a a . . | c c c c | c . . .        . is padding, masked
    lane 1   b b b b | b b b b | b . . . | d d d d        fresh where a sequence begins

A sequence begins at a window's start, since torch's layers reset nothing within a window. With
`endless`, sequences follow one another without padding and without a fresh state.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import DtypeError, ShapeError
from streamrnn.tasks.base import Example


class Batch(NamedTuple):
    """One window of all lanes.

    Shape:
        frames: `(lanes, window, input_size)` float32, 0 where padded.
        targets: `(lanes, window, ...)` by name, 0 where padded.
        mask: `(lanes, window)` bool, true where a step is a sequence's own.
        fresh: `(lanes,)` bool, true where the lane's state is to be forgotten first.
    """

    frames: NDArray[np.float32]
    targets: dict[str, NDArray[Any]]
    mask: NDArray[np.bool_]
    fresh: NDArray[np.bool_]


@dataclass
class _Lane:
    example: Example | None = None
    position: int = 0
    begun: bool = False


def lanes(
    examples: Iterable[Example], *, batch_size: int, window: int, endless: bool = False
) -> Iterator[Batch]:
    """Cut sequences into batches of windows; every step comes exactly once.

    Args:
        examples: sequences, all with the same input size and targets; they are taken one by one,
            as lanes run empty.
        batch_size: number of lanes, from 1.
        window: steps of a window; 0: as many as the longest sequence at hand has, so that all
            are taken whole.
        endless: sequences are joined within a lane, and only its very first window is fresh.

    Yields:
        Batches in order; the state after one belongs before the next. Nothing if there is no
        step at all.

    Raises:
        DtypeError, ShapeError: a sequence is not what `Example` says.
    """
    source = (example for example in map(_checked, examples) if len(example.frames))
    rows = [_Lane(example) for _, example in zip(range(batch_size), source, strict=False)]
    if not rows:
        return
    model = rows[0].example
    assert model is not None
    rows += [_Lane() for _ in range(batch_size - len(rows))]
    while any(lane.example for lane in rows):
        left = [len(lane.example.frames) - lane.position for lane in rows if lane.example]
        batch = _empty(model, batch_size, window or max(left))
        for number, lane in enumerate(rows):
            _fill(batch, number, lane, source, endless=endless)
        yield batch


def _fill(
    batch: Batch, number: int, lane: _Lane, source: Iterator[Example], *, endless: bool
) -> None:
    """Play the lane's next steps into its row of the batch, taking new sequences as it goes."""
    batch.fresh[number] = not lane.begun if endless else lane.position == 0
    window, filled = batch.mask.shape[1], 0
    while filled < window and lane.example is not None:
        frames, targets = lane.example
        here = slice(filled, min(window, filled + len(frames) - lane.position))
        there = slice(lane.position, lane.position + here.stop - here.start)
        batch.frames[number, here] = _like(batch.frames, frames, "frames")[there]
        if targets.keys() != batch.targets.keys():
            raise ShapeError(
                f"targets: expected {', '.join(batch.targets)} in every sequence, "
                f"got {', '.join(targets)}"
            )
        for name, target in targets.items():
            batch.targets[name][number, here] = _like(batch.targets[name], target, name)[there]
        batch.mask[number, here] = True
        filled, lane.position, lane.begun = here.stop, there.stop, True
        if lane.position == len(frames):
            lane.example, lane.position = next(source, None), 0
            if not endless:
                return


def _empty(model: Example, batch_size: int, window: int) -> Batch:
    shape = (batch_size, window)
    return Batch(
        np.zeros((*shape, model.frames.shape[1]), np.float32),
        {n: np.zeros((*shape, *t.shape[1:]), t.dtype) for n, t in model.targets.items()},
        np.zeros(shape, np.bool_),
        np.zeros(batch_size, np.bool_),
    )


def _checked(example: Example) -> Example:
    frames, targets = example
    if frames.dtype != np.float32:
        raise DtypeError(f"frames: expected float32, got {frames.dtype}")
    if frames.ndim != 2:
        raise ShapeError(f"frames: expected (steps, input_size), got {frames.shape}")
    for name, target in targets.items():
        if len(target) != len(frames):
            raise ShapeError(
                f"targets.{name}: expected one row a frame, {len(frames)}, got {len(target)}"
            )
    return example


def _like(room: NDArray[Any], array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.shape[1:] != room.shape[2:] or array.dtype != room.dtype:
        raise ShapeError(
            f"{name}: expected {room.dtype} (steps, {', '.join(map(str, room.shape[2:]))}) as in "
            f"the first sequence, got {array.dtype} {array.shape}"
        )
    return array
