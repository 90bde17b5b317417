"""A service with real sockets, a client that sends whatever it likes, and recorded sound."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from wyoming.event import Event

import streamrnn
from streamrnn.serve.wyoming import Served, Server
from streamrnn.serve.wyoming.address import Tcp
from streamrnn.serve.wyoming.wire import BadEvent, EventReader, event_bytes

DATA = Path(__file__).parents[4] / "shared" / "data"
recorded = pytest.mark.skipif(
    not (DATA / "wake_words").is_dir(), reason="needs ../shared/data/wake_words"
)
RATE = 16_000
NOON = datetime(2026, 5, 1, 12, 0)
FORMAT = {"rate": RATE, "width": 2, "channels": 1}


@cache
def model(name: str) -> streamrnn.Model:
    return streamrnn.load(name)


def wake(**options: Any) -> Served:
    return Served(wake=model("wake"), **options)


def everything() -> Served:
    return Served(wake=model("wake"), intent=model("intents"), now=lambda: NOON)


@cache
def words(count: int = 2) -> NDArray[np.int16]:
    """So many recordings of each wake word, one after the other, cut off within a last one."""
    parts: list[NDArray[np.int16]] = []
    for number in range(count):
        for word in ("alexa", "computer", "jarvis"):
            path = sorted((DATA / "wake_words" / word).glob("*.flac"))[number]
            parts.append(np.asarray(soundfile.read(path, dtype="int16")[0], np.int16))
    return np.concatenate(parts)[:-701]


def detections(sound: NDArray[Any], rate: int = RATE, channels: int = 1) -> list[tuple[str, int]]:
    """What is detected in the whole, and at which millisecond."""
    said = model("wake").predict(sound, rate=rate, channels=channels)
    events = [event for step in said.events for event in step if event.kind == "detected"]
    assert events
    return [(event.label, round(1000 * event.position / rate)) for event in events]


class Peer:
    """A client of a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.events = reader, writer, EventReader()

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def send(self, kind: str, payload: bytes = b"", /, **data: Any) -> None:
        await self.write(event_bytes(Event(kind, data, payload)))

    async def read(self) -> Event | None:
        """The next event; None at the end."""
        while (event := self.events.next_event()) is None:
            data = await self.reader.read(2**16)
            if not data:
                return None
            self.events.feed(data)
        assert not isinstance(event, BadEvent)
        return event

    async def expect(self, kind: str) -> dict[str, Any]:
        event = await self.read()
        assert event is not None and event.type == kind, event
        return event.data

    async def works(self) -> None:
        """See that the connection goes on."""
        await self.send("ping", text="there?")
        assert await self.expect("pong") == {"text": "there?"}

    async def hear(self, sound: NDArray[Any], chunk: int, **form: int) -> None:
        """Send sound, (n, …), in chunks."""
        for first in range(0, len(sound), chunk):
            payload = sound[first : first + chunk].tobytes()
            await self.send("audio-chunk", payload, **{**FORMAT, **form})

    async def heard(self) -> list[tuple[str, int]]:
        """What is detected until `not-detected`, or an answer to a ping, comes."""
        found: list[tuple[str, int]] = []
        while True:
            event = await self.read()
            assert event is not None and event.type in ("detection", "not-detected", "pong")
            if event.type != "detection":
                assert event.type == "pong" or not found
                return found
            found.append((event.data["name"], event.data["timestamp"]))


def place(server: Server) -> tuple[str, int]:
    """Host and port."""
    assert isinstance(server.where, Tcp)
    return server.where.host, server.where.port


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection(*place(server))
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def gone(server: Server) -> None:
    """Wait until nobody is connected, and see that all was given back."""
    while server.clients or server.streams:
        await asyncio.sleep(0.01)


def served(
    act: Callable[[Server], Coroutine[Any, Any, None]], what: Served | None = None, **options: Any
) -> None:
    """Serve, act, and see that nothing stays behind."""

    async def run() -> None:
        async with (
            asyncio.timeout(60),  # a test that hangs is to say where
            Server("tcp://127.0.0.1:0", what or wake(), **options) as server,
        ):
            await act(server)
            await gone(server)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def with_peer(
    act: Callable[[Peer], Coroutine[Any, Any, None]], what: Served | None = None, **options: Any
) -> None:
    """The same with one client."""

    async def run(server: Server) -> None:
        async with connected(server) as peer:
            await act(peer)

    served(run, what, **options)


def line(**header: Any) -> bytes:
    """A header as it is sent."""
    return json.dumps(header).encode() + b"\n"


def abandon(peer: Peer) -> None:
    """End a connection as a machine without power does not: with a reset."""
    linger = b"\1\0\0\0\0\0\0\0"
    peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    peer.writer.transport.abort()
