"""How pictures look, light and dark; and pictures that follow the page that they stand in."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from streamrnn.show.figure import new_figure, write_picture


class Theme(NamedTuple):
    """Colours of a picture."""

    ground: str
    """Behind everything."""
    ink: str
    """Of text and axes."""
    faint: str
    """Of grids."""
    lines: tuple[str, ...]
    """Of curves, one after the other."""


# Okabe and Ito's colours, apart for every eye, in a lightness that both grounds bear.
_LINES = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#b58900", "#7a6fc0", "#4aa3a2", "#a0522d")
_DARK_LINES = (
    "#ff8a3d",
    "#56b4e9",
    "#2ccb9c",
    "#e59bc4",
    "#e6b422",
    "#a9a1ea",
    "#7fd0cf",
    "#d2936a",
)
LIGHT = Theme("#ffffff", "#24292f", "#d8dce1", _LINES)
DARK = Theme("#0d1117", "#e6edf3", "#30363d", _DARK_LINES)

Draw = Callable[[Any, Theme], None]
"""Draws into an empty figure."""


def plain_axes(axes: Any, theme: Theme, title: str = "") -> None:
    """Axes in the theme's colours, with a grid and a title on the left."""
    axes.set_axis_on()
    axes.set_axisbelow(True)
    axes.set_facecolor("none")
    axes.tick_params(colors=theme.ink, labelsize=8)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(theme.ink)
        label.set_fontsize(9)
    for spine in axes.spines.values():
        spine.set_color(theme.faint)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left", fontsize=10, color=theme.ink)


def legend(axes: Any, theme: Theme, **options: Any) -> None:
    """A legend in the theme's colours."""
    axes.legend(frameon=False, labelcolor=theme.ink, fontsize=8, **options)


def write(draw: Draw, size: tuple[float, float], path: str | Path, *, dark: bool = False) -> None:
    """Draw into a file.

    Args:
        draw: what draws.
        size: inches.
        path: the picture, in any format that matplotlib writes.
        dark: light on dark, instead of dark on light.

    Raises:
        UnsupportedError: matplotlib is not installed.
        ConfigError: the file cannot be written.
    """
    theme = DARK if dark else LIGHT
    figure = new_figure(figsize=size, dpi=130, layout="constrained", facecolor=theme.ground)
    draw(figure, theme)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of scripts that no font here has
        write_picture(path, figure.savefig)


def svg(draw: Draw, size: tuple[float, float], name: str) -> str:
    """Draw an `<svg>` to stand in a page, whose colours it takes.

    The page sets `--ground`, `--ink`, `--faint` and `--line-0` …, as `style_sheet` does.

    Args:
        draw: what draws.
        size: inches; the page may show it smaller.
        name: of the picture, so that nothing in it is called as in another one.
    """
    figure = new_figure(figsize=size, layout="constrained", facecolor="none")
    draw(figure, LIGHT)
    written = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(?<=<svg )[^>]*?(viewBox="[^"]*")[^>]*', r"\1", text, count=1)
    text = text.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
    text = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\1{name}-", text)
    for colour, variable in colours(LIGHT).items():
        text = text.replace(colour, f"var({variable})")
    return text


def colours(theme: Theme) -> dict[str, str]:
    """The names that the theme's colours have in a page."""
    named = {theme.ground: "--ground", theme.ink: "--ink", theme.faint: "--faint"}
    return named | {value: f"--line-{n}" for n, value in enumerate(theme.lines)}


def style_sheet() -> str:
    """The colours of `svg` in CSS, for light and dark."""
    light, dark = (
        "; ".join(f"{name}: {value}" for value, name in colours(theme).items())
        for theme in (LIGHT, DARK)
    )
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
