"""A pretended home that answers: what it can know it keeps, what it cannot know it says.

It has a clock (handed in), timers, shopping and other lists, and whatever lights and devices it is
told of; no forecast, no thermometer, no music. Nothing here does I/O or looks at a clock.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from streamrnn.tasks.intents.devices import rooms_of, spoken, things_of, wished
from streamrnn.tasks.intents.durations import durations, plain, told

MOST = 100
"""Timers, and things of a list, that are kept."""
LONGEST_TIMER = 7 * 24 * 3600.0
"""Seconds."""
_UNNAMED = set(
    "a an all the my our your their any every each this that those 1 0 new no one other second "
    "paused single up on stop set start cancel pause resume check clear kill delete remove end "
    "quit drop how what which and is are for to of with timer current running active last".split()
)
_WANTED = re.compile(
    r"\b(?:add|put|stick|pop|get|need|want|buy|write|note(?: down)?|out of) (?!it\b|them\b)(.+?),? "
    r"(?:to|on|onto|in|into|down|add (?:it|them))\b"
)
_ADDED = re.compile(r"\badd (?!it\b|them\b)(.+?)(?: please)?[ ,.!?]*$")  # shopping list: add this
_LIST = re.compile(r"\b([^\W\d_][\w'-]*|to do) list\b(?! of)|\blist of (?:my )?([^\W\d_]+)")
_DAYS = {"day before yesterday": -2, "yesterday": -1, "day after tomorrow": 2, "tomorrow": 1}
_ACTS = re.compile(r"Timer(?!Status)|AllTimers|List|TurnO|LightSet")
_FORBIDDEN = re.compile(
    r"(?<!why )\b(?:do not|don['’]?t|never) (?!forget|mind|you\b)(?P<verb>\w+)"
    r"|\b(?:except|apart from|other than|all but)\b"
)
_CANNOT = {
    "": "I heard no word.",
    "HassGetWeather": "You ask for the weather; I have no forecast.",
    "HassClimateGetTemperature": "You ask for a temperature; I have no thermometer.",
    "HassRespond": "Hello. I am a small network that hears what is asked of a home, no more.",
    "HassNevermind": "All right, nothing was done.",
}


@dataclass
class Timer:
    """A timer that runs, or stands still."""

    name: str
    """What people call it: `pasta`; or ""."""
    length: float
    """Seconds, as it was set."""
    ends: datetime
    """When; while it stands still, as if it went on at `held`."""
    held: datetime | None = None
    """Since when it stands still."""

    def left(self, now: datetime) -> float:
        """Seconds that are left, never less than 0."""
        return max(0.0, (self.ends - (self.held or now)).total_seconds())

    def __str__(self) -> str:
        return f"the {self.name} timer of {told(self.length)}".replace("  ", " ")


class Household:
    """What one pretended home remembers, and its answers.

    >>> home = Household()
    >>> home.answer("HassStartTimer", "pasta timer, nine minutes", datetime(2026, 5, 1, 12, 0))
    'The pasta timer of 9 minutes runs; after its end I say so, no more.'
    >>> home.answer("HassTimerStatus", "how long has it got", datetime(2026, 5, 1, 12, 5))
    'The pasta timer of 9 minutes has 4 minutes left.'
    """

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.devices: dict[str, str] = {}
        """How each device is that was spoken of."""
        self.lists: dict[str, list[str]] = {}

    def due(self, now: datetime) -> list[str]:
        """What is to be said of the timers that have ended by now; said once."""
        ended = [timer for timer in self.timers if timer.held is None and not timer.left(now)]
        self.timers = [timer for timer in self.timers if timer not in ended]
        return [f"{_upper(str(timer))} is done!" for timer in ended]

    def running(self, now: datetime) -> list[str]:
        """How each timer stands."""
        return [_status(timer, now) for timer in self.timers]

    def answer(self, intent: str, text: str, now: datetime) -> str:
        """What the home says to a sentence.

        Args:
            intent: what it asks for: a name of Home Assistant's, `oos`, or "" without words.
            text: the sentence.
            now: the clock; with a time zone, or its timers follow the clock's leaps.
        """
        return " ".join((*self.due(now), self._answer(intent, text, now), *self.due(now)))

    def _answer(self, intent: str, text: str, now: datetime) -> str:
        if _ACTS.search(intent) and _forbids(intent, text.lower()):
            return "You say what not to do, and I am not sure of the rest: I leave all as it is."
        if intent == "HassGetCurrentTime":
            return f"It is {now:%H:%M}."
        if intent == "HassGetCurrentDate":
            return _date(text.lower(), now)
        if intent == "HassStartTimer":
            return self._start(text, now)
        if intent.endswith(("Timer", "AllTimers", "TimerStatus")):
            return self._timer(intent, text, now)
        if "List" in intent or (intent == "HassGetState" and spoken("list", text.lower())):
            return self._list(intent, text.lower())
        if intent in ("HassTurnOn", "HassTurnOff", "HassLightSet", "HassGetState"):
            return self._device(intent, plain(text))
        if intent in ("oos", "out_of_scope"):
            return "That is nothing that a home could do, or I did not understand it."
        meant = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", intent.removeprefix("Hass")).lower()
        return _CANNOT.get(intent, f'I understood "{meant}", but nothing here can do that.')

    def _start(self, text: str, now: datetime) -> str:
        lengths = [duration.seconds for duration in durations(text)]
        vague = re.search(r"\bminus \d|\d (?:to|or) \d", plain(text))
        if vague or not lengths or not all(0.0 < length <= LONGEST_TIMER for length in lengths):
            return "You want a timer; tell me for how long: up to a week, `ten minutes` say."
        if len(self.timers) + len(lengths) > MOST:
            return f"I keep {MOST} timers at most; cancel one."
        name = timer_name(text) if len(lengths) == 1 else ""
        new = [Timer(name, length, now + timedelta(seconds=length)) for length in lengths]
        self.timers += new
        return " ".join(
            f"{_upper(str(timer))} runs; after its end I say so, no more." for timer in new
        )

    def _timer(self, intent: str, text: str, now: datetime) -> str:
        if not self.timers:
            return "No timer runs."
        if intent == "HassCancelAllTimers":
            count, self.timers = len(self.timers), []
            return f"Cancelled: {count} timer{'s' * (count > 1)}."
        parts = durations(text)
        name, lengths = timer_name(text), [part.seconds for part in parts if part.names_timer]
        if plain(text).startswith(f"{name} ") and name not in [t.name for t in self.timers]:
            name = ""  # a verb: scrap timer
        meant = [t for t in self.timers if t.name == name] if name else self.timers
        meant = [t for t in meant if t.length in lengths] if lengths and not name else meant
        if not meant:
            return " ".join(("No such timer.", *self.running(now)))
        if intent == "HassTimerStatus":
            return " ".join(_status(timer, now) for timer in meant)
        if len(meant) > 1:
            return "Which one? " + " ".join(_status(timer, now) for timer in meant)
        (timer,) = meant
        if intent == "HassCancelTimer":
            self.timers.remove(timer)
            return f"{_upper(str(timer))} is cancelled."
        if intent == "HassPauseTimer":
            timer.held = timer.held or now
        elif intent == "HassUnpauseTimer" and timer.held is not None:
            timer.ends, timer.held = now + timedelta(seconds=timer.left(now)), None
        elif intent in ("HassIncreaseTimer", "HassDecreaseTimer"):
            change = sum(part.seconds for part in parts if not part.names_timer)
            if not 0.0 < change <= LONGEST_TIMER:
                return f"By how much? {_status(timer, now)}"
            left = timer.left(now) + (change if intent == "HassIncreaseTimer" else -change)
            if left > LONGEST_TIMER:
                return f"I keep timers of up to a week. {_status(timer, now)}"
            timer.ends = (timer.held or now) + timedelta(seconds=max(0.0, left))
        return _status(timer, now)

    def _list(self, intent: str, text: str) -> str:
        found = [a or b for a, b in _LIST.findall(text) if (a or b) not in _UNNAMED]
        usual = "shopping" if "shop" in text or "Shopping" in intent else "to-do"
        name = re.sub("^to.?do$", "to-do", found[-1] if found else usual)
        things = self.lists.get(name, [])
        if intent.endswith("AddItem"):
            wanted = _WANTED.search(text) or _ADDED.search(text)
            if wanted is None:
                return f"You want something on the {name} list; I did not catch what."
            parts = re.split(r",| and ", wanted[1])
            new = [re.sub(r"^(some|an?|the|my) ", "", part.strip(" .!?\"'")) for part in parts]
            things = [*things, *(thing for thing in new if thing and thing not in things)][:MOST]
        elif intent != "HassGetState":
            gone = [thing for thing in things if spoken(thing, text)]
            if not gone:
                return f"I found none of that. {_contents(name, things)}"
            things = [thing for thing in things if thing not in gone]
        if name in self.lists or (things and len(self.lists) < MOST):
            self.lists[name] = things
        return _contents(name, self.lists.get(name, []))

    def _device(self, intent: str, text: str) -> str:
        rooms, things = rooms_of(text), things_of(text)
        if not rooms and not things:
            return "I understood that, but not for which room or device."
        if len(rooms) > 1 and len(things) > 1:
            return "I heard several rooms and several devices: one at a time, please."
        names = [f"{room} {thing}".strip() for room in rooms or [""] for thing in things or [""]]
        state = "" if intent == "HassGetState" else wished(intent, text)
        if not state and intent != "HassGetState":
            return f"I understood the {names[0]}; of lights I keep only on, off and percent."
        if not rooms and re.search(r"\b(all|any|every|which|the lights)\b", text):
            kinds = names
            names = [known for known in self.devices if known.endswith(tuple(kinds))]
            if state:  # what was known of single ones holds no more
                self.devices = {n: how for n, how in self.devices.items() if n not in names}
                names = [f"every {kind}" for kind in kinds]
        if state:
            self.devices.update(dict.fromkeys(names, state))
        told_of = [f"{name} {self._state(name)}" for name in names]
        return f"In this pretended home: {', '.join(told_of) or 'nobody has told me of any'}."

    def _state(self, name: str) -> str:
        """How one device is: by itself, or as one of all of its kind."""
        kinds = (known for known in self.devices if known.startswith("every "))
        one_of = next((kind for kind in kinds if name.endswith(kind.removeprefix("every "))), "")
        return self.devices.get(name) or self.devices.get(one_of, "unknown: nobody has told me")


def _forbids(intent: str, text: str) -> bool:
    """Whether a text says what is not to be done."""
    found = _FORBIDDEN.search(text)
    # `I don't need the tent on the list any more` asks for something.
    return found is not None and not ("List" in intent and found["verb"] in ("need", "want"))


def _date(text: str, now: datetime) -> str:
    name, shift = next(((n, s) for n, s in _DAYS.items() if spoken(n, text)), ("today", 0))
    day, name = now + timedelta(days=shift), f"the {name}" if " " in name else name
    verb = "was" if shift < 0 else "is"
    return f"{_upper(name)} {verb} {day:%A}, {day.day} {day:%B} {day.year}."


def timer_name(text: str) -> str:
    """What a sentence calls its timer: the `pasta` of `the pasta timer`; "" where it is unnamed.

    Of `scrap timer` it is `scrap`: whether that is a verb, whoever asks has to see.
    """
    found = re.search(r"\b([^\W\d_]+) timer\b", plain(text))
    named = re.search(r"\btimer (?:called|named) (\w+)", plain(text))
    name = named[1] if named else found[1] if found else ""
    return "" if name in _UNNAMED or durations(f"1 {name}") else name


def _status(timer: Timer, now: datetime) -> str:
    paused = ", paused" if timer.held is not None else ""
    return f"{_upper(str(timer))} has {told(timer.left(now))} left{paused}."


def _contents(name: str, things: Sequence[str]) -> str:
    return f"{_upper(name)} list: {', '.join(things) or 'nothing on it'}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
