"""Sentences: intents for Home Assistant, and the few answers that need no home."""

from typing import Any

import pytest
from wyoming.asr import Transcript
from wyoming.client import AsyncTcpClient
from wyoming.intent import Intent, NotRecognized, Recognize

from streamrnn.loading import load
from streamrnn.serve.wyoming import Served, Server
from streamrnn.serve.wyoming.words import Words
from streamrnn.tasks.intents.entities import entities
from tests.serve.wyoming.peer import NOON, Peer, connected, model, place, served, with_peer


def intents(**options: Any) -> Served:
    return Served(intent=model("intents"), now=lambda: NOON, **options)


TURN_ON = "turn on the kitchen lights"
TIME = {"text": "It is 12:00."}


@pytest.mark.parametrize("kind", ["recognize", "transcript"])
def test_an_intent_has_home_assistants_names(kind: str) -> None:
    async def act(server: Server) -> None:
        async with AsyncTcpClient(*place(server)) as client:
            sent = Recognize(TURN_ON) if kind == "recognize" else Transcript(TURN_ON, language="en")
            await client.write_event(sent.event())
            event = await client.read_event()
            assert event is not None and Intent.is_type(event.type)
            intent = Intent.from_event(event)
            assert intent.name == "HassTurnOn"
            found = {each.name: each.value for each in intent.entities}
            assert found == entities(TURN_ON, "HassTurnOn") != {}
            assert intent.text == "Turned on the lights"  # as Home Assistant says it

    served(act, intents())


@pytest.mark.parametrize("text", ["", "  ", "?!", "tell me a joke about frogs", "why is the sky"])
def test_nothing_and_what_lies_outside_is_not_recognized(text: str) -> None:
    async def act(peer: Peer) -> None:
        for kind in ("recognize", "transcript"):
            await peer.send(kind, text=text)
            assert (await peer.expect("not-recognized"))["text"]

    with_peer(act, intents())


def test_the_clock_answers_a_transcript_and_nothing_else() -> None:
    async def act(peer: Peer) -> None:
        await peer.send("transcript", text="what time is it")
        assert await peer.expect("handled") == TIME
        await peer.send("transcript", text="what's the date today?", language="en-GB")
        assert "1 May 2026" in (await peer.expect("handled"))["text"]
        await peer.send("recognize", text="what time is it")
        assert (await peer.expect("intent"))["name"] == "HassGetCurrentTime"
        await peer.send("intent", name="HassGetCurrentTime", entities=[])
        assert await peer.expect("handled") == TIME
        await peer.send("intent", name="HassTurnOn")
        assert (await peer.expect("not-handled"))["text"]
        await peer.send("transcript", text="wie spät ist es", language="de")
        assert "English" in (await peer.expect("not-recognized"))["text"]

    with_peer(act, intents())


def test_with_handling_off_there_are_intents_alone() -> None:
    async def act(peer: Peer) -> None:
        await peer.send("describe")
        info = await peer.expect("info")
        assert info["intent"] and not info["handle"]
        await peer.send("transcript", text="what time is it")
        assert (await peer.expect("intent"))["name"] == "HassGetCurrentTime"
        await peer.send("intent", name="HassGetCurrentTime")  # passed over
        await peer.works()

    with_peer(act, intents(handle=False))


def test_fields_that_are_wrong_are_told_and_the_connection_goes_on() -> None:
    async def act(server: Server) -> None:
        bad: list[tuple[str, dict[str, Any], str]] = [
            ("recognize", {}, "bad-field"),
            ("transcript", {"text": 3}, "bad-field"),
            ("transcript", {"text": "hello", "language": ["en"]}, "bad-field"),
            ("recognize", {"text": "on " * 2_000}, "too-long"),
            ("intent", {"name": None}, "bad-field"),
        ]
        async with connected(server) as peer:
            for kind, data, code in bad:
                await peer.send(kind, **data)
                assert (await peer.expect("error"))["code"] == code
                await peer.works()
            await peer.send("recognize", text="on " * 1_365)  # as long as it may be
            assert await peer.read() is not None

    served(act, intents())


def test_without_a_room_nothing_is_switched_in_the_whole_house() -> None:
    words = Words(load("intents"))
    for text in ("turn on the lights", "open the blinds"):
        said = words.recognize(text)
        assert isinstance(said, NotRecognized) and said.text == "In which room?"
    for text in ("turn on all the lights", "turn on the kitchen lights", "are any lights on"):
        assert isinstance(words.recognize(text), Intent)
