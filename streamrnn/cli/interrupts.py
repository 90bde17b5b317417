"""Ctrl-C that comes between chunks, not while one is worked on."""

import signal
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Chunk = TypeVar("Chunk")


def between(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Give chunks, and let Ctrl-C come only while the next one is waited for.

    So of a chunk all is done or nothing: it is fed, recorded and told of. Where Ctrl-C does
    something else than to raise, as in a process that ignores it, it is left alone.

    Args:
        chunks: as they come; iterated by the main thread.

    Raises:
        KeyboardInterrupt: while the next chunk is waited for, or before that if it was asked for.
    """
    asked, waiting = False, False

    def ask(*_: Any) -> None:
        nonlocal asked
        asked = True
        if waiting:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield from chunks
        return
    signal.signal(signal.SIGINT, ask)
    try:
        coming = iter(chunks)
        while True:
            waiting = True
            if asked:
                raise KeyboardInterrupt
            try:
                chunk = next(coming)
            except StopIteration:
                return
            waiting = False
            yield chunk
    finally:
        signal.signal(signal.SIGINT, before)
