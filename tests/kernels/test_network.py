"""The kernel of a whole network: its functions, the order of its sums, its padding."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig
from streamrnn.engines import native, packing
from streamrnn.engines.native import NativeEngine
from streamrnn.kernels import activations, network, sums, vector
from tests.conftest import CELLS, make_frames, make_weights

Function = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def vectorised(function: Any) -> Function:
    """A function of vectors, over arrays whose length is a multiple of 16."""
    zeros, load, store = vector.zeros, vector.load, vector.store

    @numba.njit
    def run(source: int, target: int, count: int) -> None:
        for byte in range(0, 4 * count, 64):
            store(target + byte, function(load(zeros(16), source + byte)))

    def call(x: NDArray[np.float32]) -> NDArray[np.float32]:
        source, target = packing.aligned(packing.padded(len(x))), packing.aligned(len(x) + 16)
        source[: len(x)] = x
        run(source.ctypes.data, target.ctypes.data, len(source))
        return target[: len(x)].copy()

    return call


@pytest.fixture(scope="module")
def functions() -> dict[str, Function]:
    return {
        name: vectorised(getattr(activations, name)) for name in ("exp_negative", "sigmoid", "tanh")
    }


def reals(low: float, high: float) -> NDArray[np.float32]:
    """Evenly spaced float32, and every magnitude there is with both signs, within the bounds."""
    sizes = np.geomspace(1e-38, 3e38, 20_000)
    every = np.concatenate([np.linspace(low, high, 200_000), sizes, -sizes, [0.0]])
    return every[(every >= low) & (every <= high)].astype(np.float32)


def ulps(got: NDArray[np.float32], exact: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.abs(got - exact) / np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)


def test_exp_is_within_its_stated_ulp(functions: dict[str, Function]) -> None:
    # Down to -86 e**x is a normal number; the docstring says 1 ulp, counted from the true value.
    x = reals(-86.0, 0.0)
    assert ulps(functions["exp_negative"](x), np.exp(x.astype(np.float64))).max() <= 1.0


def test_exp_of_what_is_too_small_stays_at_the_least(functions: dict[str, Function]) -> None:
    x = np.array([-88.0, -1e4, -3e38, -np.inf] * 4, np.float32)
    got = functions["exp_negative"](x)
    # Below -87 the argument is held there: the result is off by less than e**-87.
    assert np.all((got > 0.0) & (got <= np.float32(np.exp(-87.0) * 1.000001)))


def test_sigmoid(functions: dict[str, Function]) -> None:
    x = reals(-86.0, 3e38)
    with np.errstate(over="ignore"):
        exact = 1.0 / (1.0 + np.exp(-x.astype(np.float64)))
    # exp 1 ulp, its sum and the quotient half an ulp each, and the sum of a rounded-down
    # binade may double one: 3.
    assert ulps(functions["sigmoid"](x), exact).max() <= 3.0
    low = functions["sigmoid"](np.array([-88.0, -1e9, -3e38, -np.inf] * 4, np.float32))
    assert np.all((low >= 0.0) & (low < 2e-38))


def test_tanh(functions: dict[str, Function]) -> None:
    x = reals(-3e38, 3e38)
    x = np.concatenate([x, np.linspace(-10, 10, 400_001).astype(np.float32)])
    exact = np.tanh(x.astype(np.float64))
    got = functions["tanh"](x)
    # Cephes' polynomial below 0.625 and a quotient of two rounded numbers above: under 2 ulp
    # where the result is a normal number; below it, the value itself.
    normal = np.abs(x) > 1.2e-38
    assert ulps(got[normal], exact[normal]).max() <= 2.0
    assert np.abs(got[~normal] - exact[~normal]).max() <= 1.5e-45
    assert np.abs(got).max() <= 1.0


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_squashing_at_the_ends(functions: dict[str, Function], name: str) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0] + [0.0] * 11, np.float32)
    got = functions[name](x)
    assert got[0] == 1.0
    assert got[1] <= 2e-38 if name == "sigmoid" else got[1] == -1.0
    assert np.isnan(got[2])  # a network that overflowed shows it
    assert got[3] == got[4] == (0.5 if name == "sigmoid" else 0.0)
    if name == "tanh":
        assert np.signbit(got[4])


@pytest.mark.parametrize("name", ["exp_negative", "sigmoid", "tanh"])
def test_a_lane_knows_nothing_of_its_neighbours(functions: dict[str, Function], name: str) -> None:
    x = -np.abs(make_frames(64, 1)[:, 0] * 20)
    whole = functions[name](x)
    for shift in range(16):
        assert functions[name](np.roll(x, shift)).tobytes() == np.roll(whole, shift).tobytes()


def widths(cell: Any) -> NetworkConfig:
    """Sizes that need panels of 64, 32 and 16 and fill none of the last."""
    return NetworkConfig(
        input_size=37,
        hidden_size=119,
        cell=cell,
        num_layers=2,
        encoder="linear",
        encoder_size=71,
        output_size=83,
    )


@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_steps_in_a_call_changes_no_bit(cell: Any) -> None:
    config, frames = widths(cell), make_frames(23, 37)
    engine = NativeEngine(config, make_weights(config))
    whole = engine.stream().run(frames)
    for size in (1, 2, 7):
        stream = engine.stream()
        parts = [stream.run(frames[t : t + size]) for t in range(0, 23, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_giving_up_the_gil_changes_no_bit(cell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config, frames = widths(cell), make_frames(9, 37)
    held = NativeEngine(config, make_weights(config)).stream().run(frames)
    monkeypatch.setattr(native, "_LONG", 0)
    engine = NativeEngine(config, make_weights(config))
    assert engine.steps_until_long == 1
    assert engine.stream().run(frames).tobytes() == held.tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_the_width_of_panels_changes_no_bit(cell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What another machine would choose, chosen here.
    config, frames, found = widths(cell), make_frames(9, 37), set[bytes]()
    for widest in (64, 32, 16):
        monkeypatch.setattr(packing, "widest_panel", lambda gates, widest=widest: widest)
        engine = NativeEngine(config, make_weights(config))
        assert set(engine.packed.plan[:, network.WIDEST]) == {widest}
        found.add(engine.stream().run(frames).tobytes())
    assert len(found) == 1


@pytest.mark.parametrize("gates", [1, 3, 4])
def test_every_machine_has_a_widest_panel(gates: int) -> None:
    assert packing.widest_panel(gates) in (64, 32, 16)


def in_order(bias: float, weights: NDArray[Any], x: NDArray[Any]) -> np.float32:
    """The sum as the docstring has it: blocks of 32 from zero, fused, then added in order."""
    total = np.float32(bias)
    for first in range(0, len(x), sums.BLOCK):
        part = np.float32(0.0)
        for w, v in zip(weights[first : first + 32], x[first : first + 32], strict=True):
            # A product of two float32 is exact in float64 (48 bits of 53); the one addition is
            # exact in longdouble here (64 bits) or rounds far below float32: a fused rounding.
            part = np.float32(np.longdouble(w) * np.longdouble(v) + np.longdouble(part))
        total = total + part
    return total


def test_a_sum_has_the_stated_order() -> None:
    generator = np.random.default_rng(3)
    config = NetworkConfig(input_size=75, hidden_size=21, cell="feedforward", nonlinearity="relu")
    # Small whole numbers times powers of two: products of 20 bits, sums that do round.
    w = generator.integers(-999, 999, (21, 75)) * 2.0 ** generator.integers(-9, 9, (21, 75))
    x = (generator.integers(-999, 999, 75) * 2.0 ** generator.integers(-9, 9, 75)).astype("f4")
    bias = generator.standard_normal(21).astype(np.float32)
    weights = {"rnn.weight_ih_l0": w.astype(np.float32), "rnn.bias_ih_l0": bias}
    got = NativeEngine(config, weights).stream().run(x[None])[0]
    expected = [max(in_order(bias[i], weights["rnn.weight_ih_l0"][i], x), 0) for i in range(21)]
    assert got.tolist() == [float(value) for value in expected]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("size", [1, 15, 16, 17, 33, 65])
def test_padding_stays_zero(cell: Any, size: int) -> None:
    config = NetworkConfig(input_size=3, hidden_size=size, cell=cell, num_layers=2)
    engine = NativeEngine(config, make_weights(config))
    stream = engine.stream()
    stream.run(make_frames(50) * 10)
    rows = stream._state[: engine.packed.state_size].reshape(-1, packing.padded(size))
    assert not rows[:, size:].any()
    if cell != "feedforward":
        assert rows[:, :size].any(axis=1).all()


def test_overflow_shows_as_what_it_is() -> None:
    config = NetworkConfig(input_size=2, hidden_size=3, cell="rnn", output_size=1)
    weights = make_weights(config, normalise=False)
    weights["head.weight"] = np.full((1, 3), 3e38, np.float32)
    weights["rnn.bias_ih_l0"] = np.full(3, 9, np.float32)
    assert NativeEngine(config, weights).stream().run(make_frames(1, 2)) == np.inf
