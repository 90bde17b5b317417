"""Threads of our own, for work that gives up the GIL."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from operator import index
from typing import SupportsIndex

from streamrnn.errors import ConfigError


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
        self.threads = available_cores() if threads is None else whole_number("threads", threads)
        self._others: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, part: Callable[[int, int], None], parts: int) -> None:
        """Do `part(which, of)` for each `which` below `of`, the smaller of `parts` and threads.

        Returns when all are done, or have failed; what one raised is raised.
        """
        of = max(1, min(parts, self.threads))
        if of == 1:
            part(0, 1)
            return
        if self._others is None or self._process != os.getpid():  # a fork takes no threads along
            self._others = ThreadPoolExecutor(self.threads - 1, "streamrnn-pool")
            self._process = os.getpid()
        given: list[Future[None]] = []
        try:
            for which in range(1, of):
                given.append(self._others.submit(part, which, of))
            part(0, of)
        finally:
            wait(given)
        for one in given:
            one.result()

    def close(self) -> None:
        """End the threads."""
        if self._others is not None:
            self._others.shutdown()
            self._others = None
