"""Rows that wait in the order in which they came, some of every stream."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.decoders.base import Counts
from streamrnn.kernels.queues import CHUNK, SLOT, bring_together, note, sort_out

_FEW = 4096  # dropped rows that are let lie


class Taken(NamedTuple):
    """What waited, sorted out."""

    rows: NDArray[Any]
    """(rows, width); those of one stream lie together."""
    slots: Counts
    """The streams, (streams,), each once."""
    firsts: Counts
    """Where the rows of each begin."""
    counts: Counts
    """How many they are."""
    heads: Counts
    """The first chunk of each."""
    table: Counts
    """The chunks, (chunks, CHUNK); see `streamrnn.kernels.queues`."""
    notes: list[Any]
    """What was noted with each chunk."""


class WaitingRows:
    """Rows of all streams, and a table of the chunks that they came in.

    Args:
        width: elements of a row.
        dtype: their type.
        capacity: slots of streams.
    """

    def __init__(self, width: int, dtype: Any, capacity: int) -> None:
        self.counts = np.zeros(capacity, np.int64)
        """How many rows each slot has waiting."""
        self._marks = np.full(capacity, -1, np.int64)
        self._rows, self._spare = (np.empty((64, width), dtype) for _ in range(2))
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._table = np.empty((64, CHUNK), np.int64)
        self._notes: list[Any] = []
        self._used = 0

    def room(self, count: int) -> tuple[NDArray[Any], int]:
        """Where `count` rows may be written: the rows, and the first free one."""
        if self._used + count > len(self._rows):
            rows = np.empty((2 * (self._used + count), self._rows.shape[1]), self._rows.dtype)
            rows[: self._used] = self._rows[: self._used]
            self._rows = rows
        return self._rows, self._used

    def next_chunk(self) -> tuple[Counts, int]:
        """Where the next chunk is to be noted: the table, and its number there."""
        chunks = len(self._notes)
        if chunks == len(self._table):
            self._table = np.concatenate((self._table, np.empty_like(self._table)))
        return self._table, chunks

    def noted(self, count: int, about: Any = None) -> None:
        """Take over a chunk that a kernel noted, its `count` rows, and what to say about it."""
        self._notes.append(about)
        self._used += count

    def drop(self, slot: int) -> None:
        """Forget the rows of a slot."""
        table = self._table[: len(self._notes)]
        table[table[:, SLOT] == slot, SLOT] = -1
        self.counts[slot] = 0
        left = int(self.counts.sum())
        if self._used - left > max(_FEW, left):
            self._close_up()

    def _close_up(self) -> None:
        """Move what waits together, over the rows that were dropped."""
        table, notes, rows = self._table[: len(self._notes)], self._notes, self._rows
        self._begin_anew()
        self.counts[:] = 0
        for (slot, first, count, position), about in zip(table.tolist(), notes, strict=True):
            if slot >= 0:
                # Never further on than it was: what is still to be moved stays.
                rows[self._used : self._used + count] = rows[first : first + count].copy()
                into, number = self.next_chunk()
                note(into, number, self.counts, slot, self._used, count, position)
                self.noted(count, about)

    def take(self, slot: int | None) -> Taken:
        """Take all rows, or those of one slot: those of each stream together, in their order.

        The rows may be written over once all are taken again.
        """
        table, rows, notes = self._table[: len(self._notes)], self._rows[: self._used], self._notes
        if slot is None:
            self._rows, self._spare = self._spare, self._rows
            self._begin_anew()
        else:
            table = table.copy()
            table[table[:, SLOT] != slot, SLOT] = -1
        slots, firsts, counts, heads = np.empty((4, len(table)), np.int64)
        streams, more = sort_out(table, self._marks, slots, firsts, counts, heads)
        slots, firsts, counts, heads = (a[:streams] for a in (slots, firsts, counts, heads))
        if more or slot is not None:
            np.subtract(np.cumsum(counts), counts, out=firsts)
            together = np.empty((int(counts.sum()), rows.shape[1]), rows.dtype)
            bring_together(table, self._marks, slots, firsts, rows, together)
            rows = together
        if slot is None:
            self.counts[slots] = 0
        else:
            self.drop(slot)
        return Taken(rows, slots, firsts, counts, heads, table, notes)
