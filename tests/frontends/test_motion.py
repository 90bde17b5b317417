"""The front end of rows: what it refuses, and that refusing leaves it as it was."""

import numpy as np
import pytest

from streamrnn.errors import DtypeError, NonFiniteError, ShapeError, TimeOrderError
from streamrnn.frontends.motion import MotionFrontend
from streamrnn.kernels.motion import FRAME_SIZE

GOOD = np.array([[0.0, 1.0, 2.0], [0.1, 2.0, 3.0], [0.1, 3.0, 5.0]])


def row(*values):
    return np.array([values], np.float64)


@pytest.mark.parametrize(
    ("chunk", "error", "says"),
    [
        (GOOD.tolist(), DtypeError, "expected an array of float64 or float32.*got list"),
        (GOOD.astype(np.int64), DtypeError, "got int64"),
        (
            np.ma.masked_invalid(GOOD),
            DtypeError,
            r"masked: chunk.astype\(np.float64\).filled\(np.nan\)",
        ),
        (GOOD[0], ShapeError, r"expected \(n, 3\) or \(n, 4\).*got \(3,\)"),
        (np.zeros((2, 5)), ShapeError, r"got \(2, 5\)"),
        (np.full((1, 4), 0.2), ShapeError, "expected 3 columns.*got 4"),
        (row(np.nan, 1, 2), NonFiniteError, "expected finite times, got nan in row 0"),
        (row(np.inf, 1, 2), NonFiniteError, "expected finite times, got inf"),
        (row(0.3, np.inf, 2), NonFiniteError, "expected finite positions"),
        (row(0.3, 1e200, 2), NonFiniteError, "expected finite positions within"),
        (row(0.09, 1, 2), TimeOrderError, "got 0.09 s in row 0 after 0.1 s"),
        (np.array([[0.4, 1, 2], [0.3, 1, 2]]), TimeOrderError, "got 0.3 s in row 1 after 0.4 s"),
    ],
)
def test_bad_chunks_are_refused_and_leave_no_trace(chunk, error, says):
    stream = MotionFrontend().stream()
    stream.feed(GOOD)
    before = stream.arrays()["motion"]
    with pytest.raises(error, match=says):
        stream.feed(chunk)
    assert stream.arrays()["motion"].tobytes() == before.tobytes()
    assert stream.feed(row(0.2, 4, 6)).values.shape == (1, FRAME_SIZE)


def test_a_chunk_is_neither_kept_nor_changed():
    chunk, stream = GOOD.copy(), MotionFrontend().stream()
    first = stream.feed(chunk)
    np.testing.assert_array_equal(chunk, GOOD)
    assert first.times is not None
    kept = first.values.copy(), first.times.copy()
    chunk[:] = -1.0
    stream.feed(row(0.2, 4, 6))
    np.testing.assert_array_equal(first.values, kept[0])
    np.testing.assert_array_equal(first.times, kept[1])


def test_float32_rows_are_read_as_they_are():
    rows = GOOD.astype(np.float32)
    a = MotionFrontend().stream().feed(rows)
    b = MotionFrontend().stream().feed(rows.astype(np.float64))
    assert a.values.tobytes() == b.values.tobytes()


def test_reset_is_fresh_and_restore_goes_on():
    stream, other = MotionFrontend().stream(), MotionFrontend().stream()
    whole = stream.feed(GOOD)
    saved = stream.arrays()
    stream.feed(row(0.5, 9, 9))
    other.restore(saved)
    again, on = row(0.6, 7, 7), row(0.6, 7, 7)
    stream.restore(saved)
    assert stream.feed(again).values.tobytes() == other.feed(on).values.tobytes()
    stream.reset()
    assert stream.feed(GOOD).values.tobytes() == whole.values.tobytes()


def test_an_empty_chunk_gives_nothing_and_fixes_nothing():
    stream = MotionFrontend().stream()
    assert stream.feed(np.empty((0, 3))).values.shape == (0, FRAME_SIZE)
    assert stream.feed(np.zeros((1, 4))).dims == 3
    assert stream.flush().values.shape == (0, FRAME_SIZE)


def test_the_example_is_valid():
    rows = MotionFrontend().example(np.random.default_rng(0), 50)
    assert len(MotionFrontend().stream().feed(rows).values) == 50
