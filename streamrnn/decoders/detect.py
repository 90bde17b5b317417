"""Smoothed probabilities of classes in an endless stream, and what begins, fires and ends."""

import numpy as np

from streamrnn.config import DetectConfig
from streamrnn.decoded import Decoded, Event
from streamrnn.decoders.base import Counts, Outputs, Positions, SlotState
from streamrnn.frontends.base import Frames
from streamrnn.kernels import detect as kernel

KINDS = ("start", "detected", "end")
_LONG = 2_000  # probabilities that take some 50 µs, and are smoothed without the GIL


class DetectDecoder:
    """Smoothed probabilities of classes, and events: `start`, `detected`, `end`."""

    def __init__(self, config: DetectConfig) -> None:
        self.labels = config.labels
        ignored = [label in config.ignored for label in config.labels]
        own = [config.thresholds.get(label, config.threshold) for label in config.labels]
        self.thresholds = np.where(ignored, 2.0, own)
        self.settings = np.zeros(kernel.SETTINGS)
        self.settings[kernel.SMOOTHING] = config.smoothing
        self.settings[kernel.RELEASE] = config.release
        self.settings[kernel.CONFIRM] = config.confirm
        self.settings[kernel.REFRACTORY] = config.refractory
        self.settings[kernel.QUIET] = config.labels.index(config.quiet) if config.quiet else -1
        self.settings[kernel.QUIET_ABOVE] = config.quiet_above
        self.settings[kernel.RESET_AFTER] = config.reset_after
        self.settings[kernel.RESET_QUIET] = config.reset_quiet

    def stream(self) -> "DetectState":
        """The fresh decoder of a new stream."""
        return self.arena(1).stream(0)

    def arena(self, capacity: int) -> "DetectArena":
        """The fresh decoders of `capacity` streams."""
        return DetectArena(self, capacity)


class DetectArena:
    """The detections of many streams; see `DecoderArena`."""

    def __init__(self, decoder: DetectDecoder, capacity: int) -> None:
        self.decoder = decoder
        self.fresh = kernel.fresh(len(decoder.labels))
        self.states = np.tile(self.fresh, (capacity, 1))

    def stream(self, slot: int) -> "DetectState":
        """The decoder of one slot."""
        return DetectState(self, slot)

    def record(self, outputs: Outputs) -> "DetectRecord":
        """A record of outputs, to be filled by `decode`."""
        return DetectRecord(self.decoder.labels, outputs)

    def decode(self, record: "DetectRecord", slots: Counts, firsts: Counts, counts: Counts) -> None:
        """Decode outputs of some streams."""
        rows = np.empty((kernel.MOST_EVENTS * record.probabilities.size, 3), np.int64)
        short = int(counts.sum()) * len(self.decoder.labels) < _LONG
        detect = kernel.detect_streams if short else kernel.detect_streams_long
        found = detect(
            record.outputs,
            slots,
            firsts,
            counts,
            self.decoder.settings,
            self.decoder.thresholds,
            self.states,
            record.probabilities,
            record.best,
            record.scores,
            rows,
        )
        for step, kind, which in rows[:found].tolist():
            record.events.setdefault(step, []).append((kind, which))

    def most_steps(self, slots: Counts) -> Counts | None:
        """Until a reset is due at the earliest; None where there never is one."""
        settings = self.decoder.settings
        if not settings[kernel.RESET_AFTER]:
            return None
        states = self.states[slots]
        wait = settings[kernel.RESET_AFTER] - states[:, kernel.SINCE_RESET]
        quiet = settings[kernel.RESET_QUIET] - states[:, kernel.QUIET_RUN]
        return np.maximum(1.0, np.maximum(wait, quiet)).astype(np.int64)

    def resets_due(self, slots: Counts) -> Counts:
        """Those whose hidden state is to be made fresh after their last step."""
        return slots[self.states[slots, kernel.RESET] > 0.0]


class DetectRecord:
    """What detection left behind; see `Record`."""

    def __init__(self, labels: tuple[str, ...], outputs: Outputs) -> None:
        self._labels = labels
        self.outputs = outputs
        self.probabilities = np.empty(outputs.shape)
        self.best = np.zeros(len(outputs), np.int64)
        self.scores = np.empty(len(outputs))
        self._named: list[str] = []
        self.events: dict[int, list[tuple[int, int]]] = {}
        """Of steps that have some: kind and class of each."""

    def decoded(self, first: int, end: int, frames: Frames, positions: Positions) -> Decoded:
        """Labels, scores, smoothed probabilities, and events."""
        if not self._named:
            self._named = list(map(self._labels.__getitem__, self.best.tolist()))
        probabilities = self.probabilities[first:end]
        events: tuple[tuple[Event, ...], ...] = ((),) * (end - first)
        if self.events:
            events = tuple(
                self._told(first, step, positions) if first + step in self.events else ()
                for step in range(end - first)
            )
        return Decoded(
            labels=tuple(self._named[first:end]),
            scores=self.scores[first:end],
            events=events,
            probabilities=probabilities,
        )

    def _told(self, first: int, step: int, positions: Positions) -> tuple[Event, ...]:
        """The events of one step of a stream whose steps begin at `first`."""
        at, row = int(positions[step]), self.probabilities[first + step]
        return tuple(
            Event(KINDS[kind], self._labels[which], at, float(row[which]))
            for kind, which in self.events[first + step]
        )


class DetectState(SlotState):
    """The detections of one stream."""

    def __init__(self, arena: DetectArena, slot: int) -> None:
        super().__init__(arena, slot, arena.states, arena.fresh, "detect")
        self._labels, self._most_steps = arena.decoder.labels, arena.most_steps

    def closing(self, position: int) -> tuple[Event, ...]:
        """Whatever is active ends with the stream."""
        classes = len(self._labels)
        mean, above = self._state[kernel.CLASSES : kernel.CLASSES + 2 * classes].reshape(2, -1)
        return tuple(
            Event("end", self._labels[which], position, mean.item(which))
            for which in np.flatnonzero(above).tolist()
        )

    def most_steps(self) -> int:
        """Until a reset is due at the earliest; 0 where there never is one."""
        most = self._most_steps(self._slot)
        return 0 if most is None else int(most[0])

    @property
    def reset_due(self) -> bool:
        """Whether the hidden state is to be made fresh after the last step."""
        return bool(self._state[kernel.RESET])
