"""Keys of a terminal, one by one as they are pressed."""

import codecs
import contextlib
import os
import select
import signal
from types import FrameType, TracebackType
from typing import Any, Self

from streamrnn.errors import UnsupportedError

ENTER, BACK, CLEAR, END = "\r", "\x7f", "\x15", "\x04"
"""What Enter, Backspace, Ctrl-U and Ctrl-D (or a terminal that went away) read as."""
_ALIKE = {"\n": ENTER, "\b": BACK}


class Keys:
    """Bytes of a terminal → keys; no I/O.

    A key is a character, or one of `ENTER, BACK, CLEAR, END`. Bytes that are no UTF-8 read U+FFFD.
    Other control characters, and the escape sequences of keys that move or have functions (ECMA-48:
    ESC, or CSI and parameters, then a final byte), give nothing.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._escape = ""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes, cut anywhere; give the keys."""
        keys: list[str] = []
        for character in self._decoder.decode(data):
            if self._escape:
                self._escape += character
                if _complete(self._escape):
                    self._escape = ""
            elif character == "\x1b":
                self._escape = character
            else:
                key = _ALIKE.get(character, character)
                if key in (ENTER, BACK, CLEAR, END, "\t") or not _is_control(key):
                    keys.append(key)
        return keys

    def pause(self) -> None:
        """Nothing came for a while: an escape that was begun was the key Esc itself."""
        self._escape = ""


class Keyboard:
    """A terminal that hands over each key at once, and shows none by itself.

    Use it in a `with` block: it leaves the terminal as it found it, whatever ends the block, an
    error, Ctrl-C, SIGTERM and SIGHUP too. Suspending and Ctrl-S are off meanwhile.

    Args:
        fd: of the terminal.

    Raises:
        UnsupportedError: it is no terminal, or this system has none of POSIX's kind.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._keys = Keys()
        self._before: list[Any] = []
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        try:
            import termios
        except ImportError as error:
            raise UnsupportedError("keys: expected a POSIX terminal; feed lines") from error
        if not os.isatty(self._fd):
            raise UnsupportedError("keys: expected a terminal, got a pipe or a file; feed lines")
        self._before = termios.tcgetattr(self._fd)
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, _leave)
        mode = termios.tcgetattr(self._fd)
        mode[0] &= ~(termios.IXON | termios.ICRNL)
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        off = bytes([os.fpathconf(self._fd, "PC_VDISABLE")])
        mode[6][termios.VSUSP] = mode[6][termios.VQUIT] = off
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import termios

        with contextlib.suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def read(self, timeout: float) -> list[str]:
        """The keys that were pressed, after `timeout` seconds at most; perhaps none."""
        if not select.select([self._fd], [], [], timeout)[0]:
            self._keys.pause()
            return []
        try:
            data = os.read(self._fd, 4096)
        except OSError:  # hung up
            data = b""
        return self._keys.feed(data) if data else [END]


def _complete(escape: str) -> bool:
    """Whether an escape sequence has its final byte."""
    if len(escape) == 2:
        return escape[1] not in "[O"
    return escape[1] == "O" or "@" <= escape[-1] <= "~"


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0"


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
