"""The rule of words, beside a regular expression that sees the whole text."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.frontends.text import words
from streamrnn.frontends.words import DELAY, LONGEST, Splitter

PIECES = st.sampled_from(
    [*"aZéß0٣7'’.,: \n\t-_²", "İ", "\u0301", "\u200d", "\u200b", "\ufe0f", "日", "👩"]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=30).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.builds(
        lambda a, n, b: a + n * "x" + b, st.text("a'0. "), st.integers(60, 67), st.text("x'0. ")
    ),
)
WORD = re.compile("[LN](?:[LNMF]|A(?=[LN])|J)*")


def kind(character: str) -> str:
    if character in "'’":
        return "A"
    if character in ".,:\u066b\u066c":
        return "P"
    category = unicodedata.category(character)
    if category == "Cf" and character != "\u200b":
        return "F"
    return "N" if category == "Nd" else category[0] if category[0] in "LM" else "_"


def joined(text: str) -> str:
    """The kinds of a text's code points; J where a point joins digits."""
    return re.sub(r"(NF*)P(?=N)", r"\1J", "".join(map(kind, text)))


def by_expression(text: str, fold: bool = True) -> list[tuple[str, int]]:
    """Words, and where in the text each is known; past its end: with the end."""
    kinds = joined(text)
    found: list[tuple[str, int]] = []
    for match in WORD.finditer(kinds):
        first, end = match.span()
        said = ""
        for character, what in zip(text[first:end], kinds[first:end], strict=True):
            letter = character.lower()[0] if fold else character
            said += {"N": "0", "A": "'", "J": "", "F": ""}.get(what, letter)
        said = re.sub("0(?:'?0)*", "0", said)
        waits = re.search("NF*$", match[0]) and kinds[end : end + 1] == "P"
        joint = kinds[end : end + 1] == "A" or bool(waits)
        found.append((said if len(said) <= LONGEST else "", end + 1 + joint))
    return found


@given(TEXTS, st.booleans())
def test_words_are_those_of_an_expression(text: str, fold: bool) -> None:
    splitter = Splitter(fold)
    found, ends = splitter.feed(text)
    last = splitter.end()
    expected = by_expression(text, fold)
    assert found + last == [word for word, _ in expected]
    assert ends == [end for _, end in expected if end <= len(text)]
    assert len(last) == sum(end > len(text) for _, end in expected) <= 1
    assert splitter.word == splitter.joint == ""


@given(TEXTS)
def test_a_word_is_known_within_the_delay(text: str) -> None:
    splitter = Splitter(True)
    known: list[int] = []
    for count, character in enumerate(text + "  ", 1):
        known += [count] * len(splitter.feed(character)[0])
    assert known == [end for _, end in by_expression(text + "  ")]
    lasts = [m.end() for m in WORD.finditer(joined(text))]
    assert all(0 < at - last <= DELAY for at, last in zip(known, lasts, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Turn ON the light", "turn on the light"),
        ("don't DON’T dogs' 'tis rock'n'roll o''clock", "don't don't dogs tis rock'n'roll o clock"),
        ("7 19:30 21.5 1,000 1.2.3 at 5. Now 5.now", "0 0 0 0 0 at 0 now 0 now"),
        ("22c 3rd b12 10:30am 10'000 ٣٫٥ 7'", "0c 0rd b0 0am 0 0 0"),
        ("snake_case e-mail a@b.de ½ x² Ⅷ", "snake case e mail a b de x"),
        ("\ufeffco\u00adop می\u200cخواهم ab\u200bcd \u200eשלום\u200f", "coop میخواهم ab cd שלום"),
        ("cafe\u0301 \u0301x नमस्ते", "cafe\u0301 x नमस्ते"),
        ("👩\u200d👩\u200d👧 ❤\ufe0f 👍🏽 ok", "ok"),
        ("İstanbul ΟΔΟΣ Straße", "istanbul οδοσ straße"),
        ("日本語テスト、一つ", "日本語テスト 一つ"),
        ("\0a\x1bb\x7fc\r\n", "a b c"),
        ("", ""),
        (" \n'.:", ""),
    ],
)
def test_words_by_hand(text: str, expected: str) -> None:
    assert words(text) == expected.split(" ") if expected else not words(text)


@pytest.mark.parametrize(
    ("letters", "word"), [(63, "a" * 63), (64, "a" * 64), (65, ""), (10_000, "")]
)
def test_a_word_has_64_code_points_at_most(letters: int, word: str) -> None:
    assert words("x " + "a" * letters + " y") == ["x", word, "y"]
    assert words("a" * (letters - 2) + "'a") == [word and "a" * (letters - 2) + "'a"]
    assert words("9" * letters) == ["0"]


def test_what_is_kept_of_a_word_is_bounded() -> None:
    splitter = Splitter(True)
    for _ in range(1000):
        splitter.feed("ab'")
    assert len(splitter.word) == LONGEST + 1


def test_folding_is_one_code_point_to_one() -> None:
    several = [c for c in map(chr, range(sys.maxunicode + 1)) if len(c.lower()) > 1]
    assert several == ["İ"]
    for code in range(sys.maxunicode + 1):
        folded = chr(code).lower()[0]
        assert folded.lower()[0] == folded
        assert kind(folded) == kind(chr(code))
