"""False rejects against false accepts, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamrnn.errors import UnsupportedError
from streamrnn.show.figure import new_figure, write_picture

_LINES = ("-", "--", ":", "-.")
_MARKS = "osD^vP"
_FLOOR = 5.0  # percent that are always seen


def wake_plot(
    scores: dict[str, Any], path: str | Path, *, marks: str = "the detector's own"
) -> None:
    """Draw the DET curve of wake words, a line a word, and where the detectors' thresholds lie.

    Args:
        scores: what `streamrnn.tasks.wake.evaluate.score` gave, with negatives, or
            `streamrnn.replay.scored.score`; words that were never said are left out.
        path: the picture, in any format that matplotlib writes.
        marks: which thresholds `scores` has, for the title.

    Raises:
        UnsupportedError: matplotlib is not installed, or there were no negatives.
        ConfigError: the file cannot be written.
    """
    if not scores["hours"]:
        raise UnsupportedError(
            "plot: expected negatives to count false accepts on, got none; --negatives"
        )
    figure = new_figure(figsize=(7.0, 4.6), dpi=150, layout="constrained")
    axes = figure.subplots()
    highest, number = _FLOOR, 0
    peers = [(f"{name}: ", peer) for name, peer in scores.get("peers", {}).items()]
    for before, detector in (("", scores), *peers):
        rate = [point["false_accepts_per_hour"] for point in detector["det"]]
        for word, own in detector["words"].items():
            if own["false_reject_rate"] is None:
                continue
            rejects = [100.0 * point["false_reject_rate"][word] for point in detector["det"]]
            own_rejects = 100.0 * own["false_reject_rate"]
            told = (y for x, y in zip(rate, rejects, strict=True) if x > 0.0)
            highest = max(highest, own_rejects, *told)
            style, label = _LINES[number % len(_LINES)], f"{before}{word}"
            (line,) = axes.step(rate, rejects, style, where="post", label=label, linewidth=1.8)
            axes.plot(
                detector["false_accepts_per_hour"],
                own_rejects,
                _MARKS[number % len(_MARKS)],
                color=line.get_color(),
                markersize=8,
                clip_on=False,
                zorder=3,
            )
            number += 1
    axes.set_xscale("symlog", linthresh=1.0 / scores["hours"])
    axes.set_xlim(left=0.0)
    if not axes.dataLim.xmax > 0.0:  # no accept at any threshold: room for one
        axes.set_xlim(right=1.0 / scores["hours"])
    axes.set_ylim(0.0, min(103.0, 1.3 * highest))  # without any accept a threshold may reject all
    axes.set_xlabel(f"false accepts an hour, of all words, in {scores['hours']:.2f} h")
    axes.set_ylabel("false rejects, %")
    axes.set_title(f"every threshold; marks: {marks}", loc="left", fontsize=10)
    axes.grid(color="#d8dbe0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if number:
        axes.legend(frameon=False)
    write_picture(path, figure.savefig)
