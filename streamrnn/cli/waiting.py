"""A bar for whoever waits."""

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def waiting(*columns: ProgressColumn, hide: bool = False) -> Progress:
    """A progress bar on standard error, for a person: a file or a pipe gets nothing of it.

    Args:
        columns: what stands side by side; by default name, bar, percentage and time left.
        hide: show nothing to a person either.
    """
    console = Console(stderr=True)
    return Progress(
        *columns, console=console, transient=True, disable=hide or not console.is_terminal
    )
