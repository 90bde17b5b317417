"""Sentences: intents for Home Assistant, and the few answers that need no home."""

from typing import Any

import pytest
from wyoming.asr import Transcript
from wyoming.client import AsyncTcpClient
from wyoming.intent import Intent, NotRecognized, Recognize

from streamrnn.serve.wyoming import Served, Server
from streamrnn.serve.wyoming.words import Words
from streamrnn.tasks.intents.entities import entities, response
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


@pytest.mark.parametrize(
    "text, asked",
    [
        ("turn on the lights", "In which room?"),
        ("open the blinds", "In which room?"),
        ("turn off everything", "In which room?"),
        ("switch everything off", "In which room?"),
        ("turn off all", "In which room?"),
        ("set brightness to 50 percent", "In which room?"),
        ("turn it off", "Which device, and in which room?"),
        ("make it brighter", "Which device, and in which room?"),
    ],
)
def test_the_whole_house_is_never_switched_unasked(text: str, asked: str) -> None:
    words = Words(model("intents"))
    for said in (words.recognize(text), words.transcript(text, "en")):
        assert isinstance(said, NotRecognized) and said.text == asked


@pytest.mark.parametrize(
    "text",
    [
        *("turn on all the lights", "turn on the kitchen lights", "turn off the tv"),
        *("turn off everything in the kitchen", "are any lights on", "pause the music"),
        *("set the volume to 50 percent", "set the temperature to 21 degrees", "next song"),
    ],
)
def test_where_something_is_told_or_little_is_done_nothing_is_asked(text: str) -> None:
    assert isinstance(Words(model("intents")).recognize(text), Intent)


@pytest.mark.parametrize(
    "text, spoken",
    [
        ("turn on the coffee machine", "Turned on the coffee machine"),
        ("turn off everything in the kitchen", "Turned off"),
        ("open the garage door", "Opening the door"),
        ("add milk to my shopping list", "Added milk"),
        ("set a timer for an hour and a half", "Timer set for 1 hour 30 minutes"),
        ("add five minutes to the pasta timer", "5 minutes added to timer named pasta"),
        ("turn off the lights in ten minutes", "Command will be executed in 10 minutes"),
        ("set the temperature to 21 degrees", "Temperature set to 21 degrees"),
    ],
)
def test_what_is_to_be_spoken_is_plain(text: str, spoken: str) -> None:
    words = Words(model("intents"))
    for said in (words.recognize(text), words.transcript(text, "en")):
        assert isinstance(said, Intent) and said.text == spoken


def test_what_only_the_home_knows_is_a_template_for_home_assistant_and_nothing_for_others() -> None:
    words = Words(model("intents"))
    for text in ("is the kitchen light on", "cancel all timers", "how long is left on my timer"):
        said = words.transcript(text, "en")
        assert isinstance(said, Intent) and said.text == response(text, said.name)
        assert said.text and "{" in said.text
        said = words.recognize(text)
        assert isinstance(said, Intent) and said.text is None
