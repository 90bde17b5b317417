r"""Events of the Wyoming protocol as bytes: a core without I/O, which takes bytes and gives events.

An event is a line of JSON, the header, then as many bytes of JSON data and of payload as it says:

    {"type": "audio-chunk", "data_length": 40, "payload_length": 640}\n DATA PAYLOAD

Rules:
- A header that is none, or promises what is out of bounds, breaks the framing: nobody knows where
  the next event begins, so nothing is read any more.
- Whatever else is wrong with an event leaves the framing as it is: it is told, and the next one may
  come.
- Data may stand in the header, behind it, or both; then what is behind it counts.
- No more is kept than has come, and at most one event of it.
"""

from reprlib import Repr
from typing import Any, NamedTuple, cast

import msgspec
from wyoming.event import Event

from streamrnn.errors import ProtocolError

MOST_HEADER = 2**16
"""Bytes of a header, as many as asyncio's `StreamReader` reads to a line's end."""
MOST_DATA = 2**20
"""Bytes of data, as many as `websockets` takes for a message."""
MOST_PAYLOAD = 2**24
"""Bytes of a payload, as MySQL's `max_allowed_packet`: eight minutes of sound at 16 kHz."""

_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict = 2, 4, 4
_SHORT.maxstring = _SHORT.maxother = 60


class BadEvent(NamedTuple):
    """An event that is none, whose end is known: the next one may come."""

    type: str
    """What it would be; "" where it does not say."""
    text: str
    """What was expected and what came."""
    code: str
    """The same for a program: `bad-event` or `bad-data`."""


class _Header(NamedTuple):
    """What a header says."""

    type: str | None
    """None: it names none."""
    data: object
    """What stands in the header."""
    data_length: int
    payload_length: int


class EventReader:
    """Bytes in, events out.

    >>> reader = EventReader()
    >>> reader.feed(b'{"type": "pi')
    >>> reader.next_event()  # None: more has to come
    >>> reader.feed(b'ng"}' + bytes([10]))
    >>> reader.next_event()
    Event(type='ping', data={}, payload=None)
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._searched = 0
        self._header: _Header | None = None
        self._broken: ProtocolError | None = None

    @property
    def begun(self) -> bool:
        """Whether a part of an event has come, and its end not yet."""
        return bool(self._bytes) or self._header is not None

    def feed(self, data: bytes) -> None:
        """Take bytes, cut anywhere; what they make known comes with `next_event`."""
        if self._broken is None:
            self._bytes += data

    def next_event(self) -> Event | BadEvent | None:
        """The next event that is whole; None: more bytes have to come.

        Raises:
            ProtocolError: the framing is broken; whatever comes after that, it is raised again.
        """
        if self._broken is not None:
            raise self._broken
        try:
            if self._header is None:
                line = self._line()
                if line is None:
                    return None
                self._header = _read_header(line)
        except ProtocolError as error:
            self._broken = error
            self._bytes.clear()
            raise
        data_end = self._header.data_length
        end = data_end + self._header.payload_length
        if len(self._bytes) < end:
            return None
        header, self._header = self._header, None
        with memoryview(self._bytes) as view:
            data, payload = bytes(view[:data_end]), bytes(view[data_end:end])
        del self._bytes[:end]
        return _event(header, data, payload)

    def _line(self) -> bytes | None:
        """The next line without its end; None: it has not ended yet."""
        at = self._bytes.find(b"\n", self._searched, MOST_HEADER)
        if at < 0:
            if len(self._bytes) >= MOST_HEADER:
                raise ProtocolError(
                    f"header: expected a line of less than {MOST_HEADER} bytes, got a longer one"
                )
            self._searched = len(self._bytes)
            return None
        line = bytes(self._bytes[:at])
        del self._bytes[: at + 1]
        self._searched = 0
        return line


def event_bytes(event: Event) -> bytes:
    """An event as it is sent."""
    header: dict[str, Any] = {"type": event.type}
    data = msgspec.json.encode(event.data) if event.data else b""
    payload = event.payload or b""
    if data:
        header["data_length"] = len(data)
    if payload:
        header["payload_length"] = len(payload)
    return b"".join((msgspec.json.encode(header), b"\n", data, payload))


def _read_header(line: bytes) -> _Header:
    try:
        header = _object(line)
    except ValueError as error:
        raise ProtocolError(f"header: expected a line with a JSON object, got {error}") from error
    kind = header.get("type")
    return _Header(
        kind if isinstance(kind, str) else None,
        header.get("data"),
        _length(header, "data_length", MOST_DATA),
        _length(header, "payload_length", MOST_PAYLOAD),
    )


def _length(header: dict[str, Any], name: str, most: int) -> int:
    length = header.get(name)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= most:
        raise ProtocolError(f"header: expected {name} of 0 to {most} bytes, got {shown(length)}")
    return length


def _event(header: _Header, behind: bytes, payload: bytes) -> Event | BadEvent:
    if header.type is None:
        return BadEvent("", "header: expected a type, a string; got none", "bad-event")
    data: dict[str, Any] = {}
    if header.data is not None:
        there = header.data
        if not isinstance(there, dict):
            return _bad_data(header.type, shown(there))
        data |= cast(dict[str, Any], there)
    if behind:
        try:
            data |= _object(behind)
        except ValueError as error:
            return _bad_data(header.type, error)
    return Event(header.type, data, payload or None)


def _bad_data(kind: str, got: object) -> BadEvent:
    return BadEvent(kind, f"{kind}: expected data, a JSON object, got {got}", "bad-data")


def _object(text: bytes) -> dict[str, Any]:
    """Read a JSON object; a ValueError says what there is instead."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{shown(text)}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(shown(found))
    return cast(dict[str, Any], found)


def shown(value: object) -> str:
    """A value in few characters, for a message; however large it is, at little cost."""
    return _SHORT.repr(value[:60] if isinstance(value, bytes) else value)
