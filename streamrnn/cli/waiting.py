"""A bar for whoever waits."""

from rich.console import Console
from rich.progress import Progress


def waiting() -> Progress:
    """A progress bar on standard error, for a person: a file or a pipe gets nothing of it."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
