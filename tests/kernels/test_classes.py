"""The softmax of each step, the likeliest class and its probability."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels import classes
from streamrnn.kernels.compile import jit


@jit
def exp_all(x, out):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        out[i] = classes.exp_negative(x[i])


def run(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    best, scores = np.empty(len(outputs), np.int64), np.empty(len(outputs))
    classes.likeliest(outputs, best, scores)
    return best, scores


def probabilities_of(outputs: np.ndarray) -> np.ndarray:
    probabilities = np.empty(outputs.shape)
    classes.softmax(outputs, 1.0, probabilities)
    return probabilities


def test_exp_is_within_its_stated_ulp() -> None:
    x = np.concatenate([np.linspace(-708, 0, 100_001), -np.geomspace(1e-300, 700, 20_000)])
    got = np.empty_like(x)
    exp_all(x, got)
    exact = np.exp(x.astype(np.longdouble))
    # "Within 2 ulp", as its docstring says, counted from the true value, which longdouble has
    # 11 bits beyond float64.
    assert (np.abs(got - exact) / np.spacing(exact.astype(np.float64))).max() <= 2.0
    ends = np.array([0.0, -709.0, -1e9, -np.inf])
    out = np.empty_like(ends)
    exp_all(ends, out)
    assert out.tolist() == [1.0, 0.0, 0.0, 0.0]


ROWS = st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1, max_size=40)


@given(ROWS | st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_the_softmax_is_torchs(row: list[float]) -> None:
    outputs = np.array([row], np.float32)
    found = probabilities_of(outputs)
    exact = torch.softmax(torch.from_numpy(outputs).double(), 1).numpy()
    # Forty terms, each 2 ulp off and added with half an ulp of the sum: far below 1e-14. Below
    # 1e-300 torch goes on where this exp is 0.
    np.testing.assert_allclose(found, exact, rtol=1e-14, atol=1e-300)
    assert abs(math.fsum(found[0]) - 1.0) <= 1e-14
    best, scores = run(outputs)
    assert found[0, best[0]] == scores[0] == found.max()  # to the bit


@given(ROWS)
@settings(max_examples=100, deadline=None)
def test_the_softmax_of_the_largest(row: list[float]) -> None:
    outputs = np.array([row], np.float32)
    best, scores = run(outputs)
    assert best[0] == int(np.argmax(outputs[0]))  # the first of equals
    total = math.fsum(math.exp(float(v) - float(outputs[0].max())) for v in outputs[0])
    # Forty terms, each 2 ulp off and added with half an ulp of the sum: far below 1e-14.
    assert scores[0] == pytest.approx(1.0 / total, rel=1e-14, abs=0.0)
    assert 0.0 < scores[0] <= 1.0


def test_a_step_knows_nothing_of_the_others() -> None:
    outputs = np.random.default_rng(0).standard_normal((50, 7), np.float32) * 5
    (best, scores), whole = run(outputs), probabilities_of(outputs)
    for t in range(50):
        one = run(outputs[t : t + 1])
        assert (one[0][0], one[1][0]) == (best[t], scores[t])
        assert probabilities_of(outputs[t : t + 1]).tobytes() == whole[t].tobytes()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_overflowed_network_ends_and_says_no_probability(bad: float) -> None:
    best, scores = run(np.full((2, 3), bad, np.float32))
    assert best.tolist() == [0, 0]
    assert np.isnan(scores).all()
    mixed = np.array([[0.0, bad, 1.0]], np.float32)
    assert bad == -np.inf or np.isnan(probabilities_of(mixed)).all()


def test_no_steps() -> None:
    best, scores = run(np.empty((0, 3), np.float32))
    assert len(best) == len(scores) == 0


@given(
    st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1, max_size=40),
    st.floats(1e-3, 1e3),
)
@settings(max_examples=100, deadline=None)
def test_softmax_is_numpys_in_longdouble(row: list[float], temperature: float) -> None:
    outputs, shares = np.array([row], np.float32), np.empty((1, len(row)))
    classes.softmax(outputs, temperature, shares)
    exact = outputs.astype(np.longdouble)
    exact = np.exp((exact - exact.max()) / np.float64(temperature))
    exact /= exact.sum()
    # A quotient off by half an ulp is multiplied by up to 708 in the exponent; sums of 40 add less.
    np.testing.assert_allclose(shares, exact.astype(np.float64), rtol=1e-12, atol=1e-300)


def test_softmax_agrees_with_the_likeliest_and_passes_over_what_is_forbidden() -> None:
    outputs = np.random.default_rng(3).normal(0, 4, (50, 12)).astype(np.float32)
    shares, (best, scores) = np.empty((50, 12)), run(outputs)
    classes.softmax(outputs, 1.0, shares)
    np.testing.assert_allclose(shares[np.arange(50), best], scores, rtol=1e-15)
    outputs[:, [0, 5]] = -np.inf
    classes.softmax(outputs, 1.0, shares)
    assert not shares[:, [0, 5]].any()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
