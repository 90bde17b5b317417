"""What a stream gives back: predictions as arrays, and one by one."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, overload

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streamrnn.kernels.classes import softmax

# One frame fed at once costs microseconds: these records are made at every step, and msgspec's
# are made about ten times as fast as frozen dataclasses.


class Event(NamedTuple):
    """Something that happened in a stream."""

    kind: str
    """What: the decoder's word for it."""
    label: str
    """Of which class."""
    position: int
    """When: how many samples had arrived; of voice, the sample where speech begins or ends."""
    score: float
    """How likely the label is at that step, 0 to 1: of an end, little."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What a decoder makes of the outputs of T steps; None is what it does not tell."""

    labels: tuple[str | None, ...] | None = None
    """The likeliest class of each step, T of them."""
    scores: NDArray[np.float64] | None = None
    """How sure each label is, (T,), 0 to 1."""
    events: tuple[tuple[Event, ...], ...] | None = None
    """The events of each step, T tuples."""
    points: NDArray[np.float64] | None = None
    """Positions ahead, (T, horizons, dims), in the input's units."""
    spreads: NDArray[np.float64] | None = None
    """The radius about each point that is to hold 90 % of outcomes, (T, horizons)."""
    horizons: tuple[int, ...] | None = None
    """How many samples ahead each point lies."""
    smoothed: NDArray[np.float64] | None = None
    """The smoothed probability of each class, (T, classes), where the decoder has a memory."""
    logits: bool = False
    """Whether the outputs are one logit a class, so that their softmax tells probabilities."""


class Trace(msgspec.Struct, frozen=True, gc=False, eq=False):
    """Hidden states and gates, step by step, for pictures."""

    hidden: NDArray[np.float32]
    """After each step, (T, num_layers, hidden_size)."""
    gates: tuple[NDArray[np.float32], ...]
    """Of each layer, (T, gates, hidden_size): r z n of a GRU, i f g o of an LSTM; else empty."""


class Prediction(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One step's prediction."""

    position: int
    """How many samples had arrived when the step became known."""
    time: float | None
    """The same in seconds, where samples have a time."""
    output: NDArray[np.float32]
    """The network's output, (output_size,)."""
    label: str | None = None
    """The likeliest class."""
    score: float | None = None
    """How sure, 0 to 1."""
    events: tuple[Event, ...] = ()
    """What happened at this step."""
    point: NDArray[np.float64] | None = None
    """Positions ahead, (horizons, dims), in the input's units."""
    spread: NDArray[np.float64] | None = None
    """Of each horizon, the radius that is to hold 90 % of outcomes, (horizons,)."""
    horizons: tuple[int, ...] | None = None
    """How many samples ahead each point lies."""
    _smoothed: NDArray[np.float64] | None = None
    _logits: bool = False
    # As in `Decoded`: the softmax is made only for those who ask.

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """The probability of each class, (classes,), as in `Predictions`."""
        return _softmax(self.output[None])[0] if self._logits else self._smoothed

    @property
    def event(self) -> str | None:
        """The kind of the first event, or None."""
        return self.events[0].kind if self.events else None

    def __repr__(self) -> str:
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name[0] != "_"}
        told = {
            name: value for name, value in told.items() if value is not None and not _empty(value)
        }
        return f"Prediction({', '.join(f'{name}={value!r}' for name, value in told.items())})"


_NOTHING = Decoded()
_NO_EVENTS: tuple[Event, ...] = ()
_TOLD = 3  # events that a `repr` names


class Predictions(msgspec.Struct, frozen=True, gc=False, eq=False):
    """The predictions of T steps, a struct of arrays; T may be 0. Iterating gives `Prediction`."""

    outputs: NDArray[np.float32]
    """The network's outputs, (T, output_size): the head's raw outputs, or h without a head."""
    _positions: NDArray[np.int64] | int
    # Or the first of consecutive positions, so that the array is made only for those who ask.
    times: NDArray[np.float64] | None = None
    """When each step became known, in seconds, (T,), where samples have a time."""
    decoded: Decoded = _NOTHING
    """What the decoder made of the outputs; its fields are also here by name."""
    trace: Trace | None = None
    """Hidden states and gates, where `feed(chunk, trace=True)` asked for them."""
    ended: tuple[Event, ...] = ()
    """What ended with the sequence, where its end brought no step whose events would tell it."""

    @property
    def positions(self) -> NDArray[np.int64]:
        """How many samples had arrived when each step became known, (T,)."""
        if isinstance(self._positions, int):
            return np.arange(self._positions, self._positions + len(self.outputs))
        return self._positions

    @property
    def labels(self) -> tuple[str | None, ...] | None:
        """The likeliest class of each step, or None without classes."""
        return self.decoded.labels

    @property
    def scores(self) -> NDArray[np.float64] | None:
        """How sure each label is, (T,), 0 to 1."""
        return self.decoded.scores

    @property
    def events(self) -> tuple[tuple[Event, ...], ...]:
        """The events of each step."""
        return self.decoded.events or (_NO_EVENTS,) * len(self.outputs)

    @property
    def happened(self) -> tuple[Event, ...]:
        """The events of all steps, then those of the sequence's end: none is left out."""
        return (*chain.from_iterable(self.events), *self.ended)

    def closed(self, events: tuple[Event, ...]) -> "Predictions":
        """The same with the events of the sequence's end, told by its last step if it has one."""
        if not len(self.outputs):
            return replace(self, ended=events)
        every = (*self.events[:-1], self.events[-1] + events)
        return replace(self, decoded=replace(self.decoded, events=every))

    @property
    def points(self) -> NDArray[np.float64] | None:
        """Positions ahead, (T, horizons, dims), in the input's units; NaN before the first fix."""
        return self.decoded.points

    @property
    def spreads(self) -> NDArray[np.float64] | None:
        """The radius about each point that is to hold 90 % of outcomes, (T, horizons)."""
        return self.decoded.spreads

    @property
    def horizons(self) -> tuple[int, ...] | None:
        """How many samples ahead each point lies."""
        return self.decoded.horizons

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """The probability of each class, (T, classes), each row with a sum of 1, or None.

        Of a decoder that detects they are smoothed; of one of classes they are the softmax of
        the outputs, made anew each time. None where the outputs are no classes.
        """
        return _softmax(self.outputs) if self.decoded.logits else self.decoded.smoothed

    def __len__(self) -> int:
        return len(self.outputs)

    def __repr__(self) -> str:
        steps = len(self.outputs)
        told = [f"{steps} step{'' if steps == 1 else 's'}"]
        if steps:
            first, last = self[0].position, self[-1].position
            told.append(f"positions {first} to {last}" if steps > 1 else f"position {first}")
        told += [
            f"{event.kind} {event.label} at {event.position}" for event in self.happened[:_TOLD]
        ]
        more = len(self.happened) - _TOLD
        told += [f"{more} more events"] * (more > 0)
        return f"<Predictions: {', '.join(told)}>"

    @overload
    def __getitem__(self, step: int) -> Prediction: ...
    @overload
    def __getitem__(self, step: slice) -> "Predictions": ...
    def __getitem__(self, step: int | slice) -> "Prediction | Predictions":
        """The prediction of one step; of a slice, those of its steps: views, no copies."""
        if isinstance(step, slice):
            return self._some(step)
        steps = len(self.outputs)
        if not -steps <= step < steps:
            raise IndexError(f"step {step} of {steps}")
        return self._step(step % steps)

    def __iter__(self) -> Iterator[Prediction]:
        return map(self._step, range(len(self.outputs)))

    def _step(self, step: int) -> Prediction:
        """The prediction of one step, counted from the first."""
        first, times, found = self._positions, self.times, self.decoded
        position = first + step if isinstance(first, int) else first.item(step)
        time = None if times is None else times.item(step)
        if found is _NOTHING:
            return Prediction(position, time, self.outputs[step])
        return Prediction(
            position,
            time,
            self.outputs[step],
            None if found.labels is None else found.labels[step],
            None if found.scores is None else found.scores.item(step),
            _NO_EVENTS if found.events is None else found.events[step],
            None if found.points is None else found.points[step],
            None if found.spreads is None else found.spreads[step],
            found.horizons,
            None if found.smoothed is None else found.smoothed[step],
            found.logits,
        )

    def _some(self, steps: slice) -> "Predictions":
        """The predictions of some steps."""

        def part(values: Any) -> Any:
            return None if values is None else values[steps]

        found, trace = self.decoded, self.trace
        return Predictions(
            self.outputs[steps],
            self.positions[steps],
            part(self.times),
            Decoded(
                labels=part(found.labels),
                scores=part(found.scores),
                events=part(found.events),
                points=part(found.points),
                spreads=part(found.spreads),
                horizons=found.horizons,
                smoothed=part(found.smoothed),
                logits=found.logits,
            ),
            trace and Trace(trace.hidden[steps], tuple(gates[steps] for gates in trace.gates)),
        )


def _empty(value: Any) -> bool:
    return isinstance(value, tuple) and not value


def _softmax(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    probabilities = np.empty(outputs.shape)
    softmax(outputs, 1.0, probabilities)
    return probabilities


def join(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of consecutive chunks of one stream as one; `parts` is not empty."""
    ended = tuple(chain.from_iterable(part.ended for part in parts))
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return replace(parts[0], ended=ended) if ended else parts[0]

    def whole(values: list[Any]) -> Any:
        return None if values[0] is None else np.concatenate(values)

    def chained(values: list[tuple[Any, ...] | None]) -> Any:
        return None if values[0] is None else tuple(item for part in values for item in part or ())

    decoded = [part.decoded for part in parts]
    traces = [part.trace for part in parts if part.trace is not None]
    return Predictions(
        outputs=whole([part.outputs for part in parts]),
        _positions=whole([part.positions for part in parts]),
        times=whole([part.times for part in parts]),
        decoded=Decoded(
            labels=chained([part.labels for part in decoded]),
            scores=whole([part.scores for part in decoded]),
            events=chained([part.events for part in decoded]),
            points=whole([part.points for part in decoded]),
            spreads=whole([part.spreads for part in decoded]),
            horizons=decoded[0].horizons,
            smoothed=whole([part.smoothed for part in decoded]),
            logits=decoded[0].logits,
        ),
        trace=Trace(
            hidden=whole([trace.hidden for trace in traces]),
            gates=tuple(
                whole(list(layer)) for layer in zip(*(t.gates for t in traces), strict=True)
            ),
        )
        if len(traces) == len(parts)
        else None,
        ended=ended,
    )
