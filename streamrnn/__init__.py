"""Streaming sequence prediction with recurrent networks, equal to offline to the bit.

Train on whole sequences, then feed a live stream in chunks of any size:

>>> import numpy as np, streamrnn
>>> model = streamrnn.load("ball")
>>> stream = model.stream()
>>> for row in [(0.0, 0.0, 9.0), (0.1, 1.0, 8.0), (0.2, 2.0, 7.0)]:
...     predictions = stream.feed(np.array([row]))
>>> predictions.points.shape  # one step, five horizons, x and y
(1, 5, 2)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streamrnn.checks import CheckReport, check_model
    from streamrnn.config import OnnxConfig
    from streamrnn.decoded import Event
    from streamrnn.errors import StreamRNNError
    from streamrnn.export import export
    from streamrnn.loading import load
    from streamrnn.model import Model, State
    from streamrnn.pool import PooledStream, StreamPool
    from streamrnn.predictions import Prediction, Predictions
    from streamrnn.stream import Stream

__version__ = "0.1.0"

__all__ = [
    "CheckReport",
    "Event",
    "Model",
    "OnnxConfig",
    "PooledStream",
    "Prediction",
    "Predictions",
    "State",
    "Stream",
    "StreamPool",
    "StreamRNNError",
    "check_model",
    "export",
    "from_torch",
    "load",
]

_ROOMS = {
    "checks": ("CheckReport", "check_model"),
    "config": ("OnnxConfig",),
    "decoded": ("Event",),
    "errors": ("StreamRNNError",),
    "export": ("export",),
    "loading": ("load",),
    "model": ("Model", "State"),
    "pool": ("PooledStream", "StreamPool"),
    "predictions": ("Prediction", "Predictions"),
    "stream": ("Stream",),
}


def __getattr__(name: str) -> Any:
    """Import a name of the package's face when it is first asked for.

    The command line lies inside the package: it is to answer Ctrl-C before numba is there.
    """
    for room, names in _ROOMS.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"streamrnn.{room}"), name)
            return found
    if name == "aio":
        return import_module("streamrnn.aio")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def from_torch(module: Any, **options: Any) -> "Model":
    """Make a model of a trained torch module; see `streamrnn.learn.convert.from_torch`.

    Raises:
        UnsupportedError: torch is not installed, or the module cannot stream.
    """
    from streamrnn.errors import UnsupportedError

    try:
        from streamrnn.learn import convert
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UnsupportedError(
            "from_torch: expected torch to be installed; pip install 'streamrnn[learn]'"
        ) from error
    return convert.from_torch(module, **options)
