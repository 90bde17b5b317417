"""Scores: which fixes count, and what the numbers mean."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from streamrnn.errors import TrackError
from streamrnn.io.tracks import read_tracks
from streamrnn.tasks.ball.baselines import kalman
from streamrnn.tasks.ball.evaluate import Foreseen, evaluate, scored_rows

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def line(count=30, dims=2):
    i = np.arange(float(count))
    return np.column_stack([i / 32, *[i * (axis + 1) for axis in range(dims)]])


def test_six_fixes_before_and_the_target_in_the_same_run():
    rows = line(30)
    rows[12, 1] = np.nan
    np.testing.assert_array_equal(scored_rows(rows, 2), [6, 7, 8, 9, *range(19, 28)])
    assert len(scored_rows(rows, 20)) == 0


def test_a_perfect_and_a_shifted_prediction():
    rows = line(30)

    def perfect(rows):
        steps = np.array([1, 2, 5])[None, :, None]
        points = rows[:, None, 1:] + steps * np.array([1.0, 2.0])
        return Foreseen(points, np.full(points.shape[:2], 0.5), ["+y"] * len(rows))

    def shifted(rows):
        said = perfect(rows)
        return Foreseen(said.points + np.array([3.0, 4.0]), said.spreads, ["-x"] * len(rows))

    good = evaluate(perfect, [rows], (1, 2, 5), others={"feedforward": shifted})
    assert good["horizons"]["5"]["mean_error"] == 0.0
    assert good["horizons"]["5"]["n"] == 19
    assert good["coverage_90"] == 1.0 and good["direction_accuracy"] == 1.0
    rivals = good["horizons"]["5"]["baselines"]
    assert rivals["feedforward"] == {"mean_error": 5.0, "median_error": 5.0}
    assert rivals["last"]["mean_error"] == pytest.approx(5 * np.sqrt(5))
    assert rivals["constant_velocity"]["mean_error"] == pytest.approx(0.0, abs=1e-9)
    assert set(rivals) == {
        "last", "constant_velocity", "constant_acceleration", "kalman", "feedforward",
    }  # fmt: skip
    bad = evaluate(shifted, [rows], (1, 2, 5))
    assert bad["coverage_90"] == 0.0 and bad["direction_accuracy"] == 0.0
    json.dumps(bad, allow_nan=False)


def test_three_dimensions_bring_the_physics_filter():
    scores = evaluate(lambda rows: Foreseen(np.zeros((len(rows), 1, 3))), [line(20, 3)], (2,))
    assert "physics" in scores["horizons"]["2"]["baselines"]
    assert scores["coverage_90"] is None and scores["direction_accuracy"] is None


def test_tracks_too_short_score_nothing():
    scores = evaluate(lambda rows: Foreseen(np.zeros((len(rows), 1, 2))), [line(5)], (2,))
    assert scores["horizons"]["2"]["n"] == 0 and scores["horizons"]["2"]["mean_error"] is None


def test_what_cannot_be_scored_together_is_refused():
    with pytest.raises(TrackError, match="at least one track"):
        evaluate(lambda rows: Foreseen(rows), [], (1,))
    with pytest.raises(TrackError, match="different units"):
        evaluate(lambda rows: Foreseen(rows), [line(9, 2), line(9, 3)], (1,))


@pytest.mark.parametrize(
    ("folder", "horizon", "low", "high"),
    [("tennis_tracks", 5, 43.0, 48.0), ("table_tennis_tracks", 20, 0.17, 0.21)],
)
def test_a_line_through_real_tracks_errs_as_published(folder, horizon, low, high):
    if not (DATA / folder).is_dir():
        pytest.skip(f"needs the recordings in {DATA / folder}")
    ahead = np.array([float(horizon)])
    tracks = list(read_tracks(DATA / folder).values())
    scores = evaluate(lambda rows: Foreseen(kalman(rows, ahead)), tracks, (horizon,))
    assert low < scores["horizons"][str(horizon)]["mean_error"] < high


def test_evaluation_needs_no_scipy():
    """The base install has none, and numba's linear algebra would want it."""
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "import numpy as np\n"
        "from streamrnn.tasks.ball.evaluate import evaluate, Foreseen\n"
        "from streamrnn.tasks.ball.simulate import sequences\n"
        "rows = next(sequences(1, mix={'table_tennis': 1.0}))\n"
        "still = lambda rows: Foreseen(np.repeat(rows[:, None, 1:], 1, axis=1))\n"
        "evaluate(still, [rows], (5,))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
