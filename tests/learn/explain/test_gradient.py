"""Gradients are exact, and their rates those that a hand calculation gives."""

from typing import Any

import numpy as np
import pytest
import torch

from streamrnn.learn.explain.gradient import LAYERS, GradientReport, explain_gradient, through_time
from streamrnn.learn.explain.unroll import Unrolled
from streamrnn.model import load
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
    for curve in report.begun.values():  # as torch begins: all of them forget
        assert curve.rate is not None and curve.rate < 0.75
        assert curve.mean[100] < 1e-10
    for cell in ("gru", "lstm"):
        assert report.opened[cell].mean[150] > 0.1
        assert report.learnt[cell].mean[99] > 0.1
    assert report.opened["rnn"].mean[150] < 1e-6
    assert report.learnt["rnn"].mean[99] < 1e-6


def test_layers_fade_and_chaos_grows(report: GradientReport) -> None:
    assert len(report.layers.mean) == LAYERS
    assert report.layers.mean[-1] < 1e-6
    assert report.exploding.rate is not None and report.exploding.rate > 1.02
    assert report.exploding.mean[-1] > 1e2


def test_clipping_keeps_what_is_lost_without_it(report: GradientReport) -> None:
    assert report.unclipped.loss[0] == report.clipped.loss[0]
    assert report.unclipped.norm[0] == report.clipped.norm[0]
    last = report.unclipped.loss[-1]
    assert last is None or last > 10.0
    after = [loss for loss in report.clipped.loss[-50:] if loss is not None]
    assert len(after) == 50 and np.mean(after) < report.clipped.loss[0]  # type: ignore[operator]


def test_each_curve_begins_at_one_within_its_span(report: GradientReport) -> None:
    for curve in (*report.begun.values(), *report.opened.values(), report.layers):
        assert curve.mean[0] == curve.low[0] == curve.high[0] == 1.0
        low, mean, high = map(np.array, (curve.low, curve.mean, curve.high))
        seen = low > 1e-280
        assert (low[seen] <= mean[seen] * 1.001).all() and (mean <= high * 1.001 + 1e-300).all()


def test_torch_is_left_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    explain_gradient(steps=10, hidden_size=4, seeds=1)
    torch.testing.assert_close(torch.rand(2), expected)
    assert torch.get_num_threads() == threads
