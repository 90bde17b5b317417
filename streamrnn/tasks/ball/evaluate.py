"""Scores of foreseen points on recorded tracks, beside the baselines.

A fix is scored at a horizon when six fixes come before it in its visible run and its target, so
many rows later, lies in the same run. Errors are Euclidean distances in the track's own unit.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import TrackError
from streamrnn.kernels.points import DIRECTION_AHEAD, DIRECTIONS
from streamrnn.tasks.ball.baselines import baselines_for

WARM_UP = 6  # visible fixes that come before a scored one


class Foreseen(NamedTuple):
    """What a predictor says at every row of a track."""

    points: NDArray[np.float64]
    """Positions ahead, (n, horizons, dims)."""
    spreads: NDArray[np.float64] | None = None
    """The radius about each that is to hold 90 % of outcomes, (n, horizons)."""
    labels: Sequence[str | None] | None = None
    """The direction of motion, n of them."""


Predictor = Callable[[NDArray[np.float64]], Foreseen]


def scored_rows(rows: NDArray[np.float64], horizon: int) -> NDArray[np.int64]:
    """Find the rows that are scored at a horizon.

    Args:
        rows: one track, `(n, 1 + dims)`.
        horizon: samples ahead.

    Returns:
        Rising row numbers, `(m,)`.

    Example:
        >>> rows = np.zeros((12, 3))
        >>> rows[9, 1:] = np.nan
        >>> scored_rows(rows, 2)
        array([6])
    """
    seen = np.isfinite(rows[:, 1:]).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], seen.astype(np.int8), [0]))))
    found = [
        np.arange(first + WARM_UP, end - horizon)
        for first, end in edges.reshape(-1, 2).tolist()
        if end - horizon > first + WARM_UP
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def direction(displacement: NDArray[np.float64]) -> str:
    """Name the axis and sign of the largest component of a displacement, `(dims,)`."""
    axis = int(np.argmax(np.abs(displacement)))
    return DIRECTIONS[2 * axis + (1 if displacement[axis] < 0 else 0)]


def evaluate(
    predict: Predictor,
    tracks: Sequence[NDArray[np.float64]],
    horizons: Sequence[int],
    *,
    others: dict[str, Predictor] | None = None,
    advance: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Score a predictor and the baselines on tracks.

    Args:
        predict: gives points (and spreads and labels) for one track, causally.
        tracks: rows, all of two dimensions or all of three.
        horizons: samples ahead, rising, as the predictor's points have them.
        others: further predictors to list among the baselines, by name.
        advance: called after each track, for a progress bar.

    Returns:
        `{"horizons": {"5": {"mean_error", "median_error", "n", "coverage_90",
        "baselines": {name: {"mean_error", "median_error"}}}}, "coverage_90",
        "direction_accuracy"}`; None stands where nothing could be scored.

    Raises:
        TrackError: no tracks, or tracks of two and of three dimensions together.
    """
    if not tracks:
        raise TrackError("expected at least one track to evaluate, got none; name a folder of CSV")
    if len({rows.shape[1] for rows in tracks}) > 1:
        raise TrackError(
            "expected tracks that are all of two or all of three dimensions, got both; "
            "their errors have different units: evaluate them in separate folders"
        )
    ahead = np.array(horizons, float)
    rivals: dict[str, Predictor] = {
        name: (lambda rows, run=run: Foreseen(run(rows, ahead)))
        for name, run in baselines_for(tracks).items()
    }
    rivals.update(others or {})
    errors: dict[str, list[list[NDArray[np.float64]]]] = {
        name: [[] for _ in horizons] for name in ("", *rivals)
    }
    held: list[list[NDArray[np.bool_]]] = [[] for _ in horizons]
    right, asked = 0, 0
    for rows in tracks:
        where = [scored_rows(rows, horizon) for horizon in horizons]
        for name, run in {"": predict, **rivals}.items():
            said = run(rows)
            for index, horizon in enumerate(horizons):
                at = where[index]
                away = said.points[at, index] - rows[at + horizon, 1:]
                miss = np.sqrt((away * away).sum(axis=1))
                errors[name][index].append(miss)
                if name == "" and said.spreads is not None:
                    held[index].append(miss <= said.spreads[at, index])
            if name == "" and said.labels is not None:
                for fix in scored_rows(rows, DIRECTION_AHEAD).tolist():
                    moved = rows[fix + DIRECTION_AHEAD, 1:] - rows[fix, 1:]
                    if moved.any():
                        asked += 1
                        right += 1 if said.labels[fix] == direction(moved) else 0
        if advance is not None:
            advance()

    table: dict[str, Any] = {}
    for index, horizon in enumerate(horizons):
        entry = _summary(errors[""][index])
        entry["n"] = sum(len(part) for part in errors[""][index])
        entry["coverage_90"] = _mean(held[index])
        entry["baselines"] = {name: _summary(errors[name][index]) for name in rivals}
        table[str(horizon)] = entry
    return {
        "horizons": table,
        "coverage_90": _mean([part for parts in held for part in parts]),
        "direction_accuracy": right / asked if asked else None,
    }


def _mean(parts: Sequence[NDArray[Any]]) -> float | None:
    values = np.concatenate(parts) if parts else np.zeros(0)
    return float(values.mean()) if len(values) else None


def _summary(parts: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    values = np.concatenate(parts) if parts else np.zeros(0)
    median = float(np.median(values)) if len(values) else None
    return {"mean_error": _mean(parts), "median_error": median}
