"""Wake words as Home Assistant asks for them."""

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.wake import Detect, Detection

from streamrnn.serve.wyoming import Server
from tests.serve.wyoming.peer import (
    FORMAT,
    RATE,
    detections,
    place,
    recorded,
    served,
    words,
)

pytestmark = recorded


async def listen_as_home_assistant(
    server: Server, sound: NDArray[np.int16], name: str | None
) -> Detection | None:
    """As its integration does: one connection, `detect`, chunks with times, and no `audio-stop`.

    Sound is sent and events are read side by side; a detection of another name is passed over,
    the first of the right one ends it.
    """
    async with AsyncTcpClient(*place(server)) as client:
        await client.write_event(Detect(names=[name] if name else None).event())
        await client.write_event(AudioStart(**FORMAT).event())

        async def send() -> None:
            for first in range(0, len(sound), 1024):
                audio = sound[first : first + 1024].tobytes()
                time_ms = 5_000 + first * 1000 // RATE
                await client.write_event(
                    AudioChunk(**FORMAT, audio=audio, timestamp=time_ms).event()
                )

        sending = asyncio.create_task(send())
        found = None
        while found is None and (event := await client.read_event()) is not None:
            if Detection.is_type(event.type):
                detection = Detection.from_event(event)
                if not name or detection.name == name:
                    found = detection
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    return found


@pytest.mark.parametrize("name", [None, "jarvis", "computer"])
def test_home_assistant_hears_its_word(name: str | None) -> None:
    sound = words()

    async def act(server: Server) -> None:
        async with AsyncTcpClient(*place(server)) as client, asyncio.timeout(1.0):
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            (program,) = Info.from_event(event).wake
        assert [each.name for each in program.models] == ["alexa", "computer", "jarvis"]
        assert all(each.installed and each.languages == ["en"] for each in program.models)
        found = await listen_as_home_assistant(server, sound, name)
        assert found is not None
        expected = next(each for each in detections(sound) if name in (None, each[0]))
        assert (found.name, found.timestamp) == (expected[0], 5_000 + expected[1])

    served(act)
