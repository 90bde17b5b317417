"""The front end of text: characters or words → tokens' numbers."""

import codecs
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import TextConfig
from streamrnn.errors import ConfigError, DtypeError, EncodingError
from streamrnn.frontends.base import Frames, Holding, LoneFrontends, Option, describe
from streamrnn.frontends.words import DELAY, LONGEST, Splitter
from streamrnn.workers import Workers

PARTIAL = 3  # bytes of an unfinished character at most (RFC 3629: a character has up to 4)
REPLACEMENT = "\ufffd"
_NO_TOKENS = np.empty((0, 1), np.float32)  # most chunks of a character end no word
_NO_OFFSETS = np.empty(0, np.int64)
_SURROGATES = re.compile("[\ud800-\udfff]")


def characters(text: str, *, fold: bool = True) -> list[str]:
    """The characters of a text as the front end reads them, to make a vocabulary of.

    >>> characters("Hé!")
    ['h', 'é', '!']

    Raises:
        EncodingError: a lone surrogate, which is no character.
    """
    return _read(_plain(text, "strict"), fold)


def words(text: str, *, fold: bool = True) -> list[str]:
    """The words of a text as the front end reads them, to make a vocabulary of.

    See `streamrnn.frontends.words` for the rule. A word too long for any vocabulary reads "".

    >>> words("Don’t wake me at 7:30, it's Sunday!")
    ["don't", 'wake', 'me', 'at', '0', "it's", 'sunday']

    Raises:
        EncodingError: a lone surrogate, which is no character.
    """
    splitter = Splitter(fold)
    found, _ = splitter.feed(_plain(text, "strict"))
    return found + splitter.end()


class TextFrontend:
    """Chunks are `str` or UTF-8 `bytes`, cut anywhere; a sample is a character (a code point).

    A frame is one token's number, `(1,)`: n + 1 of symbol n of the vocabulary, 0 of whatever it
    has not. With characters, each sample is a frame. With words, a frame is known when its word's
    end is: with the separator after it, or with the second sample after it where the first may
    join (`dogs' `, `at 7. `). The text's end gives the last word.

    Characters are lower-cased one code point at a time, and never composed: é as one code point
    and as two are different symbols.

    Raises:
        ConfigError: the vocabulary has a symbol that would never be given.
    """

    frame_size = 1

    def __init__(self, config: TextConfig) -> None:
        self.config = config
        self.delay = DELAY if config.unit == "words" else 0
        self.numbers = {symbol: n for n, symbol in enumerate(config.vocabulary, 1)}
        read = words if config.unit == "words" else characters
        for symbol in config.vocabulary:
            found = read(symbol, fold=config.fold)
            if found != [symbol]:
                raise ConfigError(
                    f"frontend.vocabulary: expected {config.unit} as they are read, got "
                    f"{symbol!r}, read as {found}; make it with "
                    f"streamrnn.frontends.text.{config.unit}"
                )

    def stream(self, **options: Option) -> "TextState":
        """The fresh front end of a new stream.

        Args:
            options: `errors`, what to do about bytes that are no UTF-8: "strict", the default,
                refuses the chunk; "replace" reads U+FFFD for each bad part, as Python does.

        Raises:
            ConfigError: another option, or another value.
        """
        errors = options.pop("errors", "strict")
        if options:
            raise ConfigError(f"{', '.join(options)}: expected errors alone, for a stream of text")
        if errors not in ("strict", "replace"):
            raise ConfigError(f"errors: expected 'strict' or 'replace', got {errors!r}")
        return TextState(self, str(errors))

    def arena(self, capacity: int, workers: Workers) -> LoneFrontends:
        """The front ends of many streams: each keeps half a word."""
        return LoneFrontends(self)

    def tokens(self, text: str | bytes) -> NDArray[np.float32]:
        """The frames of a whole text, (T, 1): what a stream gives, its tail included.

        Raises:
            DtypeError, EncodingError: the text is refused.
        """
        stream = self.stream()
        return np.concatenate((stream.feed(text).values, stream.flush().values))

    def example(self, generator: np.random.Generator, samples: int) -> str:
        """Text of known and unknown symbols, in both cases, of one to four bytes a character."""
        strange = [
            "Ünknøwn",
            "don’t",
            "22C",
            "19:30",
            "שלום",
            "नमस्ते",
            "日本語",
            "👩\u200d👩",
            "\x00",
        ]
        gaps = [" ", ", ", "\n", "! ", "\u3000"] if self.config.unit == "words" else [""]
        known = self.config.vocabulary
        parts: list[str] = []
        length = 0
        while length < samples:
            pool = strange if generator.random() < 0.3 else known
            symbol = pool[generator.integers(len(pool))]
            symbol = symbol.upper() if generator.random() < 0.3 else symbol
            parts.append(symbol + gaps[generator.integers(len(gaps))])
            length += len(parts[-1])
        return "".join(parts)[:samples]


class TextState(Holding):
    """The front end of one stream of text."""

    def __init__(self, frontend: TextFrontend, errors: str) -> None:
        self.options: Mapping[str, Option] = {"errors": errors}
        self.unknown = 0
        """How many tokens were unknown since the stream was fresh."""
        self._frontend = frontend
        self._errors = errors
        self._partial = b""
        config = frontend.config
        self._splitter = Splitter(config.fold) if config.unit == "words" else None

    def feed(self, chunk: Any) -> Frames:
        """Take text, give the tokens that it completed.

        Args:
            chunk: `str`, or UTF-8 as `bytes`, `bytearray` or a `memoryview` of bytes, which may
                end in mid-character. Not kept, not changed.

        Raises:
            DtypeError: the chunk is something else.
            EncodingError: the bytes are no UTF-8, a `str` has a lone surrogate, or it comes in
                mid-character; never where the stream was opened with errors="replace".
        """
        text, partial = self._decoded(chunk)
        frames = self._frames(text)
        self._partial = partial
        return frames

    def flush(self) -> Frames:
        """Give the last word.

        Raises:
            EncodingError: the text ends in mid-character; the stream is as it was, and takes the
                rest. Opened with errors="replace", it reads U+FFFD instead.
        """
        text = ""
        if self._partial:
            if self._errors == "strict":
                raise EncodingError(
                    f"flush: expected the rest of a character, got the end after "
                    f"{_hex(self._partial)}; feed the rest, reset the stream, or open it with "
                    "errors='replace'"
                )
            text, self._partial = REPLACEMENT, b""
        return self._frames(text, last=True)

    def reset(self) -> None:
        """Forget everything but what to do about errors."""
        self.unknown, self._partial = 0, b""
        if self._splitter is not None:
            self._splitter.word = self._splitter.joint = ""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state; no code point or byte of it is 0, which pads."""
        arrays: dict[str, NDArray[Any]] = {
            "partial": np.array([*self._partial.ljust(PARTIAL, b"\0")], np.uint8),
            "unknown": np.array([self.unknown], np.int64),
        }
        if self._splitter is not None:
            # The 65th says that the word is too long.
            word = self._splitter.word.ljust(LONGEST + 1, "\0") + (self._splitter.joint or "\0")
            arrays["word"] = np.array([*map(ord, word)], np.uint32)
        return arrays

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        self._partial = arrays["partial"].tobytes().rstrip(b"\0")
        self.unknown = int(arrays["unknown"][0])
        if self._splitter is not None:
            word = "".join(map(chr, arrays["word"].tolist()))
            self._splitter.word = word[:-1].rstrip("\0")
            self._splitter.joint = word[-1].rstrip("\0")

    def _frames(self, text: str, *, last: bool = False) -> Frames:
        splitter = self._splitter
        if splitter is None:
            return Frames(self._tokens(_read(text, self._frontend.config.fold)), len(text))
        found, ends = splitter.feed(text)
        if last:
            found += splitter.end()
            ends += [len(text)] * (len(found) - len(ends))
        if not found:
            return Frames(_NO_TOKENS, len(text), offsets=_NO_OFFSETS)
        return Frames(self._tokens(found), len(text), offsets=np.array(ends, np.int64))

    def _tokens(self, symbols: list[str]) -> NDArray[np.float32]:
        known = self._frontend.numbers
        numbers = [known.get(symbol, 0) for symbol in symbols]
        self.unknown += numbers.count(0)
        return np.array(numbers, np.float32).reshape(-1, 1)

    def _decoded(self, chunk: Any) -> tuple[str, bytes]:
        """The characters that a chunk completes, and the bytes of the one that it does not."""
        before = self._partial
        if isinstance(chunk, str):
            text = _plain(chunk, self._errors)
            if not before or not text:
                return text, before
            if self._errors == "strict":
                raise EncodingError(
                    f"chunk: expected the rest of a character that began with {_hex(before)}, got "
                    "a str; feed the rest as bytes, or open the stream with errors='replace'"
                )
            return REPLACEMENT + text, b""
        if not _is_bytes(chunk):
            raise DtypeError(
                f"chunk: expected str, or UTF-8 as bytes, got {describe(chunk)}; join lists with "
                "''.join, and encode other types yourself"
            )
        data = before + bytes(chunk)
        try:
            text, used = codecs.utf_8_decode(data, self._errors, False)
            if data[used:] >= b"\xed\xa0" and data[used:] < b"\xee":
                # The first two bytes of a surrogate: Python waits for the third, in vain.
                text, used = codecs.utf_8_decode(data, self._errors, True)
        except UnicodeDecodeError as error:
            place = error.start - len(before)
            where = f"at byte {place}" if place >= 0 else f"{-place} bytes before the chunk"
            raise EncodingError(
                f"chunk: expected UTF-8, got {_hex(data[error.start : error.end])} {where} "
                f"({error.reason}); decode other encodings yourself, or open the stream with "
                "errors='replace'"
            ) from error
        return text, data[used:]


def _is_bytes(chunk: object) -> TypeGuard[bytes | bytearray]:
    """Whether a chunk is bytes, a view of them too."""
    if isinstance(chunk, memoryview):
        return chunk.itemsize == 1
    return isinstance(chunk, bytes | bytearray)


def _plain(text: str, errors: str) -> str:
    """Text without lone surrogates, which are halves of a character."""
    if text.isascii():
        return text
    found = _SURROGATES.search(text)
    if found is None:
        return text
    if errors == "replace":
        return _SURROGATES.sub(REPLACEMENT, text)
    raise EncodingError(
        f"chunk: expected characters, got the lone surrogate U+{ord(found[0]):04X} at "
        f"{found.start()}; decode with errors='replace', not 'surrogateescape'"
    )


def _hex(data: bytes) -> str:
    return " ".join(f"0x{byte:02x}" for byte in data)


def _read(text: str, fold: bool) -> list[str]:
    return [character.lower()[0] for character in text] if fold else list(text)
