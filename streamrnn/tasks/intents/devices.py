"""The rooms and devices that a sentence names, and how it wants them."""

import re
from collections.abc import Sequence
from functools import cache

from streamrnn.tasks.intents.templates import shipped_file

_DEVICES = ("light", "switch", "fan", "cover", "valve", "lock", "media_player", "climate")


def rooms_of(text: str) -> list[str]:
    """The rooms that a text names, in its order."""
    return _outermost([room for room in _known("area") if spoken(room, text)], text)


def things_of(text: str) -> list[str]:
    """The devices that a text names, in its order; without rooms: the `door` of `garage door`."""
    named = [thing for kind in _DEVICES for thing in _known(kind) if spoken(thing, text)]
    found = _outermost([*named, *re.findall(r"\blights?\b", text)], text)
    areas = tuple(f"{room} " for room in _known("area"))
    bare = (
        thing.removeprefix(max((a for a in areas if thing.startswith(a)), key=len, default=""))
        for thing in found
    )
    return list(dict.fromkeys(re.sub(r"(light|lamp)s$", r"\1", thing) for thing in bare))


def _outermost(found: Sequence[str], text: str) -> list[str]:
    """The phrases that are not parts of others, in the order of a text."""
    whole = [one for one in found if not any(one != o and spoken(one, o) for o in found)]
    return sorted(dict.fromkeys(whole), key=text.find)


def wished(intent: str, text: str) -> str:
    """How a device is to be; "" where it is a matter of colour or the like."""
    percent = re.search(r"\b(\d{1,3}) ?(?:%|per ?cent)", text)
    if percent is not None and int(percent[1]) <= 100:
        return f"on at {int(percent[1])} %" if int(percent[1]) else "off"
    on = intent == "HassTurnOn"
    if intent == "HassLightSet":
        return ""
    if re.search(r"\b(un)?lock", text):
        return "locked" if on else "unlocked"
    if re.search(r"\b(open|close|shut|raise|lower)", text):
        return "open" if on else "closed"
    return "on" if on else "off"


def spoken(words: str, text: str) -> bool:
    """Whether a text has some words as words of their own."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


@cache
def _known(kind: str) -> tuple[str, ...]:
    return tuple(shipped_file("names.toml")[kind])
