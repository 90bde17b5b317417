"""In a loop and across threads a stream says what it says alone, and nothing stays behind."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example as once
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn import aio
from streamrnn.config import AudioConfig, WaveformConfig
from streamrnn.errors import ConfigError, DtypeError, NonFiniteError, StreamClosedError
from streamrnn.predictions import Prediction, Predictions
from tests.conftest import example, make_model, make_voice_model, pieces
from tests.replay.test_play import KINDS, model_of

HOP = 512


def same(found: list[Prediction], whole: Predictions) -> None:
    assert [each.position for each in found] == whole.positions.tolist()
    for one, other in zip(found, whole, strict=True):
        assert one.output.tobytes() == other.output.tobytes() and one.events == other.events


async def gathered(model: Any, chunks: Any, **options: Any) -> list[Prediction]:
    return [each async for each in streamrnn.aio.predictions(model, chunks, **options)]


async def coming(chunks: Any) -> AsyncIterator[Any]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


@given(st.sampled_from(KINDS), st.lists(st.integers(0, 9_000), max_size=5), st.booleans())
@settings(max_examples=40, deadline=None)
def test_it_is_the_whole(kind: str, cuts: list[int], later: bool) -> None:
    model = model_of(kind)
    sequence = example(model, 150)
    chunks = list(pieces(sequence, cuts))
    found = asyncio.run(gathered(model, coming(chunks) if later else chunks))
    same(found, model.predict(sequence))


def test_others_have_their_turn_while_a_long_chunk_is_fed() -> None:
    model, turns = model_of("sound"), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> None:
        task = asyncio.create_task(other())
        await gathered(model, [example(model, 2_000)])
        task.cancel()

    asyncio.run(both())
    assert turns >= 2_000 * 80 // aio.PIECE


def test_the_source_goes_no_further_than_what_is_taken() -> None:
    model, asked = model_of("frames"), 0

    def source() -> Any:
        nonlocal asked
        for _ in range(9):
            asked += 1
            yield example(model, 2)

    async def some() -> None:
        coming = aio.predictions(model, source())
        for taken in range(1, 8):
            await anext(coming)
            assert asked == (taken + 1) // 2
        await coming.aclose()

    asyncio.run(some())


def test_whoever_cancels_leaves_nothing_running() -> None:
    model, closed = model_of("frames"), []

    async def source() -> AsyncIterator[Any]:
        try:
            yield example(model, 3)
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    async def cancelled() -> None:
        task = asyncio.create_task(gathered(model, source()))
        for _ in range(9):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    threads = threading.active_count()
    asyncio.run(cancelled())
    assert closed == [True] and threading.active_count() == threads


def test_a_chunk_that_is_refused_comes_after_what_was_good() -> None:
    model, found = model_of("sound"), []
    bad = example(model, 30).astype(np.float32)
    bad[-1] = np.nan

    async def run() -> None:
        async for each in aio.predictions(model, [example(model, 30), bad]):
            found.append(each)

    with pytest.raises(NonFiniteError):
        asyncio.run(run())
    assert len(found) >= 27
    for chunk in ([1, 2], None, np.float32(1.0)):
        with pytest.raises(DtypeError):
            asyncio.run(gathered(model, [chunk]))
    with pytest.raises(ConfigError, match="expected a streamrnn.Model, got str 'wake'"):
        asyncio.run(gathered("wake", []))


def test_an_inbox_between_a_thread_and_a_loop() -> None:
    model = model_of("sound")
    sequence = example(model, 400)
    inbox = aio.Inbox(len(sequence))

    def feed() -> None:
        for chunk in pieces(sequence, list(range(0, len(sequence), 77))):
            assert inbox.put(chunk)
        inbox.close()

    async def run() -> list[Prediction]:
        thread = threading.Thread(target=feed)
        thread.start()
        found = await gathered(model, inbox)
        thread.join()
        return found

    same(asyncio.run(run()), model.predict(sequence))
    with pytest.raises(StreamClosedError):
        inbox.put(sequence)
    with pytest.raises(ConfigError, match="expected 1 or more"):
        aio.Inbox(0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_listener_calls_back(kind: str) -> None:
    model, found = model_of(kind), list[Prediction]()
    sequence = example(model, 60)
    with aio.Listener(model, found.append, most=len(sequence)) as listener:
        for chunk in pieces(sequence, [7, 30]):
            assert listener.put(chunk)
    same(found, model.predict(sequence))
    assert listener.lost == 0


def test_a_listener_that_is_late_loses_no_time() -> None:
    model, found, go = model_of("sound"), list[Prediction](), threading.Event()

    def tell(said: Prediction) -> None:
        go.wait()
        found.append(said)

    sequence = np.ones(4_000, np.float32)
    with aio.Listener(model, tell, most=8_000) as listener:
        kept = [listener.put(sequence) for _ in range(9)]
        go.set()
    assert kept[0] and not all(kept) and listener.lost == 4_000 * kept.count(False)
    assert len(found) > 0


@pytest.mark.parametrize("listens", [True, False])
def test_who_is_half_as_fast_as_needed_hears_half_and_stays_near(listens: bool) -> None:
    front = AudioConfig(sample_rate=8_000, window=200, hop=80, fft=256, mels=6)
    model = make_model(frontend=front, input_size=6, output_size=2)
    go, told = threading.Semaphore(0), threading.Semaphore(0)
    hop, heard = 80, list[int]()
    step, most = np.ones(hop, np.float32), 10 * hop

    def tell(said: Prediction) -> None:
        go.acquire()
        heard.append(said.position)
        told.release()

    async def listen(inbox: aio.Inbox) -> None:
        async for said in aio.predictions(model, inbox):
            tell(said)

    listener = aio.Listener(model, tell, most=most) if listens else aio.Inbox(most)
    slow = threading.Thread(target=lambda: None)
    if isinstance(listener, aio.Inbox):
        slow = threading.Thread(target=asyncio.run, args=[listen(listener)])
    slow.start()
    for n in range(400):
        listener.put(step)
        if n % 2 and n > 2:  # the first window takes more than two hops
            go.release()
            assert told.acquire(timeout=30)
            # What waits is spread over twice its length, and a step is in hand.
            assert n < 60 or hop * n - heard[-1] < 3 * most
    assert 0.4 < listener.lost / (400 * hop) < 0.5
    go.release(10_000)
    listener.close()
    slow.join()
    assert len(heard) < 260 and heard[-1] >= hop * 390


def placed(found: list[Prediction]) -> list[tuple[int, list[str]]]:
    return [(each.position, [event.kind for event in each.events]) for each in found]


@pytest.mark.parametrize("listens", [True, False])
def test_what_the_end_ends_is_told_by_the_last_step_once_more(listens: bool) -> None:
    model, found = make_voice_model(HOP), list[Prediction]()
    sequence = np.zeros(2 * HOP, np.float32)
    if listens:
        with aio.Listener(model, found.append) as listener:
            listener.put(sequence)
    else:
        found = asyncio.run(gathered(model, [sequence]))
    assert placed(found) == [(HOP, ["start"]), (2 * HOP, []), (2 * HOP, ["end"])]
    assert found[1].output.tobytes() == found[2].output.tobytes()
    alone = asyncio.run(gathered(model, [sequence[:HOP]]))
    assert placed(alone) == [(HOP, ["start"]), (HOP, ["end"])]
    assert asyncio.run(gathered(model, [])) == []


@pytest.mark.parametrize(
    ("put", "lost", "said"),
    [
        (HOP // 2, 3 * HOP, [HOP]),  # half of the first step
        (HOP // 2 - 1, 3 * HOP, []),
        (2 * HOP - 1, HOP, [HOP, 2 * HOP]),
        (HOP + 9, 2 * HOP, [HOP]),
    ],
)
def test_of_silence_that_stands_in_only_a_step_that_is_mostly_sound_is_told(
    put: int, lost: int, said: list[int]
) -> None:
    model = make_model(frontend=WaveformConfig(hop=HOP), input_size=HOP, output_size=2)
    inbox = aio.Inbox(put)
    assert inbox.put(np.ones(put, np.float32)) and not inbox.put(np.ones(lost, np.float32))
    inbox.close()
    found = [each.position for each in asyncio.run(gathered(model, inbox))]
    assert found == [*said, put + lost][: len(said) + ((put + lost) % HOP > 0)]


SOUNDS = (
    (WaveformConfig(hop=100), 16_000),
    (WaveformConfig(hop=99), 44_100),  # steps of 272 and 273 samples
    (WaveformConfig(hop=1), 8_000),  # steps of no samples
    (AudioConfig(window=2_000, hop=80, fft=2_048, mels=6), 16_000),  # one long step, then short
    (AudioConfig(window=400, hop=80, fft=512, mels=6), 11_025),
)


@given(
    st.sampled_from(SOUNDS),
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 9)), max_size=25),
)
@once(SOUNDS[2], [(900, 0), (50, 0), (99, 9)])
@settings(max_examples=150, deadline=None)
def test_as_many_steps_are_told_as_of_the_sound_was_kept(
    sound: tuple[WaveformConfig | AudioConfig, int], turns: list[tuple[int, int]]
) -> None:
    front, rate = sound
    size = front.hop if isinstance(front, WaveformConfig) else front.mels
    model = make_model(frontend=front, input_size=size, output_size=2)
    inbox, kept = aio.Inbox(900), np.zeros(0)

    async def run() -> list[int]:
        nonlocal kept
        task = asyncio.create_task(gathered(model, inbox, rate=rate))
        for count, rounds in turns:
            kept = np.append(kept, np.full(count, inbox.put(np.ones(count, np.float32))))
            for _ in range(rounds):
                await asyncio.sleep(0)
        inbox.close()
        return [each.position for each in await task]

    found = asyncio.run(run())
    stream = model.stream(rate=rate)
    ends = stream.feed(np.zeros(len(kept), np.float32)).positions
    told = found[: len(found) - len(stream.flush())]
    # Of each step, what part was kept; of one without samples, whether the last one was.
    parts = [
        kept[start:end].mean() if end > start else kept[end - 1]
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    assert abs(len(told) - sum(parts)) <= 0.5 + 1e-6
    whole = [int(end) for end, part in zip(ends, parts, strict=True) if part == 1.0]
    none = {int(end) for end, part in zip(ends, parts, strict=True) if part == 0.0}
    assert [end for end in told if end in set(whole)] == whole and not none & set(told)


@given(st.integers(0, 900), st.integers(0, 900))
@settings(max_examples=30, deadline=None)
def test_a_resumed_stream_tells_all_that_comes(before: int, after: int) -> None:
    model = make_model(frontend=WaveformConfig(hop=100), input_size=100, output_size=2)
    sequence = example(model, 20)
    stream = model.stream()
    already = len(stream.feed(sequence[:before]))
    chunks = [sequence[before : before + after], sequence[before + after :]]
    found = asyncio.run(gathered(model, chunks, state=stream.snapshot()))
    same(found, model.predict(sequence)[already:])


def test_an_event_in_silence_that_stands_in_is_told() -> None:
    inbox = aio.Inbox(9)
    assert inbox.put(np.ones(9, np.float32)) and not inbox.put(np.ones(3 * HOP, np.float32))
    inbox.close()
    found = asyncio.run(gathered(make_voice_model(HOP), inbox))
    assert placed(found) == [(HOP, ["start"]), (3 * HOP + 9, ["end"])]


def test_what_ends_a_listener_is_told() -> None:
    model = model_of("sound")
    bad = np.full(800, np.nan, np.float32)
    listener = aio.Listener(model, lambda said: None)
    listener.put(bad)
    with pytest.raises(NonFiniteError):
        listener.close()
    told: list[Exception] = []
    with aio.Listener(model, lambda said: 1 / 0, failed=told.append) as listener:
        listener.put(example(model, 60))
    assert [type(error) for error in told] == [ZeroDivisionError]
    assert all(thread.name != "listener" for thread in threading.enumerate())
