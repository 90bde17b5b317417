from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import streamrnn
from streamrnn.config import MotionConfig, PointsConfig
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.show.flight import Flight
from streamrnn.show.gif import write_gif
from streamrnn.show.scores import score_table
from tests.conftest import make_model


def throw(dims: int) -> np.ndarray:
    times = np.arange(30) / 30
    columns = [times, 3 * times, 4 * times - 4.9 * times**2, 1 + 0 * times]
    return np.column_stack(columns[: 1 + dims])


def drawn(picture: object) -> str:
    console = Console(width=90, force_terminal=False)
    with console.capture() as capture:
        console.print(picture)
    return capture.get()


@pytest.mark.parametrize("dims", [2, 3])
def test_the_picture_shows_the_ball_and_what_is_foreseen(dims: int) -> None:
    rows, flight = throw(dims), Flight()
    assert "waiting" in drawn(flight_of_one(rows))
    for row, said in zip(rows.tolist(), streamrnn.load("ball").predict(rows), strict=True):
        flight.add(row, said)
    text = drawn(flight.text())
    assert "●" in text and "heading" in text
    assert all(len(line) <= 90 for line in text.splitlines())


def test_a_model_of_many_horizons_is_drawn() -> None:
    rows, flight, horizons = throw(2), Flight(), tuple(range(1, 12))
    model = make_model(
        frontend=MotionConfig(),
        decoder=PointsConfig(horizons=horizons),
        input_size=FRAME_SIZE,
        output_size=4 * len(horizons),
    )
    for row, said in zip(rows.tolist(), model.predict(rows), strict=True):
        flight.add(row, said)
    assert "6: +6" in drawn(flight.text())  # as many as fit into the line


def flight_of_one(rows: np.ndarray) -> object:
    flight = Flight()
    flight.add(rows[0].tolist(), next(iter(streamrnn.load("ball").predict(rows[:1]))))
    return flight.text()


def test_a_missing_fix_is_said() -> None:
    rows, flight = throw(2), Flight()
    rows[-1, 1:] = np.nan
    for row, said in zip(rows.tolist(), streamrnn.load("ball").predict(rows), strict=True):
        flight.add(row, said)
    assert "fix missing" in drawn(flight.text())


def test_the_gif_is_an_animation(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="pip install 'streamrnn[learn]'")
    rows = throw(3)
    write_gif(tmp_path / "throw.gif", rows, streamrnn.load("ball").predict(rows))
    with pillow.open(tmp_path / "throw.gif") as picture:
        assert picture.n_frames > 5


def test_the_table_has_every_predictor_and_no_number_where_there_is_none() -> None:
    one = {"mean_error": 2.0, "median_error": 1.0}
    none = {"mean_error": None, "median_error": None}
    scores = {
        "horizons": {
            "5": {**one, "n": 3, "baselines": {"last": {"mean_error": 4.0, "median_error": 4.0}}},
            "20": {**none, "n": 0, "baselines": {"last": none}},
        },
        "coverage_90": 0.9,
        "direction_accuracy": None,
    }
    text = drawn(score_table(scores))
    assert "0.50 ×" in text and "0.25 ×" in text and "–" in text and "90.0%" in text
