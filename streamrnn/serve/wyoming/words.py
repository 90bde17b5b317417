"""What sentences ask for: intents, and answers to those few that can be given without a home.

Home Assistant's pipeline sends a sentence as `transcript` to a service of intents and to one that
handles them alike, and takes whichever of `intent`, `not-recognized`, `handled` and `not-handled`
comes back. So what is sent tells nobody which of the two is meant, and it is decided by what can be
done here:

- `transcript`: the time and the date are answered, `handled`; everything else is `intent`, for Home
  Assistant to handle, or `not-recognized`. With handling off there are no answers.
- An `intent` bears what is to be spoken once it is done, in plain words. Where these depend on
  what only the home knows, a state, a `transcript` brings Home Assistant's template for them, which
  it renders since May 2026 (home-assistant/core 170433), and `recognize` none.
- Where devices are to be switched or set, and neither a room, a floor nor a name is told, it is not
  recognized, and asked for: Home Assistant would take the whole house. `All the lights` is said on
  purpose, `everything` too, perhaps; it is asked. What plays, what moves and what heats is left to
  Home Assistant, which takes what is playing, and one of each.
- `recognize`: `intent` or `not-recognized`, never an answer: it asks for recognition alone.
- `intent`, what another service has recognised: `handled` where it asks for time or date, or else
  `not-handled`. With handling off it is passed over.
"""

import re
from collections.abc import Callable
from datetime import datetime

from wyoming.event import Event, Eventable
from wyoming.handle import Handled, NotHandled
from wyoming.intent import Entity, Intent, NotRecognized

from streamrnn.model import Model
from streamrnn.serve.wyoming.fields import FieldError, text_of
from streamrnn.serve.wyoming.spoken import plain_of
from streamrnn.tasks.intents.answers import Household
from streamrnn.tasks.intents.entities import Entities, entities, response
from streamrnn.tasks.intents.home import QUESTIONS
from streamrnn.tasks.intents.sentence import LONGEST, decides

ANSWERED = ("HassGetCurrentTime", "HassGetCurrentDate")
"""Intents that a clock answers."""
_ALL = re.compile(r"\b(?:all|every|everything|everywhere|whole|entire)\b", re.IGNORECASE)
_EVERY_ONE = re.compile(r"HassTurn|HassLightSet|HassSetPosition|HassFanSetSpeed")
"""Intents that Home Assistant does to every device that fits."""
LANGUAGE = "en"
"""Of the sentences."""


class Words:
    """A model of sentences; any number of threads may ask it.

    Args:
        model: that reads text and decides on one label a sentence.
        handle: whether the time and the date are answered.
        now: the clock.
    """

    def __init__(
        self,
        model: Model,
        *,
        handle: bool = True,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._model, self._outside = model, decides(model).outside
        self.handle = handle
        """Whether the time and the date are answered."""
        self._now = now

    def warm(self) -> None:
        """Compile kernels and read templates, so that no client has to wait for them."""
        for label in self._model.labels:
            self._recognised(label, "turn on the kitchen light", templates=False)
        for text in ("on", "on " * (LONGEST // 3)):  # kernels have a form for much, too
            self._label(text)

    def transcript(self, text: str, language: str | None) -> Eventable:
        """What a transcript brings: `handled`, `intent` or `not-recognized`."""
        if language is not None and language.lower().replace("_", "-").split("-")[0] != LANGUAGE:
            return NotRecognized(text="I understand English alone.")
        label = self._label(text)
        if self.handle and label in ANSWERED:
            return Handled(text=self._answer(label, text))
        return self._recognised(label, text, templates=True)

    def recognize(self, text: str) -> Eventable:
        """What a sentence asks for: `intent` or `not-recognized`."""
        return self._recognised(self._label(text), text, templates=False)

    def intent(self, name: str) -> Eventable:
        """What an intent that somebody recognised brings: `handled` or `not-handled`."""
        answer = self._answer(name, "")
        return Handled(text=answer) if name in ANSWERED else NotHandled(text=answer)

    def _label(self, text: str) -> str:
        """What a sentence is taken for; "" for nothing, or what lies outside."""
        labels = self._model.predict(text).labels
        label = labels[-1] if labels else None
        return "" if label is None or label == self._outside else label

    def _recognised(self, label: str, text: str, *, templates: bool) -> Eventable:
        """What a sentence asks for; with `templates` for words that only the home can find too."""
        if not label:
            return NotRecognized(text=self._answer("oos" if text.strip() else "", text))
        found = entities(text, label)
        question = _question(text, label, found)
        if question:
            return NotRecognized(text=question)
        template = response(text, label)
        return Intent(
            name=label,
            entities=[Entity(name, value) for name, value in found.items()],
            text=plain_of(template, label, found) or (template if templates else "") or None,
        )

    def _answer(self, intent: str, text: str) -> str:
        return Household().answer(intent, text, self._now())


def _question(text: str, label: str, found: Entities) -> str:
    """What to ask where neither which device nor where is told; "" where nothing is to be asked."""
    if label.startswith(QUESTIONS) or {"area", "floor", "name"} & set(found):
        return ""
    everything = _ALL.search(text) is not None
    if {"domain", "device_class"} & set(found):
        return "" if everything else "In which room?"
    if not _EVERY_ONE.match(label):
        return ""
    return "In which room?" if everything else "Which device, and in which room?"


def sentence_of(event: Event) -> str:
    """The field `text` of a sentence.

    Raises:
        FieldError: it is missing, no string, or too long.
    """
    text = text_of(event, "text") or ""
    if len(text) > LONGEST:
        raise FieldError(
            f"{event.type}: expected text of up to {LONGEST} characters, got {len(text)}",
            "too-long",
        )
    return text
