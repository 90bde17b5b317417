"""Models that are broken in one point, and which points of a model fail."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.checks import check_model
from streamrnn.engines.native import NativeEngine, NativeState
from streamrnn.model import Model
from tests.conftest import make_model

Floats = NDArray[np.float32]


def failed(model: Model, sequence: Any = None) -> dict[int, str]:
    return {p.number: p.tried for p in check_model(model, sequence).points if not p.passed}


class Broken(NativeEngine):
    """A native engine whose streams are of another class."""

    kind: type[NativeState] = NativeState

    def stream(self) -> NativeState:
        return self.kind(self)


def broken(kind: type[NativeState], **network: Any) -> Model:
    model = make_model(**network)
    assert model.weights is not None
    engine = Broken(model.config.network, model.weights)
    engine.kind = kind
    return Model(model.config, engine, model.fingerprint, {}, model.weights)
