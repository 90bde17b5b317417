"""Pieces of work shared out to processes, the largest first; one that dies takes only its own."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

LOOK = 0.1
"""Seconds between looks at how far the processes are."""
Progress = MutableSequence[float]
"""Of each piece two numbers: how much was done, in any unit, and which share of it, 0 to 1."""


class Work(Protocol):
    """Does pieces of work."""

    def __call__(self, number: int) -> Any:
        """Do a piece; what it gives is sent on."""
        ...


def shared(
    make: Callable[[Progress], Work],
    sizes: Sequence[float],
    jobs: int,
    look: Callable[[Progress], object],
) -> Iterator[tuple[int, Any]]:
    """Do pieces of work in processes that are spawned for it.

    Args:
        make: makes, in each process, what does the work; it is told where to write progress.
        sizes: of the pieces.
        jobs: processes at a time.
        look: called now and then with the progress.

    Yields:
        The number of a piece and what it gave, as they are done; of one whose process died, that
        one's exit code, negative for a signal.
    """
    context = multiprocessing.get_context("spawn")
    progress: Any = context.RawArray("d", 2 * len(sizes))
    waiting = sorted(range(len(sizes)), key=sizes.__getitem__)
    busy: dict[Connection, tuple[BaseProcess, int]] = {}
    processes: list[BaseProcess] = []

    def give(ours: Connection, process: BaseProcess) -> None:
        """Give a process its next piece; one that is gone leaves it to others."""
        with suppress(ConnectionError):
            if waiting:
                ours.send(waiting[-1])
                busy[ours] = process, waiting.pop()
                return
        ours.close()
        process.join()

    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, make, progress), daemon=True)
                process.start()
                theirs.close()
                processes.append(process)
                give(ours, process)
            for ours in wait(list(busy), LOOK):
                assert isinstance(ours, Connection)
                process, number = busy.pop(ours)
                try:
                    found = ours.recv()
                except (EOFError, ConnectionError):
                    process.join()
                    found = process.exitcode or 0
                    ours.close()
                else:
                    give(ours, process)
                progress[2 * number + 1] = 1.0
                yield number, found
            look(progress)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _serve(theirs: Connection, make: Callable[[Progress], Work], progress: Progress) -> None:
    """A process: do each piece that is asked for, until there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for it ends this process
    work = make(progress)
    try:
        while True:
            theirs.send(work(theirs.recv()))
    except (EOFError, ConnectionError):
        pass
