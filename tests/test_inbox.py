"""What must not wait on one side, and may be late on the other."""

import asyncio
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.errors import DtypeError
from streamrnn.inbox import Inbox, Part


@given(st.lists(st.integers(0, 70), max_size=30), st.lists(st.integers(0, 6), max_size=30))
def test_an_inbox_loses_samples_but_no_time(sizes: list[int], takes: list[int]) -> None:
    inbox, put, taken, left = Inbox(100), [], [], 0
    turns = iter(takes)
    for n, size in enumerate(sizes):
        chunk = np.full(size, n + 1, np.float32)
        kept = inbox.put(chunk)
        put.append(chunk.copy() if kept else np.zeros(size, np.float32))
        chunk[:] = -1.0  # the caller's own
        for _ in range(min(next(turns, 0), left := left + (kept and size > 0))):
            taken.append(inbox.take())
            left -= 1
    inbox.close()
    taken += list(inbox)
    found, wanted = (np.concatenate([np.zeros(0, np.float32), *x]) for x in (taken, put))
    np.testing.assert_array_equal(found, wanted)
    assert inbox.lost == sum(len(p) for p in put if len(p) and not p.any())


@pytest.mark.parametrize("later", [False, True])
def test_silence_takes_no_room_and_is_told_from_what_was_put(later: bool) -> None:
    inbox, ones = Inbox(100), np.ones((60, 2), np.int16)
    assert [inbox.put(ones) for _ in range(6)] == [True, *[False] * 5]
    assert inbox.take() is not None and inbox.put(ones) and not inbox.put(ones)
    inbox.close()

    async def gathered() -> list[Part]:
        return [part async for part in inbox.coming()]

    parts = asyncio.run(gathered()) if later else list(inbox.parts())
    assert [(len(part.chunk), part.heard) for part in parts] == [
        *[(100, False)] * 3,
        (60, True),
        (60, False),
    ]
    for part in parts:
        assert part.chunk.dtype == np.int16 and (part.chunk == part.heard).all()


def test_silence_is_like_the_sound_that_is_kept() -> None:
    inbox = Inbox(9)
    assert inbox.put(np.ones(4, np.float32)) and not inbox.put(np.ones((7, 2), np.int16))
    inbox.close()
    assert [(chunk.dtype, chunk.shape) for chunk in inbox] == [("f4", (4,)), ("f4", (7,))]


def test_silence_stands_for_all_that_came() -> None:
    inbox = Inbox(9)
    assert not inbox.put(np.ones((20, 2), np.int16))
    inbox.close()
    assert [(chunk.dtype, chunk.shape) for chunk in inbox] == [("i2", (n, 2)) for n in (9, 9, 2)]


def test_empty_chunks_are_not_kept() -> None:
    inbox = Inbox(5)
    assert all(inbox.put(np.zeros(0, np.float32)) for _ in range(9))
    inbox.close()
    assert list(inbox) == []


def test_of_text_what_is_lost_is_counted_alone() -> None:
    inbox = Inbox(5, sound=False)
    assert [inbox.put(word) for word in ("turn", "on the", "o")] == [True, False, True]
    inbox.close()
    assert list(inbox) == ["turn", "o"] and inbox.lost == 6


@pytest.mark.parametrize("chunk", [None, [1, 2], 3.0, np.float32(1.0), np.array(1.0)])
def test_what_has_no_length_is_refused(chunk: Any) -> None:
    with pytest.raises(DtypeError, match="expected an array, str or bytes, got"):
        Inbox().put(chunk)
