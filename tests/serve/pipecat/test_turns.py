"""In a true aggregator the user's turn begins with a wake word that was heard, and not before."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from pipecat.frames.frames import (
    InterruptionFrame,
    LLMContextFrame,
    ProposedUserStoppedSpeakingFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import ExternalUserTurnStopStrategy
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from streamrnn.errors import ConfigError
from streamrnn.loading import load
from streamrnn.serve.pipecat import (
    WakeWordFrame,
    WakeWordProcessor,
    WakeWordUserTurnStartStrategy,
)
from tests.serve.pipecat.bot import Bot, frames, recorded, running

FOREVER = 1e6
Strategy = WakeWordUserTurnStartStrategy


def strategies(wake: Strategy) -> UserTurnStrategies:
    stop = ExternalUserTurnStopStrategy(timeout=FOREVER, wait_for_transcript=False)
    return UserTurnStrategies(start=[wake, VADUserTurnStartStrategy()], stop=[stop])


def listener(wake: Strategy) -> tuple[UserTurnProcessor, list[str]]:
    """A processor of turns, and what its strategy tells."""
    told: list[str] = []
    wake.add_event_handler("on_wake_word_detected", lambda _, frame: told.append(frame.label))
    wake.add_event_handler("on_wake_word_timeout", lambda _: told.append("timeout"))
    return UserTurnProcessor(user_turn_strategies=strategies(wake)), told


def word(label: str = "jarvis") -> WakeWordFrame:
    return WakeWordFrame(label, 16_000, 1.0, 0.9)


async def speak(bot: Bot) -> None:
    """Somebody speaks; once the end of it is through, a turn has begun or none will."""
    count = len(bot.of(VADUserStartedSpeakingFrame)) + 1
    await bot.push(VADUserStartedSpeakingFrame(), VADUserStoppedSpeakingFrame())
    await bot.come(VADUserStoppedSpeakingFrame, count)


def turns(bot: Bot) -> int:
    return len(bot.of(UserStartedSpeakingFrame))


async def stop(bot: Bot) -> None:
    count = len(bot.of(UserStoppedSpeakingFrame)) + 1
    await bot.push(ProposedUserStoppedSpeakingFrame())
    await bot.come(UserStoppedSpeakingFrame, count)


def test_a_turn_begins_with_a_word_that_is_heard() -> None:
    """In the aggregator of a bot; what was said before it is called stays out of the context."""
    context = LLMContext()
    wake = Strategy(timeout=FOREVER)
    params = LLMUserAggregatorParams(user_turn_strategies=strategies(wake))
    user, _ = LLMContextAggregatorPair(context, user_params=params)
    model, speech = load("wake"), recorded("utterance")

    async def run() -> Bot:
        async with running(WakeWordProcessor(model), user) as bot:
            await bot.push(*frames(speech), VADUserStartedSpeakingFrame())
            await bot.push(VADUserStoppedSpeakingFrame(), TranscriptionFrame("not for it", "a", ""))
            await bot.come(VADUserStoppedSpeakingFrame)
            assert not bot.of(UserStartedSpeakingFrame) and not wake.awake
            await bot.push(*frames(recorded("question")))
            await bot.come(UserStartedSpeakingFrame)
            assert wake.awake
            await bot.push(TranscriptionFrame("computer, lights", "a", ""))
            await stop(bot)
            await bot.come(LLMContextFrame)
        return bot

    bot = asyncio.run(run())
    (heard,) = bot.of(WakeWordFrame)
    order = [type(frame) for frame in bot.down]
    assert heard.label == "computer" and turns(bot) == 1 and bot.errors == []
    assert order.index(UserStartedSpeakingFrame) < order.index(LLMContextFrame)
    assert bot.of(InterruptionFrame)
    assert context.messages == [{"role": "user", "content": "computer, lights"}]


def test_once_woken_others_begin_turns_until_the_time_is_over() -> None:
    async def run(timeout: float) -> tuple[int, list[str]]:
        wake = Strategy(timeout=timeout, names=["jarvis"])
        turn, told = listener(wake)
        async with running(turn) as bot:
            await speak(bot)
            await bot.push(word("alexa"))  # not its name
            await bot.come(WakeWordFrame)
            await speak(bot)
            assert turns(bot) == 0 and not wake.awake
            await bot.push(word())
            await bot.come(UserStartedSpeakingFrame)
            assert wake.awake  # within a turn, whatever the time
            await stop(bot)
            await speak(bot)
        return turns(bot), told

    assert asyncio.run(run(FOREVER)) == (2, ["jarvis"])
    assert asyncio.run(run(0.0)) == (1, ["jarvis", "timeout"])


@pytest.mark.parametrize("single", [True, False])
def test_activity_keeps_it_awake_unless_the_word_alone_counts(
    single: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is the test's, so that no second is waited for."""
    now = 100.0
    # The module's own name alone: asyncio looks at the clock too.
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("streamrnn.serve.pipecat.turns.time", clock)
    wake = Strategy(timeout=10.0, single_activation=single)

    async def run() -> list[bool]:
        nonlocal now
        seen: list[bool] = []
        await wake.process_frame(word())
        await wake.handle_user_turn_started()
        for passed in (9.0, 9.0, 9.0):
            now += passed
            await wake.process_frame(VADUserStartedSpeakingFrame())
            seen.append(wake.awake)
        await wake.handle_user_turn_stopped()
        seen.append(wake.awake)
        now += 11.0
        return [*seen, wake.awake]

    assert asyncio.run(run()) == [True, True, True, not single, False]


def test_a_word_within_a_turn_begins_no_other() -> None:
    turn, told = listener(Strategy(timeout=FOREVER))

    async def run() -> Bot:
        async with running(turn) as bot:
            await bot.push(word(), word("alexa"))
            await bot.come(WakeWordFrame, 2)
        return bot

    assert turns(asyncio.run(run())) == 1 and told == ["jarvis", "alexa"]


def test_handlers_that_still_run_are_waited_for() -> None:
    ended, done, after = asyncio.Event(), list[bool](), list[bool]()

    class Ending(Strategy):
        async def cleanup(self) -> None:
            ended.set()
            await super().cleanup()
            after.extend(done)

    async def slow(_strategy: Any, _frame: Any) -> None:
        await ended.wait()
        done.append(True)

    wake = Ending(timeout=FOREVER)
    wake.add_event_handler("on_wake_word_detected", slow)
    turn, _ = listener(wake)

    async def run() -> None:
        async with running(turn) as bot:
            await bot.push(word())
            await bot.come(UserStartedSpeakingFrame)

    asyncio.run(run())  # `running` looks at the tasks
    assert after == [True]


def test_a_single_name_is_one() -> None:
    wake = Strategy(timeout=FOREVER, names="jarvis")
    asyncio.run(wake.process_frame(word("j")))
    assert not wake.awake
    asyncio.run(wake.process_frame(word()))
    assert wake.awake


def test_times_that_are_none_and_no_names_are_refused() -> None:
    given: Any
    for given in (-1.0, float("nan"), "10", None):
        with pytest.raises(ConfigError, match="timeout: expected 0 or more seconds, got"):
            Strategy(timeout=given)
    with pytest.raises(ConfigError, match="names: expected some of labels, got none"):
        Strategy(names=[])
