"""Durations as people write them: digits or number words, `an hour and a half`."""

import re
from typing import NamedTuple

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: value for value, word in enumerate(_ONES)} | {"couple": 2}
_LARGE = {word: 20 + 10 * tens for tens, word in enumerate(_TENS)}
_ARTICLES = ("a", "an", "another")
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_UNIT = r"(?P<unit>h(?:ours?|rs?)?|m(?:inutes?|ins?)?|s(?:econds?|ecs?)?)\b"
_DURATION = re.compile(
    # Ten, 1:30; an hour and a half's hour; half an, three quarters of an, one and a half.
    r"(?:(?<![\d.:])(?P<whole>\d+(?:\.\d+|(?::\d\d)+)?) )?"
    r"(?:(?:(?P<joined>and )(?:(?P<times>\d+) )?|(?:1 )?)(?P<part>half|quarters?) (?:of )?(?:1 )?)?"
    + _UNIT
    # And a half, where no further unit follows.
    + r"(?: and (?:(?P<more_times>\d+) )?(?P<more>half|quarters?)\b(?! (?:of|1|h|m|s)))?"
)
_BETWEEN = re.compile(r",? (?:and )?|,")


class Duration(NamedTuple):
    """A duration in a text."""

    seconds: float
    names_timer: bool
    """Whether it is a timer's name: `the ten minute timer`."""


def plain(text: str) -> str:
    """A text in lower case with its numbers in digits, articles before them or alone too.

    >>> plain("An hour and twenty-five minutes, 10min, 1,200 seconds")
    '1 hour and 25 minutes, 10 min, 1200 seconds'
    >>> plain("5-10 minutes, -5 minutes")
    '5 to 10 minutes, minus 5 minutes'
    """
    joined = re.sub(r"(?<![\d.,:])\d{1,3}(?:,\d{3})+(?!\d)", lambda m: m[0].replace(",", ""), text)
    joined = re.sub(r"(?<=\d)\s?[-–]\s?(?=\d)", " to ", joined)
    joined = re.sub(r"(?<!\w)[-−](?=\d)", "minus ", joined)
    spaced = re.sub(r"(?<=\d)(?=[^\W\d_])", " ", joined.lower().replace("-", " "))
    words: list[str] = []
    before = ""  # the kind of number that ended there
    for word in re.findall(r"\d+(?:[.:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]", spaced):
        kind, value = _number(word)
        if word == "and" and before == "hundred":
            kind = "joined"
        if kind == "small" and before == "large" and 0 < value < 10:
            words[-1] = str(int(words[-1]) + value)
        elif kind in ("small", "large") and before in ("hundred", "joined"):
            if before == "joined":
                words.pop()
            words[-1] = str(int(words[-1]) + value)
        elif kind in ("small", "large") and before == "article":
            words[-1] = str(value)  # a couple, a twenty
        elif word == "hundred" and before in ("small", "article"):
            words[-1], kind = str(int(words[-1]) * 100), "hundred"
        else:
            words.append(word if kind in ("other", "joined") else str(value))
        before = kind
    return re.sub(r" ([,.?!%])", r"\1", " ".join(words))


def durations(text: str) -> list[Duration]:
    """The durations of a text from left to right; what belongs together is one.

    >>> durations("one and a half hours")
    [Duration(seconds=5400.0, names_timer=False)]
    >>> durations("add 1 hour and 30 seconds to the ten-minute timer")
    [Duration(seconds=3630.0, names_timer=False), Duration(seconds=600.0, names_timer=True)]
    """
    read = re.sub(r"\b(more|extra|additional|full|whole|further|of) (?=h|m|s)", "", plain(text))
    read = re.sub(r"\b1 second timer", "timer", read)  # one more, hardly one of a second
    found: list[Duration] = []
    end, least = -1, 0  # where the last ended, and its unit
    for match in _DURATION.finditer(read):
        if match["whole"] is None and match["part"] is None:
            continue
        seconds, unit = _seconds(match), _SECONDS[match["unit"][0]]
        # An hour and ten minutes are one; five minutes and ten minutes are two.
        if unit < least and _BETWEEN.fullmatch(read[end : match.start()]):
            seconds += found.pop().seconds
        least = unit
        end = match.end()
        found.append(Duration(seconds, read[end:].startswith(" timer")))
    return found


def told(seconds: float) -> str:
    """A duration in words, in whole seconds, rounded up: nothing left is said only of nothing.

    >>> told(5400.0), told(61.2), told(0.0)
    ('1 hour 30 minutes', '1 minute 2 seconds', '0 seconds')
    """
    whole = int(-(-seconds // 1))
    parts = ((whole // 3600, "hour"), (whole // 60 % 60, "minute"), (whole % 60, "second"))
    shown = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(shown) or "0 seconds"


def _number(word: str) -> tuple[str, int]:
    if word in _ARTICLES:
        return "article", 1
    if word in _SMALL:
        return "small", _SMALL[word]
    if word in _LARGE:
        return "large", _LARGE[word]
    return "other", 0


def _seconds(match: re.Match[str]) -> float:
    share = {"h": 0.5, "q": 0.25}
    numbers = (match["whole"] or "0").split(":")
    # In 1:30 minutes each number is a sixtieth of the one before.
    unit = _SECONDS[match["unit"][0]] / 60.0 ** (len(numbers) - 1)
    count = 0.0
    for number in numbers:
        count = 60.0 * count + float(number)
    part = match["part"]
    if part and match["joined"]:
        count += float(match["times"] or 1) * share[part[0]]
    elif part:
        count = (count or 1.0) * share[part[0]]
    if match["more"]:
        count += float(match["more_times"] or 1) * share[match["more"][0]]
    return count * unit
