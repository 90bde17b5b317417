"""What `streamrnn replay` tells of each file, for programs and for people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from streamrnn.replay.outcome import Outcome
from streamrnn.replay.sides import Heard, Listener

SHOWN = 200  # events in a table


def as_plain(found: Outcome) -> dict[str, Any]:
    """An outcome as plain data: what `--json` prints."""
    plain = msgspec.structs.asdict(found) | {
        "seconds": found.seconds,
        "same_model": found.same_model if len(found.listeners) > 1 else None,
    }
    del plain["curves"]
    return msgspec.to_builtins(plain)


def happened(listener: Listener, heard: Heard) -> None:
    """Tell an event as it happens; those of who listened then come with the table."""
    if not listener.recorded:
        event = heard.event
        at = f"{heard.time:9.2f} s" if heard.timed else f"{heard.time:9.0f}"
        print(f"{at}  {event.kind:<8} {event.label} {event.score:.0%}", flush=True)


def silent(listener: Listener, heard: Heard) -> None:
    """Tell nothing of an event."""


def print_outcome(found: Outcome, *, check: bool) -> None:
    """Tell of one file."""
    console = Console(highlight=False, soft_wrap=True)
    pace = ""
    if found.seconds is not None:
        pace = (
            f", {found.seconds:.1f} s, {found.seconds / max(found.elapsed, 1e-3):,.0f} × real time"
        )
    console.print(f"{found.file}: {found.steps:,} steps{pace}", markup=False)
    if found.lost_samples:
        console.print(f"{found.lost_samples:,} samples had been lost; silence stands in for them")
    if found.broken:
        at = f"{found.samples / found.rate:.2f} s" if found.rate else f"{found.samples:,} samples"
        console.print(f"breaks off there, after {at}: {found.broken}", markup=False)
    if found.part != (0.0, None):
        console.print(_part(found), markup=False)
    now = found.listeners[-1].model
    if found.checked:
        if found.difference is None:
            same = f"says the same, to the bit ({found.compared:,} steps compared)"
            console.print(f"{now} {same if found.compared else 'has nothing to be compared with'}")
        elif check or found.same_model:
            told = found.difference
            at = f"{told.time:.3f} s" if told.time is not None else f"position {told.position:,}"
            console.print(f"the first difference, at {at}: {told.what}", markup=False)
            console.print(f"  recorded {_short(told.recorded)}", markup=False)
            console.print(f"  replayed {_short(told.replayed)}", markup=False)
    if check:
        return
    if 0 < found.other_labels < found.steps:  # all: they know other labels
        share = found.other_labels / max(found.steps, 1)
        console.print(f"another label at {found.other_labels:,} steps ({share:.1%})")
    if found.points_apart:
        told = ", ".join(f"{distance:.4g}" for distance in found.points_apart)
        console.print(f"points foreseen lie apart, in the mean at each horizon, by {told}")
    if found.events:
        console.print(_table(found))


def print_sum(outcomes: Sequence[Outcome], failed: int, took: float) -> None:
    """Tell of many files what they are together."""
    seconds = sum(found.seconds or 0.0 for found in outcomes)
    steps = sum(found.steps for found in outcomes)
    length = str(timedelta(seconds=round(seconds)))
    told = f"{len(outcomes)} files, {steps:,} steps in {took:.1f} s"
    if seconds:
        told += f", {length} of sound, {seconds / took:,.0f} × real time"
    else:
        told += f", {steps / took:,.0f} a second"
    if any(len(found.listeners) > 1 for found in outcomes):
        parted = sum(found.differs for found in outcomes)
        told += f"; {parted} differ"
    if failed:
        told += f"; {failed} could not be read"
    Console(highlight=False, soft_wrap=True).print(told)


def _part(found: Outcome) -> str:
    start, end = found.part
    told = (
        f"from {timedelta(seconds=start)} to {'the end' if end is None else timedelta(seconds=end)}"
    )
    if start and not found.sought:
        known = found.checked and found.same_model
        why = "no state is known before" if known else "only the model that listened can be sought"
        return f"{told}; played from the beginning, as {why}"
    return told


def _which(listener: Listener, found: Outcome) -> str:
    """What tells two models of one name apart."""
    alike = len({each.model for each in found.listeners}) < len(found.listeners)
    return f" {listener.fingerprint[:6]}" if alike and not found.same_model else ""


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 100 else text[:99] + "…"


def _table(found: Outcome) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    timed = found.timed
    table.add_column("s" if timed else "position", justify="right")
    for name in ("event", "label"):
        table.add_column(name)
    for listener in found.listeners:
        when = "" if not found.checked else "then, " if listener.recorded else "now, "
        table.add_column(f"{when}{listener.model}{_which(listener, found)}", justify="right")
    for event in found.events[:SHOWN]:
        at = f"{event.time:.2f}" if timed else f"{event.time:.0f}"
        scores = ["" if score is None else f"{score:.0%}" for score in event.scores]
        if event.lag:
            scores[1] += f" {event.lag:+.2f}" if timed else f" {event.lag:+.0f}"
        table.add_row(at, event.kind, event.label, *scores)
    if len(found.events) > SHOWN:
        table.caption = f"{SHOWN} of {len(found.events):,}; --json tells all"
    return table
