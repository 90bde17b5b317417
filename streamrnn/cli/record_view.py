"""What `streamrnn record` shows while it runs: one live line on standard error."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.text import Text

REDRAWS = 15.0  # a second at most
PEAK_SECONDS = 0.1  # of sound whose level is shown


class Gauge:
    """Time, level, bytes and losses of a recording, as they stand.

    Args:
        path: what is recorded to.
        rate: of sound, samples a second; 0: it is no sound.
    """

    def __init__(self, path: Path, rate: int) -> None:
        self._path, self._rate = path, rate
        self._begun = time.monotonic()
        self._samples = self._lost = 0
        self._tail = np.zeros(0, np.float32)

    def add(self, chunk: Any, lost: int) -> None:
        """Take note of a chunk, samples `(n, channels)` where it is sound."""
        self._lost += lost
        if self._rate and len(chunk):
            self._samples += len(chunk)
            full = 32_768.0 if chunk.dtype == np.int16 else 1.0
            peaks = np.abs(chunk.astype(np.float32)).max(axis=1) / np.float32(full)
            self._tail = np.concatenate([self._tail, peaks])[-round(PEAK_SECONDS * self._rate) :]

    def text(self) -> str:
        """The line."""
        if not self._rate:
            return f"{time.monotonic() - self._begun:7.1f} s  {self._bytes:,} bytes"
        peak = float(self._tail.max(initial=0.0))
        level = f"{20.0 * np.log10(peak):6.1f} dBFS" if peak > 0.0 else "   silence "
        line = f"{self._samples / self._rate:7.1f} s  {level}  {self._bytes:,} bytes"
        return f"{line}  lost {self._lost:,} samples" if self._lost else line

    @property
    def _bytes(self) -> int:
        return self._path.stat().st_size


class Shown:
    """A gauge that is drawn as it moves."""

    def __init__(self, gauge: Gauge, live: Live) -> None:
        self._gauge, self._live, self._drawn = gauge, live, 0.0

    def add(self, chunk: Any, lost: int) -> None:
        """See `Gauge.add`."""
        self._gauge.add(chunk, lost)
        now = time.monotonic()
        if now - self._drawn >= 1.0 / REDRAWS:
            self._drawn = now
            line = Text(self._gauge.text(), no_wrap=True, overflow="ellipsis")
            self._live.update(line, refresh=True)


@contextmanager
def shown(path: Path, rate: int) -> Generator[Shown | None]:
    """The line for a person; None: standard error is a file or a pipe, which gets nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield Shown(Gauge(path, rate), live)
