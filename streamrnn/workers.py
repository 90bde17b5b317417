"""Threads of our own, for work that gives up the GIL."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from streamrnn.errors import ConfigError


def available_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Workers:
    """Splits work over threads, which start with the first work that is worth it.

    Args:
        threads: how many work, the caller's among them; None: one for each core.

    Raises:
        ConfigError: fewer than one.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = available_cores() if threads is None else threads
        if self.threads < 1:
            raise ConfigError(f"threads: expected 1 or more, got {threads}")
        self._others: ThreadPoolExecutor | None = None

    def run(self, part: Callable[[int, int], None], parts: int) -> None:
        """Do `part(which, of)` for each `which` below `of`, the smaller of `parts` and threads.

        Returns when all are done; what one raised is raised.
        """
        of = max(1, min(parts, self.threads))
        if of == 1:
            part(0, 1)
            return
        if self._others is None:
            self._others = ThreadPoolExecutor(self.threads - 1, "streamrnn-pool")
        given = [self._others.submit(part, which, of) for which in range(1, of)]
        try:
            part(0, of)
        finally:
            for one in given:
                one.result()

    def close(self) -> None:
        """End the threads."""
        if self._others is not None:
            self._others.shutdown()
            self._others = None
