"""matplotlib, imported only when a picture is asked for."""

from typing import Any

from streamrnn.errors import UnsupportedError


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
