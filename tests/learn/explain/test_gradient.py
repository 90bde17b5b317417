"""Gradients are exact, and their rates those that a hand calculation gives."""

from typing import Any

import numpy as np
import pytest
import torch

from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.gradient import (
    LAYERS,
    GradientReport,
    explain_gradient,
    summary,
    through_time,
)
from streamrnn.learn.explain.unroll import Unrolled
from streamrnn.loading import load
from tests.conftest import make_frames, make_model


@pytest.fixture(scope="module")
def report() -> GradientReport:
    adders = [load(f"adding_{cell}") for cell in ("rnn", "gru", "lstm")]
    return explain_gradient(adders, steps=200, hidden_size=32, seeds=2)


@pytest.mark.parametrize("network", [{"cell": "rnn"}, {"cell": "gru"}, {"cell": "lstm"}], ids=str)
def test_through_time_against_finite_differences(network: dict[str, Any]) -> None:
    unrolled, step = Unrolled(make_model(**network)), 1e-6
    inputs = unrolled.inputs(make_frames(8))[:, None]
    way = torch.randn(unrolled.state_size, dtype=torch.float64)

    def loss(state: torch.Tensor) -> torch.Tensor:
        return (state * way).sum()

    found = through_time(unrolled.step, inputs, unrolled.fresh()[None], loss)
    states = [unrolled.fresh()[None]]
    for x in inputs:
        states.append(unrolled.step(states[-1], x))
    for back in range(8):
        at = 8 - back
        slopes: list[float] = []
        for k in range(unrolled.state_size):
            ends: list[float] = []
            for sign in (1, -1):
                state = states[at].clone()
                state[0, k] += sign * step
                for x in inputs[at:]:
                    state = unrolled.step(state, x)
                ends.append(loss(state).item())
            slopes.append((ends[0] - ends[1]) / (2 * step))
        assert found[back] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


def test_a_linear_loop_fades_by_its_own_factor() -> None:
    inputs = torch.zeros(50, 1, 2, dtype=torch.float64)
    fresh = torch.ones(1, 2, dtype=torch.float64)
    found = through_time(lambda s, x: 0.8 * s + x, inputs, fresh, lambda s: s.sum())
    np.testing.assert_allclose(found / found[0], 0.8 ** np.arange(50))


def test_gates_that_are_open_keep_what_the_others_lose(report: GradientReport) -> None:
    for curve in report.torch_init.values():  # as torch begins: all of them forget
        assert curve.rate is not None and curve.rate < 0.75
        assert curve.mean[100] < 1e-10
    for cell in ("gru", "lstm"):
        assert report.open_init[cell].mean[150] > 0.1
        assert report.trained[cell].mean[99] > 0.1
    assert report.open_init["rnn"].mean[150] < 1e-6
    assert report.trained["rnn"].mean[99] < 1e-6


def test_layers_fade_and_chaos_grows(report: GradientReport) -> None:
    assert len(report.layers.mean) == LAYERS
    assert report.layers.mean[-1] < 1e-6
    assert report.exploding.mean[-1] > 1e2


def test_clipping_keeps_what_is_lost_without_it(report: GradientReport) -> None:
    assert report.unclipped.loss[0] == report.clipped.loss[0]
    assert report.unclipped.norm[0] == report.clipped.norm[0]
    assert max(loss for loss in report.unclipped.loss if loss is not None) > 1e3
    assert report.clipped.lost is None
    after = [loss for loss in report.clipped.loss[-50:] if loss is not None]
    assert len(after) == 50 and max(after) < 0.2
    # Nor bounded in any other way.
    assert max(norm for norm in report.unclipped.norm if norm is not None) > 1e5


def test_a_curve_is_the_geometric_mean_relative_to_its_begin() -> None:
    curve = summary([np.array([2.0, 2.0, 0.0]), np.array([1.0, 4.0, 3.0])])
    assert curve.mean == [1.0, 2.0, 0.0]  # √(1 · 4), and 0 where one run is 0
    assert (curve.low, curve.high) == ([1.0, 1.0, 0.0], [1.0, 4.0, 3.0])
    assert summary([0.5 ** np.arange(9.0), 2.0 ** -np.arange(9.0)]).rate == pytest.approx(0.5)
    flat = summary([np.array([1.0, 0.5, 0.45, 0.44, 0.44, 0.44])])
    assert flat.rate is None  # no one factor fits it


def test_a_curve_ends_before_a_run_overflows() -> None:
    curve = summary([np.array([1e-9, 1e300, np.inf]), np.array([1.0, 1.0, 1.0])])
    assert len(curve.mean) == 1
    assert summary([np.array([1.0, 2.0, np.inf]), np.ones(3)]).high == [1.0, 2.0]


def test_underflow_is_told_as_0_and_fits_nothing() -> None:
    curve = explain_gradient(steps=1_500, hidden_size=6, seeds=1).torch_init["rnn"]
    assert curve.mean[-1] == 0.0
    assert curve.rate == pytest.approx((curve.mean[150] / curve.mean[50]) ** 0.01, rel=0.05)


def test_networks_that_have_not_learnt_to_add_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="expected a model that has learnt the adding"):
        explain_gradient([load("intents")], steps=10, hidden_size=4, seeds=1)


def test_torch_is_left_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    explain_gradient(steps=10, hidden_size=4, seeds=1)
    torch.testing.assert_close(torch.rand(2), expected)
    assert torch.get_num_threads() == threads
