"""What a person sees while a network is trained: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

PLAIN_SECONDS = 30.0
"""How often a plain line comes within an epoch."""


class Reporter:
    """Shows loss, validation loss, speed and time left, on standard error."""

    def __init__(self, epochs: int, *, show: bool) -> None:
        """Begin.

        Args:
            epochs: how many there will be.
            show: print anything at all.
        """
        self.epochs = epochs
        self.begun_at = 0.0
        self.started = self.spoke = time.monotonic()
        self.steps = 0
        self.validation = ""
        self.console = Console(stderr=True, quiet=not show, soft_wrap=True, highlight=False)
        self.bar: Progress | None = None
        if show and sys.stderr.isatty():
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[status]}"),
                console=self.console,
            )
            self.row = self.bar.add_task("training", total=None, status="")

    def __enter__(self) -> Self:
        """Nothing is shown yet."""
        return self

    def start(self, done: float) -> None:
        """Show the bar; speed and time left are reckoned from now.

        Args:
            done: how many epochs were done in runs before this one, fractions included.
        """
        self.begun_at = done
        self.started = self.spoke = time.monotonic()
        if self.bar is not None:
            self.bar.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        if self.bar is not None:
            self.bar.stop()

    def say(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        self.console.print(text, markup=False)

    def update(self, epoch: int, done: float | None, loss: float, steps: int) -> None:
        """One weight update is done.

        Args:
            epoch: which epoch runs, from 0.
            done: how many epochs are done, fractions included; None: an epoch's length is unknown.
            loss: mean of this epoch so far.
            steps: steps of the network in this update.
        """
        self.steps += steps
        now = time.monotonic()
        if self.bar is None and now - self.spoke < PLAIN_SECONDS:
            return
        self.spoke = now
        elapsed = now - self.started
        left = ""
        if done is not None and done > self.begun_at:
            rest = elapsed * (self.epochs - done) / (done - self.begun_at)
            left = f"  {duration(rest)} left"
        status = f"loss {loss:.4f}{self.validation}  {self.steps / elapsed:,.0f} steps/s{left}"
        title = f"epoch {epoch + 1}/{self.epochs}"
        if self.bar is None:
            self.say(f"{title}  {status}")
        else:
            total = None if done is None else self.epochs
            self.bar.update(
                self.row, description=title, total=total, completed=done or 0.0, status=status
            )

    def epoch(self, record: dict[str, Any]) -> None:
        """One epoch is done; `record` is its line of the history."""
        validation = record["validation_loss"]
        text = "" if validation is None else f"  validation {validation:.4f}"
        self.validation = text
        best = "  best so far" if record["best"] else ""
        self.say(
            f"epoch {record['epoch'] + 1}/{self.epochs}  loss {record['loss']:.4f}{text}{best}"
            f"  ({duration(record['seconds'])})"
        )


class Scalars:
    """The same numbers for TensorBoard, if it is installed."""

    def __init__(self, directory: Path) -> None:
        """Append to the logs in `directory`."""
        self.writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self.writer = SummaryWriter(str(directory))

    def add(self, record: dict[str, Any]) -> None:
        """Log every number of an epoch's line of the history."""
        if self.writer is None:
            return
        for key, value in record.items():
            if isinstance(value, float):
                self.writer.add_scalar(key, value, record["epoch"])
        self.writer.flush()

    def close(self) -> None:
        """End the log."""
        if self.writer is not None:
            self.writer.close()


def duration(seconds: float) -> str:
    """Seconds as a person reads them.

    >>> duration(7), duration(75), duration(7500)
    ('7 s', '1 min 15 s', '2 h 5 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
