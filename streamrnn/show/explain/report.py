"""All that `streamrnn explain` tells, on one page that needs nothing else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from rich.console import Console

from streamrnn.show.explain.insides import Advance
from streamrnn.show.explain.section import WIDTH, Section
from streamrnn.show.explain.sections import sections
from streamrnn.show.page import figure, page, see_that_page, write_page
from streamrnn.show.theme import svg


def write_report(
    path: str | Path, text: str, *, quick: bool = False, advance: Advance = lambda share: None
) -> None:
    """Measure, draw, and write the page.

    Args:
        path: the page, one HTML file with its pictures inside.
        text: the sentence that is read.
        quick: fewer networks and rounds.
        advance: called with the share of the work that is done.

    Raises:
        UnsupportedError: matplotlib is not installed, or the sentence has no words.
        ConfigError: the file cannot be written.
    """
    see_that_page(path)
    told: list[Section] = []
    parts: list[str] = []
    for section in sections(text, quick=quick, advance=advance):
        told.append(section)
        parts.append(_html(section))
    write_page(path, _page(told, parts))
    advance(1.0)


def _html(section: Section) -> str:
    draw, size = section.picture
    paragraphs = (" ".join(part.split()) for part in section.text.split("\n\n") if part.strip())
    text = "".join(f"<p>{escape(part)}</p>\n" for part in paragraphs)
    details = ""
    if section.tables:
        told = io.StringIO()
        console = Console(width=WIDTH, file=told, color_system=None)
        for table in section.tables:
            console.print(table)
        numbers = escape(told.getvalue())
        details = f"<details><summary>the same as numbers</summary><pre>{numbers}</pre></details>\n"
    title = escape(section.title)
    return (
        f'<section id="{section.name}">\n<h2>{title}</h2>\n{text}'
        f"{figure(svg(draw, size, section.name), section.title, width=size[0])}{details}"
        f"<pre><code>{escape(section.command)}</code></pre>\n</section>\n"
    )


def _page(told: Sequence[Section], parts: Sequence[str]) -> str:
    links = "".join(f'<li><a href="#{part.name}">{escape(part.title)}</a></li>\n' for part in told)
    return page(
        "Inside recurrent networks",
        "<p>Every picture here was drawn by streamrnn from real networks, measured.</p>\n"
        f"<ol>\n{links}</ol>\n{''.join(parts)}",
    )
