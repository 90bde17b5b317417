"""In a true pipeline wake words are those of the whole recording, at the same samples."""

import asyncio
from typing import Any, cast

import numpy as np
import pytest
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    StartFrame,
    StopFrame,
    UserAudioRawFrame,
)

from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.loading import load
from streamrnn.predictions import Predictions
from streamrnn.serve.pipecat import WakeWordFrame, WakeWordProcessor
from tests.conftest import make_model
from tests.serve.pipecat.bot import (
    Bot,
    Until,
    called,
    frames,
    recorded,
    running,
    silence,
    through,
)

Told = list[tuple[str, int, float]]


@pytest.fixture(scope="module")
def model() -> Any:
    return load("wake")


@pytest.fixture(scope="module")
def sound() -> Any:
    return called()


def told(bot: Bot, user: str = "") -> Told:
    heard = [each for each in bot.of(WakeWordFrame) if each.user_id == user]
    return [(each.label, each.position, each.score) for each in heard]


def wanted(said: Predictions) -> Told:
    every = [event for step in said.events for event in step]
    return [(each.label, each.position, each.score) for each in every if each.kind == "detected"]


FORMS = {
    "10 ms": (160, 16_000, lambda x: x),
    "any": (777, 16_000, lambda x: x),
    "at once": (10**9, 16_000, lambda x: x),
    "telephone": (160, 8_000, lambda x: x[::2]),
    "48 kHz": (960, 48_000, lambda x: x.repeat(3)),
    "stereo": (320, 16_000, lambda x: np.stack([x, x // 2], axis=1)),
}


@pytest.mark.parametrize("form", FORMS)
def test_detections_are_those_of_the_whole(model: Any, sound: Any, form: str) -> None:
    size, rate, change = FORMS[form]
    sound = np.ascontiguousarray(change(sound))
    pushed = list(frames(sound, size, rate))
    bot = asyncio.run(through([WakeWordProcessor(model)], pushed))
    channels = 1 if sound.ndim == 1 else 2
    assert told(bot) == wanted(model.predict(sound, rate=rate, channels=channels))
    assert len(told(bot)) >= (1 if form == "telephone" else 3)
    assert bot.of(InputAudioRawFrame) == pushed and bot.errors == []
    assert all(each.time == each.position / rate for each in bot.of(WakeWordFrame))


def test_a_word_is_told_just_before_the_frame_that_completes_it(model: Any, sound: Any) -> None:
    bot = asyncio.run(through([WakeWordProcessor(model)], frames(sound)))
    passed = 0
    for frame in bot.down:
        if isinstance(frame, InputAudioRawFrame):
            passed += frame.num_frames
        elif isinstance(frame, WakeWordFrame):
            assert passed < frame.position <= passed + 320
            assert f"({frame.label} 0." in str(frame) and f"at {frame.time:.2f} s)" in str(frame)


def test_only_what_is_asked_for_is_told(model: Any, sound: Any) -> None:
    every = wanted(model.predict(sound))
    for names in ("computer", ["jarvis", "computer"], "jarvis"):
        bot = asyncio.run(through([WakeWordProcessor(model, names=names)], frames(sound)))
        assert told(bot) == [each for each in every if each[0] in names]


def test_every_user_is_heard_alone(model: Any, sound: Any) -> None:
    other = np.concatenate([recorded("utterance"), recorded("question") // 2])
    pushed = []
    for mine, theirs in zip(frames(sound, 500), frames(other, 300), strict=False):
        for user, frame in (("a", mine), ("b", theirs)):
            pushed.append(UserAudioRawFrame(frame.audio, 16_000, 1, user_id=user))
    count = len(pushed) // 2
    bot = asyncio.run(through([WakeWordProcessor(model)], pushed))
    assert told(bot, "a") == wanted(model.predict(sound[: 500 * count]))
    assert told(bot, "b") == wanted(model.predict(other[: 300 * count]))
    assert told(bot, "a") and told(bot, "b") and not told(bot)


def test_another_rate_begins_another_stream(model: Any, sound: Any) -> None:
    pushed = [*frames(sound), *frames(sound[::2].copy(), 160, 8_000)]
    bot = asyncio.run(through([WakeWordProcessor(model)], pushed))
    parts = [model.predict(sound), model.predict(sound[::2].copy(), rate=8_000)]
    assert told(bot) == wanted(parts[0]) + wanted(parts[1])


def test_a_word_at_the_very_end_is_told_before_the_end(model: Any) -> None:
    word = recorded("question")[:30_000]  # as far as it is called
    for last in range(0, len(word), 80):  # where only the end of the stream tells it
        stream = model.stream()
        if not wanted(stream.feed(word[:last])) and wanted(stream.flush()):
            break
    else:
        pytest.fail("expected an end that tells a word")
    bot = asyncio.run(through([WakeWordProcessor(model)], frames(word[:last])))
    assert told(bot) == wanted(model.predict(word[:last]))


def bad_frames() -> list[InputAudioRawFrame]:
    """Frames that are refused, with what the error says."""
    silent = bytes(640)
    stereo = InputAudioRawFrame(bytes(642), 16_000, 2)
    half, slow, many = (
        InputAudioRawFrame(*given)
        for given in ((bytes(641), 16_000, 1), (silent, 7, 1), (bytes(65 * 20), 16_000, 65))
    )
    none = InputAudioRawFrame(silent, 16_000, 1)
    none.num_channels = 0
    return [half, stereo, slow, many, none]


def test_bad_frames_are_told_and_passed_on_and_nothing_else_changes(model: Any, sound: Any) -> None:
    good, bad = list(frames(sound)), bad_frames()
    pushed = []
    for place, frame in enumerate(good):
        pushed.append(frame)
        if place % 150 == 100 and bad:
            pushed += [bad.pop(), InputAudioRawFrame(b"", 16_000, 1)]
    bot = asyncio.run(through([WakeWordProcessor(model)], pushed))
    assert told(bot) == wanted(model.predict(sound))
    assert bot.of(InputAudioRawFrame) == pushed and len(bot.errors) == 5
    texts = ("641 bytes for 1", "642 bytes for 2", "got 7", "got 65", "640 bytes for 0")
    for text, error in zip(reversed(texts), bot.errors, strict=True):
        assert "expected" in error and text in error


def test_an_interruption_of_the_bot_leaves_the_microphone_alone(model: Any, sound: Any) -> None:
    pushed: list[Frame] = list(frames(sound))
    for place in range(len(pushed), 0, -50):
        pushed.insert(place, InterruptionFrame())
    bot = asyncio.run(through([WakeWordProcessor(model)], pushed))
    assert told(bot) == wanted(model.predict(sound))


def test_a_start_begins_anew_and_nothing_is_heard_outside_a_session(model: Any, sound: Any) -> None:
    listener = WakeWordProcessor(model, enable_direct_mode=True)  # in order, whatever comes
    word = sound[:40_000]

    async def run() -> Bot:
        async with running(listener, Until(StopFrame)) as bot:
            await bot.slip(*frames(word), StopFrame(), *frames(word), StopFrame())
            await bot.slip(StartFrame(), *frames(word[20_000:]))
        return bot

    bot = asyncio.run(run())
    parts = [model.predict(word), model.predict(word[20_000:])]
    assert told(bot) == wanted(parts[0]) + wanted(parts[1]) and wanted(parts[0])
    assert bot.errors == []


def test_a_cancellation_in_the_midst_of_a_long_frame_leaves_nothing_running(model: Any) -> None:
    hour = silence(3600.0)
    begun = asyncio.Event()

    class Telling(WakeWordProcessor):
        async def listen(self, frame: Frame) -> None:
            if isinstance(frame, InputAudioRawFrame):
                begun.set()
            await super().listen(frame)

    async def run() -> Bot:
        async with running(Telling(model), cancel_timeout_secs=0.01) as bot:
            await bot.push(*frames(hour, len(hour)))
            await begun.wait()
            await bot.worker.cancel()
        return bot

    bot = asyncio.run(run())  # `running` looks at the tasks
    assert not bot.of(InputAudioRawFrame) and bot.errors == []


def test_models_and_names_that_do_not_fit_are_refused(model: Any) -> None:
    with pytest.raises(UnsupportedError, match="expected a model that hears sound, got .* text"):
        WakeWordProcessor(load("intents"))
    with pytest.raises(UnsupportedError, match="hears sound, got one of frames"):
        WakeWordProcessor(make_model())
    with pytest.raises(ConfigError, match="expected some of alexa, computer, jarvis, got Alexa"):
        WakeWordProcessor(model, names=["Alexa", "jarvis"])
    with pytest.raises(ConfigError, match="expected some of alexa, computer, jarvis, got none"):
        WakeWordProcessor(model, names=[])
    with pytest.raises(ConfigError, match="expected a streamrnn.Model, got str 'wake'; .*load"):
        WakeWordProcessor(cast(Any, "wake"))
    with pytest.raises(ConfigError, match="got _background_"):
        WakeWordProcessor(model, names=["_background_"])
