"""Six of the seven points, each tried on a subject; the fourth has a file of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.checks.resume import in_another_process
from streamrnn.checks.subject import Broken, Subject, bits_of
from streamrnn.errors import InputError
from streamrnn.frontends.base import is_array
from streamrnn.pool import PooledStream
from streamrnn.predictions import Predictions, join

POOLED = 32  # streams of a pool: enough for threads to share a tick

# Each takes a subject, says what was tried, and raises `Broken` where the point does not hold.


def chunking(subject: Subject) -> str:
    """Cut the sequence into single samples and at random; the predictions are the whole's."""
    sequence, stream = subject.sequence, subject.model.stream()
    singly = [stream.feed(sequence[i : i + 1]) for i in range(len(sequence))]
    subject.same(join([*singly, stream.flush()]), subject.whole, "one sample a chunk")
    for attempt in range(10):
        parts = [stream.feed(chunk) for chunk in subject.cuts()]
        subject.same(join([*parts, stream.flush()]), subject.whole, f"random cuts {attempt}")
    return (
        f"{len(sequence)} samples at once, one by one, and 10 × cut at random with empty chunks: "
        f"{subject.sameness}"
    )


def company(subject: Subject) -> str:
    """Run streams side by side, out of step, on several threads, and in a pool."""
    model, streams = subject.model, 8
    live = [model.stream() for _ in range(streams)]
    queues: list[Iterator[Any]] = [iter(subject.cuts()) for _ in range(streams)]
    parts: list[list[Predictions]] = [[] for _ in range(streams)]
    waiting = list(range(streams))
    while waiting:
        who = int(subject.generator.choice(waiting))
        chunk = next(queues[who], None)
        if chunk is None:
            waiting.remove(who)
        else:
            parts[who].append(live[who].feed(chunk))
    for who in range(streams):
        subject.same(join([*parts[who], live[who].flush()]), subject.whole, f"stream {who}")
    with ThreadPoolExecutor(4) as threads:
        for whole in threads.map(model.predict, [subject.sequence] * 16):
            subject.same(whole, subject.whole, "16 streams on 4 threads")
    for threads in (1, 4):
        _in_a_pool(subject, threads)
    return (
        f"{streams} streams out of step, 16 on 4 threads, {POOLED} in pools of 1 and 4 threads "
        f"with others that come and go: {subject.sameness}"
    )


def _in_a_pool(subject: Subject, threads: int) -> None:
    """Feed a pool's streams out of step, half of them before each tick."""
    with subject.model.pool(POOLED + 1, threads=threads) as pool:
        live = [pool.open() for _ in range(POOLED)]
        queues: list[Iterator[Any]] = [iter(subject.cuts()) for _ in live]
        parts: dict[PooledStream, list[Predictions]] = {stream: [] for stream in live}
        waiting = list(range(POOLED))
        while waiting:
            passing = pool.open()
            passing.feed(subject.sequence[: int(subject.generator.integers(1, 4))])
            chosen: list[int] = subject.generator.permutation(waiting).tolist()
            for who in chosen[: POOLED // 2]:
                chunk = next(queues[who], None)
                if chunk is None:
                    waiting.remove(who)
                else:
                    live[who].feed(chunk)
            for stream, known in pool.tick().items():
                if stream is not passing:
                    parts[stream].append(known)
            passing.close()
        for stream, known in parts.items():
            whole = join([*known, stream.flush()])
            subject.same(whole, subject.whole, f"in a pool of {threads} threads")


def interruption(subject: Subject) -> str:
    """Go on from snapshots, in this process and in another."""
    model, sequence = subject.model, subject.finest
    for cut in subject.generator.integers(0, len(sequence) + 1, 5).tolist():
        stream = model.stream()
        before = stream.feed(sequence[:cut])
        blob = stream.snapshot()
        stream.feed(sequence[cut:])  # the first stream goes on; the snapshot must not notice
        restored = model.stream(state=blob)
        after = join([before, restored.feed(sequence[cut:]), restored.flush()])
        subject.same(after, subject.whole, f"restored after {cut} samples")
    if model.weights is None:
        return f"5 snapshots restored in this process: {subject.sameness}"
    half = len(sequence) // 2
    stream = model.stream()
    stream.feed(sequence[:half])
    blob = stream.snapshot()
    tail = join([stream.feed(sequence[half:]), stream.flush()])
    if in_another_process(model, blob, sequence[half:]) != bits_of(tail):
        raise Broken("restored in another process: predictions differ")
    return f"5 snapshots restored in this process and one in another: {subject.sameness}"


def causal(subject: Subject) -> str:
    """End the sequence early, and otherwise; what was told before stays."""
    model, sequence = subject.model, subject.sequence
    unit = max(1, len(model.frontend.example(subject.generator, 1)))  # of sound: a hop
    other = model.frontend.example(subject.generator, -(-len(sequence) // unit))
    for cut in subject.generator.integers(1, len(sequence), 5).tolist():
        stream = model.stream()
        early = stream.feed(sequence[:cut])
        known = Predictions(
            subject.whole.outputs[: len(early)], subject.whole.positions[: len(early)]
        )
        subject.same(Predictions(early.outputs, early.positions), known, f"cut at {cut}")
        try:
            stream.feed(_after(sequence[:cut], other[cut:]))
        except InputError:
            continue  # the other ending does not fit this beginning
        subject.same(Predictions(early.outputs, early.positions), known, f"changed after {cut}")
    return f"5 beginnings, with the end cut off and with another end: {subject.sameness}"


def _after(beginning: Any, end: Any) -> Any:
    """An end that may follow: of motion, times go on from the beginning's last."""
    if is_array(end) and end.dtype == np.float64 and end.ndim == 2 and len(end):
        end = end.astype(np.float64)
        end[:, 0] += beginning[-1, 0] - end[0, 0]
        end = end[:, : beginning.shape[1]]
    return end


def clean(subject: Subject) -> str:
    """Use a stream again after flush and after reset."""
    model = subject.model
    fresh = model.stream().snapshot()
    stream = model.stream()
    size = stream.nbytes
    for ending in ("flush", "reset"):
        stream.feed(subject.sequence)
        if stream.nbytes != size:
            raise Broken(f"the state grew from {size} to {stream.nbytes} bytes")
        getattr(stream, ending)()
        if stream.snapshot() != fresh:
            raise Broken(f"after {ending} the state is not that of a new stream")
        parts = [stream.feed(subject.sequence), stream.flush()]
        subject.same(join(parts), subject.whole, f"after {ending}")
    return f"flush and reset give a new stream's bits; the state is {size} bytes throughout"


def untouched(subject: Subject) -> str:
    """Use the caller's buffers again, and feed what is to be refused."""
    model, text = subject.model, not is_array(subject.sequence)
    sequence: Any = subject.finest
    kept = bytes(sequence)
    stream = model.stream()
    half = len(sequence) // 2
    chunk: Any = bytearray(sequence[:half]) if text else sequence[:half].copy()
    first = stream.feed(chunk)
    chunk[:] = bytes(half) if text else 0  # the caller's buffer is the caller's
    whole = join([first, stream.feed(sequence[half:]), stream.flush()])
    if bytes(sequence) != kept:
        raise Broken("feed changed its input")
    subject.same(whole, subject.whole, "the caller's buffer used again")
    stream.feed(sequence[:half])
    before = stream.snapshot()
    bad = BAD_TEXT if text else _bad_chunks(sequence[half : half + 4])
    for what, wrong in bad.items():
        try:
            stream.feed(wrong)
        except InputError:
            pass
        else:
            raise Broken(f"{what} was not refused")
        if stream.snapshot() != before:
            raise Broken(f"{what} was refused, but changed the stream")
    return f"buffers used again; refused with the stream as it was: {', '.join(bad)}"


BAD_TEXT: dict[str, Any] = {
    "bytes that are no UTF-8": b"a\xff",
    "a surrogate in UTF-8": b"\xed\xa0\x80",
    "a lone surrogate": "a\ud800",
    "an array": np.zeros(4, np.uint8),
    "a list": ["a"],
    "a number": 3,
    "no chunk": None,
}


def _bad_chunks(good: NDArray[Any]) -> dict[str, Any]:
    """Chunks that no front end of arrays takes."""
    bad: dict[str, Any] = {
        "complex numbers": good.astype(np.complex64),
        "a list": good.tolist(),
        "no chunk": None,
        "two dimensions more": good[None, None],
    }
    if np.issubdtype(good.dtype, np.floating):
        bad["infinity"] = good.copy()
        bad["infinity"][-1] = np.inf
    if good.ndim > 1:
        bad["a column less"] = good[:, :-1] if good.shape[1] > 3 else good[:, :0]
    else:
        bad["a column more"] = np.stack((good, good), axis=1)
    return bad
