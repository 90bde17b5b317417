"""Bad clients: each is told what is wrong, or dropped, and nobody else notices."""

import asyncio
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest

from streamrnn.serve.wyoming import Patience, Server
from streamrnn.serve.wyoming import connection as module
from tests.serve.wyoming.peer import (
    FORMAT,
    Peer,
    connected,
    everything,
    gone,
    line,
    place,
    served,
    with_peer,
)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        b"[1, 2]\n",
        b"\x00" * 70_000,
        b"x" * 300_000,
        line(type="audio-chunk", data={}, payload_length=8_000_000_000),
        line(type="audio-chunk", data_length=8_000_000_000),
        line(type="audio-chunk", data_length=-4),
        line(type="audio-chunk", payload_length="1"),
    ],
    ids=lambda data: repr(data[:60]),
)
def test_a_broken_frame_is_told_and_the_client_dismissed(data: bytes) -> None:
    async def act(server: Server) -> None:
        async with connected(server) as other, connected(server) as peer:
            await peer.works()
            await peer.write(data)
            assert (await peer.expect("error"))["code"] == "bad-header"
            assert await peer.read() is None
            await other.works()

    served(act)


def test_what_was_promised_takes_no_memory() -> None:
    async def act(server: Server) -> None:
        tracemalloc.start()
        for _ in range(20):
            async with connected(server) as peer:
                await peer.write(line(type="audio-chunk", payload_length=2**24))
                await peer.write(b"a little of it")
            async with connected(server) as peer:
                await peer.write(line(type="audio-chunk", data_length=2**40))
                assert (await peer.expect("error"))["code"] == "bad-header"
        await gone(server)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        tracemalloc.stop()

    served(act)


@pytest.mark.parametrize(
    "data",
    [b'{"type": "pi', line(type="x", data_length=9) + b"{", line(type="x", payload_length=9)],
)
def test_half_an_event_and_then_nothing_has_a_deadline(data: bytes) -> None:
    async def act(peer: Peer) -> None:
        await peer.works()
        await peer.write(data)
        assert (await peer.expect("error"))["code"] == "timeout"
        assert await peer.read() is None

    with_peer(act, patience=Patience(event=0.2))


def test_drop_by_drop_is_no_way_round_the_deadline() -> None:
    async def act(peer: Peer) -> None:
        reading = asyncio.create_task(peer.read())
        while not reading.done():
            await peer.write(b" ")
            await asyncio.sleep(0.02)
        event = reading.result()
        assert event is not None and event.data["code"] == "timeout"

    with_peer(act, patience=Patience(event=0.2))


def test_silence_between_events_has_none() -> None:
    async def act(peer: Peer) -> None:
        await peer.works()
        await asyncio.sleep(0.3)
        await peer.works()

    with_peer(act, patience=Patience(event=0.1))


@pytest.mark.parametrize(
    "kind, payload, data, code",
    [
        ("audio-start", b"", {**FORMAT, "rate": "x"}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "rate": 16_000.5}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "rate": 7_999}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "rate": 10**30}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "width": 5}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "width": True}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "channels": 0}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "timestamp": "now"}, "bad-field"),
        ("audio-start", b"", {**FORMAT, "timestamp": 1e300}, "bad-field"),
        ("audio-start", b"", {}, "bad-field"),
        ("audio-chunk", b"abc", FORMAT, "bad-audio"),
        ("audio-chunk", b"abcd", {**FORMAT, "width": 3}, "bad-audio"),
        ("audio-chunk", b"ab", {**FORMAT, "channels": 2}, "bad-audio"),
        ("detect", b"", {"names": 3}, "bad-field"),
        ("detect", b"", {"names": ["alexa", 3]}, "bad-field"),
        ("detect", b"", {"names": "alexa"}, "bad-field"),
        ("ping", b"", {"text": {}}, "bad-field"),
    ],
)
def test_a_wrong_field_is_told_and_the_connection_goes_on(
    kind: str, payload: bytes, data: dict[str, Any], code: str
) -> None:
    async def act(peer: Peer) -> None:
        await peer.send(kind, payload, **data)
        told = await peer.expect("error")
        assert told["code"] == code and told["text"].startswith(f"{kind}: expected")
        await peer.works()

    with_peer(act)


def test_of_chunks_that_are_wrong_alike_the_first_is_told() -> None:
    async def act(peer: Peer) -> None:
        async def told(code: str) -> None:
            told = await peer.expect("error")
            assert told["code"] == code and told["text"].startswith("audio-chunk: expected")

        for code, payload, data in (
            ("bad-audio", b"abc", FORMAT),
            ("bad-field", b"ab", {**FORMAT, "width": 9}),
            ("bad-audio", b"abc", FORMAT),
        ):
            for _ in range(160):
                await peer.send("audio-chunk", payload, **data)
            await told(code)
        for _ in range(160):
            await peer.write(line(type="audio-chunk", data=3))
        await told("bad-data")
        for _ in range(2):  # after a good one it is news again
            await peer.send("audio-chunk", b"ab", **FORMAT)
            await peer.send("audio-chunk", b"abc", **FORMAT)
            await told("bad-audio")
        for _ in range(2):  # whoever waits for an answer has it each time
            await peer.send("ping", text=3)
            assert (await peer.expect("error"))["code"] == "bad-field"
        await peer.works()

    with_peer(act)


def test_what_is_wrong_within_a_frame_is_told_and_the_connection_goes_on() -> None:
    async def act(peer: Peer) -> None:
        for data in (line(type="x", data_length=3) + b"[1]", line(type="x", data=3), line(type=3)):
            await peer.write(data)
            assert (await peer.expect("error"))["code"] in ("bad-data", "bad-event")
            await peer.works()

    with_peer(act)


def test_strangers_are_passed_over() -> None:
    async def act(peer: Peer) -> None:
        for kind in ("synthesize", "run-pipeline", "select-program", "info", "error", "nothing"):
            await peer.send(kind, b"abc", text="hello", names=3)
        await peer.works()
        await peer.send("ping")
        assert (await peer.expect("pong"))["text"] is None

    with_peer(act, everything())


def test_an_error_within_ends_one_client_and_is_one_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(module, "Pong", broken)

    async def act(server: Server) -> None:
        async with connected(server) as peer, connected(server) as other:
            await peer.send("ping")
            assert (await peer.expect("error"))["code"] == "internal"
            assert await peer.read() is None
            await other.send("describe")
            await other.expect("info")

    served(act)
    assert [each.getMessage().split(": ", 1)[1] for each in caplog.records] == [
        "ZeroDivisionError('a bug')"
    ]


def test_more_clients_than_may_be_are_told() -> None:
    async def act(server: Server) -> None:
        async with connected(server) as first, connected(server) as second:
            await first.works()
            told = await second.expect("error")
            assert told["code"] == "too-many-clients"
            assert told["text"].startswith("expected up to 1 client at a time, got one more")
            assert await second.read() is None
        await gone(server)
        async with connected(server) as third:
            await third.works()
        assert server.clients_served == 2

    served(act, most_clients=1)


@pytest.mark.parametrize("turns", range(6))
def test_who_comes_as_the_service_ends_is_left_in_good_order(turns: int) -> None:
    """Taken by the system, or by the loop, or served just now."""

    async def run() -> None:
        async with Server("tcp://127.0.0.1:0", everything()) as server:
            peers = [Peer(*await asyncio.open_connection(*place(server))) for _ in range(3)]
            for _ in range(turns):
                await asyncio.sleep(0)
        for peer in peers:
            with suppress(ConnectionError):
                assert await peer.read() is None
            peer.writer.close()
        assert server.clients == 0

    asyncio.run(run())


def test_the_end_of_the_service_ends_whoever_is_there() -> None:
    async def run() -> None:
        async with Server("tcp://127.0.0.1:0", everything()) as server:
            peers = [Peer(*await asyncio.open_connection(*place(server))) for _ in range(3)]
            await peers[0].send("audio-start", **FORMAT)
            await peers[0].send("audio-chunk", bytes(32_000), **FORMAT)
            await peers[1].write(b'{"type"')
            for peer in (peers[0], peers[2]):
                await peer.works()
            assert server.streams == 1
        for peer in peers:
            assert await peer.read() is None
            peer.writer.close()
        assert server.clients == server.streams == 0

    asyncio.run(run())
