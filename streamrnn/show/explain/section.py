"""A section of the report: a picture and what belongs to it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streamrnn.show.explain.looks import CELL_NAMES
from streamrnn.show.theme import Draw

WIDTH = 110
"""Characters across of a table."""


class Section(NamedTuple):
    """One picture and what belongs to it."""

    name: str
    """Of the picture, in links."""
    title: str
    """What it shows."""
    text: str
    """What is to be seen in it, with its numbers; paragraphs parted by an empty line."""
    picture: tuple[Draw, tuple[float, float]]
    """What draws it, and how large."""
    command: str
    """What shows it alone."""
    tables: Sequence[Any] = ()
    """The same as numbers, for `rich` to print."""


def command(*words: str) -> str:
    """A command as a shell takes it."""
    return shlex.join(("streamrnn", "explain", *words))


def beside(names: Sequence[str]) -> list[str]:
    """Options that put models beside the first."""
    return [word for name in names for word in ("--beside", name)]


def each(values: Mapping[str, str]) -> str:
    """Cells by name, each with what is told of it."""
    return ", ".join(f"{CELL_NAMES[cell]} {value}" for cell, value in values.items())
