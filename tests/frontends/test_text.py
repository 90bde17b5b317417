"""The front end of text: cuts anywhere, what it refuses, and that refusing leaves it as it was."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.config import ModelConfig, NetworkConfig, TextConfig
from streamrnn.errors import ConfigError, DtypeError, EncodingError
from streamrnn.frontends.text import TextFrontend, TextState, characters, words
from tests.conftest import pieces

CUTS = st.lists(st.integers(0, 1000), max_size=12)
TEXTS = st.one_of(
    st.text(st.sampled_from([*"abAB '’0.é日👩\u200d\u0301\0"]), max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
WORDS = TextFrontend(TextConfig(unit="words", vocabulary=("a", "ab", "a'b", "0", "日", "b")))
CHARACTERS = TextFrontend(TextConfig(unit="characters", vocabulary=(*"ab '日", "é", "\ufffd")))
BOTH = pytest.mark.parametrize("front", [WORDS, CHARACTERS], ids=["words", "characters"])
# Bytes near UTF-8: whole characters, their beginnings, surrogates, overlong and stray bytes.
ALMOST = st.lists(
    st.one_of(
        st.sampled_from([*"aé日👩 "]).map(str.encode),
        st.sampled_from([b"\xe2\x82", b"\xf0\x9f\x91", b"\xed\xa0\x80", b"\xed\xa0", b"\xed"]),
        st.sampled_from([b"\xc0\x80", b"\xe0\x80", b"\xf4\x90\x80", b"\xff", b"\x80", b"\xf0"]),
        st.binary(max_size=3),
    ),
    max_size=12,
).map(b"".join)


def state_of(stream: TextState) -> dict[str, Any]:
    return {name: (a.dtype, a.shape, a.tobytes()) for name, a in stream.arrays().items()}


def run(stream: TextState, chunks: Any) -> tuple[list[float], list[int], int]:
    """Tokens, the positions at which they came, and how many samples there were."""
    tokens: list[float] = []
    positions: list[int] = []
    position = 0
    for chunk in [*chunks, None]:
        frames = stream.flush() if chunk is None else stream.feed(chunk)
        assert frames.values.dtype == np.float32
        assert frames.values.shape == (len(frames.values), 1)
        offsets = frames.offsets
        if offsets is None:
            offsets = np.arange(1, len(frames.values) + 1)
        assert offsets.dtype == np.int64 and len(offsets) == len(frames.values)
        tokens += frames.values[:, 0].tolist()
        positions += (position + offsets).tolist()
        position += frames.samples
    return tokens, positions, position


@BOTH
@given(text=TEXTS, cuts=CUTS)
def test_cuts_never_show(front: TextFrontend, text: str, cuts: list[int]) -> None:
    whole = run(front.stream(), [text])
    assert whole[2] == len(text)
    assert run(front.stream(), pieces(text, cuts)) == whole
    assert run(front.stream(), pieces(text.encode(), cuts)) == whole
    one, other = front.stream(), front.stream()
    one.feed(text)
    for chunk in pieces(text.encode(), cuts):
        other.feed(bytearray(chunk))
    assert state_of(one) == state_of(other)


@given(TEXTS)
def test_tokens_are_places_in_the_vocabulary(text: str) -> None:
    for front, read in ((WORDS, words), (CHARACTERS, characters)):
        known = front.config.vocabulary
        expected = [known.index(s) + 1 if s in known else 0 for s in read(text)]
        assert front.tokens(text)[:, 0].tolist() == expected
        stream = front.stream()
        found = stream.feed(text + " ").values
        assert stream.unknown == (found == 0).sum()
        stream.reset()
        assert stream.unknown == 0


@BOTH
@given(data=ALMOST, cuts=CUTS)
def test_bytes_are_read_as_python_reads_them(
    front: TextFrontend, data: bytes, cuts: list[int]
) -> None:
    text = data.decode(errors="replace")
    told = run(front.stream(errors="replace"), pieces(data, cuts))
    tokens, _, samples = run(front.stream(), [text])
    assert told[0] == tokens and told[2] == samples == len(text)
    try:
        data.decode()
    except UnicodeDecodeError:
        with pytest.raises(EncodingError):
            run(front.stream(), pieces(data, cuts))
    else:
        assert run(front.stream(), pieces(data, cuts)) == run(front.stream(), [text])


@given(ALMOST)
def test_a_bad_byte_is_refused_as_soon_as_it_is_there(data: bytes) -> None:
    """Only what the rest of a character may follow is retained; Python waits after 0xed 0xa0."""
    stream = CHARACTERS.stream()
    for end in range(len(data)):
        before = state_of(stream)
        try:
            stream.feed(data[end : end + 1])
        except EncodingError:
            assert state_of(stream) == before
            break
        retained = bytes(stream.arrays()["partial"]).rstrip(b"\0")
        rests = [b"", b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xbf", b"\xbf\x80", b"\xbf\x80\x80"]
        assert any(completes(retained + rest) for rest in rests)


def completes(data: bytes) -> bool:
    try:
        return bool(data.decode()) or not data
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize(
    ("chunk", "error", "says"),
    [
        (b"a\xff", EncodingError, "expected UTF-8, got 0xff at byte 1"),
        (b"\xed\xa0", EncodingError, "got 0xed at byte 0"),
        (b"\xc0\x80", EncodingError, "got 0xc0 at byte 0"),
        ("ab\ud83d", EncodingError, r"expected characters, got the lone surrogate U\+D83D at 2"),
        (3, DtypeError, "expected str, or UTF-8 as bytes, got int"),
        (None, DtypeError, "got NoneType"),
        (["a"], DtypeError, "got list"),
        (np.zeros(3, np.uint8), DtypeError, r"got uint8 \(3,\)"),
        (memoryview(bytes(12)).cast("f"), DtypeError, "got memoryview"),
    ],
)
@BOTH
def test_bad_chunks_leave_no_trace(
    front: TextFrontend, chunk: Any, error: type[Exception], says: str
) -> None:
    stream = front.stream()
    stream.feed("ab don'")
    before = state_of(stream)
    with pytest.raises(error, match=says):
        stream.feed(chunk)
    assert state_of(stream) == before


@BOTH
def test_a_character_that_is_not_finished(front: TextFrontend) -> None:
    stream = front.stream()
    stream.feed(b"a \xe6\x97")
    before = state_of(stream)
    for wrong, says in [
        ("a", "began with 0xe6 0x97, got a str"),
        (b"a", "got 0xe6 0x97 2 bytes before the chunk"),
    ]:
        with pytest.raises(EncodingError, match=says):
            stream.feed(wrong)
    with pytest.raises(EncodingError, match="the end after 0xe6 0x97; feed the rest"):
        stream.flush()
    assert not stream.feed("").samples and not stream.feed(b"").samples
    assert state_of(stream) == before
    frames = [stream.feed(b"\xa5").values, stream.flush().values]
    assert np.concatenate(frames)[-1] == front.numbers["日"]
    lenient = front.stream(errors="replace")
    assert lenient.feed(b"a\xe6\x97").samples == 1
    assert lenient.feed("\ud800").samples == 2  # U+FFFD for the bytes, and for the surrogate
    lenient.feed(b"a\xe6\x97")
    tail = lenient.flush()
    assert tail.samples == 1
    assert tail.values.tolist() == [[front.numbers["a" if front is WORDS else "\ufffd"]]]


@pytest.mark.parametrize("end", range(12))
@BOTH
def test_a_state_goes_on_elsewhere(front: TextFrontend, end: int) -> None:
    data = "a'b 日👩\u200d7.5x".encode()
    stream, other = front.stream(), front.stream()
    stream.feed(data[:end])
    saved = stream.arrays()
    other.restore(saved)
    assert state_of(other) == state_of(stream)
    for array in saved.values():
        array.fill(1)
    assert run(other, [data[end:]]) == run(stream, [data[end:]])
    stream.reset()
    assert state_of(stream) == state_of(front.stream())


def test_views_of_bytes_are_taken_and_not_kept() -> None:
    buffer = bytearray("a日".encode())
    stream = CHARACTERS.stream()
    assert stream.feed(memoryview(buffer)[:2]).samples == 1
    buffer[1] = 0
    assert stream.feed(b"\x97\xa5").values.tolist() == [[CHARACTERS.numbers["日"]]]


def test_a_line_of_a_megabyte() -> None:
    size = WORDS.stream().arrays()
    for line in ("x" * 1_000_000, "日" * 350_000, "'" * 1_000_000, "a'" * 500_000):
        stream = WORDS.stream()
        assert len(stream.feed(line.encode()).values) <= 1
        found = stream.feed("\n").values
        assert found.tolist() in ([[0.0]], [])
        assert {n: a.shape for n, a in stream.arrays().items()} == {
            n: a.shape for n, a in size.items()
        }
    assert len(CHARACTERS.stream().feed(b"a\0" * 500_000).values) == 1_000_000


def test_characters_are_folded_one_by_one() -> None:
    assert characters("İΣe\u0301É👩\u200d\x07") == [
        "i",
        "σ",
        "e",
        "\u0301",
        "é",
        "👩",
        "\u200d",
        "\x07",
    ]
    assert characters("Aé", fold=False) == ["A", "é"]
    assert words("Aé’S", fold=False) == ["Aé'S"]
    with pytest.raises(EncodingError, match="U\\+DC80 at 1"):
        characters("a\udc80")


@pytest.mark.parametrize(
    ("unit", "symbol", "says"),
    [
        ("characters", "A", r"expected characters as they are read, got 'A', read as \['a'\]"),
        ("characters", "ab", "got 'ab'"),
        ("characters", "", "got ''"),
        ("characters", "\ud800", "got a lone surrogate in '\\\\ud800'"),
        ("words", "Light", r"expected words as they are read, got 'Light', read as \['light'\]"),
        ("words", "two words", r"read as \['two', 'words'\]"),
        ("words", "7", r"got '7', read as \['0'\]"),
        ("words", "dogs'", r"read as \['dogs'\]"),
        ("words", "", r"got '', read as \[\]"),
        ("words", "a" * 65, r"read as \[''\]"),
    ],
)
def test_symbols_that_never_come_are_refused(unit: Any, symbol: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        TextFrontend(TextConfig(unit=unit, vocabulary=(symbol,)))


def test_configurations_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="expected each symbol once, got 'a' again"):
        TextConfig(unit="characters", vocabulary=("a", "b", "a"))
    with pytest.raises(ConfigError, match="expected at least one symbol"):
        TextConfig(unit="words", vocabulary=())
    front = TextConfig(unit="characters", vocabulary=("a", "b"))
    for network in (
        NetworkConfig(input_size=1, hidden_size=3),
        NetworkConfig(
            input_size=1, hidden_size=3, encoder="embedding", encoder_size=2, vocabulary_size=2
        ),
    ):
        with pytest.raises(ConfigError, match="expected an embedding of 3 rows"):
            ModelConfig(name="x", network=network, frontend=front)
    for options, says in [
        ({"errors": "ignore"}, "expected 'strict' or 'replace', got 'ignore'"),
        ({"rate": 8000}, "rate: expected errors alone"),
    ]:
        with pytest.raises(ConfigError, match=says):
            TextFrontend(front).stream(**options)


@BOTH
def test_the_example_is_valid(front: TextFrontend) -> None:
    text = front.example(np.random.default_rng(0), 200)
    tokens = front.tokens(text)
    assert len(text) == 200 and 0 < (tokens == 0).sum() < len(tokens)
    assert text != text.lower() and len(text.encode()) > 200
