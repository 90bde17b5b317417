"""What is served: models that fit, and voice beside wake words."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamrnn
from streamrnn.config import DetectConfig
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.serve.wyoming import Served, Server
from streamrnn.serve.wyoming.info import info_of
from streamrnn.serve.wyoming.listening import SPEECH
from streamrnn.workers import Workers
from tests.conftest import make_model
from tests.serve.wyoming.peer import (
    FORMAT,
    RATE,
    Peer,
    connected,
    detections,
    model,
    recorded,
    served,
    wake,
    with_peer,
    words,
)


def silero() -> streamrnn.Model:
    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None:
        pytest.skip("needs silero-vad: pip install silero-vad")
    return streamrnn.load(Path(spec.origin).parent / "data" / "silero_vad.onnx")


def speech_model() -> streamrnn.Model:
    """A model of random weights that is sure of speech now and then."""
    labels = ("silence", SPEECH)
    return make_model(
        frontend=model("wake").config.frontend,
        decoder=DetectConfig(labels=labels, ignored=("silence",), threshold=0.5, release=1.0),
        input_size=80,
        output_size=2,
    )


def voice(vad: streamrnn.Model, sound: Any) -> list[tuple[str, int]]:
    said = vad.predict(sound)
    events = [event for step in said.events for event in step] + list(said.ended)
    kinds = {"start": "voice-started", "end": "voice-stopped"}
    return [
        (kinds[event.kind], round(1000 * event.position / RATE))
        for event in events
        if event.kind in kinds
    ]


@recorded
@pytest.mark.parametrize("make", [silero, speech_model])
def test_voice_starts_and_stops_as_in_the_whole(make: Any) -> None:
    vad, sound = make(), words(1)
    expected = voice(vad, sound)
    assert len(expected) >= 2

    async def act(peer: Peer) -> None:
        await peer.send("audio-start", **FORMAT)
        await peer.hear(sound, 500)
        await peer.send("audio-stop")
        await peer.send("ping")
        found: list[tuple[str, int]] = []
        while (event := await peer.read()) is not None and event.type != "pong":
            found.append((event.type, event.data["timestamp"]))
        assert found == expected

    with_peer(act, Served(vad=vad))


@recorded
@pytest.mark.parametrize("chunk", [500, 30_000, 10**9])
def test_what_a_chunk_makes_known_is_told_in_the_order_of_its_samples(chunk: int) -> None:
    vad, sound = speech_model(), words(1)
    both = {*voice(vad, sound), *(("detection", ms) for _, ms in detections(sound))}

    async def act(peer: Peer) -> None:
        found: list[tuple[str, int]] = []
        for first in range(0, len(sound), chunk):
            await peer.hear(sound[first : first + chunk], chunk)
            await peer.send("ping")
            told: list[int] = []
            while (event := await peer.read()) is not None and event.type != "pong":
                told.append(event.data["timestamp"])
                found.append((event.type, told[-1]))
            assert told == sorted(told)
        await peer.send("audio-stop")
        await peer.send("ping")
        while (event := await peer.read()) is not None and event.type != "pong":
            found.append((event.type, event.data["timestamp"]))
        assert set(found) == both and len(found) == len(both)

    with_peer(act, Served(wake=model("wake"), vad=vad))


def test_once_it_is_warm_nobody_waits_for_a_kernel() -> None:
    """In a process of its own, where no other test has called any."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.serve.wyoming.fresh"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_models_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least one of wake, intent and vad"):
        Served()
    with pytest.raises(
        UnsupportedError, match="ball: expected a model that hears sound, got one of motion"
    ):
        Served(wake=model("ball"))
    with pytest.raises(UnsupportedError, match="start and end of the label 'speech', got one of _"):
        Served(vad=model("wake"))
    with pytest.raises(UnsupportedError, match="wake: expected a model that reads text and dec"):
        Served(intent=model("wake"))
    with pytest.raises(UnsupportedError, match="got one of text and classes"):
        Served(intent=model("characters"))


def test_where_it_comes_from_is_told() -> None:
    info = info_of(Served(wake=model("wake"), intent=model("intents")))
    for program in (*info.wake, *info.intent, *info.handle):
        for each in (program, *program.models):
            assert each.attribution.url.startswith("https://")


def test_fewer_than_one_client_is_refused() -> None:
    with pytest.raises(ConfigError, match="most_clients: expected 1 or more, got 0"):
        Server("tcp://127.0.0.1:0", wake(), most_clients=0)


SOUND = ("detect", "audio-start", "audio-chunk", "audio-stop")


@pytest.mark.parametrize(
    "what, kinds, told",
    [
        (lambda: Served(intent=model("intents")), SOUND, "detect: .* --wake MODEL"),
        (lambda: Served(intent=model("intents")), SOUND[1:], "audio-start: .* --vad MODEL"),
        (lambda: Served(vad=speech_model()), SOUND[:1], "detect: .* wake words .* --wake MODEL"),
        (wake, ("recognize", "transcript"), "recognize: .* intents .* --intent MODEL"),
    ],
)
def test_what_nobody_serves_is_told_once(what: Any, kinds: tuple[str, ...], told: str) -> None:
    async def act(peer: Peer) -> None:
        for kind in (*kinds, *kinds):
            await peer.send(kind, text=3, names=3)
        error = await peer.expect("error")
        assert error["code"] == "not-served" and re.match(told, error["text"])
        await peer.works()

    with_peer(act, what())


def test_a_tick_that_fails_ends_those_it_was_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that runs out of memory: its streams are closed, the next ones are served."""
    broken = make_model(
        frontend=model("wake").config.frontend,
        decoder=DetectConfig(labels=("none", "word"), ignored=("none",), threshold=1.0),
        input_size=80,
        output_size=2,
    )
    arena = type(broken.engine.arena(1, Workers(1)))
    run = arena.run

    def fail(*_: Any) -> None:
        raise MemoryError("no more")

    async def act(server: Server) -> None:
        for sent in ("audio-stop", "audio-start"):
            monkeypatch.setattr(arena, "run", fail)
            async with connected(server) as peer:
                await peer.hear(np.zeros(RATE, np.int16), 3_200)
                await peer.send(sent, **FORMAT)
                assert (await peer.expect("error"))["code"] == "stream-closed"
                assert await peer.read() is None
            monkeypatch.setattr(arena, "run", run)
            async with connected(server) as peer:
                await peer.hear(np.zeros(RATE, np.int16), 3_200)
                await peer.send("audio-stop")
                await peer.expect("not-detected")

    served(act, Served(wake=broken))
    assert "a tick failed: MemoryError('no more')" in caplog.text
