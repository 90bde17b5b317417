"""All that `streamrnn explain` tells, on one page that needs nothing else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from rich.console import Console

from streamrnn.errors import ConfigError
from streamrnn.files import write_atomic
from streamrnn.show.explain.insides import Advance
from streamrnn.show.explain.section import WIDTH, Section
from streamrnn.show.explain.sections import sections
from streamrnn.show.theme import style_sheet, svg

_PIXELS = 84  # an inch of a picture, where there is room


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
    target = Path(path)
    if not target.parent.is_dir() or target.is_dir():  # told before all is measured
        raise ConfigError(f"{path}: expected a file in a folder that exists, got {target.parent}")
    told: list[Section] = []
    parts: list[str] = []
    for section in sections(text, quick=quick, advance=advance):
        told.append(section)
        parts.append(_html(section))
    try:
        write_atomic(target, _page(told, parts).encode())
    except OSError as error:
        raise ConfigError(f"{path}: expected a file to write to, got: {error}") from error
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
        f'<figure style="max-width: {size[0] * _PIXELS:.0f}px" role="img" aria-label="{title}">'
        f"{svg(draw, size, section.name)}</figure>\n{details}"
        f"<pre><code>{escape(section.command)}</code></pre>\n</section>\n"
    )


def _page(told: Sequence[Section], parts: Sequence[str]) -> str:
    links = "".join(f'<li><a href="#{part.name}">{escape(part.title)}</a></li>\n' for part in told)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Inside recurrent networks</title>
<style>
{style_sheet()}{_STYLE}</style>
</head>
<body>
<h1>Inside recurrent networks</h1>
<p>Every picture here was drawn by streamrnn from real networks, measured.</p>
<ol>
{links}</ol>
{"".join(parts)}</body>
</html>
"""


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
