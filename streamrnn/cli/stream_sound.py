"""Sound for `streamrnn stream`: a microphone, files, raw samples on standard input."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.live import Live

from streamrnn.cli.lines import print_json
from streamrnn.cli.sound_source import Source, filled, open_sound
from streamrnn.config import DetectConfig, SoundConfig, VoiceConfig
from streamrnn.decoded import Event
from streamrnn.errors import InputError, SoundError
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.io.recorded import RecordedStream
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.show.listen import Listening
from streamrnn.stream import Stream

REDRAWS = 15.0  # pictures a second at most
SECONDS = 5.0  # of the past that a picture shows


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about sound."""

    json: bool
    """Lines for a program."""
    view: bool | None
    """Draw a picture; None: in a terminal."""
    speed: float
    """Pace at which a file is drawn; 1: as recorded, 0: no waiting."""
    rate: int | None
    """Samples a second of a microphone (None: its own) or of raw samples (None: the model's)."""
    channels: int
    """Of a microphone or of raw samples."""
    device: str | None
    """A microphone's number or a part of its name; None: the system's default."""
    reconnect: bool
    """Wait for a microphone that went away."""


def stream_sound(model: Model, front: SoundConfig, source: str, options: Options) -> None:
    """Feed sound as it comes in, and tell what the model makes of it; `front` is the model's."""
    with open_sound(
        source,
        rate=options.rate,
        channels=options.channels,
        device=options.device,
        reconnect=options.reconnect,
        usual=front.sample_rate,
    ) as found:
        _run(model, front, found, options)


def _note(stream: Stream, gap: int) -> None:
    """Have a gap recorded, where there is one."""
    if gap and isinstance(stream, RecordedStream):
        stream.gap(gap)


def _heard(stream: Stream, source: Source) -> Iterator[tuple[int, int, Predictions]]:
    """How many samples came, how many were lost before them, and what is predicted."""
    for samples, gap in filled(source):
        _note(stream, gap)
        if samples is None:
            yield 0, 0, stream.flush()
        else:
            yield len(samples), gap, stream.feed(samples)


def _run(model: Model, front: SoundConfig, source: Source, options: Options) -> None:
    stream = model.stream(rate=source.rate, channels=source.channels)
    console = Console()
    try:
        if options.json:
            _write(stream, source)
        elif console.is_terminal if options.view is None else options.view:
            _draw(console, model.labels, front, stream, source, options.speed)
        else:
            _print(console, stream, source)
    except InputError as error:
        told = f"{source.name}, after {stream.position} samples: {error}"
        raise SoundError(told) from error


def _write(stream: Stream, source: Source) -> None:
    """One JSON object a step, and one a gap."""
    arrived = 0
    for count, gap, said in _heard(stream, source):
        if gap:
            print_json({"gap": gap, "position": arrived, "time": arrived / source.rate})
        arrived += count
        for each in said:
            print_json(
                {
                    "position": each.position,
                    "time": each.time,
                    "label": each.label,
                    "score": each.score,
                    "events": [event._asdict() for event in each.events],
                }
            )
        if said.ended:
            print_json({"position": arrived, "events": [event._asdict() for event in said.ended]})


def _print(console: Console, stream: Stream, source: Source) -> None:
    """A line where something happens: an event, or another label where there are no events."""
    eventful = isinstance(stream.model.config.decoder, DetectConfig | VoiceConfig)
    before: str | None = None
    arrived = 0
    for count, gap, said in _heard(stream, source):
        if gap:
            console.print(f"{arrived / source.rate:9.2f} s  lost {gap} samples", highlight=False)
        arrived += count
        for each in said:
            time_s = 0.0 if each.time is None else each.time
            for event in each.events:
                _say(console, event, source.rate)
            if not eventful and each.label != before:
                before = each.label
                console.print(f"{time_s:9.2f} s  {before} {each.score or 0:.0%}", highlight=False)
        for event in said.ended:
            _say(console, event, source.rate)


def _say(console: Console, event: Event, rate: int) -> None:
    """A line of an event, at its own place in the sound."""
    told = f"{event.kind:<8} {event.label} {event.score:.0%}"
    console.print(f"{event.position / rate:9.2f} s  {told}", highlight=False)


def _draw(
    console: Console,
    labels: tuple[str, ...],
    front: SoundConfig,
    stream: Stream,
    source: Source,
    speed: float,
) -> None:
    """The scrolling picture; a file is played at its pace, or faster."""
    spectra = AudioFrontend.spectra(front)
    ear = spectra.stream(rate=source.rate, channels=source.channels)
    columns = spectra.framing.sample_rate / spectra.framing.hop
    picture = Listening(labels, seconds=SECONDS, rate=columns)
    size = {"columns": min(console.width, 120), "rows": max(6, min(console.height - 12, 24))}
    begun, drawn, arrived, busy, lost = time.monotonic(), 0.0, 0, 0.0, 0
    hidden = stream.hidden
    with Live(console=console, auto_refresh=False) as live:
        for samples, gap in filled(source):
            _note(stream, gap)
            began = time.monotonic()
            said = stream.flush() if samples is None else stream.feed(samples)
            lost += gap
            last = samples is None
            if samples is None:
                picture.add(np.zeros(0), ear.flush().values, hidden, said)
            else:
                full = 32_768.0 if samples.dtype == np.int16 else 1.0
                hidden = stream.hidden
                mono = samples.mean(axis=1, dtype=np.float64) / full
                picture.add(mono, ear.feed(samples).values, hidden, said)
                arrived += len(samples)
            heard = arrived / source.rate
            busy += time.monotonic() - began
            if not source.live and speed > 0:
                time.sleep(max(0.0, begun + heard / speed - time.monotonic()))
            now = time.monotonic()
            if now - drawn >= 1.0 / REDRAWS or last:
                lag = now - begun - heard if source.live else 0.0
                status = f"{heard:7.1f} s  real-time factor {busy / max(heard, 0.1):.2f}"
                if source.live:
                    status += f"  lag {1000 * max(lag, 0.0):.0f} ms"
                if lost:
                    status += f"  lost {lost} samples"
                live.update(picture.text(**size, status=status), refresh=True)
                drawn = now
