"""Models behind the Wyoming protocol, Home Assistant's for voice: wake words, intents, VAD.

    async with Server("tcp://0.0.0.0:10400", Served(wake=streamrnn.load("wake"))) as server: …

It needs the extra `wyoming`.
"""

import warnings

from streamrnn.errors import UnsupportedError

try:
    with warnings.catch_warnings():
        # It imports `audioop` where Python still has it, which says that it will go.
        warnings.simplefilter("ignore", DeprecationWarning)
        import wyoming.audio as _wyoming
except ModuleNotFoundError as _error:
    if _error.name != "wyoming":
        raise
    raise UnsupportedError(
        "serve: expected wyoming to be installed; pip install 'streamrnn[wyoming]'"
    ) from _error

from streamrnn.serve.wyoming.address import Bound, parse_uri
from streamrnn.serve.wyoming.connection import Patience
from streamrnn.serve.wyoming.served import Served
from streamrnn.serve.wyoming.server import MOST_CLIENTS, Server

__all__ = ["MOST_CLIENTS", "Bound", "Patience", "Served", "Server", "parse_uri"]
del _wyoming
