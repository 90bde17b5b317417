"""However a text grew and was revised, what is known of it is what a new stream would know."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamrnn.config import DecideConfig
from streamrnn.errors import UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.predictions import Prediction
from streamrnn.tasks.intents.sentence import LONGEST
from streamrnn.tasks.intents.utterance import MARKS, WORDS, Utterance
from tests.conftest import make_model, make_text_model

INTENTS = load("intents")
WORD = st.sampled_from(
    ["turn", "on", "Off", "the", "lights", "don't", "7.a", "set", "a", "timer", "é", "日本", "\n"]
)
TEXT = st.lists(WORD, max_size=24).map(" ".join)


def deciding(unit: str) -> Model:
    """A small model of either kind of tokens that decides."""
    made = make_text_model(unit)
    assert made.weights is not None
    decoder = DecideConfig(labels=("yes", "no"), threshold=0.52)
    return Model.from_weights(replace(made.config, decoder=decoder), made.weights)


MODELS = {"intents": INTENTS, "words": deciding("words"), "characters": deciding("characters")}


def read(utterance: Utterance, text: str, words: int | None = None) -> None:
    """Read a text, or some of its words."""
    for count, _ in enumerate(utterance.revise(text), 1):
        if count == words:
            return


def decided(model: Model, text: str) -> Any:
    """Where a stream that is fed a text decides, and on what."""
    said = model.stream(errors="replace").feed(text)
    return next((events[0] for events in said.events if events), None)


def same(one: Prediction, other: Prediction) -> bool:
    return one.label == other.label and one.output.tobytes() == other.output.tobytes()


@given(st.sampled_from(sorted(MODELS)), st.lists(st.tuples(TEXT, st.integers(0, 30)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_it_is_the_text_that_counts(kind: str, texts: list[tuple[str, int]]) -> None:
    model = MODELS[kind]
    utterance = Utterance(model)
    for text, words in texts:
        read(utterance, text, words)  # perhaps left off
        read(utterance, text)
        step, event = utterance.decided, decided(model, text)
        assert (step is None) == (event is None)
        if step is not None:
            assert step.said.events == (event,)
    final = texts[-1][0] if texts else ""
    last, whole = utterance.end(), model.predict(final, errors="replace")
    assert (last is None) == (len(whole) == 0)
    if last is not None:
        assert same(last.said, whole[-1])


@given(TEXT, st.integers(0, 60))
@settings(deadline=None)
def test_capitals_at_the_end_cost_nothing_and_change_nothing(text: str, place: int) -> None:
    utterance = Utterance(INTENTS)
    read(utterance, text)
    capital = text[:place] + text[place:].upper()
    assert sum(1 for _ in utterance.revise(capital)) == 0
    last, whole = utterance.end(), INTENTS.predict(capital)
    assert last is None or same(last.said, whole[-1])


def test_where_case_matters_it_is_read_again() -> None:
    weights = MODELS["characters"].weights
    config = MODELS["characters"].config
    assert weights is not None
    cased = Model.from_weights(
        replace(config, frontend=replace(config.frontend, fold=False)), weights
    )
    utterance = Utterance(cased)
    read(utterance, "ab ab")
    read(utterance, "aB ab")
    last = utterance.end()
    assert last is not None and same(last.said, cased.predict("aB ab")[-1])


def test_what_is_kept_has_a_bound_and_a_revision_reads_little_again() -> None:
    utterance = Utterance(INTENTS)
    text = "".join(f"w{n % 10} " for n in range(4_000))
    read(utterance, text)
    assert len(utterance._text) == LONGEST and len(utterance._marks) == MARKS
    revised = text[: LONGEST - 5] + "light"
    assert 1 <= sum(1 for _ in utterance.revise(revised)) <= WORDS + 2
    last = utterance.end()
    assert last is not None and same(last.said, INTENTS.predict(revised[:LONGEST])[-1])


def test_an_end_is_a_beginning() -> None:
    utterance = Utterance(INTENTS)
    for text in ("turn on the light", "set a timer", "", "  ", "turn on the light"):
        read(utterance, text)
        last, whole = utterance.end(), INTENTS.predict(text)
        assert (last is None) == (len(whole) == 0)
        assert last is None or same(last.said, whole[-1])
        assert utterance.decided is None


def test_models_that_decide_nothing_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="expected a model that reads text and decides"):
        Utterance(make_model())


def test_a_decision_is_taken_back_with_its_words() -> None:
    utterance = Utterance(INTENTS)

    def label(text: str) -> str | None:
        read(utterance, text)
        return None if utterance.decided is None else utterance.decided.said.label

    assert label("what time is it ") == "HassGetCurrentTime"
    assert label("what ") is None
    assert label("what is the weather tomorrow ") == "HassGetWeather"
