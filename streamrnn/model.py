"""A model: configuration and weights, which never change while streams run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import ModelConfig, encode
from streamrnn.decoders import make_decoder
from streamrnn.engines.base import Engine, EngineState
from streamrnn.engines.native import NativeEngine
from streamrnn.errors import (
    ConfigError,
    DtypeError,
    ModelFileError,
    ShapeError,
    StateError,
)
from streamrnn.files import write_atomic
from streamrnn.frontends import make_frontend
from streamrnn.frontends.base import describe, how_to_convert, is_array
from streamrnn.pool import QUEUE, StreamPool
from streamrnn.predictions import Predictions, join
from streamrnn.state import digest, expect_alike, seal
from streamrnn.stream import Stream, given_options

MODEL_VERSION = "1"


class State:
    """A network's hidden state, as `Model.step` takes and gives it; it never changes."""

    __slots__ = ("arrays", "fingerprint")

    def __init__(self, arrays: Mapping[str, NDArray[Any]], fingerprint: str) -> None:
        self.arrays = dict(arrays)
        """The state by torch's names, `h` and `c`, each (num_layers, hidden_size) float32."""
        self.fingerprint = fingerprint
        """Of the model that it belongs to."""


class Model:
    """Weights and configuration, ready to run; immutable, shared by any number of streams.

    Made by `load`, `from_torch` or `Model.from_weights`.
    """

    def __init__(
        self,
        config: ModelConfig,
        engine: Engine,
        fingerprint: str,
        card: Mapping[str, Any],
        weights: Mapping[str, NDArray[np.float32]] | None,
    ) -> None:
        """Use `from_weights`, unless the engine is your own; only then `weights` is None."""
        self.config = config
        """The configuration, a record of `streamrnn.config`."""
        self.engine = engine
        """What runs the network; shared by all streams."""
        self.fingerprint = fingerprint
        """SHA-256 of configuration and weights: what a snapshot is bound to."""
        self.card = dict(card)
        """What is told of the model: data, training, scores, date."""
        self.weights = weights
        """float32 arrays by name, in torch's layout, read-only; None with an engine of its own."""
        self.frontend = make_frontend(config)
        """What makes frames of chunks; see `streamrnn.frontends.base`."""
        self.decoder = make_decoder(config)
        """What makes predictions of outputs; see `streamrnn.decoders`."""

    @classmethod
    def from_weights(
        cls,
        config: ModelConfig,
        weights: Mapping[str, NDArray[np.float32]],
        card: Mapping[str, Any] | None = None,
    ) -> Model:
        """Make a model that the native engine runs.

        Args:
            config: what the model is.
            weights: float32 arrays by name, in torch's layout; see
                `streamrnn.engines.packing.expected_shapes`.
            card: plain data to be kept with the model.

        Raises:
            ModelFileError: weights are missing, unknown, misshapen or not finite.
        """
        engine = NativeEngine(config.network, weights)
        kept = {name: array.copy() for name, array in weights.items()}
        for array in kept.values():
            array.flags.writeable = False
        return cls(config, engine, digest(kept, {"config": encode(config)}), card or {}, kept)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.config.name

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that predictions may carry, or ()."""
        return self.decoder.labels

    @property
    def delay(self) -> int:
        """How many samples must have arrived past a position before its prediction is known."""
        return self.frontend.delay

    @property
    def state_bytes(self) -> int:
        """How large the state of one stream is, in bytes, however long it runs."""
        return self.stream().nbytes

    def stream(
        self,
        *,
        state: bytes | None = None,
        rate: int | None = None,
        channels: int | None = None,
        errors: Literal["strict", "replace"] | None = None,
    ) -> Stream:
        """Open a live stream.

        Args:
            state: a `Stream.snapshot`, to go on from there to the bit.
            rate: of sound: samples a second that will come in, 8,000 to 192,000; by default the
                network's. A state knows it.
            channels: of sound, 1 to 64, mixed down to their mean; by default 1. A state knows it.
            errors: of text: whether bytes that are no UTF-8 are refused, the default, or each bad
                part read as U+FFFD. A state knows it.

        Raises:
            StateError: the snapshot is damaged, of another model, or of other options.
            ConfigError: an impossible value, or an option that the model's front end has not.
        """
        return Stream.opened(self, state, given_options(rate, channels, errors))

    def pool(
        self, capacity: int = 1024, *, threads: int | None = None, queue: int = QUEUE
    ) -> StreamPool:
        """Make a pool of streams that are advanced together: many for little more than a few.

        Args:
            capacity: streams that may be open at a time.
            threads: how many share a large tick, the caller's among them; None: one for each core.
            queue: frames that each stream may have waiting for a tick.

        Raises:
            ConfigError: an impossible number.
        """
        return StreamPool(self, capacity, threads=threads, queue=queue)

    def predict(
        self,
        sequence: Any,
        *,
        trace: bool = False,
        rate: int | None = None,
        channels: int | None = None,
        errors: Literal["strict", "replace"] | None = None,
    ) -> Predictions:
        """The predictions of a whole sequence: feed and flush at once, the same bits.

        Args:
            sequence: one chunk, as `Stream.feed` takes it.
            trace: also tell the hidden states and gates, step by step (slower).
            rate: of sound, as `stream` takes it.
            channels: of sound, as `stream` takes it.
            errors: of text, as `stream` takes it.

        Raises:
            InputError: the sequence is refused, by name.
            ConfigError: an impossible value, or an option that the model's front end has not.
        """
        stream = self.stream(rate=rate, channels=channels, errors=errors)
        return join([stream.feed(sequence, trace=trace), stream.flush(trace=trace)])

    def step(
        self, frame: NDArray[np.float32], state: State | None = None
    ) -> tuple[NDArray[np.float32], State]:
        """The bare loop of every textbook: one frame and the state in, output and state out.

        Equal to a stream's outputs on the same frames, bit for bit with the native engine.

        Args:
            frame: one input vector of the network, (input_size,) float32.
            state: what the step before gave; None begins.

        Returns:
            The output (output_size,), and the next state; the one that came in is unchanged.

        Raises:
            DtypeError, ShapeError, NonFiniteError: the frame is refused.
            StateError: the state is of another model, or its arrays are no step's.
        """
        size = self.config.network.input_size
        if not is_array(frame) or frame.dtype != np.float32:
            raise DtypeError(
                f"frame: expected float32 ({size},), got {describe(frame)}; "
                + how_to_convert(frame, "float32", name="frame")
            )
        if frame.shape != (size,):
            raise ShapeError(f"frame: expected ({size},), got {frame.shape}")
        network: EngineState = self.engine.stream()
        if state is not None:
            if state.fingerprint != self.fingerprint:
                raise StateError(
                    f"state: expected one that model {self.name!r} gave, got another model's"
                )
            expect_alike(state.arrays, network.arrays(), what="state")
            network.restore(state.arrays)
        output = network.run(np.ascontiguousarray(frame[None]))[0]
        return output, State(network.arrays(), self.fingerprint)

    def save(self, path: str | Path) -> Path:
        """Write the model to one `.safetensors` file, whole or not at all.

        Raises:
            ModelFileError: the path cannot be written, or the model runs another engine than
                native and has no weights of its own.
        """
        if self.weights is None:
            raise ModelFileError(
                f"{path}: expected a model with weights of its own, got one whose engine is "
                f"{type(self.engine).__name__}"
            )
        metadata = {
            "model_version": MODEL_VERSION,
            "config": encode(self.config),
            "card": json.dumps(self.card, sort_keys=True),
        }
        path = Path(path)
        try:
            write_atomic(path, seal(self.weights, metadata))
        except OSError as error:
            raise ModelFileError(f"{path}: expected a path to write to, got: {error}") from error
        return path

    def __repr__(self) -> str:
        network = self.config.network
        return (
            f"<Model {self.name!r}: {network.cell} {network.num_layers} × {network.hidden_size}, "
            f"{self.fingerprint[:12]}>"
        )


def expect_model(given: Any) -> None:
    """See that what was given is a model.

    Raises:
        ConfigError: it is something else: the name of one, a path, …
    """
    if not isinstance(given, Model):
        raise ConfigError(
            f"model: expected a streamrnn.Model, got {type(given).__name__} {given!r}; "
            "streamrnn.load(name or path) gives one"
        )
