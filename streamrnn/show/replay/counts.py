"""Who told how many events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from streamrnn.replay.outcome import Told


class Counts(NamedTuple):
    """Events of two listeners."""

    both: int = 0
    """That both tell,"""
    one: int = 0
    """that only the first one tells,"""
    other: int = 0
    """and only the second one."""

    def __add__(self, more: object) -> Counts:
        if not isinstance(more, Counts):
            return NotImplemented
        pairs = zip(self, more, strict=True)
        return Counts(*(mine + theirs for mine, theirs in pairs))

    @property
    def apart(self) -> int:
        """That only one tells."""
        return self.one + self.other


def counted(events: Iterable[Told]) -> Counts:
    """Count events of two listeners."""
    found = [0, 0, 0]
    for event in events:
        one, other = (score is not None for score in event.scores)
        found[0 if one and other else 1 if one else 2] += 1
    return Counts(*found)


def by_label(events: Iterable[Told]) -> dict[tuple[str, str], Counts]:
    """Count them by kind and label; those that part the listeners most often come first."""
    sorts: dict[tuple[str, str], list[Told]] = {}
    for event in events:
        sorts.setdefault((event.kind, event.label), []).append(event)
    found = {sort: counted(mine) for sort, mine in sorts.items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1].apart, -item[1].both, item[0])))
