"""Scores on marked recordings as a table to read."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table


def marked_table(scores: dict[str, Any]) -> Table:
    """How each word fared, a row a word; where thresholds were chosen, two.

    Args:
        scores: what `streamrnn.replay.scored.score` gave, perhaps with `choice` as
            `streamrnn evaluate` adds it.
    """
    chosen = scores.get("chosen")
    told = _totals("", scores)
    if chosen is not None:
        told += _totals("chosen: ", chosen) + _choice(scores["choice"])
    if scores["unknown"]:
        named = ", ".join(f"{label} {n}" for label, n in scores["unknown"].items())
        told.append(f"marks of what the model does not tell: {named}")
    if scores["outside"]:
        told.append(f"{scores['outside']} marks begin after the end of their recordings")
    broken = sum(each["broken"] is not None for each in scores["recordings"])
    if broken:
        told.append(f"{broken} recordings break off, and are scored up to there")
    table = Table(
        caption="\n".join(told), min_width=72, box=SIMPLE_HEAD, show_edge=False, pad_edge=False
    )
    table.add_column("word")
    for name in ("marks", "missed", "false an hour", "threshold", "delay"):
        table.add_column(name, justify="right", no_wrap=True)
    for word, own in scores["words"].items():
        table.add_row(*_cells(word, own))
        if chosen is not None:
            table.add_row(*_cells("  chosen", chosen["words"][word]))
    return table


def _cells(name: str, own: dict[str, Any]) -> tuple[str, ...]:
    rate, delay = own["false_accepts_per_hour"], own["delay_ms_median"]
    return (
        name,
        str(own["n"]),
        f"{own['missed']}, {own['false_reject_rate']:.1%}" if own["n"] else "–",
        "–" if rate is None else f"{rate:.1f}",
        f"{own['threshold']:g}",
        "–" if delay is None else f"{delay:.0f} ms",
    )


def _totals(name: str, scores: dict[str, Any]) -> list[str]:
    told = [
        f"{name}{scores['missed']} of {scores['n']} marks missed; false accepts: "
        f"{scores['false_accepts']} in {scores['hours']:.2f} h"
    ]
    if scores["hours"] and not scores["false_accepts"]:
        told.append(f"none is fewer than {3.0 / scores['hours']:.1f} an hour at 95 %")
    if scores["delay_ms_median"] is not None:
        told.append(
            f"{name}{scores['delay_ms_median']:.0f} ms after a mark's end in the middle, "
            f"{scores['delay_ms_90']:.0f} ms in nine of ten"
        )
    return told


def _choice(choice: dict[str, Any]) -> list[str]:
    """Where thresholds were chosen, and of which words no threshold is good enough there."""
    words, borne = choice["words"], choice["false_accepts"]
    missed, n = (sum(own[name] for own in words.values()) for name in ("missed", "n"))
    told = [
        f"chosen on {len(choice['recordings'])} other recordings of {choice['hours']:.2f} h: "
        f"{missed} of {n} marks missed there"
    ]
    over = [word for word, own in words.items() if not own["enough"]]
    if over:
        told.append(f"at every threshold more than {borne:g} an hour there: {', '.join(over)}")
    kept = [word for word, own in words.items() if not own["n"]]
    if kept:
        told.append(f"no marks to choose by, the model's own stays: {', '.join(kept)}")
    return told
