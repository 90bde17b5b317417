"""matplotlib, imported only when a picture is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamrnn.errors import ConfigError, UnsupportedError


def new_figure(**options: Any) -> Any:
    """An empty `matplotlib.figure.Figure`, which needs no display.

    Args:
        options: of `Figure`: `figsize` in inches, `dpi`, `layout`.

    Raises:
        UnsupportedError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UnsupportedError(
            "plot: expected matplotlib to be installed; pip install 'streamrnn[plot]'"
        ) from error
    return Figure(**options)


def write_picture(path: str | Path, save: Callable[[str], None]) -> None:
    """Have a picture written to a file.

    Args:
        path: the file, whose suffix names the format.
        save: writes it, as `Figure.savefig` does.

    Raises:
        ConfigError: there is no such folder, it may not be written to, or the format is unknown.
    """
    try:
        save(str(path))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: expected a file for a picture, as a.png in a folder that can be written to, "
            f"got: {error}"
        ) from error
