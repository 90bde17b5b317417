"""What a stream gives back: predictions as arrays, and one by one."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from operator import index
from typing import Any, SupportsIndex, cast, overload

import msgspec
import numpy as np
from msgspec.structs import astuple, replace
from numpy.typing import NDArray

from streamrnn.decoded import Decoded, Event

# One frame fed at once costs microseconds: these records are made at every step, and msgspec's
# are made about ten times as fast as frozen dataclasses.


class Trace(msgspec.Struct, frozen=True, gc=False, eq=False):
    """Hidden states and gates, step by step, for pictures."""

    hidden: NDArray[np.float32]
    """After each step, (T, num_layers, hidden_size)."""
    gates: tuple[NDArray[np.float32], ...]
    """Of each layer, (T, gates, hidden_size): r z n of a GRU, i f g o of an LSTM; else empty."""


class Prediction(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One step's prediction.

    It looks into those of its chunk for what it is asked, and so keeps the chunk's in memory:
    `copy()` what is to be kept for long. It is pickled by itself.
    """

    _all: "Predictions"
    _step: int
    events: tuple[Event, ...] = ()
    """What happened at this step."""

    @property
    def position(self) -> int:
        """How many samples had arrived when the step became known."""
        return int(self._all.arrivals[self._step])

    @property
    def time(self) -> float | None:
        """The same in seconds, where samples have a time."""
        times = self._all.timing
        if isinstance(times, int):
            return self.position / times
        return None if times is None else times.item(self._step)

    @property
    def output(self) -> NDArray[np.float32]:
        """The network's output, (output_size,)."""
        return self._all.outputs[self._step]

    @property
    def label(self) -> str | None:
        """The likeliest class."""
        labels = self._all.decoded.labels
        return None if labels is None else labels[self._step]

    @property
    def score(self) -> float | None:
        """How sure, 0 to 1."""
        scores = self._all.decoded.scores
        return None if scores is None else scores.item(self._step)

    @property
    def event(self) -> str | None:
        """The kind of the first event, or None."""
        return self.events[0].kind if self.events else None

    @property
    def point(self) -> NDArray[np.float64] | None:
        """Positions ahead, (horizons, dims), in the input's units."""
        points = self._all.decoded.points
        return None if points is None else points[self._step]

    @property
    def spread(self) -> NDArray[np.float64] | None:
        """Of each horizon, the radius that is to hold 90 % of outcomes, (horizons,)."""
        spreads = self._all.decoded.spreads
        return None if spreads is None else spreads[self._step]

    @property
    def horizons(self) -> tuple[int, ...] | None:
        """How many samples ahead each point lies."""
        return self._all.decoded.horizons

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """The probability of each class, (classes,), as in `Predictions`."""
        found = self._all.decoded.probabilities
        if found is None:
            return None
        return found(self.output[None])[0] if callable(found) else found[self._step]

    def copy(self) -> "Prediction":
        """The same by itself: it keeps nothing else of its chunk in memory."""
        alone = self._all[self._step : self._step + 1]
        return replace(alone, trace=None).copy()[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return _first, (self.copy()._all,)

    def __repr__(self) -> str:
        told = [(name, getattr(self, name)) for name in _TOLD_OF_A_STEP]
        said = [
            f"{name}={value!r}"
            for name, value in told
            if value is not None and not (isinstance(value, tuple) and not value)
        ]
        return f"Prediction({', '.join(said)})"


_TOLD_OF_A_STEP = "position time output label score events point spread horizons".split()
_NOTHING = Decoded()
_NO_EVENTS: tuple[Event, ...] = ()
_TOLD = 3  # events that a `repr` names


class Predictions(msgspec.Struct, frozen=True, gc=False, eq=False):
    """The predictions of T steps, a struct of arrays; T may be 0. Iterating gives `Prediction`."""

    outputs: NDArray[np.float32]
    """The network's outputs, (T, output_size): the head's raw outputs, or h without a head."""
    arrivals: NDArray[np.int64] | range
    """`positions`, or the range that they are; for those who make predictions."""
    timing: NDArray[np.float64] | int | None = None
    """`times`, or samples a second, by which positions tell them; likewise."""
    decoded: Decoded = _NOTHING
    """What the decoder made of the outputs; its fields are also here by name."""
    trace: Trace | None = None
    """Hidden states and gates, where `feed(chunk, trace=True)` asked for them."""
    ended: tuple[Event, ...] = ()
    """What ended with the sequence, where its end brought no step whose events would tell it."""

    @property
    def positions(self) -> NDArray[np.int64]:
        """How many samples had arrived when each step became known, (T,); perhaps made anew."""
        found = self.arrivals
        return np.arange(found.start, found.stop, found.step) if isinstance(found, range) else found

    @property
    def times(self) -> NDArray[np.float64] | None:
        """The same in seconds, (T,), where samples have a time; perhaps made anew."""
        return self.positions / self.timing if isinstance(self.timing, int) else self.timing

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

        Of a decoder that detects they are smoothed; else they are made of the outputs each time,
        by the softmax, or of a probability of speech. None where the outputs are no classes.
        """
        found = self.decoded.probabilities
        return found(self.outputs) if callable(found) else found

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
    def __getitem__(self, step: SupportsIndex) -> Prediction: ...
    @overload
    def __getitem__(self, step: slice) -> "Predictions": ...
    def __getitem__(self, step: SupportsIndex | slice) -> "Prediction | Predictions":
        """The prediction of one step; of a slice, those of its steps: views, no copies."""
        if isinstance(step, slice):
            return self._some(step)
        place, steps = index(step), len(self.outputs)
        if not -steps <= place < steps:
            raise IndexError(f"step {place} of {steps}")
        place %= steps
        events = self.decoded.events
        return Prediction(self, place, _NO_EVENTS if events is None else events[place])

    def __iter__(self) -> Iterator[Prediction]:
        events = self.decoded.events
        every = repeat(_NO_EVENTS) if events is None else events
        return map(Prediction, repeat(self), range(len(self.outputs)), every)

    def copy(self) -> "Predictions":
        """The same, sharing no memory with these."""
        return replace(self._some(slice(None), np.copy), ended=self.ended)

    def _some(
        self, steps: slice, taken: Callable[[NDArray[Any]], NDArray[Any]] = lambda array: array
    ) -> "Predictions":
        """The predictions of some steps, whose arrays are taken over like this."""

        def part(values: Any) -> Any:
            if isinstance(values, np.ndarray):
                return taken(cast("NDArray[Any]", values)[steps])
            if isinstance(values, tuple | range):
                return cast("Sequence[Any]", values)[steps]
            return values

        found, trace = self.decoded, self.trace
        return Predictions(
            part(self.outputs),
            part(self.arrivals),
            part(self.timing),
            replace(Decoded(*map(part, astuple(found))), horizons=found.horizons),
            trace and Trace(part(trace.hidden), tuple(map(part, trace.gates))),
        )


def _first(predictions: Predictions) -> Prediction:
    return predictions[0]


def join(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of consecutive chunks of one stream as one; `parts` is not empty."""
    ended = tuple(chain.from_iterable(part.ended for part in parts))
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return replace(parts[0], ended=ended) if ended else parts[0]

    def whole(values: Sequence[Any]) -> Any:
        if isinstance(values[0], np.ndarray):
            return np.concatenate(values)
        if isinstance(values[0], tuple):
            return tuple(chain.from_iterable(values))
        return values[0]

    decoded = parts[0].decoded
    columns = zip(*(astuple(part.decoded) for part in parts), strict=True)
    traces = [part.trace for part in parts if part.trace is not None]
    return Predictions(
        outputs=whole([part.outputs for part in parts]),
        arrivals=whole([part.positions for part in parts]),
        timing=whole([part.timing for part in parts]),
        decoded=replace(Decoded(*map(whole, columns)), horizons=decoded.horizons),
        trace=Trace(
            hidden=whole([trace.hidden for trace in traces]),
            gates=tuple(map(whole, zip(*(each.gates for each in traces), strict=True))),
        )
        if len(traces) == len(parts)
        else None,
        ended=ended,
    )
