"""What a tick gives: the predictions of every stream that got some, made for those who look."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from streamrnn.decoders.base import Record
from streamrnn.errors import InputError
from streamrnn.pool.queues import Work
from streamrnn.predictions import Predictions, join

if TYPE_CHECKING:
    from streamrnn.pool.stream import PooledStream


class Batch:
    """The outputs of one run of the network over the frames of many streams."""

    def __init__(self, work: Work, outputs: NDArray[np.float32], record: Record) -> None:
        self._work, self._outputs, self._record = work, outputs, record
        self._ends: list[tuple[int, int]] = []

    def predictions(self, n: int) -> Predictions:
        """Those of the n-th stream."""
        if not self._ends:
            firsts = self._work.firsts
            ends = (firsts + self._work.counts).tolist()
            self._ends = list(zip(firsts.tolist(), ends, strict=True))
        first, end = self._ends[n]
        frames, positions = self._work.told(n, first, end)
        decoded = self._record.decoded(first, end, frames, positions)
        outputs = self._outputs[first:end]
        return Predictions(outputs, positions, frames.rate or frames.times, decoded)


class Ready(Mapping["PooledStream", Predictions]):
    """The predictions that a tick made known, by stream; only streams that got some are in it.

    Predictions are made when they are first asked for, at the same cost whenever that is. They are
    cut out of what the tick computed for all streams, and keep it alive: copy what is to be kept.
    """

    def __init__(
        self,
        batch: Batch,
        streams: dict["PooledStream", int],
        earlier: dict["PooledStream", list[Predictions]],
        refused: Mapping["PooledStream", InputError],
    ) -> None:
        """Take what one batch holds, by the place of each stream in it, and what came before it."""
        self.refused = refused
        """Why streams were closed since the last tick: their networks refused what waited. Only
        graphs of others do; what was known of such a stream before may be among the predictions."""
        self._batch, self._streams, self._earlier = batch, streams, earlier
        self._all = {**earlier, **streams} if earlier else streams
        self._made: dict[PooledStream, Predictions] = {}

    def __getitem__(self, stream: "PooledStream") -> Predictions:
        made = self._made.get(stream)
        if made is None:
            place, parts = self._streams.get(stream), self._earlier.get(stream)
            made = None if place is None else self._batch.predictions(place)
            if parts:
                made = join(parts if made is None else [*parts, made])
            if made is None:
                raise KeyError(stream)
            self._made[stream] = made
        return made

    def __iter__(self) -> Iterator["PooledStream"]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return f"<Ready: predictions of {len(self)} streams>"
