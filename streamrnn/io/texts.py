"""Files of text, UTF-8."""

import codecs
import sys
from collections.abc import Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import cast

import msgspec

from streamrnn.errors import TextError


def read_text(path: str | Path) -> str:
    """Read a whole file; line ends stay as they are.

    Raises:
        TextError: there is no such file, it is no UTF-8, or empty.
    """
    data = b"".join(text_chunks(path))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise TextError(
            f"{path}: expected UTF-8, got 0x{data[error.start]:02x} at byte {error.start} "
            f"({error.reason}); encode it anew"
        ) from error
    if not text:
        raise TextError(f"{path}: expected text, got an empty file")
    return text


def text_chunks(path: str | Path, *, size: int = 65_536) -> Iterator[bytes]:
    """Read a file piece by piece, so that one of any length fits into memory.

    Args:
        path: the file.
        size: bytes of a piece at most; one may end in mid-character.

    Raises:
        TextError: the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            while chunk := file.read(size):
                yield chunk
    except OSError as error:
        raise TextError(f"{path}: expected a file of text, got: {error}") from error


class _Line(msgspec.Struct):
    """A line of JSON; further keys are passed over."""

    text: str


def read_lines(path: str | Path) -> Iterator[str]:
    """The texts of a file of JSON lines, `{"text": …}` each; empty lines are passed over.

    Raises:
        TextError: the file cannot be read, or a line is something else; the lines before it have
            been given.
    """
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _text_of(line, f"{path}, line {number}")
    except OSError as error:
        raise TextError(f"{path}: expected a file of text, got: {error}") from error


def _text_of(line: bytes, place: str) -> str:
    try:
        return msgspec.json.decode(line, type=_Line).text
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TextError(
            f'{place}: expected {{"text": "…"}} as JSON in UTF-8, got: {error}'
        ) from error


def arriving(source: str, *, size: int = 65_536) -> Iterator[bytes]:
    """The bytes of a file, or of standard input for `-`, as they come.

    Args:
        source: a path, or `-`.
        size: bytes of a piece at most; one may end in mid-character.

    Raises:
        TextError: the file cannot be read.
    """
    if source != "-":
        yield from text_chunks(source, size=size)
        return
    while chunk := cast(BufferedReader, sys.stdin.buffer).read1(size):
        yield chunk


def arriving_text(source: str, *, errors: str = "strict") -> Iterator[str]:
    """The text of a file, or of standard input for `-`, as it comes.

    Args:
        source: a path, or `-`.
        errors: of bytes that are no UTF-8, as Python's decoders take it: "strict" refuses them,
            "replace" reads U+FFFD.

    Raises:
        TextError: the file cannot be read, or what comes is refused; what came before has been
            given, but for what was read at once with it.
    """
    name = "standard input" if source == "-" else source
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    arrived = 0
    try:
        for chunk in arriving(source):
            yield decoder.decode(chunk)
            arrived += len(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        bad = " ".join(f"0x{byte:02x}" for byte in error.object[error.start : error.end])
        place = arrived - len(decoder.getstate()[0]) + error.start
        raise TextError(
            f"{name}: expected UTF-8, got {bad} at byte {place} ({error.reason}); encode it anew, "
            "or read it with --replace"
        ) from error


def text_lines(source: str) -> Iterator[str]:
    """The lines of a file, or of standard input for `-`, that hold something, as they come.

    Raises:
        TextError: as `arriving_text`.
    """
    held = ""
    for part in chain(arriving_text(source), ["\n"]):
        *whole, held = (held + part).split("\n")
        yield from (line for line in whole if line.strip())
