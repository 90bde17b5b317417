"""The service: models that many clients share, at one address."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from wyoming.event import Event, Eventable

from streamrnn.errors import ConfigError, InputError
from streamrnn.model import Model
from streamrnn.serve.models import sound_of
from streamrnn.serve.wyoming.address import Bound, Tcp, Unix, keep_alive, parse_uri
from streamrnn.serve.wyoming.connection import PATIENCE, Connection, Patience, Services
from streamrnn.serve.wyoming.info import info_of
from streamrnn.serve.wyoming.served import Served
from streamrnn.serve.wyoming.ticking import TickingPool

MOST_CLIENTS = 1000
"""Clients at a time."""
LAST = 1.0
"""Seconds that clients have to read what they were told, when the service ends."""
_LOG = logging.getLogger(__name__)


class Server:
    """Serves models to clients that speak the Wyoming protocol; an asynchronous context.

    Args:
        uri: where: `tcp://HOST:PORT`, port 0 for any that is free, or `unix:///PATH`; or an
            address that is taken already, where clients may wait. It is given back in the end.
        served: what.
        most_clients: how many at a time; more are told so, and dismissed.
        capacity: how many of them may send sound at a time; None: all.
        patience: how long each may take.
        told: is called with a client's name and each event that is sent to it.

    Raises:
        ConfigError: the URI is none, or fewer than 1 client is to be served.
        ServeError: as it begins: the address is taken, forbidden, or none of this machine.

    Example:
        async with Server("tcp://0.0.0.0:10400", Served(wake=streamrnn.load("wake"))) as server:
            print(server.where)
            await asyncio.Event().wait()
    """

    def __init__(
        self,
        uri: str | Bound,
        served: Served,
        *,
        most_clients: int = MOST_CLIENTS,
        capacity: int | None = None,
        patience: Patience = PATIENCE,
        told: Callable[[str, Event], object] = lambda _client, _event: None,
    ) -> None:
        if most_clients < 1:
            raise ConfigError(f"most_clients: expected 1 or more, got {most_clients}")
        self._bound = uri if isinstance(uri, Bound) else None
        self.where: Tcp | Unix = parse_uri(uri) if isinstance(uri, str) else uri.where
        """Where it listens; with the real port once it has begun."""
        self._served, self._most, self._patience, self._told = served, most_clients, patience, told
        self._capacity = most_clients if capacity is None else capacity
        self._clients: set[asyncio.Task[None]] = set()
        self._pools: list[TickingPool] = []
        self._ending = False
        self.clients_served = 0
        """How many have been served in all."""

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    @property
    def streams(self) -> int:
        """How many streams of sound are open; of each client that sends some, one a model."""
        return sum(map(len, self._pools))

    async def __aenter__(self) -> Self:
        self._texts = ThreadPoolExecutor(1, "sentences")
        self._services = Services(
            info_of(self._served).event(),
            self._pool(self._served.wake),
            self._served.words,
            self._pool(self._served.vad),
            self._served.sentences,
            self._ask,
        )
        try:
            self._bound = self._bound or Bound(self.where)
            self.where = self._bound.where
            self._servers = await self._bound.serve(self._connected)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._ending = True
        for server in self._servers:
            server.close()
        for seconds in (LAST, None):  # who has not read its last words by then, never will
            clients = set(self._clients)
            for task in clients:
                task.cancel()
            if clients:
                await asyncio.wait(clients, timeout=seconds)
        await self._end()

    async def _end(self) -> None:
        if self._bound is not None:
            self._bound.close()
        for pool in self._pools:
            await pool.stop()
        self._pools.clear()
        self._texts.shutdown()

    def _pool(self, model: Model | None) -> TickingPool | None:
        if model is None:
            return None
        pool = TickingPool(model, sound_of(model), self._capacity, self._failed)
        self._pools.append(pool)
        return pool

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client, in a task that is cancelled where the service ends."""
        if self._ending:  # the system had taken it before
            writer.transport.abort()
            return
        connection = Connection(reader, writer, self._services, self._patience, self._told)
        if len(self._clients) < self._most:
            keep_alive(writer)
            self.clients_served += 1
            serving = connection.run()
        else:
            why = f"expected up to {counted(self._most)} at a time, got one more; come later"
            serving = connection.refuse(why, "too-many-clients")
        task = asyncio.create_task(serving)
        self._clients.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._clients.discard(task)
            writer.transport.abort()  # of a task that was cancelled before it began

        task.add_done_callback(ended)

    async def _ask(self, question: Callable[[], Eventable]) -> Eventable:
        return await asyncio.get_running_loop().run_in_executor(self._texts, question)

    def _failed(self, error: Exception) -> None:
        refused = isinstance(error, InputError)
        what = "a network refused a client's sound" if refused else "a tick failed"
        _LOG.error("%s: %r", what, error, exc_info=_LOG.isEnabledFor(logging.DEBUG))


def counted(clients: int) -> str:
    """So many clients, in words."""
    return f"{clients} client{'' if clients == 1 else 's'}"
