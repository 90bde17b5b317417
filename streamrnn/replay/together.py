"""Many short streams at once, side by side in a pool: tracks, sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamrnn.errors import InputError, RecordingError
from streamrnn.model import Model
from streamrnn.pool.stream import PooledStream
from streamrnn.replay.play import expect_kind, feed_good, nothing, refused
from streamrnn.replay.reel import Block, Reel, Step
from streamrnn.replay.sources import FIXES, Source, file_size

WIDTH = 64
"""Streams that go side by side."""


class _Seat:
    """A source, and its stream in the pool."""

    def __init__(self, number: int, source: Source, model: Model, stream: PooledStream) -> None:
        self.number, self.source, self.stream = number, source, stream
        self.reel = Reel(source, model, join=False)
        self.problem: InputError | None = None
        self.blocks = (each for each in self.reel.blocks() if each.chunks or each.verb)


def play_together(
    sources: Sequence[Source], model: Model
) -> Iterator[tuple[int, Step | RecordingError | None]]:
    """Feed many files of tracks or text to a model, the same bits as one by one.

    Args:
        sources: files that nothing was read of yet; neither sound nor recordings.
        model: of their kind, whose network refuses nothing that its front end made: others would
            go one by one all the same, and end a stream at the tick in which they refuse.

    Yields:
        The number of a source, and a step of it; or an error, or None, that ends it.
    """
    # Those of about a size end at about the same time, and leave none to go on alone.
    waiting = sorted(enumerate(sources), key=lambda each: file_size(each[1].path))
    seats: list[_Seat] = []
    with model.pool(WIDTH, threads=1, queue=2 * FIXES) as pool:
        while waiting or seats:
            while waiting and len(seats) < WIDTH:
                number, source = waiting.pop()
                try:
                    expect_kind(source, model)
                except RecordingError as error:
                    yield number, error
                    continue
                seats.append(_Seat(number, source, model, pool.open()))
            fed: list[tuple[_Seat, Block, int]] = []
            for seat in [*seats]:
                block, before = next(seat.blocks, None), seat.stream.position
                if block is None:
                    yield seat.number, None
                    _leave(seat, seats)
                elif block.chunks:
                    fed.append((seat, block, before))
                    seat.problem = feed_good(seat.stream.feed, block.chunks[0])
                else:  # nothing waits: the tail of a sequence
                    tail = seat.stream.flush()
                    yield seat.number, seat.reel.step(block, tail, before, seat.stream)
            ready = pool.tick()
            for seat, block, before in fed:
                said = ready.get(seat.stream, nothing(model))
                yield seat.number, seat.reel.step(block, said, before, seat.stream)
                if seat.problem is not None:
                    yield seat.number, refused(seat.source, seat.stream.position, seat.problem)
                    _leave(seat, seats)


def _leave(seat: _Seat, seats: list[_Seat]) -> None:
    seat.stream.close()
    seats.remove(seat)
