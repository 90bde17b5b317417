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
    except ImportError as error:
        raise UnsupportedError(
            "plot: expected matplotlib to be installed; pip install 'streamrnn[plot]'"
        ) from error
    return Figure(**options)


def see_that_picture(path: Path) -> None:
    """See that a picture can be drawn, before much is computed for it.

    Raises:
        UnsupportedError: matplotlib is not installed.
        ConfigError: the file would lie in no folder, or be of a format that is none of pictures.
    """
    formats = new_figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in formats:
        raise ConfigError(
            f"{path}: expected a picture, as a.png, got none of {', '.join(sorted(formats))}"
        )
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ConfigError(f"{path}: expected a file in a folder that exists, got {path.parent}")


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
