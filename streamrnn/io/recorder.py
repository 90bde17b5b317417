"""Record a live stream: what came, what was said, and the state now and then.

An MCAP file, written by a thread of its own, so that a disk never keeps the stream waiting. All but
the last second of a stream that never stops is readable whatever becomes of the process: a file
that was cut short is read up to there. Where the disk takes no more, the recording ends with an
error, and the stream goes on.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
from mcap.well_known import MessageEncoding, SchemaEncoding
from mcap.writer import CompressionType, IndexType, Writer
from msgspec.structs import replace

from streamrnn import __version__
from streamrnn.config import FramesConfig
from streamrnn.errors import RecordingError
from streamrnn.frontends.base import Option
from streamrnn.io.messages import (
    CHANNELS,
    PROFILE,
    Gap,
    Kept,
    Message,
    Opened,
    Verb,
    chunk_message,
    frames_message,
    happened_message,
    said_messages,
)
from streamrnn.model import Model
from streamrnn.predictions import Predictions

PIECE = 12_000
"""Bytes of sound that are compressed together: less than a second at 8 kHz, the lowest rate."""
WAITING = 64 * 2**20
"""Bytes that may wait for the disk: some twenty minutes of sound at 16 kHz."""
LARGE = 4 * 2**20
"""Bytes of a chunk above which it is recorded in parts."""
STEPS = 50_000
"""Predictions of one message at most."""
OWN = 250
"""Bytes that a message takes besides its data while it waits."""
Failed = Callable[[RecordingError], object]
"""Told why a recording ends early."""
PATIENCE = 0.25
"""Seconds that the thread gathers messages for."""


class Recorder:
    """Writes one recording; a context that ends it.

    Args:
        path: a new file.
        model: what listens; None: nobody does.
        options: what its stream was opened with.
        source: what is recorded, in words.
        failed: called once, on the writing thread, where the recording has to end early.
        patient: wait for the disk where much waits for it, as whoever reads a file can; otherwise
            the recording ends there, and the stream never waits.

    Raises:
        RecordingError: the file exists already, or cannot be made.

    Without a model, whatever comes is kept to be played later:

    >>> import tempfile, time
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Recorder(f"{folder}/a.mcap", options={"rate": 16_000, "channels": 1}) as recorder:
    ...         recorder.chunk(np.zeros(160, np.int16), time.time_ns())
    ...         recorder.verb("flush")
    ...     recorder.path.stat().st_size > 0
    True
    """

    def __init__(
        self,
        path: str | Path,
        *,
        model: Model | None = None,
        options: Mapping[str, Option] | None = None,
        source: str = "",
        failed: Failed = lambda error: None,
        patient: bool = False,
    ) -> None:
        self.path = Path(path)
        self.error: RecordingError | None = None
        """Why the recording ended early."""
        self._failed, self._patient = failed, patient
        options = dict(options or {})
        self._rate = int(options.get("rate", 0))
        self._frames = model is not None and isinstance(model.config.frontend, FramesConfig)
        try:
            self._file = self.path.open("xb")
        except OSError as error:
            raise RecordingError(f"{path}: expected a new file to record to: {error}") from error
        # Sound is compressed, without loss, some chunks together; what comes slowly is a piece of
        # its own, written at once. Each piece has its checksum.
        self._writer = Writer(
            self._file,
            chunk_size=PIECE if self._rate else 0,
            compression=CompressionType.ZSTD,
            index_types=IndexType.CHUNK,
        )
        self._channels: dict[type[Message], int] = {}
        self._samples = 0
        self._begun = time.time_ns() - time.monotonic_ns()
        self._queue: deque[tuple[type[Message], bytes, int, int]] = deque()
        self._waiting, self._ended = 0, False
        self._ready = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()
        software = f"streamrnn {__version__}"
        opened = Opened(options=options, source=source, software=software)
        if model is not None:
            opened = replace(
                opened,
                model=model.name,
                fingerprint=model.fingerprint,
                config=msgspec.to_builtins(model.config),
                card=model.card,
            )
        self._put(opened)

    def chunk(
        self,
        chunk: Any,
        arrived: int,
        *,
        samples: int | None = None,
        said: Predictions | None = None,
    ) -> None:
        """Record what came, in a form that a stream takes, and what was said to it.

        Both are recorded, or nothing is; a chunk of many megabytes in parts.

        Args:
            chunk: as `Stream.feed` takes it.
            arrived: when, by the clock, nanoseconds since 1970.
            samples: how many it is; None: as many as it is long.
            said: what `Stream.feed` gave.
        """
        begin, messages = self._samples, list[Message]()
        self._samples += len(chunk) if samples is None else samples
        for part in _parts(chunk):
            if self._frames:
                messages.append(frames_message(part, begin=begin))
            else:
                made = chunk_message(part, begin=begin, arrived=arrived, rate=self._rate)
                messages.append(made)
            begin += len(part)
        self._put(*messages, *_said(said), arrived=arrived)

    def gap(self, samples: int, position: int) -> None:
        """Record that samples were lost, of which silence takes the place in the next chunk."""
        self._put(Gap(samples=samples, position=position))

    def verb(
        self, verb: str, snapshot: bytes | None = None, *, said: Predictions | None = None
    ) -> None:
        """Record what was done to the stream: `flush`, `reset`, `restore`; and what was said."""
        self._put(Verb(verb=verb, snapshot=snapshot), *_said(said))

    def state(self, position: int, snapshot: bytes) -> None:
        """Record the stream's state."""
        self._put(Kept(position=position, snapshot=snapshot))

    def close(self) -> None:
        """Write what waits, and the file's index; nothing where it ended early."""
        with self._ready:
            self._ended = True
            self._ready.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _put(self, *messages: Message, arrived: int | None = None) -> None:
        """Hand messages to the thread, all or none; nothing waits but who is patient."""
        now = self._begun + time.monotonic_ns()  # which goes on evenly when the clock is set
        came = now if arrived is None else arrived
        queued = [(type(each), msgspec.json.encode(each), now, came) for each in messages]
        with self._ready:
            if self._patient:
                self._ready.wait_for(lambda: self._waiting < WAITING or self.error is not None)
            if self._ended or self.error is not None:
                return
            if self._waiting > WAITING:
                self._queue.clear()
                self._end(f"expected a disk that keeps up, got {WAITING >> 20} MB that wait")
                return
            self._queue.extend(queued)
            self._waiting += sum(len(data) + OWN for _, data, _, _ in queued)
            self._ready.notify_all()

    def _run(self) -> None:
        """The thread: write what waits, and tell why, where it cannot go on."""
        try:
            self._write()
            self._writer.finish()
            self._file.close()
        except Exception as error:  # whatever it is, who feeds is not to wait for ever
            self._end(f"expected a file that takes more, got: {error}")
            with suppress(OSError):
                self._file.close()  # as it is: what is written can be read
        if self.error is not None:
            self._failed(self.error)

    def _write(self) -> None:
        """Write what waits, and see that it is on its way to the disk, until the end."""
        self._writer.start(profile=PROFILE)
        for kind in CHANNELS:  # at the beginning, so that whoever seeks knows them all
            self._register(kind)
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._queue or self._ended or self.error)
                batch, self._queue, self._waiting = self._queue, deque(), 0
                ended = self._ended or self.error is not None
                self._ready.notify_all()
            for kind, data, now, arrived in batch:
                self._writer.add_message(self._channels[kind], now, data, arrived)
            self._file.flush()
            if ended and not self._queue:
                return
            time.sleep(0.0 if ended else PATIENCE)

    def _register(self, kind: type[Message]) -> None:
        """Tell the file of a kind of message, and by which schema."""
        topic, name = CHANNELS[kind]
        schema = msgspec.json.encode(msgspec.json.schema(kind))
        number = self._writer.register_schema(name, SchemaEncoding.JSONSchema, schema)
        self._channels[kind] = self._writer.register_channel(topic, MessageEncoding.JSON, number)

    def _end(self, reason: str) -> None:
        """End the recording early; who waits is let go."""
        with self._ready:
            if self.error is None:
                self.error = RecordingError(f"{self.path}: {reason}; the recording ends here")
            self._ready.notify_all()


def _parts(chunk: Any) -> list[Any]:
    """A chunk, or the parts of a large one."""
    size = getattr(chunk, "nbytes", len(chunk))
    if size <= LARGE:
        return [chunk]
    rows = max(1, len(chunk) * LARGE // size)
    return [chunk[first : first + rows] for first in range(0, len(chunk), rows)]


def _said(said: Predictions | None) -> list[Message]:
    """Predictions and events as messages, those of many steps in parts; of none, none."""
    found: list[Message] = []
    if said is None:
        return found
    for first in range(0, len(said), STEPS):
        steps, events = said_messages(said[first : first + STEPS] if len(said) > STEPS else said)
        found += [steps, *events]
    return found + [happened_message(event) for event in said.ended]
