"""The fourth point fails on another network than the weights', and tells of chaos."""

import numpy as np
import pytest

from streamrnn.checks import check_model
from streamrnn.engines.native import NativeState
from streamrnn.model import Model
from tests.checks.broken import Broken, Floats, broken, failed
from tests.conftest import make_model


class Wrong(NativeState):
    """A network that was not trained: by a thousandth."""

    def run(self, frames: Floats) -> Floats:
        return super().run(frames) * np.float32(1.001)


class Nothing(NativeState):
    """NaN for numbers."""

    def run(self, frames: Floats) -> Floats:
        return super().run(frames) * np.float32(np.nan)


@pytest.mark.parametrize(
    ("kind", "says"), [(Wrong, "expected at most 1e-5"), (Nothing, "at most nan from float64")]
)
def test_another_network_fails(kind: type[NativeState], says: str) -> None:
    assert says in failed(broken(kind))[4]


def chaotic(kind: type[NativeState]) -> Model:
    """A random RNN of large weights (Sompolinsky et al. 1988): gain above 1 is chaotic."""
    model = make_model(cell="rnn", hidden_size=60, normalise=False)
    assert model.weights is not None
    weights = {name: array.copy() for name, array in model.weights.items()}
    weights["rnn.weight_hh_l0"] *= 8.0
    engine = Broken(model.config.network, weights)
    engine.kind = kind
    return Model(model.config, engine, model.fingerprint, {}, weights)


def test_chaos_is_told_and_hides_no_wrong_network() -> None:
    (faithful,) = (p for p in check_model(chaotic(NativeState)).points if p.number == 4)
    assert faithful.passed and "chaotic: a nudge grows" in faithful.tried
    found = failed(chaotic(Wrong))
    assert "chaotic" in found[4] and "expected at most 1e-5" in found[4]
