"""Streams and models that record what they hear and say; see `streamrnn.io.recorder`."""

import time
from pathlib import Path
from typing import Any, Literal, Self

from streamrnn.frontends.base import Option
from streamrnn.io.recorder import Failed, Recorder
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.stream import Stream, given_options, read_snapshot

SAMPLES = 500
"""Fixes, characters or frames between snapshots."""


class RecordedStream(Stream):
    """A stream that is recorded; it is fed, and says, as any other. Close it in the end.

    Args:
        model: what listens.
        path: a new file.
        every: seconds of sound between snapshots of the state.
        source: what is recorded, in words.
        failed: called once, on another thread, where the recording has to end early.
        patient: wait for the disk where much waits for it; see `Recorder`.
        options: of `Model.stream`.

    Raises:
        RecordingError: the file exists already, or cannot be made.
        ConfigError: an option that cannot be.

    Example:
        with RecordedStream(model, "night.mcap", rate=16_000) as stream:
            for chunk in microphone:
                for said in stream.feed(chunk):
                    ...
    """

    __slots__ = ("_every", "_next", "recorder")

    def __init__(
        self,
        model: Model,
        path: str | Path,
        *,
        every: float = 5.0,
        source: str = "",
        failed: Failed = lambda error: None,
        patient: bool = False,
        **options: Option,
    ) -> None:
        super().__init__(model, **options)
        self.recorder = Recorder(
            path,
            model=model,
            options=self.options,
            source=source,
            failed=failed,
            patient=patient,
        )
        """What writes; its `error` tells whether it still does."""
        rate = self.options.get("rate")
        self._every = SAMPLES if rate is None else max(1, round(every * int(rate)))
        self._next = self._every

    def feed(self, chunk: Any, *, trace: bool = False) -> Predictions:
        """See `Stream.feed`; a chunk that is refused is not recorded."""
        arrived, before = time.time_ns(), self.position
        said = super().feed(chunk, trace=trace)
        self.recorder.chunk(chunk, arrived, samples=self.position - before, said=said)
        if self.position >= self._next:
            self.recorder.state(self.position, self.snapshot())
            self._next = self.position + self._every
        return said

    def gap(self, samples: int) -> None:
        """Record that samples were lost, of which silence takes the place in the next chunk."""
        self.recorder.gap(samples, self.position)

    def flush(self, *, trace: bool = False) -> Predictions:
        """See `Stream.flush`."""
        said = super().flush(trace=trace)
        self.recorder.verb("flush", said=said)
        self._next = self._every
        return said

    def reset(self) -> None:
        """See `Stream.reset`."""
        super().reset()
        self.recorder.verb("reset")
        self._next = self._every

    def restore(self, blob: bytes) -> None:
        """See `Stream.restore`."""
        super().restore(blob)
        self.recorder.verb("restore", blob)
        self._next = self.position + self._every

    def close(self) -> None:
        """End the recording; the stream may go on without it."""
        self.recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class RecordedModel(Model):
    """A model whose first stream is recorded, and no further one: for what opens it by itself.

    Args:
        model: any.
        path: a new file, made when the stream is opened.
        source: what is recorded, in words.
        failed: see `RecordedStream`.
        patient: likewise.
    """

    def __init__(
        self,
        model: Model,
        path: str | Path,
        *,
        source: str = "",
        failed: Failed = lambda error: None,
        patient: bool = False,
    ) -> None:
        super().__init__(model.config, model.engine, model.fingerprint, model.card, model.weights)
        self._path = path
        self._how: dict[str, Any] = {"source": source, "failed": failed, "patient": patient}
        self._stream: RecordedStream | None = None

    def stream(
        self,
        *,
        state: bytes | None = None,
        rate: int | None = None,
        channels: int | None = None,
        errors: Literal["strict", "replace"] | None = None,
    ) -> Stream:
        """See `Model.stream`.

        Raises:
            RecordingError: the file exists already, or cannot be made.
        """
        if self._stream is not None:
            return super().stream(state=state, rate=rate, channels=channels, errors=errors)
        options = given_options(rate, channels, errors)
        if state is not None:
            options = read_snapshot(state, self, options)[1]
        told: dict[str, Any] = {**self._how, **options}
        self._stream = RecordedStream(self, self._path, **told)
        if state is not None:
            self._stream.restore(state)
        return self._stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._stream is not None:
            self._stream.close()
