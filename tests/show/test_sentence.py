import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from streamrnn.decoded import Decoded
from streamrnn.loading import load
from streamrnn.predictions import Predictions
from streamrnn.show.sentence import LEADERS, STRIP_ROWS, sentence_view, shown, summary
from streamrnn.tasks.intents.sentence import Sentence, Step, Whole
from tests.sentences import LABELS, deciding_model

MODEL = deciding_model()
TEXT = "turn on the light, don't 7:30 🎉 שלום pneumonoultramicroscopicsilicovolcanoconiosis unit"


def read(text: str, *, trace: bool = True) -> tuple[list[Step], Whole]:
    sentence = Sentence(MODEL, trace=trace)
    steps = sentence.feed(text)
    last, whole = sentence.flush()
    return steps + last, whole


def lines(picture: Text) -> list[str]:
    return picture.plain.splitlines()


def test_words_scores_strips_and_bars_stand_below_each_other() -> None:
    steps, _ = read("turn on the light")
    words, scores, *strips = lines(sentence_view(LABELS, steps, columns=60, colour=False))
    assert words.split() == ["turn", "on", "the", "light"]
    decided = next(step for step in steps if step.decided)
    expected = [f"{s.said.score:.0%}{'◆' if s is decided else ''}" for s in steps]
    assert scores.split() == expected
    starts = [words.index(word) for word in words.split()]
    assert [scores.index(score, start) for start, score in zip(starts, expected, strict=True)] == (
        starts
    )
    for row in strips[:STRIP_ROWS]:
        assert {row[start - 1] for start in starts[1:]} == {" "}
        assert all(set(row[start : start + 5]) <= set("·░▒▓█") for start in starts)
    bars = strips[STRIP_ROWS : STRIP_ROWS + LEADERS]
    shares = sorted(steps[-1].probable.tolist(), reverse=True)
    assert [re.findall(r"(\d+)%", bar) for bar in bars] == [[f"{100 * s:.0f}"] for s in shares[:4]]
    assert [bar.startswith("◆") for bar in bars].count(True) == 1
    assert strips[-1].startswith(f"◆ {decided.said.label}") and "at word" in strips[-1]


def test_the_same_state_has_the_same_colours_wherever_it_stands() -> None:
    steps, _ = read("turn on")
    twice = sentence_view(LABELS, [steps[0], steps[0]], columns=60)
    strip = [str(span.style) for span in twice.spans if "rgb" in str(span.style)]
    assert len(strip) == 2 * 5 * STRIP_ROWS
    for row in range(STRIP_ROWS):
        left, right = strip[10 * row : 10 * row + 5], strip[10 * row + 5 : 10 * row + 10]
        assert left == right


@given(st.integers(22, 120), st.integers(12, 40), st.integers(0, len(TEXT)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_fits(columns: int, rows: int, length: int, colour: bool) -> None:
    sentence = Sentence(MODEL, trace=True)
    steps = sentence.feed(TEXT[:length])
    picture = sentence_view(
        LABELS, steps, columns=columns, rows=rows, unfinished=sentence.open, colour=colour
    )
    drawn = lines(picture)
    assert len(drawn) <= rows
    assert max(map(cell_len, drawn[:-1])) <= columns  # the last line may be cut
    hidden = re.match(r"… (\d+) words before", drawn[0])
    assert hidden is not None or all(step.word[:19] in picture.plain for step in steps)


@pytest.mark.parametrize("columns", [27, 30, 60])
def test_names_of_labels_that_are_cut_differ(columns: int) -> None:
    labels = load("intents").labels
    (step,) = read("turn ")[0]
    for first in range(0, len(labels), LEADERS):
        shares = np.zeros(len(labels))
        shares[first : first + LEADERS] = 0.25
        picture = sentence_view(labels, [step._replace(probable=shares)], columns=columns)
        names = [line.split()[0] for line in lines(picture) if "25%" in line]
        assert len(set(names)) == len(labels[first : first + LEADERS])


def test_out_of_scope_is_no_want_of_sureness() -> None:
    steps, whole = read("turn on the light")
    unheard = Decoded(labels=("oos",), scores=np.ones(1))
    said = Predictions(steps[-1].said.output[None], range(17, 18), decoded=unheard)
    outside = steps[-1]._replace(said=said[0])
    assert summary(whole._replace(last=outside, decided=None)) == "oos 100%, out of scope"
    assert lines(sentence_view(LABELS, [outside], columns=60))[-1] == "out of scope so far"


def test_an_unfinished_word_is_grey_and_has_no_score() -> None:
    steps, _ = read("turn on ")
    picture = sentence_view(LABELS, steps, columns=60, unfinished="ligh")
    assert [picture.plain[s.start : s.end] for s in picture.spans if s.style == "bright_black"] == [
        "ligh"
    ]
    assert lines(picture)[1].count("%") == 2


def test_before_any_word_it_says_so() -> None:
    assert lines(sentence_view(LABELS, [], columns=60)) == ["", "", "no word yet"]


def test_without_hidden_states_there_are_no_strips() -> None:
    steps, _ = read("turn on", trace=False)
    assert len(lines(sentence_view(LABELS, steps, columns=60))) == 2 + LEADERS + 1


def test_a_summary_tells_where_it_was_decided() -> None:
    steps, whole = read("turn on the light")
    decided = next(step for step in steps if step.decided)
    told = summary(whole)
    assert told.startswith(f"{steps[-1].said.label} {steps[-1].said.score:.0%}, decided at word ")
    assert f"word {decided.number + 1} of 4: {decided.word}" in told
    other = decided.said.label != steps[-1].said.label
    assert told.endswith(f"(then for {decided.said.label})") is other
    assert summary(whole._replace(decided=None)).endswith("never sure")
    assert summary(read("?!")[1]) == "no word in it"


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a\x1b[2J\tb\x00\x7f", "a␛[2J␉b␀␡"), ("\u202eabc\u2069", "abc"), ("\x9b\udcff", "��")],
)
def test_what_could_move_a_terminal_is_shown_instead(text: str, seen: str) -> None:
    assert shown(text) == seen


@given(st.text())
def test_nothing_that_is_shown_controls(text: str) -> None:
    assert not {unicodedata.category(c) for c in shown(text)} & {"Cc", "Cs", "Zl", "Zp"}
    assert shown(shown(text)) == shown(text)
