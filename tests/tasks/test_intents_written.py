"""Sentences that somebody wrote: the bundled model's score, and that it has learnt none of them."""

from pathlib import Path

import numpy as np
import pytest
from hassil import Intents, recognize_all
from hassil.intents import SlotList, TextSlotList, WildcardSlotList
from home_assistant_intents import get_intents

import streamrnn
from streamrnn.tasks.intents.corpora import read_clinc, read_labelled, reading
from streamrnn.tasks.intents.evaluate import score
from streamrnn.tasks.intents.home import Home
from streamrnn.tasks.intents.templates import (
    ALIKE,
    NAMED,
    Sampler,
    further_templates,
    shipped_file,
    shipped_templates,
)
from streamrnn.tasks.intents.variation import AFTER, BEFORE

WRITTEN = read_labelled(Path(__file__).with_name("intents_written.jsonl"))
READ = {reading(sentence.text) for sentence in WRITTEN}
CLINC = Path(__file__).parents[2].parent / "shared" / "data" / "text" / "clinc150.json"


def test_the_bundled_model_on_sentences_that_somebody_wrote():
    found = score(streamrnn.load("intents"), WRITTEN)
    # README says 93.0 % and 95.3 %.
    assert found["accuracy"] > 0.92 and found["out_of_scope_recall"] > 0.94


def drawn(each, more, seed):
    """Sentences as training draws them: some of each template, and some as they are varied."""
    rng, templates = np.random.default_rng(seed), shipped_templates()
    sampler, home = Sampler(templates, ["it"]), Home({}, hold=-1, leave=(), strange=["it"])
    for template in templates + further_templates():
        for _ in range(each):
            yield sampler.draw(template, rng)
    for _ in range(more):
        yield home.draw(rng).text


def test_none_of_them_is_drawn_for_training():
    assert len(READ) > 400
    assert [text for text in drawn(each=4, more=10_000, seed=0) if reading(text) in READ] == []


@pytest.mark.sweep
def test_none_of_them_is_drawn_for_training_however_much_is_drawn():
    drawn_too = {text for text in drawn(each=1_000, more=500_000, seed=1) if reading(text) in READ}
    assert drawn_too == set()


def test_no_template_says_any_of_them_pleasantries_aside():
    """Held to hassil, which knows all that a template can say, however rarely it is drawn.

    But for the words that are nobody's names, which may fill any gap.
    """
    names = shipped_file("names.toml")
    lists: dict[str, SlotList] = {
        gap: TextSlotList.from_strings(names[gap], name=gap) for gap in names if gap != "number"
    }
    lists |= {gap: lists[other] for gap, other in ALIKE.items()}
    named = sorted({name for kind in NAMED for name in names[kind]})
    lists["name"] = TextSlotList.from_strings(named, name="name")
    lists |= {gap: WildcardSlotList(gap) for gap in ("command", "timer_command")}
    intents = {}
    for template in shipped_templates() + further_templates():
        intents.setdefault(template.intent, {"data": [{"sentences": []}]})
        intents[template.intent]["data"][0]["sentences"].append(template.text)
    known = Intents.from_dict({**(get_intents("en") or {}), "intents": intents})
    found = [
        sentence
        for sentence in WRITTEN
        for text in plainer(sentence.text)
        if any(True for _ in recognize_all(text, known, slot_lists=lists))
    ]
    assert found == []


def plainer(text):
    """A sentence in lower case, without marks; and without what politeness adds to it."""
    plain = "".join(c for c in text.lower() if c.isalnum() or c in " ':%")
    begins = [""] + [f"{before} " for before in BEFORE if plain.startswith(f"{before} ")]
    ends = [""] + [f" {after}" for after in AFTER if plain.endswith(f" {after}")]
    return {plain.removeprefix(begin).removesuffix(end) for begin in begins for end in ends}


@pytest.mark.skipif(not CLINC.is_file(), reason=f"needs {CLINC.name} in shared/data/text")
def test_none_of_them_is_one_of_clinc150():
    lists = read_clinc(CLINC)
    assert [s for told in lists.values() for s in told if reading(s.text) in READ] == []
