"""What a sentence speaks of: its room, device, duration, …, by Home Assistant's names of them.

Where `hassil` is installed (the extra `intents`), Home Assistant's own templates find them: those
of the one intent that the network found, so that the two never contradict each other. What no
template fits is searched for rooms, devices, timers, percentages, temperatures and colours.
"""

import math
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from streamrnn.errors import ConfigError
from streamrnn.tasks.intents.answers import timer_name
from streamrnn.tasks.intents.devices import rooms_of, spoken, things_of
from streamrnn.tasks.intents.durations import Duration, durations, plain
from streamrnn.tasks.intents.sentence import LONGEST
from streamrnn.tasks.intents.templates import NAMED, OUTSIDE, home_assistant, shipped_file

Entities = dict[str, str | float]
"""Values by the names of their slots: `{"area": "kitchen", "brightness": 40}`."""

LONGEST_MATCHED = 200
"""Characters of a sentence that templates are tried on: two wildcards take its square in time."""
_KINDS = (*NAMED, "valve", "vacuum", "lawn_mower", "todo", "sensor", "person", "weather")
"""The lists of names.toml whose entries `{name}` may be; Home Assistant's domains, but `sensor`."""
_PERCENT = {
    "HassLightSet": "brightness",
    "HassSetPosition": "position",
    "HassSetVolume": "volume_level",
    "HassFanSetSpeed": "percentage",
}
"""What a percentage is called, by the intent."""
_COLOUR = re.compile(r"\b(white|black|red|orange|yellow|green|blue|purple|brown|pink|turquoise)\b")
_CHANGE = r"(?:(?P<change>by|up|down|minus|\d (?:to|or|and)) |(?P<to>to|it) )?"
"""Before a number: that nothing is set to it (up 2, minus 2, 1 to 2), or that something is."""
_NUMBER = r"(?<![\d.,:])(?P<value>\d++(?:\.\d++)?+)"
_PERCENTAGE = re.compile(rf"{_CHANGE}{_NUMBER} ?(?:%|per ?cent)")
_TEMPERATURE = re.compile(
    rf"{_CHANGE}{_NUMBER}(?: ?°| degrees\b(?! (?:warm|hot|high|more|cool|cold|low|less))"
    # Without a unit: the sentence's end, or what it is to be; 1 may be an article.
    r"|(?<=\d\d|\.\d)(?:[ ,.?!]*$|(?(to)"
    r"(?! ?%| degree| per| hour| minute| second| [ap]m\b| o['’]?clock|:| to | or )|(?!))))"
)
_WHOSE = r"(?:the|my|our|1|hours?|minutes?|seconds?)"  # `a` is read as 1
_PLACED = re.compile(r"Turn|Set|State|Vacuum|Mow|Media|Climate|Timer|Broadcast")
"""Intents that may name a room; of these only some a device."""
_UNTHINGED = re.compile(r"Timer|Broadcast|Search")


def entities(text: str, intent: str) -> Entities:
    """What a sentence speaks of.

    The first call with an intent reads its templates (some 10 ms, the very first some 100);
    later ones take a millisecond or two, 20 where the sentence is as long as it may be.

    Args:
        text: the sentence; what follows 4,096 characters is not looked at.
        intent: what it asks for: a name of Home Assistant's, `oos`, or "".

    Returns:
        Values by slot: `area`, `floor`, `name`, `domain`, `hours`, `minutes`, `seconds`,
        `brightness`, `color`, `temperature`, `position`, `item`, `state`, …; numbers as numbers.
        Of several rooms or devices the first. Empty where there is nothing to be found.

    >>> entities("could you turn on the kitchen lights", "HassTurnOn")
    {'area': 'kitchen', 'domain': 'light'}
    >>> entities("an hour and a half for the roast", "HassStartTimer")
    {'hours': 1, 'minutes': 30}
    """
    text = " ".join(text[:LONGEST].split())
    if not text or intent in ("", OUTSIDE):
        return {}
    found = _matched(text, intent) if len(text) <= LONGEST_MATCHED else None
    if found is None:
        return _searched(text, intent)
    return {entity.name: _value(entity.value) for entity in found.entities_list}


def response(text: str, intent: str) -> str:
    """What Home Assistant says once it has done what a sentence asks for.

    Args:
        text: the sentence.
        intent: what it asks for.

    Returns:
        Home Assistant's own words, a Jinja template that may look at `slots`, `state` and `query`;
        "" where it has none, or `home-assistant-intents` is not installed.

    >>> response("turn on the lights in the kitchen", "HassTurnOn")
    'Turned on the lights'
    """
    text = " ".join(text[:LONGEST].split())
    found = _matched(text, intent) if 0 < len(text) <= LONGEST_MATCHED else None
    try:
        responses: Mapping[str, Any] = home_assistant()["responses"]["intents"].get(intent, {})
    except ConfigError:
        return ""
    key = "default" if found is None or not found.response else found.response
    return str(responses.get(key, "")).strip()


@lru_cache(maxsize=64)
def _matched(text: str, intent: str) -> Any:
    """The best of an intent's templates, hassil's result; None: none fits, or hassil is missing."""
    templates = _templates(intent)
    if templates is None:
        return None
    from hassil import recognize_best

    return recognize_best(text, templates, slot_lists=_names())


def _searched(text: str, intent: str) -> Entities:
    """What our own finders see in a sentence."""
    read = plain(text)
    found: Entities = {}
    if _PLACED.search(intent):
        rooms = rooms_of(read)
        things = [] if _UNTHINGED.search(intent) else things_of(read)
        found |= {"area": rooms[0]} if rooms else {}
        if things:  # as Home Assistant has it: `the lights` are a domain, `the lamp` is a name
            found["domain" if things[0] == "light" else "name"] = things[0]
    if intent in _PERCENT:
        found |= _set_to(_PERCENTAGE, read, _PERCENT[intent])
    if intent == "HassClimateSetTemperature":
        found |= _set_to(_TEMPERATURE, read, "temperature")
    if intent == "HassLightSet":
        found |= _coloured(read, found)
    return found | _timed(text, read, intent) if "Timer" in intent else found


def _set_to(numbers: re.Pattern[str], read: str, slot: str) -> Entities:
    """The first number that something is set to, if there is one from 0 to 100."""
    for match in numbers.finditer(re.sub(r"(?<=\d) point (?=\d)", ".", read)):
        value = float(match["value"])
        if not match["change"] and value <= 100.0:
            return {slot: _value(value)}
    return {}


def _coloured(read: str, found: Entities) -> Entities:
    """The colour that is asked for; of `the white lamp red` the white is the lamp's name."""
    colours: list[str] = _COLOUR.findall(read)
    thing = str(found.get("name", found.get("domain", "")))
    if len(colours) > 1 and thing:
        placed = rf"(?:{re.escape(str(found.get('area')))} )?{re.escape(thing)}s?\b"
        named = re.search(rf"{_COLOUR.pattern} {placed}", read)
        if named is not None:
            colours.remove(named[1])
            name = {"name": f"{named[1]} {thing}"} if "name" in found else {}
            return {**name, "color": colours[0]}
    return {"color": colours[0]} if colours else {}


def _timed(text: str, read: str, intent: str) -> Entities:
    """How long a timer runs or ran, the first that is told, and its name."""
    first: dict[str, Duration] = {}
    for part in durations(text):
        # `Add a minute to the ten minute timer`: the timer's length is how it was started.
        prefix = "start_" if part.names_timer and intent != "HassStartTimer" else ""
        first.setdefault(prefix, part)
    found: Entities = {
        prefix + slot: value
        for prefix, part in first.items()
        for slot, value in _clock(part.seconds).items()
    }
    name = timer_name(text)
    known = name in shipped_file("names.toml")["timer_name"]
    # `Scrap timer` has a verb there, `the kitchen timer` a room.
    told = re.search(rf"\b{_WHOSE} {name} timer\b|\btimer \w+ {name}\b", read) is not None
    if name and (known or told) and not any(spoken(name, room) for room in rooms_of(read)):
        found["name"] = name
    return found


def _clock(seconds: float) -> dict[str, float]:
    """A duration in hours, minutes and seconds, those that are not zero; {} where it is endless."""
    if not math.isfinite(1000.0 * seconds):
        return {}
    hours, rest = divmod(round(1000.0 * seconds), 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    parts = {"hours": hours, "minutes": minutes, "seconds": rest / 1000.0}
    return {slot: _value(value) for slot, value in parts.items() if value}


def _value(value: Any) -> Any:
    """A value of a slot, whole numbers as such: hassil gives `30` and `30.0`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def _templates(intent: str) -> Any:
    """One intent's templates, parsed: hassil's `Intents`; None where there are none."""
    try:
        from hassil import Intents

        whole = home_assistant()
    except (ImportError, ConfigError):
        return None
    if intent not in whole["intents"]:
        return None
    blocks = [_anywhere(block) for block in whole["intents"][intent]["data"]]
    return Intents.from_dict({**whole, "intents": {intent: {"data": blocks}}})


def _anywhere(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block of templates that fits in whatever room: which one hears is not known here."""
    context = dict(block.get("requires_context", {}))
    context.pop("area", None)
    return {**block, "requires_context": context}


@cache
def _names() -> dict[str, Any]:
    """Lists, for hassil, of what is called by its own name: rooms, floors, devices."""
    from hassil.intents import TextSlotList

    listed = shipped_file("names.toml")
    devices = [
        (name, name, {"domain": "binary_sensor" if kind == "sensor" else kind})
        for kind in _KINDS
        for name in listed[kind]
    ]
    return {
        "area": TextSlotList.from_strings(listed["area"], allow_template=False, name="area"),
        "floor": TextSlotList.from_strings(listed["floor"], allow_template=False, name="floor"),
        "name": TextSlotList.from_tuples(devices, allow_template=False, name="name"),
    }
