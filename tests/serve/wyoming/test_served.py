"""What is served: models that fit, and voice beside wake words."""

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
from streamrnn.serve.wyoming.listening import SPEECH
from streamrnn.workers import Workers
from tests.conftest import make_model
from tests.serve.wyoming.peer import (
    FORMAT,
    RATE,
    Peer,
    connected,
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
def test_voice_and_wake_words_are_heard_in_one_stream() -> None:
    async def act(peer: Peer) -> None:
        await peer.hear(words(1), 500)
        await peer.send("audio-stop")
        await peer.send("ping")
        kinds: set[str] = set()
        while (event := await peer.read()) is not None and event.type != "pong":
            kinds.add(event.type)
        assert kinds == {"voice-started", "voice-stopped", "detection"}

    with_peer(act, Served(wake=model("wake"), vad=speech_model()))


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


def test_fewer_than_one_client_is_refused() -> None:
    with pytest.raises(ConfigError, match="most_clients: expected 1 or more, got 0"):
        Server("tcp://127.0.0.1:0", wake(), most_clients=0)


def test_who_serves_sentences_hears_no_sound_and_the_other_way_round() -> None:
    async def no_sound(peer: Peer) -> None:
        for kind in ("audio-start", "audio-chunk", "audio-stop", "detect"):
            await peer.send(kind, names=3)
        await peer.works()

    async def no_words(peer: Peer) -> None:
        for kind in ("recognize", "transcript", "intent"):
            await peer.send(kind, text=3)
        await peer.works()

    with_peer(no_sound, Served(intent=model("intents")))
    with_peer(no_words, wake())


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
