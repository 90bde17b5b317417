"""The contract, run against any model: `check_model`.

1. Chunking never shows.      5. Causal: later input never changes earlier output.
2. Company never shows.       6. Clean: a stream after flush or reset is as a new one.
3. Interruption never shows.  7. Input is never kept or changed; bad input is refused by name
4. It is the network that        and leaves the stream exactly as it was.
   was trained.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.engines.reference import Reference
from streamrnn.errors import InputError, ShapeError, StreamRNNError
from streamrnn.frontends.base import is_array
from streamrnn.model import Model, load
from streamrnn.predictions import Predictions, join
from streamrnn.state import digest
from streamrnn.stream import Stream

STEPS = 300  # samples of a made-up sequence
REFERENCE_STEPS = 2_000  # frames compared with the float64 reference
MOST_SAMPLES = 1_000_000  # that may go into one frame
NUDGE = 1e-9  # how far the second float64 network starts from the first


@dataclass(frozen=True, slots=True)
class Point:
    """One of the seven points of the contract."""

    number: int
    name: str
    passed: bool
    tried: str
    """What was tried, and what was found."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of `check_model`."""

    model: str
    fingerprint: str
    points: tuple[Point, ...]

    @property
    def passed(self) -> bool:
        """Whether every point holds."""
        return all(point.passed for point in self.points)

    def __str__(self) -> str:
        lines = [f"{self.model} ({self.fingerprint[:12]})"]
        for point in self.points:
            mark = "holds" if point.passed else "FAILS"
            lines.append(f"  {point.number}. {mark}  {point.name}: {point.tried}")
        return "\n".join(lines)


class _Broken(Exception):
    """A point does not hold; the message says how that was seen."""


class _Subject:
    """A model under check, with a sequence and what is expected of it."""

    def __init__(self, model: Model, sequence: Any, seed: int) -> None:
        self.model = model
        self.generator = np.random.default_rng(seed)
        self.sequence = sequence
        self.finest = sequence.encode() if isinstance(sequence, str) else sequence
        """The sequence in a form that may be cut anywhere: text in mid-character too."""
        self.tolerance = model.engine.tolerance
        self.whole = model.predict(sequence)

    def cuts(self) -> list[Any]:
        """The sequence, cut at random places; some chunks are empty."""
        length = len(self.finest)
        edges = np.sort(self.generator.integers(0, length + 1, self.generator.integers(1, 20)))
        edges = [0, *edges.tolist(), length]
        return [self.finest[a:b] for a, b in zip(edges, edges[1:], strict=False)]

    def same(self, got: Predictions, expected: Predictions, doing: str) -> None:
        """Fail where two predictions differ by more than the engine may."""
        for name in ("outputs", "positions", "times", "scores", "points", "spreads"):
            a, b = getattr(got, name), getattr(expected, name)
            if (a is None) != (b is None) or (a is not None and a.shape != b.shape):
                raise _Broken(f"{doing}: {name} of another shape")
            if a is None:
                continue
            equal = a.tobytes() == b.tobytes()
            if not equal and self.tolerance and name not in ("positions", "times"):
                equal = bool(np.allclose(a, b, self.tolerance, self.tolerance, equal_nan=True))
            if not equal:
                step = next(t for t in range(len(a)) if a[t].tobytes() != b[t].tobytes())
                raise _Broken(f"{doing}: {name} differ, first at step {step} of {len(a)}")
        if not self.tolerance and (got.labels, got.events) != (expected.labels, expected.events):
            raise _Broken(f"{doing}: labels or events differ")

    @property
    def sameness(self) -> str:
        """How equal things are to be, in words."""
        return "equal bits" if not self.tolerance else f"within {self.tolerance:g}"


def check_model(model: Model, sequence: Any = None, *, seed: int = 0) -> CheckReport:
    """Run the seven points of the contract against a model, whatever its engine.

    Args:
        model: the model.
        sequence: a whole sequence to try it on; without one, one is made up that the front end
            takes.
        seed: of the random cuts and of the made-up sequence.

    Returns:
        A report that says of each point whether it holds and what was tried; nothing is raised
        where a point fails.

    Raises:
        InputError: the sequence is refused, or too short to be cut.
    """
    if sequence is None:
        sequence = model.frontend.example(np.random.default_rng(seed), STEPS)
    if len(sequence) < 2:
        raise ShapeError(
            f"sequence: expected at least 2 samples, to be cut, got {len(sequence)}; give none, "
            "and one is made up"
        )
    subject = _Subject(model, sequence, seed)
    points = (
        ("Chunking never shows", _chunking),
        ("Company never shows", _company),
        ("Interruption never shows", _interruption),
        ("It is the network that was trained", _faithful),
        ("Causal", _causal),
        ("Clean", _clean),
        ("Input is never kept or changed", _input),
    )
    found = [_run(i, name, check, subject) for i, (name, check) in enumerate(points, 1)]
    return CheckReport(model.name, model.fingerprint, tuple(found))


def _run(number: int, name: str, check: Callable[[_Subject], str], subject: _Subject) -> Point:
    try:
        return Point(number, name, True, check(subject))
    except (_Broken, StreamRNNError) as error:
        return Point(number, name, False, str(error))
    except Exception as error:  # a front end or engine of someone else's may raise anything
        return Point(number, name, False, f"{type(error).__name__}: {error}")


def _chunking(subject: _Subject) -> str:
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


def _company(subject: _Subject) -> str:
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
    return f"{streams} streams out of step, 16 on 4 threads: {subject.sameness}"


def _interruption(subject: _Subject) -> str:
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
    if _in_another_process(model, blob, sequence[half:]) != bits_of(tail):
        raise _Broken("restored in another process: predictions differ")
    return f"5 snapshots restored in this process and one in another: {subject.sameness}"


def bits_of(predictions: Predictions) -> str:
    """SHA-256 of all that predictions tell."""
    arrays = {
        name: array
        for name in ("outputs", "positions", "times", "scores", "points", "spreads")
        if (array := getattr(predictions, name)) is not None
    }
    return digest(arrays, {"told": repr((predictions.labels, predictions.events))})


_RESUME = "import sys; from streamrnn.checks import resume; resume(*sys.argv[1:])"


def _in_another_process(model: Model, blob: bytes, rest: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("m.safetensors", "state", "in.npy")]
        model.save(paths[0])
        Path(paths[1]).write_bytes(blob)
        np.save(paths[2], np.frombuffer(rest, np.uint8) if isinstance(rest, bytes) else rest)
        done = subprocess.run(
            [sys.executable, "-c", _RESUME, *paths], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise _Broken(f"restored in another process: {done.stderr.strip()[-300:]}")
        return done.stdout.strip()


def resume(model: str, state: str, rest: str) -> None:
    """Go on from a snapshot in a process of its own; prints the digest of what is predicted."""
    stream = load(model).stream(state=Path(state).read_bytes())
    chunk = np.load(rest)
    if chunk.dtype == np.uint8:  # text
        chunk = chunk.tobytes()
    print(bits_of(join([stream.feed(chunk), stream.flush()])))


def _faithful(subject: _Subject) -> str:
    model = subject.model
    if model.weights is None:
        return "the module itself runs: nothing to compare"
    network = model.config.network
    frames = _frames(subject, REFERENCE_STEPS)
    exact = Reference(network, model.weights)
    outputs = exact.run(frames)
    stream = model.engine.stream()
    worst = float(np.abs(stream.run(frames) - outputs).max())
    scale = max(1.0, float(np.abs(outputs).max()))
    rate = _growth(subject, frames)
    told = f"{len(frames)} frames: at most {worst:.1e} from float64"
    if rate > 0.0:
        told += f"; chaotic: a nudge grows × {np.exp(rate):.2f} a step, so no bound holds for long"
        worst = _one_step_error(subject, frames)
        told += f"; from the same state, one step errs at most {worst:.1e}"
    else:
        told += f"; a nudge fades × {np.exp(rate):.2f} a step"
    if not worst <= 1e-5 * scale:  # so put, NaN fails
        raise _Broken(f"{told}; expected at most 1e-5 × {scale:.2g}")
    return told


def _one_step_error(subject: _Subject, frames: NDArray[np.float32]) -> float:
    """How far single steps lie from float64, each begun from the engine's own state."""
    model, worst = subject.model, 0.0
    assert model.weights is not None
    exact, stream = Reference(model.config.network, model.weights), model.engine.stream()
    for frame in frames:
        state = stream.arrays()
        exact.h[:] = state["h"]
        exact.c[:] = state.get("c", 0.0)
        error = np.abs(stream.run(frame[None])[0] - exact.step(frame.astype(np.float64))).max()
        worst = float(np.maximum(worst, error))  # which keeps NaN
    return worst


def _frames(subject: _Subject, count: int) -> NDArray[np.float32]:
    """Frames of the network: of the front end on its own examples, one after the other."""
    frontend, samples = subject.model.frontend, STEPS
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < count:
        stream = frontend.stream()
        parts.append(stream.feed(frontend.example(subject.generator, samples)).values)
        parts.append(stream.flush().values)
        if not sum(map(len, parts)):  # a frame may take many samples
            samples *= 2
            if samples > MOST_SAMPLES:
                raise _Broken(f"the front end made no frame of {samples // 2} samples")
    return np.concatenate(parts)[:count]


def _growth(subject: _Subject, frames: NDArray[np.float32]) -> float:
    """The largest Lyapunov exponent per step: log of how fast a nudge of h grows (Benettin)."""
    model = subject.model
    assert model.weights is not None
    if model.config.network.cell == "feedforward":
        return -np.inf
    one = Reference(model.config.network, model.weights)
    other = Reference(model.config.network, model.weights)
    nudge = subject.generator.standard_normal(one.h.shape)
    other.h += NUDGE * nudge / np.linalg.norm(nudge)
    total, counted = 0.0, 0
    for t, frame in enumerate(frames.astype(np.float64)):
        one.step(frame)
        other.step(frame)
        apart = np.sqrt(((one.h - other.h) ** 2).sum() + ((one.c - other.c) ** 2).sum())
        if apart < 1e-300:
            return -np.inf
        if t >= len(frames) // 10:  # after the transient
            total += np.log(apart / NUDGE)
            counted += 1
        other.h = one.h + (other.h - one.h) * (NUDGE / apart)
        other.c = one.c + (other.c - one.c) * (NUDGE / apart)
    return float(total / counted)


def _causal(subject: _Subject) -> str:
    model, sequence = subject.model, subject.sequence
    other = model.frontend.example(subject.generator, len(sequence))
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


def _clean(subject: _Subject) -> str:
    model = subject.model
    fresh = model.stream().snapshot()
    stream: Stream = model.stream()
    size = stream.nbytes
    for ending in ("flush", "reset"):
        stream.feed(subject.sequence)
        if stream.nbytes != size:
            raise _Broken(f"the state grew from {size} to {stream.nbytes} bytes")
        getattr(stream, ending)()
        if stream.snapshot() != fresh:
            raise _Broken(f"after {ending} the state is not that of a new stream")
        parts = [stream.feed(subject.sequence), stream.flush()]
        subject.same(join(parts), subject.whole, f"after {ending}")
    return f"flush and reset give a new stream's bits; the state is {size} bytes throughout"


def _input(subject: _Subject) -> str:
    model, sequence = subject.model, subject.sequence
    text = not is_array(sequence)
    sequence: Any = subject.finest
    kept = bytes(sequence)
    stream = model.stream()
    half = len(sequence) // 2
    chunk: Any = bytearray(sequence[:half]) if text else sequence[:half].copy()
    first = stream.feed(chunk)
    chunk[:] = bytes(half) if text else 0  # the caller's buffer is the caller's
    whole = join([first, stream.feed(sequence[half:]), stream.flush()])
    if bytes(sequence) != kept:
        raise _Broken("feed changed its input")
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
            raise _Broken(f"{what} was not refused")
        if stream.snapshot() != before:
            raise _Broken(f"{what} was refused, but changed the stream")
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
    infinite = good.copy()
    infinite[-1] = np.inf
    bad = {
        "infinity": infinite,
        "complex numbers": good.astype(np.complex64),
        "a list": good.tolist(),
        "no chunk": None,
        "two dimensions more": good[None, None],
    }
    if good.ndim > 1:
        bad["a column less"] = good[:, :-1] if good.shape[1] > 3 else good[:, :0]
    else:
        bad["a column more"] = np.stack((good, good), axis=1)
    return bad
