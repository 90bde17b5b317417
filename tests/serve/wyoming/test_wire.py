"""Bytes become the same events however they are cut, and the package's own reader agrees."""

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wyoming.event import Event, async_read_event, async_write_event

from streamrnn.errors import ProtocolError
from streamrnn.serve.wyoming import wire
from streamrnn.serve.wyoming.wire import BadEvent, EventReader, event_bytes
from tests.conftest import pieces

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    Event,
    st.text(min_size=1, max_size=20),
    st.dictionaries(TEXT, PLAIN, max_size=4),
    st.none() | st.binary(min_size=1, max_size=3000),
)


def read(chunks: Any) -> list[Event | BadEvent | str]:
    """All events, and how it ends where the framing breaks."""
    reader, found = EventReader(), list[Event | BadEvent | str]()
    for chunk in chunks:
        reader.feed(chunk)
        try:
            while (event := reader.next_event()) is not None:
                found.append(event)
        except ProtocolError as error:
            with pytest.raises(ProtocolError):
                reader.next_event()
            return [*found, str(error)]
    return found


@given(st.lists(EVENTS, max_size=4), st.lists(st.integers(0, 20_000), max_size=6))
def test_events_come_back_however_they_are_cut(events: list[Event], cuts: list[int]) -> None:
    data = b"".join(map(event_bytes, events))
    assert read([data]) == read(pieces(data, cuts)) == events


@given(st.lists(EVENTS, max_size=3))
@settings(max_examples=20)
def test_byte_by_byte_nothing_begun_is_left(events: list[Event]) -> None:
    reader = EventReader()
    for event in events:
        data = event_bytes(event)
        for first in range(len(data)):
            assert reader.next_event() is None and reader.begun == (first > 0)
            reader.feed(data[first : first + 1])
        assert reader.next_event() == event and not reader.begun


@given(EVENTS)
@settings(max_examples=40)
def test_the_package_reads_what_is_written_and_the_other_way_round(event: Event) -> None:
    class Written:
        """Takes what a stream's writer would."""

        def __init__(self) -> None:
            self.data = b""

        def writelines(self, parts: Any) -> None:
            self.data += b"".join(parts)

        def write(self, part: bytes) -> None:
            self.data += part

        async def drain(self) -> None: ...

    async def both() -> None:
        reader, written = asyncio.StreamReader(), Written()
        writer: Any = written  # of which the package asks no more than this
        reader.feed_data(event_bytes(event))
        reader.feed_eof()
        assert await async_read_event(reader) == event
        await async_write_event(event, writer)
        assert read([written.data]) == [event]

    asyncio.run(both())


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
def test_whatever_comes_is_events_or_a_named_error(data: bytes, cuts: list[int]) -> None:
    assert read([data]) == read(pieces(data, cuts))


@pytest.mark.parametrize(
    "line, told",
    [
        (b"hello\n", "expected a line with a JSON object, got b'hello'"),
        (b"\n", "expected a line with a JSON object, got b''"),
        (b"[1]\n", r"expected a line with a JSON object, got \[1\]"),
        (b"\xff\n", "expected a line with a JSON object"),
        (b"[" * 50_000 + b"\n", "expected a line with a JSON object"),
        (b"GET / HTTP/1.1\r\n", "got b'GET / HTTP/1.1"),
        (b'{"type": "x", "data_length": 1048577}\n', "data_length of 0 to 1048576 bytes"),
        (b'{"type": "x", "payload_length": 9999999999}\n', "payload_length of 0 to 16777216"),
        (b'{"type": "x", "payload_length": -1}\n', "payload_length of 0 to"),
        (b'{"type": "x", "payload_length": true}\n', "payload_length of 0 to .*, got True"),
        (b'{"type": "x", "data_length": "9"}\n', "data_length of 0 to .*, got '9'"),
        (b'{"type": "x", "data_length": 1.5}\n', "data_length of 0 to"),
        (b" " * wire.MOST_HEADER, "a line of less than 65536 bytes"),
    ],
)
def test_a_broken_frame_ends_it(line: bytes, told: str) -> None:
    good = event_bytes(Event("ping"))
    first, last = read([good + line + good])
    assert first == Event("ping")
    assert isinstance(last, str) and re.search(told, last)


@pytest.mark.parametrize(
    "event, code",
    [
        (b'{"payload_length": 3}\nabc', "bad-event"),
        (b'{"type": 3, "data_length": 2, "payload_length": 1}\n{}x', "bad-event"),
        (b'{"type": "x", "data": [1]}\n', "bad-data"),
        (b'{"type": "x", "data_length": 3, "payload_length": 2}\n[1]\n\n', "bad-data"),
        (b'{"type": "x", "data_length": 3}\n{"a', "bad-data"),
        (b'{"type": "x", "data_length": 2}\n\xff\xfe', "bad-data"),
    ],
)
def test_what_is_wrong_within_the_frame_is_told_and_the_next_comes(event: bytes, code: str) -> None:
    bad, good = read([event + event_bytes(Event("ping"))])
    assert isinstance(bad, BadEvent) and bad.code == code
    assert good == Event("ping")


def test_data_stands_in_the_header_behind_it_or_both() -> None:
    behind = b'{"b": 2}'
    line = b'{"type": "x", "data": {"a": 1, "b": 1}, "data_length": 8}\n' + behind
    assert read([line]) == [Event("x", {"a": 1, "b": 2})]
    assert read([b'{"type": "x", "data": null, "data_length": null}\n']) == [Event("x")]


def test_a_line_that_never_ends_is_not_kept() -> None:
    reader = EventReader()
    reader.feed(b"x" * 2**20)
    with pytest.raises(ProtocolError):
        reader.next_event()
    reader.feed(b"x" * 2**20)
    assert len(reader._bytes) == 0
