"""An assistant hears real speech, made here, and answers it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamrnn
from streamrnn.errors import NonFiniteError, ServiceError, UnsupportedError
from streamrnn.serve.assistant import (
    Answered,
    Assistant,
    Decided,
    Due,
    Failed,
    Recogniser,
    Told,
    Woken,
    Words,
)
from streamrnn.serve.assistant.sphinx import PocketSphinx
from streamrnn.tasks.sounds.clips import converted
from tests.serve.assistant.speech import QUESTION, samples_of, say, synthesised

WAKE, INTENTS = streamrnn.load("wake"), streamrnn.load("intents")
NOON = datetime(2026, 5, 1, 12, 0)


def assistant(recogniser: Recogniser, **options: Any) -> Assistant:
    return Assistant(WAKE, INTENTS, recogniser, **{"clock": lambda: NOON, **options})


def told_of(one: Assistant, samples: np.ndarray, size: int = 480) -> list[Told]:
    told: list[Told] = []
    for at in range(0, len(samples), size):
        told += one.feed(samples[at : at + size])
    return told + one.flush()


def answers(told: list[Told]) -> list[Answered]:
    return [each for each in told if isinstance(each, Answered)]


def settled(told: list[Told]) -> list[Told]:
    """All but words and decisions so far, which hang on what pocketsphinx heard before."""
    return [each for each in told if not isinstance(each, Words | Decided)]


def test_a_question_is_understood_word_by_word_and_answered(sphinx: PocketSphinx) -> None:
    told = told_of(assistant(sphinx), samples_of(QUESTION))
    woken, *between, answered = told
    assert isinstance(woken, Woken) and woken.word == "computer"
    decided = [each for each in between if isinstance(each, Decided)]
    assert [each.intent for each in decided] == ["HassGetCurrentTime"]
    assert decided[0].time < answered.time and decided[0].number <= 4
    texts = [each.text for each in between if isinstance(each, Words)]
    assert texts[-1] == "what time is it" and len(texts) > 2
    assert isinstance(answered, Answered)
    assert answered == Answered(
        answered.time, "what time is it", "HassGetCurrentTime", answered.score, {}, "It is 12:00."
    )
    assert [each.time for each in told] == sorted(each.time for each in told)


def test_neither_cuts_nor_rate_nor_what_was_before_show(sphinx: PocketSphinx) -> None:
    samples = samples_of(QUESTION)
    one = assistant(sphinx)
    whole = settled(told_of(one, samples, len(samples)))
    assert len(whole) == 2
    assert settled(told_of(one, samples, 101)) == whole  # and after flush it is fresh
    assert settled(told_of(assistant(sphinx), samples, 20_011)) == whole
    floats = samples.astype(np.float32) / 32_768.0
    assert settled(told_of(assistant(sphinx), floats)) == whole
    fast = converted(floats, 16_000, 44_100)
    stereo = np.stack([fast, fast], axis=1)
    (answered,) = answers(told_of(assistant(sphinx, rate=44_100, channels=2), stereo, 882))
    assert answered.answer == "It is 12:00."


COMMANDS = {
    "computer, turn on the kitchen lights": ("HassTurnOn", {"area": "kitchen", "domain": "light"}),
    "jarvis, set the volume to fifty percent": ("HassSetVolume", {"volume_level": 50}),
    "computer, what day is it today": ("HassGetCurrentDate", {}),
    "jarvis, lock the front door": ("HassTurnOn", {"name": "front door"}),
}


@synthesised
def test_commands_are_understood(sphinx: PocketSphinx, tmp_path: Path) -> None:
    path = say(tmp_path / "said.wav", *COMMANDS)
    told = answers(told_of(assistant(sphinx), samples_of(path)))
    # Not word by word: `lock my front door` is as good.
    assert [(each.intent, each.entities) for each in told] == list(COMMANDS.values())


def test_two_commands_are_two_and_a_timer_that_ends_is_told(sphinx: PocketSphinx) -> None:
    now = NOON
    one = assistant(sphinx, clock=lambda: now)
    twice = np.tile(samples_of(QUESTION), 2)
    first, second = answers(told_of(one, twice))
    assert first.text == second.text and first.time < second.time
    one.home.answer("HassStartTimer", "a timer for one minute", now)
    now += timedelta(minutes=2)
    told = one.feed(np.zeros(960, np.int16))
    assert [each.answer for each in told if isinstance(each, Due)] == [
        "The timer of 1 minute is done!"
    ]
    assert told == [each for each in told if isinstance(each, Due)]


def test_without_a_wake_word_nothing_is_told(sphinx: PocketSphinx) -> None:
    samples = samples_of(QUESTION)
    after = samples[round(1.75 * 16_000) :]  # what time is it
    assert told_of(assistant(sphinx), after) == []
    assert told_of(assistant(sphinx), samples[:0]) == []
    noise = np.random.default_rng(0).normal(0.0, 3_000.0, 160_000).astype(np.int16)
    assert told_of(assistant(sphinx), noise) == []


def test_a_wake_word_alone_is_given_up_and_the_next_one_heard(sphinx: PocketSphinx) -> None:
    samples = samples_of(QUESTION)
    alone = np.concatenate([samples[: round(1.7 * 16_000)], np.zeros(6 * 16_000, np.int16)])
    told = told_of(assistant(sphinx), np.concatenate([alone, samples]))
    nothing, answered = answers(told)
    assert (nothing.text, nothing.intent, nothing.entities) == ("", "", {})
    assert nothing.answer == "I heard no word." and nothing.time < 7.0
    assert answered.answer == "It is 12:00."


def test_sound_that_ends_in_a_command_is_answered(sphinx: PocketSphinx) -> None:
    told = told_of(assistant(sphinx), samples_of(QUESTION)[: round(2.55 * 16_000)])
    (answered,) = answers(told)
    assert answered.text.startswith("what") and told[-1] == answered


def test_what_is_refused_changes_nothing(sphinx: PocketSphinx) -> None:
    samples = samples_of(QUESTION)
    one = assistant(sphinx)
    told = one.feed(samples[:32_000])
    with pytest.raises(NonFiniteError):
        one.feed(np.array([0.0, np.nan], np.float32))
    told += one.feed(samples[32_000:]) + one.flush()
    assert settled(told) == settled(told_of(assistant(sphinx), samples))


class Broken:
    """A recogniser that raises what none should."""

    def begin(self) -> None: ...

    def feed(self, samples: np.ndarray) -> str:
        raise OSError("gone")

    def flush(self) -> str:
        raise OSError("gone")

    def close(self) -> None: ...


def test_whatever_else_is_raised_loses_the_command_alone() -> None:
    one = assistant(Broken())
    samples = samples_of(QUESTION)
    with pytest.raises(OSError, match="gone"):
        one.feed(samples)
    assert one.feed(np.zeros(48_000, np.int16)) == [] and one.flush() == []


def test_models_that_do_not_fit_are_refused(sphinx: PocketSphinx) -> None:
    with pytest.raises(UnsupportedError, match="expected a model that hears sound"):
        Assistant(INTENTS, INTENTS, sphinx, clock=lambda: NOON)
    with pytest.raises(UnsupportedError, match="expected a model that reads text and decides"):
        Assistant(WAKE, WAKE, sphinx, clock=lambda: NOON)


class Failing:
    """A recogniser that fails at the n-th call of one kind, and works otherwise."""

    def __init__(self, how: str, at: int = 1) -> None:
        self.how, self.left = how, at

    def _call(self, how: str) -> str:
        if how == self.how:
            self.left -= 1
            if self.left == 0:
                raise ServiceError("gone")
        return "what time is it"

    def begin(self) -> None:
        self._call("begin")

    def feed(self, samples: Any) -> str:
        return self._call("feed")

    def flush(self) -> str:
        return self._call("flush")

    def close(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize("how, at", [("begin", 1), ("feed", 1), ("feed", 7), ("flush", 1)])
def test_a_recogniser_that_fails_loses_one_command_and_nothing_that_was_told(
    how: str, at: int
) -> None:
    samples = np.tile(samples_of(QUESTION), 2)
    whole = told_of(assistant(Failing(how, at)), samples, len(samples))
    kinds = [type(each).__name__ for each in whole if not isinstance(each, Words | Decided)]
    assert kinds == ["Woken", "Failed", "Woken", "Answered"]
    assert told_of(assistant(Failing(how, at)), samples) == whole
    (failed,) = (each for each in whole if isinstance(each, Failed))
    assert failed.reason == "gone"


def test_a_flush_amid_a_failure_leaves_everything_fresh() -> None:
    samples = samples_of(QUESTION)
    one = assistant(Failing("flush"))
    for cut in range(4_000, len(samples), 4_000):
        one.feed(samples[:cut])
        one.flush()
        assert one.time == 0.0
    assert told_of(one, samples) == told_of(assistant(Failing("")), samples)
