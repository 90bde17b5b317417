"""A sentence as it comes in: the bits of the whole, the words beside them, and the way back."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.errors import UnsupportedError
from streamrnn.model import Model
from streamrnn.tasks.intents.sentence import LONGEST, LONGEST_WORD, Sentence, Step, Typed
from tests.conftest import make_model, make_text_model, pieces
from tests.sentences import deciding_model

WORDS, CHARACTERS = deciding_model(), deciding_model("characters")
ACCENT, JOINER = "\u0301", "\u200d"
texts = st.text(
    st.sampled_from(["a", "t", " ", "é", "7", ".", "'", "?", "ש", "🎉", ACCENT, "\x1b"])
)


def told(steps: list[Step]) -> list[tuple[object, ...]]:
    """What steps say, to the bit."""
    return [
        (s.number, s.word, s.said.position, s.said.label, s.said.events, s.said.output.tobytes())
        for s in steps
    ]


def read(text: str, model: Model = WORDS) -> list[Step]:
    sentence = Sentence(model)
    return sentence.feed(text) + sentence.flush()[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what time is it?", ["what", "time", "is", "it?"]),
        ("hello,  world", ["hello,", "world"]),
        ("the dogs' life", ["the", "dogs'", "life"]),
        ("at 7:30 don't", ["at", "7:30", "don't"]),
        ("7.a b", ["7.", "a", "b"]),  # the letter ends one word and begins the next
        ("🎉 hi ?!", ["hi"]),
        ("— turn — 💡 on! then off?! … «so»", ["turn", "on!", "then", "off?", "«so»"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("", []),
        ("?!\x00", []),
    ],
)
def test_words_are_as_they_were_written(text: str, words: list[str]) -> None:
    assert [step.word for step in read(text)] == words


def test_characters_are_steps_of_their_own() -> None:
    assert [step.word for step in read("a é", CHARACTERS)] == ["a", " ", "é"]


@given(texts, st.lists(st.integers(0, 99), max_size=6), st.sampled_from([WORDS, CHARACTERS]))
@settings(max_examples=100, deadline=None)
def test_cuts_never_show_and_no_letter_is_lost(text: str, cuts: list[int], model: Model) -> None:
    sentence = Sentence(model, trace=True)
    steps = [step for piece in pieces(text, cuts) for step in sentence.feed(piece)]
    last, whole = sentence.flush()
    steps += last
    assert told(steps) == told(read(text, model))
    spoken = sentence.model.predict(text, trace=True)
    assert np.array([s.said.output for s in steps]).tobytes() == spoken.outputs.tobytes()
    assert spoken.trace is not None
    hidden = [s.hidden for s in steps if s.hidden is not None]
    assert np.array(hidden).tobytes() == spoken.trace.hidden[:, -1].tobytes()
    assert [s.probable.max() for s in steps] == (
        [] if spoken.scores is None else spoken.scores.tolist()
    )
    if model is WORDS:
        joined = "".join(step.word for step in steps)
        assert list(filter(str.isalnum, joined)) == list(filter(str.isalnum, text))
        assert all(step.word.split() == [step.word] and step.word in text for step in steps)
    assert (whole.text, whole.characters, whole.words) == (text, len(text), len(steps))
    assert whole.label == (steps[-1].said.label if steps else "")
    assert whole.decided is next((step for step in steps if step.decided), None)
    assert sentence.stream.snapshot() == Sentence(sentence.model).stream.snapshot()


@given(st.lists(st.sampled_from(["t", "i", " ", "7", ".", "é", "🎉", ACCENT, JOINER, "back"])))
@settings(max_examples=100, deadline=None)
def test_what_is_taken_back_has_never_been(keys: list[str]) -> None:
    typed, kept = Typed(WORDS), list[str]()
    for key in keys:
        if key != "back":
            assert typed.type(key)
            kept.append(key)
            continue
        typed.back()
        while kept and unicodedata.category(kept.pop()) in ("Mn", "Cf"):
            pass
        assert typed.sentence.text == "".join(kept)
    steps, whole = typed.enter()
    assert told(steps) == told(read("".join(kept))) and whole.text == "".join(kept)
    assert typed.steps == [] and typed.sentence.text == ""


def test_clear_makes_it_fresh() -> None:
    typed = Typed(WORDS)
    typed.clear()
    for character in "turn on the":
        typed.type(character)
    assert [step.word for step in typed.steps] == ["turn", "on"] and typed.sentence.open == "the"
    typed.clear()
    assert typed.steps == [] and typed.sentence.open == "" == typed.sentence.text
    assert typed.sentence.stream.snapshot() == Typed(WORDS).sentence.stream.snapshot()


def test_what_is_kept_has_a_fixed_size() -> None:
    sentence = Sentence(WORDS)
    for _ in range(3):
        assert sentence.feed("x" * 50_000) == []
        assert (len(sentence.text), len(sentence.open)) == (LONGEST, LONGEST_WORD)
    steps, whole = sentence.flush()
    assert len(steps[0].word) == LONGEST_WORD and whole.characters == 150_000
    typed = Typed(WORDS)
    assert all(typed.type("x") for _ in range(LONGEST)) and not typed.type("x")


def test_what_is_kept_holds_no_chunk() -> None:
    sentence = Sentence(WORDS, trace=True)
    steps = sentence.feed("turn on the light " * 5_000)
    whole = sentence.flush()[1]
    assert whole.last is not None and whole.decided is not None
    for step in (steps[0], whole.last, whole.decided):
        for array in (step.said.output, step.probable, step.hidden):
            assert array is not None
            assert (array if array.base is None else array.base).size == array.size
        assert len(step.said._all) == 1 and step.said._all.trace is None


@given(st.integers(75, 82), st.integers(0, 3), st.lists(st.integers(0, 99), max_size=6))
@settings(max_examples=100, deadline=None)
def test_cuts_never_show_in_what_is_too_long(marks: int, spaces: int, cuts: list[int]) -> None:
    text = "!" * marks + " " * spaces + "turn on "
    whole = told(read(text))
    for parts in (pieces(text, cuts), text):
        sentence = Sentence(WORDS)
        steps = [step for part in parts for step in sentence.feed(part)]
        assert told(steps + sentence.flush()[0]) == whole


def test_half_a_character_reads_as_the_replacement() -> None:
    assert told(read("turn \udcff on"))[1:] == [
        (*step[:1], "on", *step[2:]) for step in told(read("turn \ufffd on"))[1:]
    ]


def test_without_a_loop_there_is_no_hidden_state() -> None:
    sentence = Sentence(deciding_model(cell="feedforward"), trace=True)
    assert [step.hidden for step in sentence.feed("turn on ")] == [None, None]


@pytest.mark.parametrize("model", [make_model(), make_text_model("words")])
def test_other_models_are_refused(model: Model) -> None:
    with pytest.raises(UnsupportedError, match="expected a model that reads text and decides"):
        Sentence(model)
