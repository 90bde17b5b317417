"""Clients that do not read what they are told: they are dropped, or read late and lose nothing."""

import asyncio
from contextlib import suppress

import pytest

from streamrnn.serve.wyoming import Patience, Server
from tests.serve.wyoming.peer import (
    Peer,
    connected,
    everything,
    gone,
    line,
    place,
    served,
    with_peer,
)


async def flood(server: Server, kind: str) -> None:
    """Ask and ask, and read nothing, until the other end is gone."""
    reader, writer = await asyncio.open_connection(*place(server), limit=2**10)
    asked = b"".join([line(type=kind)] * 500)
    try:
        while True:
            writer.write(asked)
            async with asyncio.timeout(20):
                await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()


def test_who_never_reads_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    async def act(server: Server) -> None:
        async with connected(server) as other:
            await flood(server, "describe")
            await other.works()

    served(act, everything(), patience=Patience(read=0.3))
    assert "dropped: expected it to read" in caplog.text


async def stalled(server: Server) -> asyncio.StreamWriter:
    """A client that asks without reading, until the service asks no more of it either."""
    _, writer = await asyncio.open_connection(*place(server), limit=2**10)
    with suppress(TimeoutError):
        while True:
            writer.write(b"".join([line(type="describe")] * 500))
            async with asyncio.timeout(0.5):
                await writer.drain()
    return writer


def test_who_says_good_bye_and_never_reads_is_not_waited_for() -> None:
    async def act(server: Server) -> None:
        writer = await stalled(server)
        writer.write_eof()
        await gone(server)
        writer.transport.abort()

    served(act, everything(), patience=Patience(read=1.0))


def test_who_never_reads_does_not_hold_up_the_end() -> None:
    async def run() -> None:
        async with asyncio.timeout(30):
            async with Server("tcp://127.0.0.1:0", everything(), patience=Patience(3e3, 3e3)) as s:
                writer = await stalled(s)
                assert s.clients == 1
        writer.transport.abort()

    asyncio.run(run())


def test_who_reads_late_is_told_everything() -> None:
    async def act(peer: Peer) -> None:
        for number in range(3_000):
            await peer.send("ping", text=str(number))
        for number in range(3_000):
            assert await peer.expect("pong") == {"text": str(number)}

    with_peer(act)
