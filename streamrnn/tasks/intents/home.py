"""Sentences for a home: drawn from templates and said otherwise, and what lies outside a home."""

from collections.abc import Mapping, Sequence

import numpy as np

from streamrnn.tasks.intents.corpora import Labelled, for_a_home, reading
from streamrnn.tasks.intents.templates import (
    OUTSIDE,
    PARTS,
    Sampler,
    Template,
    further_templates,
    part_of,
    shipped_templates,
)
from streamrnn.tasks.intents.variation import varied

OUTSIDE_SHARE = 0.25  # of sentences
LENT_SHARE = 0.3  # of an intent's sentences, where people wrote some for CLINC150
FURTHER_SHARE = 0.5  # of an intent's drawn sentences, where there are further templates
SCORED = 4  # sentences drawn of a template that is scored
OUTSIDE_SCORED = 500  # sentences scored that lie outside, about
QUESTIONS = ("HassGet", "HassTimerStatus", "HassRespond", "HassClimateGet", "HassNevermind")
"""How the names of intents begin that ask, or say nothing to be done."""


class Home:
    """Draws sentences and what they ask for.

    No sentence that is scored is ever learnt: one that reads as a scored one, from whatever
    template or list it comes, is drawn anew.

    Args:
        lists: of CLINC150, as `read_clinc` gives them; may be none.
        hold: the part of templates that is for validation; −1: none, and no validation.
        leave: parts of templates that are for a test.
        strange: words for names that nobody has thought of.
    """

    def __init__(
        self,
        lists: Mapping[str, Sequence[Labelled]],
        *,
        hold: int,
        leave: Sequence[int],
        strange: Sequence[str],
    ) -> None:
        shipped, further = shipped_templates(), further_templates()
        apart = {hold, *leave} & set(range(PARTS))
        self._learnt = _by_intent(shipped, apart)
        self._further = _by_intent(further, apart)
        learnt = {t for group in (self._learnt, self._further) for ts in group.values() for t in ts}
        rest = [t for t in shipped + further if t not in learnt]
        held = [t for t in rest if part_of(t) == hold]
        left = [t for t in rest if part_of(t) != hold]
        self._lent: dict[str, list[str]] = {}
        for sentence in (*lists.get("train", ()), *lists.get("oos_train", ())):
            found = for_a_home(sentence)
            if found is not None:
                self._lent.setdefault(found.label, []).append(found.text)
        self._lists = lists
        self._sampler = Sampler([t for t in shipped if t in learnt], strange or ["it"])
        self.intents = sorted(self._learnt)
        """What is asked for, but for what lies outside."""
        # Between one share each and a share by the number of templates.
        sizes = np.sqrt([len(self._learnt[intent]) for intent in self.intents])
        self._shares = sizes / sizes.sum()
        self.kept = self._apart(held, "oos_val", "val")
        """Sentences for validation, by where they come from; none if no template is held."""
        self.tested = self._apart(left, "oos_test", "test")
        """Sentences for a test, likewise, of the templates that are left out."""
        groups = (*self.kept.values(), *self.tested.values())
        self._scored = {reading(sentence.text) for group in groups for sentence in group}

    def draw(self, rng: np.random.Generator) -> Labelled:
        """One sentence to learn from."""
        while True:
            sentence = self._any(rng)
            if not self._scored or reading(sentence.text) not in self._scored:
                return sentence

    def _any(self, rng: np.random.Generator) -> Labelled:
        """One sentence, perhaps one that is scored."""
        intent = OUTSIDE
        if rng.random() >= OUTSIDE_SHARE:
            intent = self.intents[int(rng.choice(len(self.intents), p=self._shares))]
        lent, further = self._lent.get(intent), self._further.get(intent)
        share = 0.8 if intent == OUTSIDE else LENT_SHARE
        if lent and (rng.random() < share or not further and intent == OUTSIDE):
            text = lent[int(rng.integers(len(lent)))]
        else:
            templates = self._learnt.get(intent, [])
            if further and (not templates or rng.random() < FURTHER_SHARE):
                templates = further
            text = self._sampler.draw(templates[int(rng.integers(len(templates)))], rng)
        question = intent == OUTSIDE or intent.startswith(QUESTIONS)
        return Labelled(varied(text, rng, question=question), intent)

    def _apart(self, templates: Sequence[Template], *lists: str) -> dict[str, list[Labelled]]:
        if not templates:
            return {}
        shipped = set(shipped_templates())
        return {
            "templates": self._drawn([t for t in templates if t in shipped]),
            "phrases": self._drawn([t for t in templates if t not in shipped]),
            "outside": self._outside(*lists),
        }

    def _drawn(self, templates: Sequence[Template]) -> list[Labelled]:
        """Some sentences of each template, just as drawn; of those that read alike, the first."""
        rng = np.random.default_rng(1)
        found: dict[tuple[str, str], Labelled] = {}
        for template in templates:
            for _ in range(SCORED):
                text = self._sampler.draw(template, rng)
                key = reading(text), template.intent
                found.setdefault(key, Labelled(text, template.intent))
        return list(found.values())

    def _outside(self, *lists: str) -> list[Labelled]:
        """Sentences of CLINC150 that lie outside a home, some of each intent."""
        told = [sentence for name in lists for sentence in self._lists.get(name, ())]
        found = [s for s in map(for_a_home, told) if s is not None and s.label == OUTSIDE]
        return found[:: max(1, len(found) // OUTSIDE_SCORED)]


def _by_intent(templates: Sequence[Template], apart: set[int]) -> dict[str, list[Template]]:
    """Templates to learn from; an intent all of whose templates lie apart learns from the first."""
    found: dict[str, list[Template]] = {}
    for template in templates:
        if part_of(template) not in apart:
            found.setdefault(template.intent, []).append(template)
    for template in templates:
        found.setdefault(template.intent, [template])
    return found
