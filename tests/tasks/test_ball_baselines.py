"""Baselines against closed forms and against filterpy."""

import numpy as np
import pytest

from streamrnn.tasks.ball import baselines

HORIZONS = np.array([1.0, 2.0, 5.0, 10.0, 20.0])


def parabola(dims, count=30, spacing=1 / 128):
    """Positions p0 + v i + a i² / 2, exactly representable times, and the truth further on."""
    i = np.arange(count + 20.0)[:, None]
    v, a = np.array([3.0, -2.0, 0.5])[:dims], np.array([0.25, 0.5, -0.125])[:dims]
    return np.column_stack((i[:, 0] * spacing, 7.0 + v * i + 0.5 * a * i * i))


@pytest.mark.parametrize("dims", [2, 3])
def test_the_parabola_is_exact_on_a_parabola(dims):
    rows = parabola(dims)
    said = baselines.constant_acceleration(rows[:30], HORIZONS)
    for item, horizon in enumerate(HORIZONS.astype(int)):
        # 1e-6: least squares by singular values, extrapolated by 20 samples.
        np.testing.assert_allclose(said[29, item], rows[29 + horizon, 1:], rtol=1e-6)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", ["constant_velocity", "kalman"])
def test_lines_are_carried_on(dims, name):
    i = np.arange(60.0)[:, None]
    rows = np.column_stack((i[:, 0] / 64, 5.0 + i * np.array([1.0, -3.0, 2.0])[:dims]))
    rows[20:23, 1:] = np.nan
    said = getattr(baselines, name)(rows[:40], HORIZONS)
    for item, horizon in enumerate(HORIZONS.astype(int)):
        # The Kalman filter starts at rest with a wide prior, which fades but never is gone.
        np.testing.assert_allclose(said[39, item], rows[39 + horizon, 1:], rtol=1e-6)


def test_last_stays():
    rows = parabola(2)
    rows[10, 1] = np.nan
    said = baselines.last(rows, HORIZONS)
    np.testing.assert_array_equal(said[9], np.tile(rows[9, 1:], (5, 1)))
    np.testing.assert_array_equal(said[10], said[9])


@pytest.mark.parametrize("dims", [2, 3])
def test_the_kalman_filter_is_filterpys(dims):
    from filterpy.common import Q_continuous_white_noise
    from filterpy.kalman import KalmanFilter

    rng = np.random.default_rng(3)
    rows = np.column_stack((np.arange(50) / 64, np.cumsum(rng.normal(size=(50, dims)), axis=0)))
    rows[30:33, 1:] = np.nan
    said = baselines.kalman(rows, HORIZONS)
    for axis in range(dims):
        reference = KalmanFilter(dim_x=2, dim_z=1)
        reference.x = np.array([[rows[0, 1 + axis]], [0.0]])
        reference.P = np.diag([1.0, 1e6])
        reference.F = np.array([[1.0, 1.0], [0.0, 1.0]])
        reference.H = np.array([[1.0, 0.0]])
        reference.R = np.eye(1)
        white = baselines.WHITE_ACCELERATION[dims]
        reference.Q = np.asarray(Q_continuous_white_noise(2, dt=1.0, spectral_density=white))
        for index in range(1, 50):
            reference.predict()
            value = rows[index, 1 + axis]
            reference.update(None if np.isnan(value) else value)
            ahead = reference.x[0, 0] + reference.x[1, 0] * HORIZONS
            # The wide prior costs digits in another order of operations.
            np.testing.assert_allclose(said[index, :, axis], ahead, rtol=1e-6, atol=1e-6)


def flight(pace, count=60, spacing=0.007, place=(0.0, 0.0, 1.0)):
    """A flight by many small Euler steps of the same law, without a table."""
    place, pace = np.array(place), np.array(pace, float)
    rows, parts = [], 2000
    for index in range(count):
        rows.append([index * spacing, *place])
        for _ in range(parts):
            push = -baselines.DRAG * np.linalg.norm(pace) * pace
            push[2] -= baselines.GRAVITY
            place = place + pace * spacing / parts
            pace = pace + push * spacing / parts
    return np.array(rows)


def test_physics_foresees_gravity_and_drag():
    rows = flight([5.0, 1.0, 2.0])
    said = baselines.physics(float("-inf"))(rows[:40], HORIZONS)
    for item, horizon in enumerate(HORIZONS.astype(int)):
        # 2 mm: its steps of 2 ms against the reference's of 4 µs, over 0.14 s.
        np.testing.assert_allclose(said[39, item], rows[39 + horizon, 1:], atol=2e-3)


def test_physics_foresees_a_bounce_on_the_table():
    rows = flight([3.0, 0.0, 0.0], count=40, place=(0.0, 0.0, 0.2))
    before = rows[rows[:, 3] > 0.05]
    said = baselines.physics(0.0)(before, HORIZONS)
    fallen = baselines.physics(float("-inf"))(before, HORIZONS)
    assert fallen[-1, 4, 2] < -0.1 and said[-1, 4, 2] > 0.0
    assert said[-1, 4, 0] < fallen[-1, 4, 0]


def test_the_table_is_where_balls_bounce():
    z = np.abs(np.linspace(-1.0, 1.0, 41)) + 0.3
    track = np.column_stack((np.arange(41) / 100, z, z, z))
    assert baselines.table_height([track]) == pytest.approx(0.3)
    assert baselines.table_height([track[:10]]) == float("-inf")


@pytest.mark.parametrize("dims", [2, 3])
def test_no_baseline_looks_ahead(dims):
    rng = np.random.default_rng(dims)
    rows = np.column_stack((np.cumsum(rng.uniform(0, 0.02, 40)), rng.normal(size=(40, dims))))
    changed = rows.copy()
    changed[25:] += 3.0
    runs = [baselines.last, baselines.constant_velocity, baselines.constant_acceleration]
    runs += [baselines.kalman] + ([baselines.physics(-1.0)] if dims == 3 else [])
    for run in runs:
        np.testing.assert_array_equal(run(rows, HORIZONS)[:25], run(changed, HORIZONS)[:25])
