"""Where what is said and what was said part, bit by bit."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from streamrnn.io.messages import said_messages
from streamrnn.replay.reel import Step
from streamrnn.replay.said import some_said


class Difference(msgspec.Struct, kw_only=True):
    """The first step at which a recording and its replay part."""

    position: int
    """Samples that had arrived in its sequence."""
    time: float | None
    """Seconds since the beginning of the recording."""
    what: str
    """What differs."""
    recorded: Any
    """As it was."""
    replayed: Any
    """As it is."""


def difference(step: Step) -> Difference | None:
    """How a step differs from what was recorded with it, bit by bit; None: in nothing.

    Of the last step of a recording that breaks off, only what was recorded is compared.
    """
    now, events = said_messages(step.said)
    then, before = step.recorded, step.events
    if step.last:  # what was still to be written is missing
        now, events = some_said(now, slice(len(then.positions))), events[: len(before)]
    if not (now.positions or then.positions):
        return _of_state(step)
    if then == now and before == events:
        return _of_state(step)
    if then.columns != now.columns:
        return _told(step, 0, "outputs", f"{then.columns} a step", f"{now.columns} a step")
    for name in ("positions", "labels", "scores", "times"):
        was: list[Any] = getattr(then, name) or []
        is_: list[Any] = getattr(now, name) or []
        if was != is_:
            shared = min(len(was), len(is_))
            n = next((n for n in range(shared) if was[n] != is_[n]), shared)
            return _told(step, n, name, _item(was, n), _item(is_, n))
    if then.outputs != now.outputs:
        rows, others = (np.frombuffer(x.outputs, "<f4").reshape(-1, x.columns) for x in (then, now))
        if rows.shape != others.shape:
            return _told(step, 0, "outputs", rows.shape, others.shape)
        n = int((rows.view(np.int32) != others.view(np.int32)).any(axis=1).argmax())
        return _told(step, n, "outputs", rows[n].tolist(), others[n].tolist())
    for number, pair in enumerate(zip([*before, None], [*events, None], strict=False)):
        if pair[0] != pair[1]:
            one, other = (msgspec.to_builtins(event) for event in pair)
            position = (pair[0] or pair[1] or before[number]).position
            n = int(np.searchsorted(step.said.positions, position))
            return _told(step, n, "events", one, other)
    raise AssertionError("equal after all")


def _of_state(step: Step) -> Difference | None:
    """Whether the state strayed although all that was said is the same."""
    if step.strayed and not step.last:
        return _told(step, len(step.said) - 1, "state", "a snapshot", "another state")
    return None


def _item(values: list[Any], n: int) -> Any:
    return values[n] if n < len(values) else None


def _told(step: Step, n: int, what: str, was: Any, is_: Any) -> Difference:
    """A difference at one of the steps, or at the first that was not made."""
    positions, times = step.said.positions, step.times
    here = n < len(positions)
    position = positions[n].item() if here else step.samples - step.offset
    time = None if times is None or not here else times[n].item()
    return Difference(position=position, time=time, what=what, recorded=was, replayed=is_)
