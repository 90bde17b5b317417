"""Labelled sentences from files: JSONL, and CLINC150 (Larson et al., 2019), also as a home's."""

import codecs
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from streamrnn.errors import TextError
from streamrnn.frontends.text import words
from streamrnn.tasks.intents.templates import OUTSIDE


class Labelled(NamedTuple):
    """One sentence and what it asks for."""

    text: str
    label: str
    """An intent, or `oos`."""


def reading(text: str) -> str:
    """A sentence as the front end of words reads it: those that read alike are one to a network.

    >>> reading("Lights off at 7:30, please!")
    'lights off at 0 please'
    """
    return " ".join(words(text))


class _Line(msgspec.Struct):
    text: str
    label: str


def read_clinc(path: str | Path) -> dict[str, list[Labelled]]:
    """Read CLINC150's one file.

    Args:
        path: `data_full.json`, as its authors published it, by whatever name.

    Returns:
        Its lists `train`, `val`, `test`, `oos_train`, `oos_val`, `oos_test`.

    Raises:
        TextError: the file is absent, or another.
    """
    try:
        tree = msgspec.json.decode(_read(path), type=dict[str, list[tuple[str, str]]])
        return {
            f"{outside}{part}": [Labelled(*pair) for pair in tree[f"{outside}{part}"]]
            for outside in ("", "oos_")
            for part in ("train", "val", "test")
        }
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, KeyError) as error:
        raise TextError(
            f"{path}: expected CLINC150's JSON file, got: {error}; take its data_full.json"
        ) from error


def read_labelled(path: str | Path) -> list[Labelled]:
    """Read sentences to score on.

    Args:
        path: JSONL of `{"text": …, "label": …}`, or CLINC150's file, of which the test lists are
            taken.

    Raises:
        TextError: the file is neither, or empty; a line of JSONL is named.
    """
    try:
        text = _read(path)
    except OSError as error:
        raise TextError(f"{path}: expected a file of sentences, got: {error}") from error
    if b'"oos_test"' in text:
        lists = read_clinc(path)
        return lists["test"] + lists["oos_test"]
    found: list[Labelled] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = msgspec.json.decode(line, type=_Line)
        except (UnicodeDecodeError, msgspec.DecodeError) as error:
            raise TextError(
                f'{path}, line {number}: expected {{"text": …, "label": …}}, got: {error}; '
                "write a sentence a line so"
            ) from error
        found.append(Labelled(read.text, read.label))
    if not found:
        raise TextError(f"{path}: expected sentences, got an empty file")
    return found


def _read(path: str | Path) -> bytes:
    """A file without the byte order mark that some editors write."""
    return Path(path).read_bytes().removeprefix(codecs.BOM_UTF8)


class _Rule(NamedTuple):
    """A sentence of one of CLINC150's intents that has `needs` and not `spurns` asks a home for."""

    intent: str
    needs: str
    spurns: str


_REMOVES = r"\b(remove|delete|take|cross|erase|off|no longer|check)\b"
_ADDS = r"\b(add|put|include|need|insert)\b"
_ALL = r"\b(all|everything|clear|blank|nuke|empty|wipe|entire|every|and)\b"
_NUMBER = r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|max|maximum|percent)\b"
_RULES: Mapping[str, Sequence[_Rule]] = {
    "time": [_Rule("HassGetCurrentTime", "time", r"\bin\b|zone|\b[a-z]st\b|gmt|\bfor\b")],
    "date": [_Rule("HassGetCurrentDate", "today|current|date", r"tomorrow|days|from now|\bwill\b")],
    "weather": [_Rule("HassGetWeather", "", "")],
    "timer": [_Rule("HassStartTimer", "timer", r"stop|remind|wake")],
    "shopping_list_update": [
        _Rule("HassShoppingListAddItem", _ADDS, _REMOVES),
        _Rule("HassShoppingListCompleteItem", _REMOVES, f"{_ADDS}|{_ALL}"),
    ],
    "todo_list_update": [
        _Rule("HassListAddItem", _ADDS, f"{_REMOVES}|{_ALL}"),
        _Rule("HassListRemoveItem", _REMOVES, f"{_ADDS}|{_ALL}"),
    ],
    "next_song": [_Rule("HassMediaNext", "", "")],
    "play_music": [_Rule("HassMediaSearchAndPlay", r"\b(play|hear|listen|put on)\b", "")],
    "change_volume": [
        _Rule("HassSetVolume", _NUMBER, ""),
        _Rule("HassSetVolumeRelative", r"\b(up|down|louder|quieter|softer|raise|lower)\b", _NUMBER),
    ],
    "smart_home": [
        _Rule("HassTurnOn", r"\bon\b|\block\b", r"\boff\b|locked|temp|how|what|who|dim|bright"),
        _Rule("HassTurnOff", r"\boff\b|\bunlock\b", r"\bon\b|what|who|how"),
    ],
    "cancel": [_Rule("HassNevermind", r"never ?mind|forget|cancel", r"pause|quit|stop")],
    "who_made_you": [_Rule("HassRespond", "made|make|creat", "")],
    "greeting": [_Rule("HassRespond", r"^(hello|hi)\b", r"how|what")],
    "what_can_i_ask_you": [_Rule("HassRespond", r"\b(ask|say|do|help)\b", "")],
    "thank_you": [],
}
"""What a home takes of CLINC150; a sentence of these intents that fits no rule is left out, all
other intents lie outside a home."""


def for_a_home(sentence: Labelled) -> Labelled | None:
    """A sentence of CLINC150 as a home understands it; None where that is not clear."""
    rules = _RULES.get(sentence.label)
    if rules is None:
        return Labelled(sentence.text, OUTSIDE)
    for rule in rules:
        if re.search(rule.needs, sentence.text) and not (
            rule.spurns and re.search(rule.spurns, sentence.text)
        ):
            return Labelled(sentence.text, rule.intent)
    return None
