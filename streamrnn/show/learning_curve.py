"""Accuracy against how much was learnt from, as a picture.

Errors of many networks fall as a power of the data (Hestness et al., Deep Learning Scaling is
Predictable, Empirically, arXiv:1712.00409, 2017): a straight line where both axes are logarithmic.
It must bend somewhere, at the latest where labels are wrong.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import UnsupportedError
from streamrnn.show.figure import new_figure, write_picture

# Speech Commands v0.02 has 105,829 clips of 2,618 speakers (Warden, arXiv:1804.03209, 2018); its
# lists leave so many to learn from, as others counted them.
WHOLE = {"speakers": 2_112, "clips": 84_843}

_DRAWS = 2_000
_OURS, _AHEAD = "#1f6f8b", "#c8553d"
_TICKS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001)  # errors


class Learnt(msgspec.Struct):
    """What a model learnt from."""

    clips: int
    speakers: int


class Point(msgspec.Struct):
    """A model's score: what `streamrnn evaluate --json` prints, other keys unread."""

    accuracy: float
    n: int
    """Clips that it was scored on."""
    learnt: Learnt


def read_points(path: str | Path) -> list[Point]:
    """Read the points of a curve, a line of JSON each.

    Raises:
        UnsupportedError: there is no such file, or a line is no score of such a model.
    """
    try:
        return msgspec.json.Decoder(Point).decode_lines(Path(path).read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise UnsupportedError(
            f"{path}: expected lines of `streamrnn evaluate MODEL DIR --json`, of models trained "
            f"for task keywords, got: {error}"
        ) from error


def extrapolated(
    points: Sequence[Point], kind: str, at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit a line to log error over log size, and follow it.

    Args:
        points: at least two, of different sizes.
        kind: what size is: `speakers` or `clips`.
        at: the sizes at which the line is asked for, `(n,)`.

    Returns:
        Errors `(3, n)`: the line, and between which nine of ten lie where the counts of errors are
        drawn anew, binomially. That is the luck of the test's clips alone: clips of one speaker are
        more alike than that, each training has luck of its own, and a line may bend.

    Raises:
        UnsupportedError: fewer than two sizes.
    """
    size = np.array([float(getattr(point.learnt, kind)) for point in points])
    if len(np.unique(size)) < 2:
        raise UnsupportedError(f"learning curve: expected two sizes or more, got {size.tolist()}")
    n = np.array([point.n for point in points])
    wrong = np.array([1.0 - point.accuracy for point in points])
    drawn: NDArray[np.float64] = (
        np.random.default_rng(0).binomial(n, wrong, (_DRAWS, len(points))) / n
    )
    tried = np.maximum(np.concatenate((wrong[None], drawn)), 0.5 / n)  # none wrong: half a clip
    slope, offset = np.polyfit(np.log(size), np.log(tried).T, 1)
    lines = np.exp(slope[:, None] * np.log(at) + offset[:, None])
    ordered = np.sort(lines[1:], axis=0)
    edge = len(ordered) // 20
    return np.stack((lines[0], ordered[edge], ordered[-1 - edge]))


def learning_plot(points: Sequence[Point], path: str | Path) -> dict[str, list[float]]:
    """Draw accuracy against speakers and against clips, up to all of Speech Commands.

    Args:
        points: as `extrapolated` takes them.
        path: the picture, in any format that matplotlib writes.

    Returns:
        The accuracy extrapolated to `WHOLE`, and the two between which nine of ten lie, by kind.

    Raises:
        UnsupportedError: matplotlib is not installed, or there are fewer than two sizes.
        ConfigError: the file cannot be written.
    """
    figure = new_figure(figsize=(9.0, 4.4), dpi=150, layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    n = np.array([point.n for point in points])
    error: NDArray[np.float64] = np.maximum([1.0 - point.accuracy for point in points], 0.5 / n)
    spread = np.sqrt(error * (1.0 - error) / n)
    told: dict[str, list[float]] = {}
    lowest = 1.0
    for axes, (kind, whole) in zip(panels, WHOLE.items(), strict=True):
        size = np.array([getattr(point.learnt, kind) for point in points])
        ends = math.log(min(size)), math.log(max(whole, *size))
        grid = np.exp(np.linspace(*ends, 100))
        line, low, high = extrapolated(points, kind, grid)
        seen = grid <= size.max()
        axes.fill_between(grid, low, high, color="#dfe3e8", linewidth=0.0)
        axes.plot(grid[seen], line[seen], color=_OURS)
        axes.plot(grid[~seen], line[~seen], color=_OURS, linestyle=":")
        axes.errorbar(size, error, 2.0 * spread, fmt="o", color=_OURS, capsize=3)
        reached, least, most = extrapolated(points, kind, np.array([float(whole)]))[:, 0].tolist()
        told[kind] = [1.0 - reached, 1.0 - most, 1.0 - least]
        axes.plot(whole, reached, "D", color=_AHEAD, fillstyle="none")
        best, worse, better = told[kind]
        text = f"extrapolated to {whole:,} {kind}:\n{best:.1%} ({worse:.1%} to {better:.1%})"
        axes.text(0.98, 0.03, text, color=_AHEAD, ha="right", transform=axes.transAxes)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks([*size, whole], [f"{x:,}" for x in (*size, whole)])
        axes.set_xlabel(f"{kind} learnt from")
        axes.tick_params(axis="x", labelsize=8)
        axes.minorticks_off()
        axes.grid(color="#eceef0")
        axes.spines[["top", "right"]].set_visible(False)
        lowest = min(lowest, float(low.min()))
    bottom, top = 1.6 * error.max(), 0.8 * lowest
    ticks = [tick for tick in _TICKS if top <= tick <= bottom]
    panels[0].set_yticks(ticks, [f"{1.0 - tick:.4g}" for tick in ticks])
    panels[0].set_ylim(bottom, top)  # errors, told as accuracies
    panels[0].set_ylabel("accuracy")
    title = "bars: two standard errors of the test; band: nine of ten lines that its luck allows"
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    write_picture(path, figure.savefig)
    return told
