"""Sentences for a home assistant, drawn from templates: Home Assistant's own, and further ones.

A template is a sentence of hassil's language: `turn on [the] {light} (in|of) <the> {area}`. What is
drawn is uniform over the choices at each place, so that every turn of phrase comes up, however many
sentences another one stands for. Home Assistant's templates come with the package
`home-assistant-intents`, the further ones with this (`phrases.toml`: as people put it), and what
fills the gaps too (`names.toml`).
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from streamrnn.errors import ConfigError

OUTSIDE = "oos"
"""The label of what is none of the intents, as CLINC150 calls it."""
PARTS = 5  # that templates are dealt into
NAMED = ("light", "switch", "fan", "cover", "lock", "media_player", "climate", "scene", "script")
"""The kinds of devices that `{name}` may be where a template says nothing of it."""
ALIKE = {
    "shopping_list_item": "item",
    "todo_list_item": "item",
    "binary_sensor": "sensor",
    "input_boolean": "switch",
    "input_button": "switch",
    "button": "switch",
}
"""Gaps, and kinds of devices, that another list of `names.toml` fills."""
STRANGE = 0.12  # share of gaps filled with words that are nobody's names


class Template(NamedTuple):
    """One sentence with choices and gaps."""

    intent: str
    """What it asks for."""
    text: str
    """In hassil's language."""
    kinds: tuple[str, ...]
    """What its `{name}` is: lists of `names.toml`."""


def part_of(template: Template) -> int:
    """Which of five parts a template belongs to, by a digest: new ones move no other."""
    key = f"{template.intent} {template.text}".encode()
    return hashlib.sha256(key).digest()[0] * PARTS // 256


def shipped_templates() -> list[Template]:
    """Home Assistant's own English templates.

    Raises:
        ConfigError: the packages are not installed.
    """
    found: list[Template] = []
    for intent, body in home_assistant()["intents"].items():
        for block in body["data"]:
            kinds = block.get("requires_context", {}).get("domain", ())
            kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
            found += [Template(intent, text, kinds) for text in block["sentences"]]
    return found


def further_templates() -> list[Template]:
    """How else people put it: the templates of `phrases.toml`, those outside all intents too."""
    phrases = shipped_file("phrases.toml")["phrases"]
    return [
        Template(OUTSIDE if intent == "out_of_scope" else intent, text, ())
        for intent, texts in phrases.items()
        for text in texts
    ]


class Sampler:
    """Draws sentences.

    Args:
        commands: templates; what of them turns something on or off fills the gap `{command}`.
        strange: words that may stand in any gap, for names that no list holds; may be none.
    """

    def __init__(self, commands: Sequence[Template], strange: Sequence[str]) -> None:
        self.commands = [t for t in commands if t.intent in ("HassTurnOn", "HassTurnOff")]
        self._strange = strange
        self._names: Mapping[str, list[str]] = shipped_file("names.toml")
        self._numbers: list[str] = shipped_file("names.toml")["number"]["words"]
        self._lists: Mapping[str, Any] = home_assistant()["lists"]
        self._rules: Mapping[str, str] = home_assistant()["expansion_rules"]

    def draw(self, template: Template, rng: np.random.Generator) -> str:
        """One sentence of a template, in lower case mostly, its spaces single.

        Raises:
            ConfigError: nothing fills a gap of it.
        """
        return " ".join(self._draw(_parsed(template.text), template, rng).split())

    def _draw(self, node: Any, template: Template, rng: np.random.Generator) -> str:
        """What a part of a parsed template says."""
        kind = type(node).__name__
        if kind == "TextChunk":
            return node.original_text
        if kind == "Alternative":
            return self._draw(_one(node.items, rng), template, rng)
        if kind == "Sequence":
            return "".join([self._draw(item, template, rng) for item in node.items])
        if kind == "Permutation":
            order = rng.permutation(len(node.items)).tolist()
            return " ".join([self._draw(node.items[n], template, rng) for n in order])
        if kind == "RuleReference":
            return self._draw(_parsed(self._rules[node.rule_name]), template, rng)
        return self._fill(node.list_name, template, rng)

    def _fill(self, name: str, template: Template, rng: np.random.Generator) -> str:
        """What stands in a gap."""
        listed = self._lists.get(name, {})
        if "range" in listed:
            return _number(listed["range"], self._numbers, rng)
        if "values" in listed:
            values = listed["values"]
            value = _one(values, rng)
            text = value if isinstance(value, str) else value["in"]
            return self._draw(_parsed(text), template, rng)
        if name in ("command", "timer_command"):
            return self.draw(_one(self.commands, rng), rng)
        if name == "name":
            name = _one(template.kinds or NAMED, rng)
        name = ALIKE.get(name, name)
        if name not in self._names:
            raise ConfigError(
                f"{template.intent}, {template.text!r}: expected a gap that names.toml or Home "
                f"Assistant's lists fill, got {{{name}}}; add a list, or mend the template"
            )
        if self._strange and rng.random() < STRANGE:
            return " ".join(_one(self._strange, rng) for _ in range(rng.integers(1, 4)))
        return str(_one(self._names[name], rng))


def _one(choices: Sequence[Any], rng: np.random.Generator) -> Any:
    """One of some, each as likely."""
    return choices[int(rng.integers(len(choices)))]


def _number(span: Mapping[str, Any], words: Sequence[str], rng: np.random.Generator) -> str:
    """A number of a range: three times in four in digits."""
    if rng.random() < 0.25:
        return _one(words, rng)
    return str(int(rng.integers(int(span["from"]), int(span["to"]) + 1)))


@cache
def _parsed(text: str) -> Any:
    from hassil.parse_expression import parse_sentence

    return parse_sentence(text).expression


@cache
def shipped_file(file: str) -> dict[str, Any]:
    """A TOML file that comes with this task."""
    return tomllib.loads((files("streamrnn.tasks.intents") / file).read_text(encoding="utf-8"))


@cache
def home_assistant() -> Mapping[str, Any]:
    """Home Assistant's English templates, with the lists and rules that they refer to.

    Raises:
        ConfigError: the packages are not installed.
    """
    try:
        import_module("hassil")  # which reads them
        from home_assistant_intents import get_intents
    except ImportError as error:
        raise ConfigError(
            "task intents: expected the packages home-assistant-intents and hassil, got neither "
            "or one; pip install 'streamrnn[intents]'"
        ) from error
    found = get_intents("en")
    assert found is not None
    return found
