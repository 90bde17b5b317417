import numpy as np
from rich.text import Text

from streamrnn.show.cells import paint, scaled

DARK, BRIGHT = "rgb(68,1,84)", "rgb(253,231,37)"


def test_two_pixels_are_one_character_the_upper_in_front() -> None:
    picture = Text()
    paint(picture, np.array([[0.0, 1.0], [1.0, -5.0]]))  # beyond the ends: the ends
    assert picture.plain == "▀▀\n"
    assert [str(span.style) for span in picture.spans] == [
        f"{DARK} on {BRIGHT}",
        f"{BRIGHT} on {DARK}",
    ]


def test_nan_shows_nothing() -> None:
    picture = Text()
    paint(picture, np.array([[np.nan, 0.5], [np.nan, np.nan]]))
    assert picture.plain == " ▀\n"


def test_without_colour_there_are_shades() -> None:
    picture = Text()
    paint(picture, np.repeat([[0.0, 0.25, 0.5, 0.75, 1.0, np.nan]], 2, axis=0), colour=False)
    assert picture.plain == "·░▒▓█ \n" and not picture.spans


def test_another_size_has_the_nearest_elements() -> None:
    image = np.arange(6.0).reshape(3, 2)
    assert scaled(image, 6, 1).ravel().tolist() == [0, 0, 2, 2, 4, 4]
    assert scaled(image, 3, 2).tolist() == image.tolist()
