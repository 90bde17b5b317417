"""The front end without work: what it takes, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from streamrnn.errors import DtypeError, ShapeError
from streamrnn.frontends.frames import FramesFrontend
from tests.conftest import make_frames, make_model


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_samples_are_frames(steps: int) -> None:
    chunk = make_frames(steps)
    frames = FramesFrontend(3).stream().feed(chunk)
    assert frames.values.tobytes() == chunk.tobytes()
    assert frames.samples == steps
    assert frames.offsets is frames.times is frames.context is None


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_subclass_of_arrays_is_taken_as_an_array() -> None:
    chunk = np.asmatrix(make_frames(4))
    assert type(FramesFrontend(3).feed(chunk).values) is np.ndarray
    model = make_model()
    assert (
        model.stream().feed(chunk).outputs.tobytes()
        == model.predict(np.asarray(chunk)).outputs.tobytes()
    )
    with pytest.raises(
        DtypeError, match=r"got MaskedArray; put .* chunk.astype\(np.float32\).filled\(0\)"
    ):
        FramesFrontend(3).feed(np.ma.masked_less(make_frames(4), 0.0))


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed"])
def test_any_layout_is_taken(layout: str) -> None:
    base = make_frames(8, 6)
    chunk = {"fortran": np.asfortranarray(base), "strided": base[:, ::2], "reversed": base[::-1]}
    values = FramesFrontend(chunk[layout].shape[1]).feed(chunk[layout]).values
    np.testing.assert_array_equal(values, chunk[layout])


@pytest.mark.parametrize(
    ("chunk", "error", "says"),
    [
        ([[1.0, 2.0, 3.0]], DtypeError, r"expected an array of float32 \(n, 3\), got list"),
        (None, DtypeError, "got NoneType"),
        ("abc", DtypeError, "got str"),
        (np.zeros((2, 3)), DtypeError, r"got float64 \(2, 3\); convert with np.asarray"),
        (np.zeros((2, 3), np.float16), DtypeError, "got float16"),
        (np.zeros((2, 3), ">f4"), DtypeError, "got >f4"),
        (np.zeros((2, 3), np.complex64), DtypeError, "got complex64"),
        (np.zeros((2, 3), object), DtypeError, "got object"),
        (np.zeros(3, np.float32), ShapeError, r"expected \(n, 3\).*got \(3,\)"),
        (np.zeros((2, 4), np.float32), ShapeError, r"got \(2, 4\)"),
        (np.zeros((1, 2, 3), np.float32), ShapeError, r"got \(1, 2, 3\)"),
        (np.float32(1.0), DtypeError, "got numpy.float32"),
    ],
)
def test_anything_else_is_refused(chunk: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        FramesFrontend(3).feed(chunk)


def test_nothing_is_retained() -> None:
    frontend = FramesFrontend(3)
    frontend.feed(make_frames(2))
    assert frontend.flush().values.shape == (0, 3)
    assert frontend.arrays() == {}
    frontend.reset()
    frontend.restore({})


def test_examples_are_valid() -> None:
    generator = np.random.default_rng(0)
    assert FramesFrontend(3).feed(FramesFrontend(3).example(generator, 9)).samples == 9
    tokens = FramesFrontend(1, 4).example(generator, 200)
    assert set(tokens.ravel().tolist()) == {0.0, 1.0, 2.0, 3.0}
