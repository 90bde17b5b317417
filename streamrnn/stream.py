"""One live stream: chunks of any length in, predictions out as they become known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.decoders.base import DecoderState
from streamrnn.engines.base import EngineState, counted_from
from streamrnn.errors import InputError, StateError
from streamrnn.frontends.base import Frames, FrontendState, Option, part_of
from streamrnn.predictions import Predictions, Trace, join
from streamrnn.state import Arrays, PartState, expect_alike, seal, unseal

if TYPE_CHECKING:
    from streamrnn.model import Model

SNAPSHOT_VERSION = "1"


class Parts:
    """What every stream is made of, however it is fed: front end, network, decoder, a position."""

    __slots__ = ("_decoder", "_frontend", "_network", "_position", "model")

    def __init__(
        self, model: Model, frontend: FrontendState, network: EngineState, decoder: DecoderState
    ) -> None:
        self.model = model
        self._frontend, self._network, self._decoder = frontend, network, decoder
        self._position = 0

    def __repr__(self) -> str:
        options = "".join(f", {name} {value}" for name, value in self.options.items())
        return f"<Stream of {self.model.name!r}: position {self._position}{options}>"

    def _end(self, trace: bool) -> Predictions:
        if self.model.engine.may_refuse:
            self._frontend.hold()
        tail = self._advance(self._frontend.flush(), trace)
        closing = self._decoder.closing(self._position)
        if closing:
            tail = tail.closed(closing)
        self._forget()
        return tail

    def _forget(self) -> None:
        for part in self._parts().values():
            part.reset()
        self._position = 0

    def _advance(self, frames: Frames, trace: bool) -> Predictions:
        steps = len(frames.values)
        try:
            if steps > 1 and 0 < self._decoder.most_steps() < steps:
                found = self._advance_in_parts(frames, trace)
            else:
                found = self._advance_part(frames, trace)
        except InputError:  # of the network; then the front end and the position are as they were
            self._frontend.undo()
            raise
        self._position += frames.samples
        return found

    def _advance_in_parts(self, frames: Frames, trace: bool) -> Predictions:
        """Advance up to each step at which the decoder may ask for a reset."""
        before = self._network.arrays(), self._decoder.arrays()
        parts: list[Predictions] = []
        first = 0
        try:
            while first < len(frames.values):
                end = first + self._decoder.most_steps()
                parts.append(self._advance_part(part_of(frames, first, end), trace))
                first = end
        except InputError as error:
            self._network.restore(before[0])
            self._decoder.restore(before[1])
            raise counted_from(first, error) from None
        return join(parts)

    def _advance_part(self, frames: Frames, trace: bool) -> Predictions:
        if trace:
            outputs, traced = self._run_traced(frames.values)
        else:
            outputs, traced = self._network.run(frames.values), None
        positions = frames.positions
        if positions is None:
            if frames.offsets is not None:
                positions = self._position + frames.offsets
            else:
                first = self._position + frames.first + 1
                positions = range(first, first + len(outputs))
        decoded = self._decoder.decode(outputs, frames, positions)
        if self._decoder.reset_due:
            self._network.reset()
        return Predictions(outputs, positions, frames.rate or frames.times, decoded, traced)

    def _run_traced(self, frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], Trace]:
        before = self._network.arrays()
        self._network.run(frames)  # refuses the whole chunk before the first step
        self._network.restore(before)
        steps = len(frames)
        outputs = np.empty((steps, self.model.config.network.output_width), np.float32)
        hidden = np.empty((steps, *self._network.hidden.shape), np.float32)
        gates: list[list[NDArray[np.float32]]] = []
        for t in range(steps):
            outputs[t : t + 1], layers = self._network.run_traced(frames[t : t + 1])
            hidden[t] = self._network.hidden
            gates.append(layers)
        return outputs, Trace(hidden, tuple(np.stack(layer) for layer in zip(*gates, strict=True)))

    @property
    def options(self) -> Mapping[str, Option]:
        """What the stream was opened with: rate and channels of sound, errors of text."""
        return self._frontend.options

    @property
    def unknown(self) -> int:
        """How many unknown characters or words came since the stream was fresh; else 0."""
        return self._frontend.unknown

    @property
    def position(self) -> int:
        """How many samples have arrived."""
        return self._position

    @property
    def nbytes(self) -> int:
        """The size of the state in bytes; see `Model.state_bytes`."""
        return sum(array.nbytes for array in self._arrays().values())

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the hidden state, (num_layers, hidden_size); no rows without a loop."""
        return self._network.hidden

    def _parts(self) -> dict[str, PartState]:
        return {"frontend": self._frontend, "network": self._network, "decoder": self._decoder}

    def _arrays(self) -> Arrays:
        arrays: Arrays = {"position": np.array([self._position])}
        for part, owner in self._parts().items():
            arrays.update({f"{part}.{name}": array for name, array in owner.arrays().items()})
        return arrays

    def _sealed(self) -> bytes:
        metadata = {
            "snapshot_version": SNAPSHOT_VERSION,
            "model": self.model.fingerprint,
            "options": json.dumps(self._frontend.options),
        }
        return seal(self._arrays(), metadata)

    def _restore(self, blob: bytes) -> None:
        self._take(read_snapshot(blob, self.model, self._frontend.options)[0])

    def _take(self, arrays: Arrays) -> None:
        expect_alike(arrays, self._arrays(), what="snapshot")
        for part, owner in self._parts().items():
            prefix = f"{part}."
            owner.restore(
                {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
            )
        self._position = int(arrays["position"][0])


class Stream(Parts):
    """One sequence as it comes in, with its state; made by `Model.stream`.

    However the sequence is cut into chunks, the predictions are those of `Model.predict` on the
    whole, bit for bit with the native engine. A stream is used by one thread at a time; streams
    of one model know nothing of each other.
    """

    __slots__ = ("_hold",)

    def __init__(self, model: Model, **options: Option) -> None:
        frontend = model.frontend.stream(**options)
        super().__init__(model, frontend, model.engine.stream(), model.decoder.stream())
        asked = model.engine.may_refuse and not frontend.remembers
        self._hold = frontend.hold if asked else None

    def feed(self, chunk: Any, *, trace: bool = False) -> Predictions:
        """Take a chunk, give the predictions that it made known.

        Args:
            chunk: any number of samples, none too, as the front end wants them: for frames
                `(n, input_size)` float32; for motion `(n, 3)` or `(n, 4)` rows of time and
                position, float64 or float32; for sound `(n,)` or `(n, channels)` samples, int16
                or float32; for text `str` or UTF-8 `bytes`, cut anywhere. It is neither kept nor
                changed.
            trace: also tell the hidden states and gates, step by step (slower).

        Returns:
            One prediction a step; none where the chunk completed no frame. What is retained
            comes with later chunks or with `flush`.

        Raises:
            InputError: the chunk is refused, by name; the stream is as it was.
        """
        if self._hold is not None:
            self._hold()
        return self._advance(self._frontend.feed(chunk), trace)

    def flush(self, *, trace: bool = False) -> Predictions:
        """End the sequence: give what is retained, then make the stream fresh.

        Args:
            trace: also tell the hidden states and gates, step by step (slower).

        Returns:
            One prediction for each step that was still retained; often none.

        Raises:
            EncodingError: text ends in mid-character; the stream is as it was.
            InputError: the network, one of others, refuses what was retained; likewise.
        """
        return self._end(trace)

    def reset(self) -> None:
        """Forget everything: the stream is as a new one."""
        self._forget()

    def snapshot(self) -> bytes:
        """The stream's state, for `Model.stream(state=…)` in this process or another.

        Returns:
            A safetensors blob of `Model.state_bytes` bytes and a header, bound to the model by
            its fingerprint. It shares nothing with the live state.
        """
        return self._sealed()

    def restore(self, blob: bytes) -> None:
        """Take over the state of a snapshot.

        Raises:
            StateError: the blob is damaged, no snapshot, or of another model; the stream is as
                it was.
        """
        self._restore(blob)

    @classmethod
    def opened(cls, model: Model, state: bytes | None, options: Mapping[str, Option]) -> Stream:
        """Open a stream, or the one that a snapshot was taken of; see `Model.stream`.

        Raises:
            StateError: the blob is damaged, no snapshot, of another model or of other options.
            ConfigError: an option that cannot be.
        """
        if state is None:
            return cls(model, **options)
        arrays, options = read_snapshot(state, model, options)
        stream = cls(model, **options)
        stream._take(arrays)
        return stream


def given_options(rate: int | None, channels: int | None, errors: str | None) -> dict[str, Option]:
    """Those options of a stream that are given, by name."""
    every = {"rate": rate, "channels": channels, "errors": errors}
    return {name: value for name, value in every.items() if value is not None}


def read_snapshot(
    blob: bytes, model: Model, options: Mapping[str, Option]
) -> tuple[Arrays, dict[str, Option]]:
    """The arrays of a snapshot of a model, and what its stream was opened with.

    Args:
        blob: the snapshot.
        model: of which it is to be.
        options: that its stream is to have been opened with.

    Raises:
        StateError: the blob is damaged, no snapshot, of another model or of other options.
    """
    arrays, metadata = unseal(blob, what="snapshot", error=StateError)
    version = metadata.get("snapshot_version")
    if version != SNAPSHOT_VERSION:
        raise StateError(
            f"snapshot: expected a snapshot of version {SNAPSHOT_VERSION}, got "
            f"{'another kind of file' if version is None else f'version {version}'}"
        )
    if metadata.get("model") != model.fingerprint:
        raise StateError(
            f"snapshot: expected one of model {model.name!r}, fingerprint "
            f"{model.fingerprint[:16]}…, got one of {metadata.get('model', '')[:16]}…; "
            "load the model that it was taken from"
        )
    own: dict[str, Option] = dict(json.loads(metadata.get("options", "{}")))
    if not options.items() <= own.items():
        raise StateError(
            f"snapshot: expected one of a stream with {dict(options)}, got one with {own}; open "
            "the stream with these, or leave them out: the snapshot knows them"
        )
    return arrays, own
