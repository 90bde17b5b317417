"""A page that needs nothing else: its scaffold, its style, and how it is written."""

from __future__ import annotations

from html import escape
from pathlib import Path

from streamrnn.errors import ConfigError
from streamrnn.files import write_atomic
from streamrnn.show.theme import style_sheet

PIXELS = 84
"""An inch of a picture, where there is room."""


def figure(picture: str, title: str, *, width: float) -> str:
    """A picture as it stands in a page.

    Args:
        picture: its `<svg>`.
        title: what it shows, for who does not see it; plain text.
        width: inches; where there is less room, it is shown smaller.
    """
    return (
        f'<figure style="max-width: {width * PIXELS:.0f}px" role="img" '
        f'aria-label="{escape(title)}">{picture}</figure>\n'
    )


def page(title: str, body: str, *, style: str = "") -> str:
    """A whole page, light and dark as its reader has it.

    Args:
        title: of the page; plain text, also its first heading.
        body: HTML below the heading.
        style: CSS of this page's own.
    """
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style_sheet()}{_STYLE}{style}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}</body>
</html>
"""


def see_that_page(path: str | Path) -> None:
    """See that a page can be written, before all is made for it.

    Raises:
        ConfigError: there is no such folder, or a folder has that name.
    """
    target = Path(path)
    if not target.parent.is_dir() or target.is_dir():
        raise ConfigError(f"{path}: expected a file in a folder that exists, got {target.parent}")


def write_page(path: str | Path, text: str) -> None:
    """Write a page, whole or not at all.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:  # a file's name may hold bytes that are no text
        write_atomic(Path(path), text.encode(errors="replace"))
    except OSError as error:
        raise ConfigError(f"{path}: expected a file to write to, got: {error}") from error


_STYLE = """\
body { margin: 2rem auto; max-width: 74rem; padding: 0 1.2rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 3rem; }
p, ol { max-width: 46rem; }
a { color: var(--line-1); }
figure { margin: 1rem 0; } figure svg { width: 100%; height: auto; display: block; }
pre { overflow-x: auto; padding: 0.6rem 0.8rem; border: 1px solid var(--faint); border-radius: 6px;
  font-size: 0.85rem; line-height: 1.3; }
summary { cursor: pointer; }
"""
