"""What is said once an intent is done: Home Assistant's own words, made plain where they can be.

They are Jinja templates. Home Assistant renders one since May 2026; before that, and whoever else
asks, would speak it as it is. So what slots alone decide is filled in here.
"""

import re
from collections.abc import Mapping

from streamrnn.tasks.intents.durations import told

_SLOT = re.compile(r"\{\{ *slots\.(\w+) *\}\}")
_TIMERS = {
    "HassStartTimer": "Timer set for {}",
    "HassIncreaseTimer": "{} added to timer",
    "HassDecreaseTimer": "{} removed from timer",
}
_SWITCHES = {"HassTurnOn": "Turned on", "HassTurnOff": "Turned off"}


def plain_of(template: str, intent: str, slots: Mapping[str, str | float]) -> str | None:
    """What a template says, in plain words.

    Args:
        template: Home Assistant's words.
        intent: for which they are.
        slots: what is known.

    Returns:
        None where there are no words, or they depend on what only the home knows.

    >>> plain_of("Added {{ slots.item }}", "HassListAddItem", {"item": "milk"})
    'Added milk'
    >>> plain_of("Added {{ slots.item }}", "HassListAddItem", {"item": "{{ 7 * 7 }}"})
    >>> plain_of("{{ state.state_with_unit }}", "HassGetState", {"name": "lamp"})
    """
    if any("{" in str(value) for value in slots.values()):
        return None  # what somebody said must not be rendered
    filled = _SLOT.sub(lambda slot: str(slots.get(slot[1], slot[0])), template)
    if "{" not in filled:
        return filled or None
    if intent in _TIMERS:
        return _timer(intent, slots)
    if intent in _SWITCHES:
        named = f" the {slots['name']}" if "name" in slots else ""
        return _SWITCHES[intent] + named
    degrees = slots.get("temperature")
    if intent == "HassClimateSetTemperature" and degrees is not None:
        return f"Temperature set to {degrees} degree{'' if degrees == 1 else 's'}"
    return None


def _timer(intent: str, slots: Mapping[str, str | float]) -> str | None:
    units = {"hours": 3600, "minutes": 60, "seconds": 1}
    numbers = [(slots[unit], size) for unit, size in units.items() if unit in slots]
    seconds = sum(n * size for n, size in numbers if not isinstance(n, str))
    if not seconds:
        return None
    if "conversation_command" in slots:
        return f"Command will be executed in {told(seconds)}"
    named = f" named {slots['name']}" if "name" in slots else ""
    return _TIMERS[intent].format(told(seconds)) + named
