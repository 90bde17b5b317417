"""Words that are revised: read as if the last ones had been the only ones."""

from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.serve.assistant.words import Revised, without_wake_word
from streamrnn.tasks.intents.sentence import Sentence
from tests.sentences import deciding_model

MODEL = deciding_model()
WORDS = st.lists(st.sampled_from(["turn", "on", "the", "light", "timer", "don't", "é日"]))


@given(st.lists(WORDS, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_was_revised_has_never_been(hypotheses: list[list[str]]) -> None:
    revised, alone = Revised(MODEL), Sentence(MODEL)
    for words in hypotheses:
        revised.say(words)
    steps = [step for word in hypotheses[-1] for step in alone.feed(f"{word} ")]
    decided = next((step for step in steps if step.decided), None)
    assert (revised.decided is None) == (decided is None)
    if decided is not None and revised.decided is not None:
        assert revised.decided.number == decided.number
        assert revised.decided.probable.tobytes() == decided.probable.tobytes()
    whole, (_, expected) = revised.flush(), alone.flush()
    assert (whole.text, whole.words, whole.label) == (expected.text, expected.words, expected.label)


def test_a_decision_is_taken_back_with_its_words() -> None:
    revised = Revised(streamrnn.load("intents"))
    revised.say("what time is it".split())
    assert revised.decided is not None and revised.decided.said.label == "HassGetCurrentTime"
    revised.say("what".split())
    assert revised.decided is None
    revised.say("what is the weather tomorrow".split())
    assert revised.decided is not None and revised.decided.said.label == "HassGetWeather"
    assert revised.flush().text == "what is the weather tomorrow "
    assert revised.decided is None and revised.flush().words == 0  # the next sentence is fresh


def test_the_wake_word_is_taken_off_where_a_command_begins() -> None:
    wake = ("computer", "jarvis")
    assert without_wake_word("computer", wake) == []
    assert (
        without_wake_word("the computer's computer is on", wake)
        == "the computer's computer is on".split()
    )
    assert without_wake_word("uh JARVIS, lights", wake) == ["lights"]
    assert without_wake_word("lights on", wake) == ["lights", "on"]
    assert without_wake_word("", wake) == []
