"""Images in a terminal: coloured cells, two pixels a character."""

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

# matplotlib's viridis at nine even places: even in lightness, and readable without colour.
_PALETTE = np.array(
    [
        (68, 1, 84),
        (71, 44, 122),
        (59, 81, 139),
        (44, 113, 142),
        (33, 144, 141),
        (39, 173, 129),
        (92, 200, 99),
        (170, 220, 50),
        (253, 231, 37),
    ],
    float,
)
_SHADES = "·░▒▓█"  # for a terminal without colours, the palette's dark to bright


def scaled(image: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.floating]:
    """An image `(a, b)` at another size: the nearest elements, the newest column at the right."""
    down = np.arange(rows) * image.shape[0] // rows
    across = np.arange(columns) * image.shape[1] // columns
    return image[down][:, across]


def paint(picture: Text, image: NDArray[np.floating], *, colour: bool = True) -> None:
    """Append an image of values 0 to 1, two pixels a character; NaN shows nothing.

    Args:
        picture: to append to.
        image: an even number of rows, columns.
        colour: without it, shades of the mean of the two.
    """
    value = np.clip(image, 0.0, 1.0)
    place = np.nan_to_num(value) * (len(_PALETTE) - 1)
    low = np.minimum(place.astype(int), len(_PALETTE) - 2)
    part = (place - low)[..., None]
    colours = ((1.0 - part) * _PALETTE[low] + part * _PALETTE[low + 1]).astype(int)
    shade = np.nan_to_num(value[::2] + value[1::2]) * (0.5 * len(_SHADES))
    shades = np.minimum(shade.astype(int), len(_SHADES) - 1)
    empty = np.isnan(value[::2]) & np.isnan(value[1::2])
    for row in range(len(shades)):
        for column in range(image.shape[1]):
            if empty[row, column]:
                picture.append(" ")
            elif colour:
                (r, g, b), (s, h, c) = colours[2 * row : 2 * row + 2, column].tolist()
                picture.append("▀", f"rgb({r},{g},{b}) on rgb({s},{h},{c})")
            else:
                picture.append(_SHADES[shades[row, column]])
        picture.append("\n")
