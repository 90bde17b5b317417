"""Sentences drawn from templates, held to hassil: what it would recognise, and as what."""

import re

import numpy as np
import pytest
from hassil import Intents, recognize_all
from hassil.intents import TextSlotList
from home_assistant_intents import get_intents

from streamrnn.errors import ConfigError
from streamrnn.frontends.text import words
from streamrnn.tasks.intents.corpora import Labelled, reading
from streamrnn.tasks.intents.home import Home
from streamrnn.tasks.intents.templates import (
    ALIKE,
    OUTSIDE,
    PARTS,
    Sampler,
    Template,
    further_templates,
    part_of,
    shipped_file,
    shipped_templates,
)

NAMES = shipped_file("names.toml")
HOME_ASSISTANT = get_intents("en") or {}
KINDS = ("light", "switch", "fan", "cover", "lock", "media_player", "climate", "todo", "vacuum")


@pytest.fixture(scope="module")
def home_assistant():
    """What recognises sentences in Home Assistant, and the names of a home."""
    devices = [(name, name, {"domain": kind}) for kind in KINDS for name in NAMES[kind]]
    lists = {
        "area": TextSlotList.from_strings(NAMES["area"], name="area"),
        "floor": TextSlotList.from_strings(NAMES["floor"], name="floor"),
        "name": TextSlotList.from_tuples(devices, name="name"),
    }
    return Intents.from_dict(HOME_ASSISTANT), lists


def test_what_is_drawn_is_recognised_as_what_it_was_drawn_for(home_assistant, monkeypatch):
    monkeypatch.setattr("streamrnn.tasks.intents.templates.STRANGE", 0.0)
    intents, lists = home_assistant
    templates = [t for t in shipped_templates() if set(t.kinds) <= set(KINDS)]
    sampler, rng = Sampler(shipped_templates(), ["it"]), np.random.default_rng(5)
    chosen = rng.choice(len(templates), 40, replace=False).tolist()
    missed = []
    for template in (templates[n] for n in chosen):
        text = sampler.draw(template, rng)
        context = {"area": "kitchen"}
        found = recognize_all(text, intents, slot_lists=lists, intent_context=context)
        if template.intent not in {result.intent.name for result in found}:
            missed.append((template, text))
    # Numbers are drawn in words too, and not as hassil spells every one of them.
    assert len(missed) <= 4, missed


def test_every_template_can_be_drawn():
    sampler, rng = Sampler(shipped_templates(), ["gribble"]), np.random.default_rng(0)
    templates = shipped_templates() + further_templates()
    for template in templates:
        text = sampler.draw(template, rng)
        assert words(text), template
        assert not set(text) & set("{}<>[]|"), (template, text)
    known = set(HOME_ASSISTANT["intents"])
    assert {t.intent for t in templates} <= known | {OUTSIDE}


def test_gaps_are_filled_with_strange_words_too():
    sampler, rng = Sampler(shipped_templates(), ["gribble", "wug"]), np.random.default_rng(0)
    template = Template("HassTurnOn", "open {cover}", ())
    said = [sampler.draw(template, rng) for _ in range(600)]
    strange = np.mean([set(text.split()[1:]) <= {"gribble", "wug"} for text in said])
    assert 0.08 < strange < 0.16  # of 600, twelve in a hundred: three deviations either way
    assert {text.removeprefix("open ") for text in said} >= set(NAMES["cover"])


def test_nothing_is_learnt_from_a_template_that_is_held_or_left():
    home = Home({}, hold=1, leave=(3,), strange=["it"])
    for templates, groups in (
        (shipped_templates(), home._learnt),
        (further_templates(), home._further),
    ):
        apart = {t.text for t in templates if part_of(t) in (1, 3)}
        intents = {t.intent for t in templates if part_of(t) not in (1, 3)}
        # But for intents that would have no template left.
        learnt = {t.text for i, ts in groups.items() if i in intents for t in ts}
        assert learnt and apart and not learnt & apart
        assert {t.intent for ts in groups.values() for t in ts} == {t.intent for t in templates}
    # What is ordered in `{command}` comes from templates too.
    learnt = {t for ts in home._learnt.values() for t in ts}
    assert home._sampler.commands and set(home._sampler.commands) <= learnt
    assert home.kept["templates"] and home.kept["phrases"] and not home.kept["outside"]
    assert home.kept == Home({}, hold=1, leave=(3,), strange=["it"]).kept
    assert home.tested and not Home({}, hold=1, leave=(), strange=["it"]).tested
    assert not Home({}, hold=-1, leave=(), strange=["it"]).kept


def test_no_sentence_that_is_scored_is_learnt():
    told = Labelled("what is the time", "time"), Labelled("nuke a planet", "what_song")
    home = Home({"train": told, "test": told}, hold=0, leave=(1,), strange=["it"])
    scored = {
        reading(sentence.text)
        for groups in (home.kept, home.tested)
        for group in groups.values()
        for sentence in group
    }
    assert "nuke a planet" in scored
    rng = np.random.default_rng(2)
    assert not scored & {reading(home.draw(rng).text) for _ in range(15_000)}
    for groups in (home.kept, home.tested):  # what reads alike is scored once
        for group in (groups["templates"], groups["phrases"]):
            read = [(reading(sentence.text), sentence.label) for sentence in group]
            assert len(set(read)) == len(read)


def test_a_gap_that_nothing_fills_is_refused_and_no_template_has_one():
    sampler, rng = Sampler(shipped_templates(), ["it"]), np.random.default_rng(0)
    with pytest.raises(ConfigError, match=r"HassTurnOn, 'light the \{lihgt\}': expected a gap"):
        sampler.draw(Template("HassTurnOn", "light the {lihgt}", ()), rng)
    lists, rules = HOME_ASSISTANT["lists"], HOME_ASSISTANT["expansion_rules"]
    filled = {*NAMES, *ALIKE, "name", "command", "timer_command"}
    filled |= {name for name, body in lists.items() if {"range", "values"} & set(body)}
    templates = shipped_templates() + further_templates()
    texts = {t.text for t in templates} | {rules[rule] for rule in used_rules(templates, rules)}
    gaps = {gap for text in texts for gap in re.findall(r"\{(\w+)", text)}
    assert gaps | {kind for t in templates for kind in t.kinds if "{name" in t.text} <= filled


def used_rules(templates, rules):
    """The names of the rules that templates refer to, by way of other rules too."""
    found, texts = set(), [t.text for t in templates]
    while texts:
        new = set(re.findall(r"<(\w+)>", texts.pop())) - found
        found |= new
        texts += [rules[name] for name in new]
    return found


def test_parts_are_dealt_evenly():
    parts = np.bincount([part_of(t) for t in shipped_templates()], minlength=PARTS)
    share = len(shipped_templates()) / PARTS
    assert (abs(parts - share) < 4 * np.sqrt(share)).all()
