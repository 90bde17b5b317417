"""How verbs that measure answer: with lines for a program, tables for a person, and a picture."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console

from streamrnn.cli.lines import print_json
from streamrnn.cli.waiting import waiting
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.show.figure import see_that_picture

if TYPE_CHECKING:
    from streamrnn.show.theme import Draw


def see_that(png: Path | None, dark: bool) -> None:
    """See that a picture can be written, before all is measured for it."""
    if dark and png is None:
        raise ConfigError("--dark: expected --png FILE beside it")
    if png is not None:
        see_that_picture(png)


def give(
    told: Any,
    shown: list[Any],
    draw: "Draw",
    size: tuple[float, float],
    *,
    json: bool,
    png: Path | None,
    dark: bool,
) -> None:
    """Print what a program or a person reads, and draw what was asked for."""
    from streamrnn.show.theme import write

    if png is not None:
        write(draw, size, png, dark=dark)
    if json:
        for line in msgspec.to_builtins(told if isinstance(told, list) else [told]):
            print_json(line)
        return
    console = Console()
    for part in shown:
        console.print(part)
    if png is not None:
        console.print(f"drawn: {png}", markup=False, highlight=False)


@contextmanager
def with_torch() -> Generator[None]:
    """Say how to get torch where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UnsupportedError(
            "explain: expected torch to be installed; pip install 'streamrnn[learn]'"
        ) from error


@contextmanager
def measuring(title: str) -> Generator[Callable[[int, int], None]]:
    """A bar for work that tells how much of it is done."""
    with waiting() as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
