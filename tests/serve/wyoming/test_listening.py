"""Wake words through a socket: what is detected is what the whole recording gives."""

import asyncio
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from wyoming.audio import AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.wake import NotDetected

from streamrnn.config import AudioConfig, DetectConfig
from streamrnn.serve.models import folded
from streamrnn.serve.wyoming import Served, Server
from tests.conftest import make_model
from tests.serve.wyoming.peer import (
    FORMAT,
    RATE,
    Peer,
    abandon,
    connected,
    detections,
    place,
    recorded,
    served,
    wake,
    with_peer,
    words,
)

pytestmark = recorded


@pytest.mark.parametrize("chunk", [1, 159, 1024, 4_001, 10**9])
def test_however_it_is_cut_it_is_the_whole(chunk: int) -> None:
    sound = words() if chunk > 1 else words(1)[:60_000]

    async def act(peer: Peer) -> None:
        await peer.send("detect")
        await peer.send("audio-start", **FORMAT)
        if chunk == 1:  # all of a sample's own, but not all of a minute
            await peer.hear(sound[:2_000], 1)
            await peer.hear(sound[2_000:], 320)
        else:
            await peer.hear(sound, chunk)
        await peer.send("audio-stop")
        await peer.send("ping")
        assert await peer.heard() == detections(sound)

    with_peer(act)


def wide(sound: NDArray[np.int16], width: int) -> NDArray[Any]:
    """The same samples with so many bytes each."""
    if width == 1:
        return ((sound >> 8) + 128).astype(np.uint8)
    if width == 3:
        return np.stack([np.zeros_like(sound, np.uint8), sound & 255, sound >> 8 & 255], 1).astype(
            np.uint8
        )
    return sound if width == 2 else sound.astype("<i4") << 16


@pytest.mark.parametrize(
    "rate, width, channels",
    [
        *((RATE, 1, 1), (RATE, 3, 1), (RATE, 4, 1), (RATE, 2, 2)),
        *((8_000, 2, 1), (44_100, 4, 2), (48_000, 3, 3)),
    ],
)
def test_whatever_its_format_it_is_the_whole(rate: int, width: int, channels: int) -> None:
    own = words(1)
    times = np.arange(int(len(own) * rate / RATE)) / rate
    sound = np.interp(times, np.arange(len(own)) / RATE, own).astype(np.int16)
    every = np.stack([sound // (n + 1) for n in range(channels)], 1)
    same = (every >> 8) << 8 if width == 1 else every
    form = {"rate": rate, "width": width, "channels": channels}

    async def act(peer: Peer) -> None:
        await peer.send("audio-start", **form)
        sent = wide(every.reshape(-1), width).reshape(len(every), -1)
        await peer.hear(sent, 777, **form)
        await peer.send("audio-stop")
        await peer.send("ping")
        assert await peer.heard() == detections(same, rate, channels)

    with_peer(act)


def test_a_detection_in_the_tail_is_told_before_the_end() -> None:
    """Cut off just where a step more, out of silence, is what detects."""
    sound = words()
    last = [ms for _, ms in detections(sound)][0] * RATE // 1000
    for cut in range(last - 700, last, 40):
        whole = sound[:cut]
        if detected(whole) and not detected(whole, tail=False):
            break
    else:
        pytest.skip("needs a recording whose detection falls in its tail")

    async def act(peer: Peer) -> None:
        await peer.hear(whole, 320)
        await peer.works()  # nothing yet
        await peer.send("audio-stop")
        await peer.send("ping")
        assert await peer.heard() == detections(whole)

    with_peer(act)


def detected(sound: NDArray[Any], *, tail: bool = True) -> bool:
    served_by = wake().wake
    assert served_by is not None
    stream = served_by.stream()
    parts = [stream.feed(sound)] + ([stream.flush()] if tail else [])
    return any(event.kind == "detected" for said in parts for step in said.events for event in step)


def test_names_count_from_when_they_are_told() -> None:
    sound = words(1)
    both = detections(sound)

    async def act(peer: Peer) -> None:
        await peer.send("audio-start", **FORMAT)
        await peer.send("detect", names=["JARVIS", "other"])  # amid it
        await peer.hear(sound, 640)
        await peer.send("audio-stop")
        await peer.send("ping")
        # As it was asked for.
        assert await peer.heard() == [("JARVIS", ms) for name, ms in both if name == "jarvis"]
        await peer.send("detect", names=["other", "hal"])
        assert (await peer.expect("error"))["code"] == "unknown-name"
        await peer.hear(sound, 640)
        await peer.send("audio-stop")
        assert await peer.heard() == []
        await peer.send("detect", names=[])  # any
        await peer.hear(sound, 640)
        await peer.send("audio-stop")
        await peer.send("ping")
        assert await peer.heard() == both

    with_peer(act)


def test_names_differ_neither_by_case_nor_by_underscores() -> None:
    assert folded("hey_Jarvis") == folded(" Hey  jarvis") != folded("heyjarvis")
    labels = ("none", "hey_you")
    model = make_model(
        frontend=AudioConfig(stack=2),
        decoder=DetectConfig(labels=labels, ignored=("none",), threshold=0.01),
        input_size=80,
        output_size=2,
    )

    async def act(peer: Peer) -> None:
        await peer.send("describe")
        (word,) = (await peer.expect("info"))["wake"][0]["models"]
        assert (word["name"], word["phrase"]) == ("hey_you", "hey you")
        await peer.send("detect", names=["Hey You"])
        await peer.hear(words(1)[:RATE], 320)
        assert (await peer.expect("detection"))["name"] == "Hey You"

    with_peer(act, Served(wake=model))


def test_one_connection_is_used_again_and_each_time_as_new() -> None:
    sound = words(1)

    async def act(peer: Peer) -> None:
        for times in ({"timestamp": 700}, {}):
            await peer.send("audio-start", **FORMAT, **times)
            await peer.hear(np.zeros(3_000, np.int16), 320)
            await peer.send("audio-stop", timestamp=9)
            assert await peer.heard() == []  # not-detected
            await peer.send("audio-start", **FORMAT, **times)
            await peer.hear(sound, 333)
            if times:
                await peer.send("audio-start", **FORMAT)  # without a stop: what was, is ended
                await peer.send("audio-stop")
                found = [await peer.expect("detection") for _ in detections(sound)]
                begun = times.get("timestamp", 0)
                assert [(each["name"], each["timestamp"]) for each in found] == [
                    (name, begun + ms) for name, ms in detections(sound)
                ]
                assert await peer.heard() == []  # not-detected: since audio-start nothing was
            else:
                await peer.send("audio-stop")
                await peer.send("ping")
                assert await peer.heard() == detections(sound)

    with_peer(act)


def test_times_are_counted_in_samples_whatever_chunks_say() -> None:
    """Chunks of 1 ms and a half: whole milliseconds of them would lose a third of the time."""
    sound = words(1)

    async def act(peer: Peer) -> None:
        for n, first in enumerate(range(0, len(sound), 24)):
            payload = sound[first : first + 24].tobytes()
            await peer.send("audio-chunk", payload, **FORMAT, timestamp=1_000 + n)
        await peer.send("audio-stop")
        await peer.send("ping")
        assert await peer.heard() == [(name, 1_000 + ms) for name, ms in detections(sound)]

    with_peer(act)


def test_another_format_begins_a_new_stream() -> None:
    sound = words(1)

    async def act(peer: Peer) -> None:
        await peer.send("audio-start", **FORMAT)
        await peer.hear(sound, 512)
        await peer.hear(np.repeat(sound, 2), 1024, channels=2)
        found: list[tuple[str, int]] = []
        for each in (False, True):
            if each:
                assert (await peer.expect("error"))["code"] == "format-changed"
                await peer.send("ping")
            for _ in detections(sound):
                told = await peer.expect("detection")
                found.append((told["name"], told["timestamp"]))
        await peer.expect("pong")
        assert found == [*detections(sound), *detections(sound)]

    with_peer(act)


def test_fifty_at_once_lose_nothing() -> None:
    sound = words()

    async def one(server: Server, number: int) -> None:
        own = sound[number * 1_000 :]
        async with connected(server) as peer:
            await peer.send("audio-start", **FORMAT)
            reading = asyncio.create_task(peer.heard())
            await peer.hear(own, 320 + number)
            await peer.send("audio-stop")
            await peer.send("ping")
            assert await reading == detections(own)

    async def act(server: Server) -> None:
        await asyncio.gather(*(one(server, number) for number in range(50)))

    served(act)


def test_whoever_vanishes_or_says_nothing_holds_no_stream() -> None:
    async def act(server: Server) -> None:
        silent = [await asyncio.open_connection(*place(server)) for _ in range(100)]
        async with connected(server) as peer:
            await peer.send("audio-start", **FORMAT)
            await peer.works()
            assert server.streams == 0
            await peer.hear(words(1)[:RATE], 320)
            await peer.works()
            assert server.streams == 1 and server.clients == 101
            await peer.send("audio-stop")
            await peer.expect("not-detected")
            assert server.streams == 0
            await peer.hear(words(1)[:RATE], 320)
            await peer.works()
            abandon(peer)
            while server.streams:
                await asyncio.sleep(0.01)
        async with connected(server) as peer:
            await peer.works()
        for _, writer in silent:
            writer.close()

    served(act)


def test_who_comes_to_a_full_pool_is_told_and_dismissed() -> None:
    async def act(server: Server) -> None:
        async with connected(server) as first, connected(server) as second:
            await first.hear(words(1)[:RATE], 320)
            await first.works()
            await second.works()
            await second.hear(words(1)[:320], 320)
            assert (await second.expect("error"))["code"] == "pool-full"
            assert await second.read() is None
            await first.works()

    served(act, capacity=1)


def test_the_package_client_is_told_that_nothing_was_detected() -> None:
    async def act(server: Server) -> None:
        async with AsyncTcpClient(*place(server)) as client:
            await client.write_event(AudioStart(**FORMAT).event())
            await client.write_event(AudioStop().event())
            event = await client.read_event()
            assert event is not None and NotDetected.is_type(event.type)

    served(act)
