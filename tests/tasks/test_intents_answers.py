"""The pretended home: conversations, and what holds of any."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.tasks.intents.answers import LONGEST_TIMER, MOST, Household

NOON = datetime(2026, 11, 24, 12, 0)
WRITTEN = Path(__file__).with_name("intents_written.jsonl")


def later(**time: float) -> datetime:
    return NOON + timedelta(**time)


def test_the_clock_that_is_handed_in_is_told() -> None:
    home = Household()
    assert home.answer("HassGetCurrentTime", "what time is it?", NOON) == "It is 12:00."
    for text, told in (
        ("the date", "Today is Tuesday, 24 November 2026."),
        ("the date tomorrow?", "Tomorrow is Wednesday, 25 November 2026."),
        ("what day was it yesterday", "Yesterday was Monday, 23 November 2026."),
        (
            "the date the day after tomorrow",
            "The day after tomorrow is Thursday, 26 November 2026.",
        ),
        ("the day before yesterday", "The day before yesterday was Sunday, 22 November 2026."),
    ):
        assert home.answer("HassGetCurrentDate", text, NOON) == told


def test_a_timer_runs_stands_still_goes_on_and_ends() -> None:
    home = Household()
    home.answer("HassStartTimer", "set a pasta timer for ten minutes", NOON)
    said = home.answer("HassTimerStatus", "how long", later(minutes=4))
    assert said == "The pasta timer of 10 minutes has 6 minutes left."
    said = home.answer("HassPauseTimer", "pause it", later(minutes=5))
    assert said == "The pasta timer of 10 minutes has 5 minutes left, paused."
    home.answer("HassPauseTimer", "pause it", later(minutes=7))  # again: nothing changes
    said = home.answer("HassIncreaseTimer", "add a minute", later(minutes=30))
    assert said == "The pasta timer of 10 minutes has 6 minutes left, paused."
    said = home.answer("HassUnpauseTimer", "resume", later(hours=1))
    assert said == "The pasta timer of 10 minutes has 6 minutes left."
    said = home.answer("HassDecreaseTimer", "take two minutes off the timer", later(minutes=61))
    assert said == "The pasta timer of 10 minutes has 3 minutes left."
    assert home.due(later(minutes=63, seconds=59)) == []
    assert home.due(later(minutes=64)) == ["The pasta timer of 10 minutes is done!"]
    assert home.due(later(minutes=64)) == []
    assert home.answer("HassTimerStatus", "how long", later(minutes=65)) == "No timer runs."


def test_among_timers_the_one_that_is_named_is_meant() -> None:
    home = Household()
    home.answer("HassStartTimer", "egg timer, 6 minutes", NOON)
    home.answer("HassStartTimer", "half an hour", NOON)
    assert home.answer("HassCancelTimer", "cancel it", NOON).startswith("Which one? The egg timer")
    assert home.answer("HassCancelTimer", "the rice timer", NOON).startswith("No such timer.")
    assert home.answer("HassCancelTimer", "the ten minute timer", NOON).startswith("No such timer.")
    said = home.answer("HassIncreaseTimer", "add 1 minute to the half hour timer", NOON)
    assert said == "The timer of 30 minutes has 31 minutes left."
    assert home.answer("HassCancelTimer", "stop the egg timer", NOON).endswith("is cancelled.")
    home.answer("HassStartTimer", "one of ten minutes, another of an hour", NOON)
    assert [timer.length for timer in home.timers] == [1800.0, 600.0, 3600.0]
    assert home.answer("HassCancelAllTimers", "all", NOON) == "Cancelled: 3 timers."


@pytest.mark.parametrize("verb", ["kill", "delete", "please remove", "scrap", "Kill the"])
def test_a_verb_before_timer_is_no_name(verb: str) -> None:
    home = Household()
    home.answer("HassStartTimer", "scrap timer, 3 minutes", NOON)
    home.answer("HassCancelTimer", "the scrap timer", NOON)
    assert home.timers == []
    home.answer("HassStartTimer", "pasta timer, ten minutes", NOON)
    assert "No such" in home.answer("HassCancelTimer", f"{verb} the rice timer", NOON)
    assert home.answer("HassCancelTimer", f"{verb} timer", NOON).endswith("is cancelled.")


@pytest.mark.parametrize(
    "text",
    [
        "a timer",
        "zero minutes",
        "8 days",
        "200 hours",
        "9" * 400 + " h",
        "five to ten minutes",
        "5-10 minutes",
        "five or ten minutes",
        "minus five minutes",
        "-5 minutes",
    ],
)
def test_a_timer_of_no_length_is_asked_for(text: str) -> None:
    home = Household()
    assert "for how long" in home.answer("HassStartTimer", text, NOON)
    assert home.timers == []


def test_a_timer_that_is_taken_to_nothing_is_done() -> None:
    home = Household()
    home.answer("HassStartTimer", "ten minutes", NOON)
    said = home.answer("HassDecreaseTimer", "an hour less", NOON)
    assert said.endswith("has 0 seconds left. The timer of 10 minutes is done!")


def test_lights_are_what_they_were_told_to_be() -> None:
    home = Household()
    ask = "is the kitchen light on?"
    said = home.answer("HassGetState", ask, NOON)
    assert said == "In this pretended home: kitchen light unknown: nobody has told me."
    home.answer("HassTurnOn", "lights in the kitchen, please", NOON)
    home.answer("HassLightSet", "set the bedroom lamp to thirty percent", NOON)
    assert home.answer("HassGetState", ask, NOON) == "In this pretended home: kitchen light on."
    assert home.devices["bedroom lamp"] == "on at 30 %"
    home.answer("HassLightSet", "put the bedroom lamp at forty per cent", NOON)
    assert home.devices["bedroom lamp"] == "on at 40 %"
    home.answer("HassTurnOff", "turn off all the lights", NOON)
    assert home.answer("HassGetState", ask, NOON) == "In this pretended home: kitchen light off."
    assert home.devices["bedroom lamp"] == "on at 40 %"
    home.answer("HassTurnOff", "close the garage door", NOON)
    home.answer("HassTurnOn", "lock the front door", NOON)
    assert home.devices["garage door"] == "closed" and home.devices["front door"] == "locked"
    before = dict(home.devices)
    said = home.answer("HassLightSet", "make the kitchen light purple", NOON)
    assert "only on, off and percent" in said and home.devices == before
    assert "not for which" in home.answer("HassTurnOn", "the flux capacitor", NOON)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("the kitchen and bedroom lights", ["kitchen light", "bedroom light"]),
        ("bedroom and kitchen lights", ["bedroom light", "kitchen light"]),
        ("lights in the living room and the den", ["living room light", "den light"]),
        ("the fan and the desk lamp", ["fan", "desk lamp"]),
        ("the garage door and the heater in there", ["garage door", "garage heater"]),
    ],
)
def test_each_room_or_device_that_is_named_is_meant(text: str, names: list[str]) -> None:
    home = Household()
    said = home.answer("HassTurnOn", f"turn on {text}", NOON)
    assert said.startswith("In this pretended home") and list(home.devices) == names


def test_all_means_those_too_that_nobody_spoke_of() -> None:
    home = Household()
    ask = "are any lights on?"
    said = home.answer("HassGetState", ask, NOON)
    assert said == "In this pretended home: nobody has told me of any."
    home.answer("HassTurnOff", "kitchen light off", NOON)
    said = home.answer("HassTurnOn", "turn on all the lights", NOON)
    assert said == "In this pretended home: every light on."
    home.answer("HassTurnOff", "bedroom light off", NOON)
    said = home.answer("HassGetState", "kitchen and bedroom light", NOON)
    assert said == "In this pretended home: kitchen light on, bedroom light off."
    said = home.answer("HassGetState", ask, NOON)
    assert said == "In this pretended home: every light on, bedroom light off."


def test_several_rooms_and_devices_at_once_are_asked_for_one_by_one() -> None:
    home = Household()
    said = home.answer("HassTurnOn", "the kitchen light and the bedroom fan", NOON)
    assert "one at a time" in said and home.devices == {}


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("HassTurnOn", "don't turn on the lights"),
        ("HassTurnOff", "please do not turn off the fan"),
        ("HassTurnOn", "never open the garage door"),
        ("HassTurnOff", "all lights off except the kitchen"),
        ("HassStartTimer", "don’t set a timer for ten minutes"),
        ("HassCancelTimer", "dont cancel the egg timer"),
        ("HassShoppingListAddItem", "don't add milk to the shopping list"),
    ],
)
def test_what_it_is_told_not_to_do_it_does_not(intent: str, text: str) -> None:
    home = Household()
    home.answer("HassStartTimer", "egg timer, five minutes", NOON)
    assert home.answer(intent, text, NOON).endswith("I leave all as it is.")
    assert (len(home.timers), home.devices, home.lists) == (1, {}, {})


def test_a_not_that_forbids_nothing_hinders_nothing() -> None:
    home = Household()
    home.answer("HassListAddItem", "don't forget to add milk to the shopping list", NOON)
    home.answer("HassListAddItem", "put soap on the shopping list", NOON)
    home.answer("HassListRemoveItem", "we don't need milk on the shopping list, remove it", NOON)
    home.answer("HassTurnOn", "why don't you turn on the kitchen light", NOON)
    assert (home.lists, home.devices) == ({"shopping": ["soap"]}, {"kitchen light": "on"})


def test_two_timers_are_two() -> None:
    home = Household()
    home.answer("HassStartTimer", "set two timers, five minutes and ten minutes", NOON)
    home.answer("HassStartTimer", "an hour and ten minutes and five seconds", NOON)
    assert [timer.length for timer in home.timers] == [300.0, 600.0, 4205.0]


def test_lists_are_kept() -> None:
    home = Household()
    add, done = "HassShoppingListAddItem", "HassShoppingListCompleteItem"
    home.answer(add, "Add milk and a loaf to the shopping list", NOON)
    home.answer("HassListAddItem", "put eggs on my shopping list", NOON)
    said = home.answer(done, "I got the milk, take it off the list", NOON)
    assert said == "Shopping list: loaf, eggs."
    said = home.answer("HassGetState", "what is on my shopping list?", NOON)
    assert said == "Shopping list: loaf, eggs."
    assert "none of that" in home.answer(done, "cross off the soap", NOON)
    assert "not catch what" in home.answer(add, "put it on the shopping list", NOON)
    said = home.answer("HassListAddItem", "add call mum to my to do list", NOON)
    assert said == "To-do list: call mum."
    assert home.lists == {"shopping": ["loaf", "eggs"], "to-do": ["call mum"]}


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        ("HassGetWeather", "no forecast"),
        ("HassClimateGetTemperature", "no thermometer"),
        ("HassMediaNext", 'I understood "media next", but nothing here can do that.'),
        ("book_flight", 'I understood "book_flight", but nothing here can do that.'),
        ("oos", "did not understand"),
        ("", "no word"),
    ],
)
def test_what_it_cannot_know_it_says(intent: str, told: str) -> None:
    assert told in Household().answer(intent, "whatever", NOON)


sentences = st.sampled_from(
    [
        ("HassStartTimer", "pasta timer, nine minutes"),
        ("HassStartTimer", "a timer for six days and an hour"),
        ("HassIncreaseTimer", "add 3 days to the pasta timer"),
        ("HassDecreaseTimer", "take an hour off"),
        ("HassDecreaseTimer", "take 4 minutes off the pasta timer"),
        ("HassPauseTimer", "pause the pasta timer"),
        ("HassUnpauseTimer", "go on with the pasta timer"),
        ("HassCancelTimer", "cancel the pasta timer"),
        ("HassTimerStatus", "how long"),
        ("HassCancelAllTimers", "all of them"),
    ]
)


@given(st.lists(st.tuples(sentences, st.integers(-3600, 90_000)), max_size=30))
@settings(max_examples=100, deadline=None)
def test_what_is_left_is_never_negative_nor_over_a_week(
    said: list[tuple[tuple[str, str], int]],
) -> None:
    home, again, now = Household(), Household(), NOON
    for (intent, text), seconds in said:
        now += timedelta(seconds=seconds)  # a clock may be set back too
        answer = home.answer(intent, text, now)
        assert answer == again.answer(intent, text, now)  # nothing but what was handed in counts
        assert "-" not in answer
        for timer in home.timers:
            assert 0.0 <= timer.left(now) <= LONGEST_TIMER + max(0.0, -seconds)
            assert timer.held is not None or timer.left(now) > 0.0
    assert len(home.timers) <= MOST


def test_any_sentence_for_any_intent_is_answered_and_what_is_kept_is_bounded() -> None:
    lines = map(msgspec.json.decode, WRITTEN.read_bytes().splitlines())
    texts = [str(line["text"]) for line in lines]
    home = Household()
    for intent in ("HassStartTimer", "HassListAddItem", "HassTurnOn", "HassGetState", "x"):
        for text in texts:
            assert home.answer(intent, text, NOON)
    assert len(home.timers) <= MOST and len(home.lists) <= MOST
    assert all(len(things) <= MOST for things in home.lists.values())
