"""What is written is read again, to the bit."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrnn.decoded import Event
from streamrnn.io.messages import (
    CHANNELS,
    Audio,
    FrameChunk,
    Happened,
    Rows,
    Text,
    chunk_message,
    chunk_of,
    frames_message,
    said_messages,
)
from tests.conftest import make_model


def again(message: Any) -> Any:
    return chunk_of(msgspec.json.decode(msgspec.json.encode(message), type=type(message)))


@given(
    st.sampled_from([np.int16, np.float32, ">i2"]).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=1, max_dims=2, min_side=0))
    )
)
def test_sound(chunk: Any) -> None:
    message = chunk_message(chunk, begin=7, arrived=12_345_678_901, rate=8_000)
    assert isinstance(message, Audio) and message.sample_rate == 8_000
    assert (message.timestamp.sec, message.timestamp.nsec) == (12, 345_678_901)
    found = again(message)
    assert found.dtype == chunk.dtype.newbyteorder("<")
    assert found.shape == chunk.shape or not chunk.size
    assert found.astype(chunk.dtype).tobytes() == chunk.tobytes()


@given(
    st.sampled_from([np.float64, np.float32]).flatmap(
        lambda kind: arrays.arrays(kind, st.tuples(st.integers(0, 5), st.sampled_from([3, 4])))
    )
)
def test_rows_of_any_float(chunk: Any) -> None:
    message = chunk_message(
        np.where(np.isinf(chunk), 0.0, chunk).astype(chunk.dtype), begin=7, arrived=0, rate=0
    )
    assert isinstance(message, Rows)
    found = again(message)
    assert found.dtype == chunk.dtype and found.shape == chunk.shape
    np.testing.assert_array_equal(found, np.where(np.isinf(chunk), 0.0, chunk))


@given(st.one_of(st.text(), st.binary()))
def test_text(chunk: Any) -> None:
    message = chunk_message(chunk, begin=7, arrived=0, rate=0)
    assert isinstance(message, Text)
    assert again(message) == chunk and type(again(message)) is type(chunk)


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 4))))
def test_frames(chunk: Any) -> None:
    message = frames_message(chunk, begin=7)
    assert isinstance(message, FrameChunk)
    assert again(message).tobytes() == chunk.tobytes() and again(message).shape == chunk.shape


def test_predictions_and_events() -> None:
    said = make_model(output_size=3).predict(np.ones((4, 3), np.float32))
    steps, events = said_messages(said)
    assert steps.positions == [1, 2, 3, 4] and steps.columns == 3 and not events
    assert np.frombuffer(steps.outputs, "<f4").tobytes() == said.outputs.tobytes()
    event = Event("detected", "yes", 320, 0.1 + 0.2)
    written = msgspec.json.encode(Happened(**event._asdict()))
    again = msgspec.json.decode(written, type=Happened)
    assert Event(**msgspec.structs.asdict(again)) == event


@pytest.mark.parametrize("kind", CHANNELS, ids=lambda kind: kind.__name__)
def test_every_message_has_a_schema_and_a_topic_of_its_own(kind: Any) -> None:
    assert msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]
    topics = [channel.topic for channel in CHANNELS.values()]
    assert len(set(topics)) == len(topics)
