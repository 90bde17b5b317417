"""Keys: bytes cut anywhere, and a terminal that is left as it was, whatever happens."""

import os
import pty
import signal
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.errors import UnsupportedError
from streamrnn.io.keys import BACK, CLEAR, END, ENTER, Keyboard, Keys
from tests.conftest import pieces


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"ab \xc3\xa9\tc", ["a", "b", " ", "é", "\t", "c"]),
        (b"\r\n\x7f\b\x15\x04", [ENTER, ENTER, BACK, BACK, CLEAR, END]),
        (b"\x1b[Aa\x1bOPb\x1b[1;5Cc\x1bxd\x1b[3~e", ["a", "b", "c", "d", "e"]),
        (b"\x00\x01\x1a\xc2\x9ba", ["a"]),
        (b"\xff\xe2\x82a", ["\ufffd", "\ufffd", "a"]),
    ],
)
def test_keys_are_read(data: bytes, keys: list[str]) -> None:
    assert Keys().feed(data) == keys


@settings(deadline=None)  # a busy machine may take its time
@given(
    st.lists(
        st.sampled_from([b"\x1b", b"[", b"O", b"A", b"1;", b"~", b"\xc3\xa9", b"\xff", b"\r"])
    ),
    st.lists(st.integers(0, 99), max_size=5),
)
def test_cuts_never_show(parts: list[bytes], cuts: list[int]) -> None:
    data, cut = b"".join(parts), Keys()
    assert [key for piece in pieces(data, cuts) for key in cut.feed(piece)] == Keys().feed(data)


def test_after_a_pause_escape_was_a_key() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b") == []
    keys.pause()
    assert keys.feed(b"a") == ["a"]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo-terminal: what a person holds, and what a program has."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    for end in (ours, theirs):
        try:
            os.close(end)
        except OSError:
            continue


def test_keys_come_at_once_and_none_is_shown(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    with Keyboard(theirs) as keyboard:
        assert keyboard.read(0.0) == []
        os.write(ours, b"a\x7f\x1a\x13\r\xf0\x9f\x8e\x89")
        keys: list[str] = []
        while len(keys) < 4:
            keys += keyboard.read(10.0)
        assert keys == ["a", BACK, ENTER, "🎉"]
    assert termios.tcgetattr(theirs) == before
    os.set_blocking(ours, False)
    with pytest.raises(BlockingIOError):
        os.read(ours, 1)  # nothing was echoed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_it_was(
    terminal: tuple[int, int], number: signal.Signals
) -> None:
    _, theirs = terminal
    before, handler = termios.tcgetattr(theirs), signal.getsignal(number)
    with pytest.raises((SystemExit, KeyboardInterrupt)), Keyboard(theirs) as keyboard:
        os.kill(os.getpid(), number)
        keyboard.read(10.0)
    assert termios.tcgetattr(theirs) == before
    assert signal.getsignal(number) is handler


def test_an_error_leaves_the_terminal_as_it_was(terminal: tuple[int, int]) -> None:
    _, theirs = terminal
    before = termios.tcgetattr(theirs)
    with pytest.raises(ZeroDivisionError), Keyboard(theirs):
        assert termios.tcgetattr(theirs) != before
        _ = 1 / 0
    assert termios.tcgetattr(theirs) == before


def test_a_terminal_that_goes_away_is_the_end(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.close(ours)
        assert keyboard.read(10.0) == [END]


def test_a_pipe_is_refused() -> None:
    reading, writing = os.pipe()
    with pytest.raises(UnsupportedError, match="expected a terminal, got a pipe"):
        Keyboard(reading).__enter__()
    os.close(reading)
    os.close(writing)
