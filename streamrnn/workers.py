"""Threads of our own, for work that gives up the GIL."""

import os
from collections.abc import Callable
from operator import index
from threading import Lock, Thread
from typing import SupportsIndex

from streamrnn.errors import ConfigError

Part = Callable[[int, int], None]
"""Does one part of some work: which, of how many."""


def available_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def whole_number(name: str, value: object) -> int:
    """A number of things, 1 or more.

    Raises:
        ConfigError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, SupportsIndex) or index(value) < 1:
        raise ConfigError(f"{name}: expected a whole number, 1 or more, got {value!r}")
    return index(value)


class Workers:
    """Splits work over threads, which start with the first work that is worth it.

    Args:
        threads: how many work, the caller's among them; None: one for each core.

    Raises:
        ConfigError: no whole number of 1 or more.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._others: list[_Worker] = []
        self._process = 0
        self.threads = available_cores() if threads is None else whole_number("threads", threads)

    def run(self, part: Part, parts: int) -> None:
        """Do `part(which, of)` for each `which` below `of`, the smaller of `parts` and threads.

        Returns when all are done, or have failed; what the first of them raised is raised.
        """
        of = max(1, min(parts, self.threads))
        if of == 1:
            part(0, 1)
            return
        if self._process != os.getpid():  # a fork takes no threads along
            self._others, self._process = [], os.getpid()
        while len(self._others) < self.threads - 1:
            self._others.append(_Worker())
        given = self._others[: of - 1]
        for which, other in enumerate(given, 1):
            other.begin(part, which, of)
        try:
            part(0, of)
        finally:
            failed = [error for other in given if (error := other.ended())]
        if failed:
            raise failed[0]

    def close(self) -> None:
        """End the threads; more work begins others."""
        for other in self._others:
            other.leave()
        self._others = []

    def __del__(self) -> None:
        self.close()


class _Worker:
    """One thread, and two locks: what it waits for, and what is waited for until it is done.

    Bare locks, as a pool of the standard library takes a fifth of a millisecond to hand over.
    """

    def __init__(self) -> None:
        self._task: tuple[Part, int, int] | None = None
        self._error: BaseException | None = None
        self._given, self._done = Lock(), Lock()
        self._given.acquire()
        self._done.acquire()
        Thread(target=self._work, name="streamrnn-pool", daemon=True).start()

    def begin(self, part: Part, which: int, of: int) -> None:
        """Give it a part to do."""
        self._task, self._error = (part, which, of), None
        self._given.release()

    def ended(self) -> BaseException | None:
        """Wait until it is done; gives what it raised."""
        self._done.acquire()
        return self._error

    def leave(self) -> None:
        """End the thread, which has nothing to do."""
        self._task = None
        self._given.release()

    def _work(self) -> None:
        while True:
            self._given.acquire()
            if self._task is None:
                return
            part, which, of = self._task
            try:
                part(which, of)
            except BaseException as error:
                self._error = error
            self._task = None
            del part  # what it holds is the caller's
            self._done.release()
