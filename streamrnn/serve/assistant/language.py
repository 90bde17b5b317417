"""What people say to a home, as a language model: how likely a word is after two others.

Sentences are drawn from the templates of intents, numbers are spelt out, and pocketsphinx's own
`ArpaBoLM` counts them: a trigram with back-off and a fixed discount (the CMU toolkit's "quick LM").
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from streamrnn.errors import ConfigError
from streamrnn.tasks.intents.home import QUESTIONS
from streamrnn.tasks.intents.templates import (
    OUTSIDE,
    Sampler,
    Template,
    further_templates,
    shipped_templates,
)
from streamrnn.tasks.intents.variation import AFTER, BEFORE

SENTENCES = 20_000
"""That a language model is counted of: two seconds of drawing."""
MOST_MISSED = 1_000  # sentences that are drawn in vain before it is given up
OUTSIDE_SHARE = 0.05  # of sentences that ask for nothing a home can do
FURTHER_SHARE = 0.3  # of an intent's sentences, of templates as people put it
BEFORE_SHARE, AFTER_SHARE = 0.3, 0.15  # that have a pleasantry before them, or after
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIGNS = {"%": " percent ", "°": " degrees ", "&": " and "}


def spoken(text: str) -> list[str]:
    """A sentence as its words are spoken, in lower case: numbers spelt out, no signs.

    >>> spoken("Set the lamp to 42%, please!")
    ['set', 'the', 'lamp', 'to', 'forty', 'two', 'percent', 'please']
    """
    text = text.lower()
    for sign, said in _SIGNS.items():
        text = text.replace(sign, said)
    text = _NUMBER.sub(lambda number: f" {_spelt(number[0])} ", text.replace("-", " "))
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text)


def sentences(
    count: int, knows: Callable[[str], bool], wake_words: Sequence[str], *, seed: int = 0
) -> Iterator[str]:
    """Draw sentences, their words apart by single spaces; the same at every call.

    Args:
        count: how many.
        knows: whether a word can be recognised; a sentence with another is drawn anew.
        wake_words: one of which each sentence begins with; none: none does.
        seed: of all chance.

    Raises:
        ConfigError: a thousand in a row had an unknown word; unicode-rbnf is not installed.
    """
    rng = np.random.default_rng(seed)
    shipped, further = _by_intent(shipped_templates()), _by_intent(further_templates())
    sampler = Sampler(shipped_templates(), ())
    intents = sorted(shipped)
    # As for training: between one share each and a share by the number of templates.
    sizes = np.sqrt([len(shipped[intent]) for intent in intents])
    shares = sizes / sizes.sum()
    missed = 0
    while count:
        if missed == MOST_MISSED:
            raise ConfigError(
                f"sentences: expected words that can be recognised, got {missed:,} sentences in a "
                "row with one that cannot; give a recogniser that knows English"
            )
        missed += 1
        intent = OUTSIDE
        if rng.random() >= OUTSIDE_SHARE:
            intent = intents[int(rng.choice(len(intents), p=shares))]
        templates = shipped.get(intent, [])
        if not templates or (intent in further and rng.random() < FURTHER_SHARE):
            templates = further[intent]
        text = sampler.draw(templates[int(rng.integers(len(templates)))], rng)
        words = spoken(_polite(text, intent, rng))
        if words and all(map(knows, words)):
            if wake_words:  # as what is heard does
                words.insert(0, wake_words[int(rng.integers(len(wake_words)))])
            yield " ".join(words)
            count, missed = count - 1, 0


def write_language_model(path: str, told: Iterator[str], *, discount: float = 0.15) -> None:
    """Count sentences, and write what comes after what as an ARPA file, some 2 MB.

    Args:
        path: where to.
        told: sentences.
        discount: the share of probability kept for words that were never seen there.
    """
    counting: Any = import_module("pocketsphinx.lm")
    model = counting.ArpaBoLM(text="\n".join(told), add_start=True, discount_mass=discount)
    model.compute()
    model.write_file(path)


def _polite(text: str, intent: str, rng: np.random.Generator) -> str:
    """A sentence with a pleasantry, perhaps."""
    question = intent == OUTSIDE or intent.startswith(QUESTIONS)
    if not question and rng.random() < BEFORE_SHARE:
        text = f"{BEFORE[int(rng.integers(len(BEFORE)))]} {text}"
    if rng.random() < AFTER_SHARE:
        text = f"{text} {AFTER[int(rng.integers(len(AFTER)))]}"
    return text


def _by_intent(templates: Sequence[Template]) -> dict[str, list[Template]]:
    found: dict[str, list[Template]] = {}
    for template in templates:
        found.setdefault(template.intent, []).append(template)
    return found


def _spelt(number: str) -> str:
    """A number in words; one too long to be said is left out."""
    if len(number) > 9:
        return ""
    value = float(number) if "." in number else int(number)
    return str(_speller().format_number(value).text).replace("-", " ")


@cache
def _speller() -> Any:
    """Unicode's rules of numbers in words, which hassil brings along."""
    try:
        return import_module("unicode_rbnf").RbnfEngine.for_language("en")
    except ImportError as error:
        raise ConfigError(
            "numbers: expected unicode-rbnf to be installed, which spells them out; "
            "pip install 'streamrnn[assistant]'"
        ) from error
