"""What sentences speak of: a table, whatever the words, and without hassil."""

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.tasks.intents.entities import LONGEST, entities

INTENTS = streamrnn.load("intents").labels
NOT_IN_TEMPLATES = "zzz "  # before a sentence: no template has it, our own finders search it


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("turn on the kitchen lights", "HassTurnOn", {"area": "kitchen", "domain": "light"}),
        ("Turn ON the TV, please!", "HassTurnOn", {"name": "tv"}),
        ("turn on the lights", "HassTurnOn", {"domain": "light"}),
        ("turn off the lights upstairs", "HassTurnOff", {"floor": "upstairs", "domain": "light"}),
        ("lock the front door", "HassTurnOn", {"name": "front door"}),
        (
            "close the blinds in the bedroom",
            "HassTurnOff",
            {"area": "bedroom", "device_class": "blind", "domain": "cover"},
        ),
        ("set the desk lamp to 40%", "HassLightSet", {"name": "desk lamp", "brightness": 40}),
        (
            "make the living room red",
            "HassLightSet",
            {"area": "living room", "color": "red", "domain": "light"},
        ),
        ("set the temperature to 21.5 degrees", "HassClimateSetTemperature", {"temperature": 21.5}),
        ("set the volume to fifty percent", "HassSetVolume", {"volume_level": 50}),
        (
            "set the blinds to 30 percent",
            "HassSetPosition",
            {"device_class": "blind", "domain": "cover", "position": 30},
        ),
        ("add milk to my shopping list", "HassShoppingListAddItem", {"item": "milk"}),
        (
            "put eggs on the groceries list",
            "HassListAddItem",
            {"item": "eggs", "name": "groceries"},
        ),
        ("is the front door locked", "HassGetState", {"name": "front door", "state": "locked"}),
        ("set a timer for ten minutes", "HassStartTimer", {"minutes": 10}),
        ("an hour and a half, please", "HassStartTimer", {"hours": 1, "minutes": 30}),
        ("pasta: 90 seconds", "HassStartTimer", {"minutes": 1, "seconds": 30}),
        ("cancel my pizza timer", "HassCancelTimer", {"name": "pizza"}),
        (
            "add five minutes to the ten minute timer",
            "HassIncreaseTimer",
            {"minutes": 5, "start_minutes": 10},
        ),
        (
            "and another minute on that ten minute timer",
            "HassIncreaseTimer",
            {"minutes": 1, "start_minutes": 10},
        ),
        (
            "turn off the lights in ten minutes",
            "HassStartTimer",
            {"conversation_command": "turn off the lights", "minutes": 10},
        ),
        ("announce dinner is ready", "HassBroadcast", {"message": "dinner is ready"}),
        ("what time is it", "HassGetCurrentTime", {}),
        ("turn on the kitchen lights", "oos", {}),
        ("turn on the kitchen lights", "", {}),
        ("turn on the kitchen lights", "NoSuchIntent", {}),
        ("", "HassTurnOn", {}),
        (" \n\t ", "HassTurnOn", {}),
        ("厨房の電気をつけて 🙂", "HassTurnOn", {}),
        ("0 minutes", "HassStartTimer", {}),
        ("9" * 400 + " hours", "HassStartTimer", {}),
        # The network's word counts: its intent may not be what the words say.
        ("set a timer for ten minutes", "HassTurnOn", {}),
    ],
)
def test_a_sentence_speaks_of(text: str, intent: str, expected: dict[str, str | float]) -> None:
    assert entities(text, intent) == expected
    assert entities(text, intent) == expected  # what is cached is as it was


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("the kitchen light on", "HassTurnOn", {"area": "kitchen", "domain": "light"}),
        ("the desk lamp to forty percent", "HassLightSet", {"name": "desk lamp", "brightness": 40}),
        (
            "bedroom lights blue",
            "HassLightSet",
            {"area": "bedroom", "domain": "light", "color": "blue"},
        ),
        ("101 percent", "HassLightSet", {}),
        (
            "heating in the office",
            "HassClimateSetTemperature",
            {"area": "office", "name": "heating"},
        ),
        (
            "2.5 minutes in the kitchen",
            "HassStartTimer",
            {"area": "kitchen", "minutes": 2, "seconds": 30},
        ),
        ("play the radio in the kitchen", "HassMediaSearchAndPlay", {"area": "kitchen"}),
        ("milk", "HassShoppingListAddItem", {}),
        ("set a five minute timer and a ten minute timer", "HassStartTimer", {"minutes": 5}),
        ("a timer of 59.9999 seconds, would you", "HassStartTimer", {"minutes": 1}),
        ("would you cancel the pizza timer for me", "HassCancelTimer", {"name": "pizza"}),
        ("well turn the white lamp red", "HassLightSet", {"name": "white lamp", "color": "red"}),
        ("dim the lamp to 12.5 % or so", "HassLightSet", {"name": "lamp", "brightness": 12.5}),
        ("would 21.5 degrees be fine", "HassClimateSetTemperature", {"temperature": 21.5}),
        ("would 20 % be fine", "HassClimateSetTemperature", {}),
        ("12.5 % on the desk lamp", "HassLightSet", {"name": "desk lamp", "brightness": 12.5}),
        ("twelve point five percent", "HassSetVolume", {"volume_level": 12.5}),
        ("dim by 20 percent, up 5 percent, 5 to 10 percent", "HassLightSet", {}),
        ("white lamp red", "HassLightSet", {"name": "white lamp", "color": "red"}),
        (
            "the white kitchen lamp red",
            "HassLightSet",
            {"area": "kitchen", "name": "white lamp", "color": "red"},
        ),
        ("the white lights red", "HassLightSet", {"domain": "light", "color": "red"}),
        ("the lamp blue, not white", "HassLightSet", {"name": "lamp", "color": "blue"}),
        ("the lamp white", "HassLightSet", {"name": "lamp", "color": "white"}),
    ],
)
def test_what_no_template_fits_is_searched(
    text: str, intent: str, expected: dict[str, str | float]
) -> None:
    assert entities(NOT_IN_TEMPLATES + text, intent) == expected


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("21.5", 21.5),
        ("make it 21.5 in here", 21.5),
        ("heat to 21 at 7 pm", 21),
        ("I want twenty one point five degrees tonight", 21.5),
        ("5 °", 5),
        ("a bit warmer", None),
        ("make it a degree warmer, up 2 degrees, by 2 degrees, 2 degrees warmer", None),
        ("19 to 21 degrees, minus 5 degrees, 350 degrees", None),
        ("to 21 percent, to 20 minutes, to 10 o'clock", None),
    ],
)
def test_a_temperature_is_one_that_is_to_be(text: str, degrees: float | None) -> None:
    found = entities(NOT_IN_TEMPLATES + text, "HassClimateSetTemperature")
    assert found.get("temperature") == degrees


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("5 minutes and 1 hour", "HassStartTimer", {"minutes": 5}),
        (
            "add 5 minutes and then 1 hour to the ten minute timer and the 1 hour timer",
            "HassIncreaseTimer",
            {"minutes": 5, "start_minutes": 10},
        ),
        ("59.9999 seconds", "HassStartTimer", {"minutes": 1}),
        ("59.9994 seconds", "HassStartTimer", {"seconds": 59.999}),
        ("59 minutes and 59.9999 seconds", "HassStartTimer", {"hours": 1}),
        ("pizza timer", "HassStartTimer", {"name": "pizza"}),
        ("a ten minute pizza timer", "HassStartTimer", {"minutes": 10, "name": "pizza"}),
        ("my flamingo timer", "HassTimerStatus", {"name": "flamingo"}),
        ("timer called soup", "HassTimerStatus", {"name": "soup"}),
        ("scrap timer", "HassCancelTimer", {}),
        ("the ten minute timer", "HassCancelTimer", {"start_minutes": 10}),
        ("the living room timer", "HassCancelTimer", {"area": "living room"}),
    ],
)
def test_of_timers_the_first_is_told_and_its_name(
    text: str, intent: str, expected: dict[str, str | float]
) -> None:
    assert entities(NOT_IN_TEMPLATES + text, intent) == expected


@given(st.decimals(0, 10**9, places=6))
def test_a_duration_is_told_to_the_millisecond(seconds: Decimal) -> None:
    found = entities(f"{NOT_IN_TEMPLATES}{seconds:f} seconds", "HassStartTimer")
    units = {"hours": 3600, "minutes": 60, "seconds": 1}
    told = sum(Decimal(str(found.get(unit, 0))) * length for unit, length in units.items())
    assert abs(told - seconds) <= Decimal("0.000501")
    assert max(float(found.get(unit, 0)) for unit in ("minutes", "seconds")) < 60


def test_numbers_are_numbers_and_whole_ones_whole() -> None:
    found = entities("set the blinds to 30%", "HassSetPosition")
    assert isinstance(found["position"], int)


WORDS = "turn on off the kitchen lights add 5 minutes to timer in play set 40 % and ,".split()


@given(
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(),
    st.sampled_from(INTENTS),
)
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_searched_for_any_intent(text: str, intent: str) -> None:
    found = entities(text, intent)
    assert all(
        isinstance(name, str) and isinstance(v, str | int | float) for name, v in found.items()
    )
    assert found == entities(text, intent)


@pytest.mark.parametrize("intent", INTENTS)
def test_a_text_without_end_is_searched_at_its_beginning(intent: str) -> None:
    text = "zzz kitchen light 40 percent, ten minutes " + "and the " * 12_000
    assert entities(text + "bedroom", intent) == entities(text[:LONGEST], intent)


WITHOUT = """
import sys
sys.modules["hassil"] = None  # as if it were not installed
from streamrnn.tasks.intents.entities import entities
assert entities("turn on the kitchen lights", "HassTurnOn")["area"] == "kitchen"
assert entities("set a timer for ten minutes", "HassStartTimer") == {"minutes": 10}
assert entities("add milk to my list", "HassShoppingListAddItem") == {}
"""


def test_without_hassil_our_own_finders_search() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
