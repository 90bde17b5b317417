"""What people say to a home: drawn from templates, spelt as it is spoken."""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.errors import ConfigError
from streamrnn.serve.assistant import language
from streamrnn.serve.assistant.language import sentences, spoken, write_language_model


@given(st.text())
def test_what_is_spoken_is_words_alone(text: str) -> None:
    said = spoken(text)
    assert all(re.fullmatch(r"[^\W\d_]+(?:'[^\W\d_]+)*", word) for word in said)
    assert spoken(" ".join(said)) == said or "İ" in text  # İ in lower case is two


def test_numbers_are_spelt_out() -> None:
    assert " ".join(spoken("3000 K, 7.5°, 21-22%")) == (
        "three thousand k seven point five degrees twenty one twenty two percent"
    )
    assert spoken("9" * 500) == []


def test_the_same_sentences_are_drawn_of_known_words_alone() -> None:
    def knows(word: str) -> bool:
        return "z" not in word

    told = list(sentences(300, knows, ["computer"]))
    assert told == list(sentences(300, knows, ["computer"])) and len(set(told)) > 250
    assert all(text.startswith("computer ") for text in told)
    assert not any("z" in text for text in told)
    assert list(sentences(20, knows, [], seed=1)) != told[:20]


def test_probabilities_after_any_word_sum_to_at_most_one(tmp_path) -> None:
    path = tmp_path / "home.lm"
    write_language_model(str(path), sentences(300, lambda word: True, []))
    after: dict[str, float] = {}
    for line in path.read_text().split("\\2-grams:")[1].split("\\3-grams:")[0].splitlines():
        if line:
            probability, first, *_ = line.split()
            after[first] = after.get(first, 0.0) + 10.0 ** float(probability)
    assert len(after) > 100 and max(after.values()) <= 0.851  # 0.15 are kept for unseen words


def test_a_recogniser_that_knows_no_word_is_told_so() -> None:
    with pytest.raises(ConfigError, match="expected words that can be recognised, got 1,000"):
        next(sentences(1, lambda word: False, []))


def test_what_spells_numbers_is_named_where_it_is_missing(monkeypatch) -> None:
    language._speller.cache_clear()
    monkeypatch.setitem(sys.modules, "unicode_rbnf", None)
    with pytest.raises(ConfigError, match=r"unicode-rbnf to be installed.*streamrnn\[assistant\]"):
        spoken("40")
