"""Simulated tracks: lawful flights, repeatable, fast enough to be endless; and their targets."""

from itertools import islice

import numpy as np
import pytest

from streamrnn.errors import ConfigError, TrackError
from streamrnn.kernels import motion
from streamrnn.kernels.motion_filters import STATE_SIZE
from streamrnn.tasks.ball import physics, simulate, task
from streamrnn.tasks.ball.targets import HORIZONS, targets
from streamrnn.tasks.ball.task import example, vary


@pytest.mark.parametrize("kind", ["tennis", "table_tennis", "other"])
def test_tracks_are_valid_input(kind):
    for rows in islice(simulate.sequences(5, mix={kind: 1.0}), 20):
        assert rows.shape[1] in ((3,) if kind == "tennis" else (4,) if kind[:2] == "ta" else (3, 4))
        assert 12 <= len(rows) <= simulate.LONGEST
        assert np.isfinite(rows[:, 0]).all() and (np.diff(rows[:, 0]) >= 0).all()
        assert not np.isinf(rows).any()
        assert np.isfinite(rows[:, 1]).mean() > 0.2


def test_a_seed_gives_the_same_tracks():
    first = list(islice(simulate.sequences(9), 10))
    for a, b in zip(first, islice(simulate.sequences(9), 10), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], next(simulate.sequences(10)), equal_nan=True)


def a_kind(**changes):
    kind = np.zeros(physics.KIND_SIZE)
    kind[physics.RADIUS], kind[physics.RESTITUTION], kind[physics.FRICTION] = 0.02, 0.9, 0.2
    for name, value in changes.items():
        kind[getattr(physics, name)] = value
    return kind


def test_without_air_a_flight_is_a_parabola():
    ball, kind = np.array([0.0, 0, 50, 3, -2, 4, 0, 0, 0]), a_kind()
    for _ in range(1000):
        physics.step(ball, kind, 0.001)
    np.testing.assert_allclose(ball[:3], [3, -2, 50 + 4 - 0.5 * physics.GRAVITY], rtol=1e-9)


def test_drag_ends_at_terminal_speed_and_topspin_dives():
    kind = a_kind(DRAG=0.1, MAGNUS=0.005)
    ball = np.array([0.0, 0, 1e6, 0, 0, 0, 0, 0, 0])
    for _ in range(20000):
        physics.step(ball, kind, 0.001)
    np.testing.assert_allclose(-ball[5], np.sqrt(physics.GRAVITY / 0.1), rtol=1e-4)
    flat, top = np.zeros(9), np.zeros(9)
    flat[4] = top[4] = 10.0
    top[6] = -200.0  # about -x while flying along +y: the top moves forward
    for ball in (flat, top):
        physics.move(ball, kind, 0.1)
    assert top[2] < flat[2]


def test_a_bounce_keeps_restitution_and_bends_with_spin():
    ball = np.array([0.0, 0, 0, 0, 5, -3, 0, 0, 0])
    physics.bounce(ball, a_kind())
    assert ball[5] == pytest.approx(2.7) and 0 < ball[4] < 5
    assert ball[6] < 0  # friction gave it topspin
    rolling = np.array([0.0, 0, 0, 0, 5, -3, -5 / 0.02, 0, 0])
    physics.bounce(rolling, a_kind())
    assert rolling[4] == pytest.approx(5.0)  # no slip, no friction
    side = np.array([0.0, 0, 0, 0, 5, -3, 0, 300.0, 0])
    physics.bounce(side, a_kind())
    assert side[3] > 0


def test_targets_undo_what_the_decoder_does():
    from streamrnn.kernels.points import decode_points

    for rows in islice(simulate.sequences(3), 12):
        made = example(rows)
        context = np.empty((len(rows), motion.CONTEXT_SIZE))
        frames = np.empty((len(rows), motion.FRAME_SIZE), np.float32)
        motion.motion_frames(rows, np.zeros(STATE_SIZE), frames, context)
        wanted, weight = targets(rows, context)
        np.testing.assert_array_equal(made.targets["points"], wanted)
        count, dims = len(rows), rows.shape[1] - 1
        outputs = np.zeros((count, len(HORIZONS), 4), np.float32)
        outputs[:, :, :3] = wanted
        points = np.empty((count, len(HORIZONS), dims))
        spreads, labels = np.empty((count, len(HORIZONS))), np.empty(count, np.int64)
        ahead = np.array(HORIZONS, float)
        decode_points(
            outputs.reshape(count, -1), context, ahead, points, spreads, labels, np.empty(count), 2
        )
        for item, horizon in enumerate(HORIZONS):
            where = np.flatnonzero(weight[:, item] > 0)
            assert (where + horizon < count).all()
            truth = rows[where + horizon, 1:]
            # float32 outputs: 1e-7 of the largest displacement.
            scale = np.nanmax(np.abs(rows[:, 1:])) + 1e-9
            np.testing.assert_allclose(points[where, item], truth, atol=3e-5 * scale)


def test_the_task_makes_what_the_trainer_takes():
    made = task({"sequences": 6, "held": 3})
    config = made.model_config({"hidden_size": 8})
    first, again = list(made.training(1, 0)), list(made.training(1, 0))
    assert len(first) == 6 and len(made.validation()) == 3
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.frames, b.frames)
        assert a.frames.shape[1] == config.network.input_size
        assert a.targets["points"].shape[1:] == (5, 3)
    mean, scale = made.normalisation()
    assert mean.shape == scale.shape == (config.network.input_size,)
    assert np.isfinite(scale).all() and (scale > 0).all()


def test_recorded_tracks_join_the_simulated_ones(tmp_path):
    for number in range(9):
        lines = [f"{i / 30},{i * number},{i}" for i in range(40)]
        (tmp_path / f"{number}.csv").write_text("time_s,x,y\n" + "\n".join(lines))
    made = task({"sequences": 4, "share": 1.0, "tracks": str(tmp_path), "hold": 3})
    assert len(made.validation()) == 3
    # Begun up to a third later, played up to a fifth (in the logarithm) faster or slower.
    assert all(20 <= len(a.frames) <= 40 for a in made.training(0, 0))
    with pytest.raises(TrackError, match="got no folder"):
        task({"tracks": str(tmp_path / "absent")})


def test_another_pace_moves_along_the_same_way():
    times = np.arange(50.0) / 30
    rows = np.empty((50, 3))
    rows[:] = np.column_stack((times, 3.0 * np.arange(50), 100.0 - np.arange(50)))
    rng = np.random.default_rng(0)
    for _ in range(30):
        found = vary(rows, rng)
        steps = np.diff(found[:, 1:], axis=0)
        steps = steps[np.isfinite(steps).all(axis=1)]
        # Perspective bends the way: by three times 0.08 in two deviations of its depth, here 29
        # steps, which is at most 3 % of a step from one to the next, and half as much again.
        length = np.linalg.norm(steps, axis=1).mean()
        assert np.linalg.norm(np.diff(steps, axis=0), axis=1).max() < 0.05 * length
        assert (np.diff(found[:, 0]) > 0).all() and (np.abs(steps[0]) > 0.3).all()
    solid = np.empty((50, 4))
    solid[:] = np.column_stack((rows, rows[:, 2]))
    for _ in range(30):
        found = vary(solid, rng)
        seen = found[np.isfinite(found[:, 3])]
        # Gravity is a matter of metres and seconds: heights stay with their times.
        np.testing.assert_array_equal(seen[:, 3], 100.0 - np.round(seen[:, 0] * 30))


def test_options_are_checked():
    with pytest.raises(ConfigError, match="data"):
        task({"sequence": 1})
    with pytest.raises(ConfigError, match=r"data.share: expected 0 to 1, got 2"):
        task({"share": 2.0})
    with pytest.raises(ConfigError, match=r"network.input_size: expected 98, got 3"):
        task({}).model_config({"hidden_size": 8, "input_size": 3})
