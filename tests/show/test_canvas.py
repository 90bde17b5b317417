import math

from streamrnn.show.canvas import Canvas


def square() -> Canvas:
    return Canvas(2, 1, left=0.0, right=3.0, bottom=0.0, top=3.0)


def test_the_corners_are_the_corner_dots_of_braille() -> None:
    canvas = square()
    canvas.dot(0.0, 3.0, "")  # upper left: dot 1
    canvas.dot(3.0, 0.0, "")  # lower right: dot 8
    assert canvas.text().plain == "\u2801\u2880\n"


def test_y_points_down_where_top_is_below_bottom() -> None:
    canvas = Canvas(1, 1, left=0.0, right=1.0, bottom=3.0, top=0.0)
    canvas.dot(0.0, 0.0, "")
    assert canvas.text().plain == "\u2801\n"


def test_outside_and_nan_draw_nothing() -> None:
    canvas = square()
    for x, y in [(-1.0, 0.0), (0.0, 9.0), (math.nan, 0.0), (0.0, math.inf)]:
        canvas.dot(x, y, "")
        canvas.mark(x, y, "o", "")
    canvas.circle(0.0, 0.0, math.nan, "")
    assert canvas.text().plain == "\u2800\u2800\n"


def test_a_mark_lies_on_top_with_its_style() -> None:
    canvas = square()
    canvas.mark(3.0, 3.0, "o", "bold")
    canvas.dot(3.0, 3.0, "")
    assert canvas.text().plain == "\u2800o\n"


def test_a_circle_stays_at_its_radius() -> None:
    canvas = Canvas(40, 20, left=-1.0, right=1.0, bottom=-1.0, top=1.0)
    canvas.circle(0.0, 0.0, 0.9, "")
    lines = canvas.text().plain.splitlines()
    assert lines[10][20] == "\u2800"  # nothing at the centre
    assert sum(cell != "\u2800" for line in lines for cell in line) >= 24
