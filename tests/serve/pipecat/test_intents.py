"""In a true pipeline intents come once they are decided, and final ones with every final text."""

import asyncio
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from pipecat.frames.frames import (
    EagerEndOfTurnCancelFrame,
    EagerTranscriptionFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    StartFrame,
    StopFrame,
    TextFrame,
    TranscriptionFrame,
)

from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.loading import load
from streamrnn.serve.pipecat import IntentFrame, IntentProcessor
from streamrnn.tasks.intents.entities import entities
from tests.serve.pipecat.bot import PATIENCE, Bot, Until, running, through

INTENTS = load("intents")
WRITTEN = Path(__file__).parents[2] / "tasks" / "intents_written.jsonl"


def interim(text: Any, user: str = "a") -> InterimTranscriptionFrame:
    return InterimTranscriptionFrame(text, user, "")


def final(text: Any, user: str = "a") -> TranscriptionFrame:
    return TranscriptionFrame(text, user, "")


def grown(text: str, user: str = "a") -> list[Frame]:
    """A text word by word, as a recogniser tells it; every third word is misheard at first."""
    words, told = text.split(), list[Frame]()
    for count in range(1, len(words) + 1):
        if count % 3 == 0:
            told.append(interim(" ".join([*words[: count - 1], "of"]), user))
        told.append(interim(" ".join(words[:count]), user))
    return [*told, final(text, user)]


def read(pushed: Iterable[Frame], **options: Any) -> Bot:
    return asyncio.run(through([IntentProcessor(INTENTS, **options)], pushed))


def told(bot: Bot, user: str = "a") -> list[tuple[str, bool, str]]:
    every = [each for each in bot.of(IntentFrame) if each.user_id == user]
    return [(each.label, each.final, each.contradicts) for each in every]


def test_a_final_text_is_told_as_the_model_predicts_it() -> None:
    lines = [json.loads(line)["text"] for line in WRITTEN.read_text("utf-8").splitlines()[::12]]
    bot = read([frame for line in lines for frame in grown(line)])
    finals = [each for each in bot.of(IntentFrame) if each.final]
    assert len(finals) == len(lines) and bot.errors == []
    early = 0
    for frame, line in zip(finals, lines, strict=True):
        last = INTENTS.predict(line)[-1]
        assert (frame.label, frame.score, frame.text) == (last.label, last.score, line)
        assert frame.entities == entities(line, frame.label)
    for frame in bot.of(IntentFrame):
        early += not frame.final
        assert frame.final or (frame.score >= 0.9 and not frame.entities)
    assert early > len(lines) // 2


def test_it_is_told_once_it_is_decided_and_before_its_transcription() -> None:
    bot = read(grown("turn on the lamp in the kitchen"))
    kinds = [type(frame).__name__ for frame in bot.down]
    first = kinds.index("IntentFrame")
    before = bot.down[first + 1]
    assert isinstance(before, InterimTranscriptionFrame) and before.text == "turn on of"
    assert told(bot) == [("HassTurnOn", False, ""), ("HassTurnOn", True, "")]
    assert isinstance(bot.down[-2], TranscriptionFrame) and kinds[-3] == "IntentFrame"
    final_frame = bot.of(IntentFrame)[-1]
    assert final_frame.entities == entities("turn on the lamp in the kitchen", "HassTurnOn")
    assert final_frame.entities["area"] == "kitchen"
    assert "(HassTurnOn 1.00, " in str(final_frame)
    assert str(final_frame).endswith("final text: [turn on the lamp in the kitchen])")


def test_what_a_later_text_contradicts_is_taken_back() -> None:
    off, on = "turn off the light ", "turn on the light "
    bot = read([interim(off), interim(on), interim(off), final(on)])
    assert told(bot) == [
        ("HassTurnOff", False, ""),
        ("HassTurnOn", False, "HassTurnOff"),
        ("HassTurnOff", False, "HassTurnOn"),
        ("HassTurnOn", True, "HassTurnOff"),
    ]
    bot = read([interim(off), final("..."), interim("..."), final(" "), final("")])
    assert told(bot) == [("HassTurnOff", False, ""), ("", True, "HassTurnOff")]
    bot = read([interim(off), interim("turn"), interim(off), final(off)])  # undone, and done again
    assert told(bot) == [("HassTurnOff", False, ""), ("HassTurnOff", True, "")]


def test_users_say_what_they_say_alone() -> None:
    one = grown("turn off the lights in the bedroom", "a")
    two = grown("set a timer for five minutes", "b")
    alone = [told(read(frames), user) for frames, user in ((one, "a"), (two, "b"))]
    mixed = [frame for pair in zip(one, two, strict=False) for frame in pair]
    mixed += [*one[len(two) :], *two[len(one) :]]
    bot = read(mixed)
    assert [told(bot, "a"), told(bot, "b")] == alone
    many = [frame for n in range(300) for frame in grown("turn on the light", f"user {n}")]
    assert len([each for each in read(many).of(IntentFrame) if each.final]) == 300


def test_an_interruption_of_the_bot_lets_the_user_finish() -> None:
    """It is the user's own words that interrupt; Pipecat drops what waits, so each waits alone."""

    async def run() -> Bot:
        async with running(IntentProcessor(INTENTS)) as bot:
            for count, frame in enumerate(grown("turn off the lights in the bedroom"), 1):
                await bot.push(frame)
                await bot.until(lambda count=count: len(texts(bot)) == count)
                await bot.push(InterruptionFrame())
                await bot.come(InterruptionFrame, count)
        return bot

    def texts(bot: Bot) -> list[Any]:
        return [*bot.of(InterimTranscriptionFrame), *bot.of(TranscriptionFrame)]

    bot = asyncio.run(run())
    assert told(bot) == [("HassTurnOff", False, ""), ("HassTurnOff", True, "")]


def test_a_session_begins_anew_and_nothing_is_read_outside_one() -> None:
    processor = IntentProcessor(INTENTS, enable_direct_mode=True)  # in order, whatever comes

    async def run() -> Bot:
        async with running(processor, Until(StopFrame)) as bot:
            await bot.slip(interim("turn off the light "), StopFrame(), final("set a timer"))
            await bot.slip(StartFrame(), final("turn on the light"))
        return bot

    bot = asyncio.run(run())
    assert told(bot) == [("HassTurnOff", False, ""), ("HassTurnOn", True, "")]
    assert len(bot.of(TranscriptionFrame)) == 2


def test_what_no_recogniser_should_send_is_told_and_passed_on() -> None:
    pushed = [interim("turn off the light "), interim(None), final(b"x"), final("\ud800 turn off")]
    bot = read(pushed)
    passed = [frame for frame in bot.down if isinstance(frame, TextFrame)]
    assert passed == pushed
    assert [error for error in bot.errors if "text: expected str, got" in error] == bot.errors
    assert len(bot.errors) == 2 and told(bot)[-1][:2] == ("HassTurnOff", True)


def test_entities_of_ones_own() -> None:
    seen: list[tuple[str, str]] = []

    def find(text: str, label: str) -> dict[str, str | float]:
        seen.append((text, label))
        return {"n": 1}

    pushed = grown("turn off the light")
    assert read(pushed, entities=find).of(IntentFrame)[-1].entities == {"n": 1}
    assert seen == [("turn off the light", "HassTurnOff")]
    assert read(pushed, entities=None).of(IntentFrame)[-1].entities == {}
    bot = read(pushed, entities=lambda text, label: 1 / 0)
    assert told(bot)[-1] == ("HassTurnOff", True, "") and "division" in bot.errors[0]


def test_sound_waits_for_nothing_that_is_looked_for() -> None:
    looking, found = asyncio.Event(), threading.Event()
    sound = InputAudioRawFrame(bytes(640), 16_000, 1)

    async def run() -> Bot:
        loop = asyncio.get_running_loop()

        def find(_text: str, _label: str) -> dict[str, str | float]:
            loop.call_soon_threadsafe(looking.set)
            return {"found": found.wait(PATIENCE)}

        async with running(IntentProcessor(INTENTS, entities=find)) as bot:
            await bot.push(final("turn on the light"))
            await looking.wait()
            await bot.push(sound)
            try:
                await bot.come(InputAudioRawFrame)
                assert not bot.of(TranscriptionFrame)
            finally:
                found.set()
        return bot

    assert asyncio.run(run()).of(IntentFrame)[-1].entities == {"found": True}


def test_an_eager_text_is_read_as_it_stands() -> None:
    """A prediction that the turn ends; it may be withdrawn, and other words may come after all."""
    eager = EagerTranscriptionFrame("turn off the light", "a", "")
    bot = read([eager, EagerEndOfTurnCancelFrame(), *grown("turn on the light")])
    assert told(bot) == [
        ("HassTurnOff", False, ""),
        ("HassTurnOn", False, "HassTurnOff"),
        ("HassTurnOn", True, ""),
    ]
    assert bot.down.index(bot.of(IntentFrame)[0]) + 1 == bot.down.index(eager)


def test_a_long_text_gives_others_their_turn() -> None:
    turns, done = 0, False

    async def other() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    async def run() -> None:
        nonlocal done
        processor = IntentProcessor(INTENTS, entities=None)
        task = asyncio.create_task(other())
        for _ in range(3):
            await asyncio.sleep(0)
        before = turns
        await processor.listen(interim("light " * 600))
        assert turns - before >= 600 // 8
        done = True
        await task

    asyncio.run(run())


def test_models_that_decide_nothing_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="expected a model that reads text and decides"):
        IntentProcessor(load("wake"))
    with pytest.raises(ConfigError, match="expected a streamrnn.Model, got str 'intents'; .*load"):
        IntentProcessor(cast(Any, "intents"))
