"""`streamrnn bench …`: measurements beside what a user would pick instead."""

from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console, RenderableType

bench = typer.Typer(no_args_is_help=True)

Quick = Annotated[bool, typer.Option("--quick", help="Fewer rounds: a first look.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Plot = Annotated[Path | None, typer.Option(help="Draw the result to a PNG.")]
Only = Annotated[
    list[str] | None,
    typer.Option(help="A network (gru-128, 2xgru-128) or a contender (kernel, torch.nn)."),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(bench, name="bench", help="Measure beside what a user would pick instead.")


class Report(Protocol):
    """What a measurement gives."""

    def table(self) -> RenderableType:
        """To read."""
        ...

    def as_json(self) -> str:
        """For programs."""
        ...

    def plot(self, path: str | Path) -> None:
        """To look at."""
        ...


def _show(report: Report, json: bool, plot: Path | None) -> None:
    if json:
        print(report.as_json())
    else:
        Console().print(report.table())
    if plot is not None:
        report.plot(plot)


@bench.command()
def step(quick: Quick = False, json: Json = False, plot: Plot = None, only: Only = None) -> None:
    """One live step, input 80: the compiled call and Stream.feed beside torch, numpy, ONNX Runtime.

    All contenders compute the same network, are checked against float64 first, and are timed in
    turn within one run, on one core and with one thread; the floor is the time to read the weights.
    """
    from streamrnn.bench import step as measurement

    sizes, contenders = measurement.split_names(only or ())
    _show(measurement.run(sizes=sizes, contenders=contenders, quick=quick), json, plot)


@bench.command()
def cold(quick: Quick = False, json: Json = False, plot: Plot = None, only: Only = None) -> None:
    """One step after 10 ms of sleep, as at live cadence: caches and clock have cooled down."""
    from streamrnn.bench import step as measurement

    sizes, contenders = measurement.split_names(only or ())
    report = measurement.run(sizes=sizes, contenders=contenders, quick=quick, cold=True)
    _show(report, json, plot)


@bench.command()
def chunk(quick: Quick = False, json: Json = False, plot: Plot = None) -> None:
    """Chunks of several frames at once: Stream.feed beside torch and ONNX Runtime."""
    from streamrnn.bench import chunk as measurement

    _show(measurement.run(quick=quick), json, plot)


@bench.command()
def start(
    quick: Quick = False,
    json: Json = False,
    plot: Plot = None,
    model: Annotated[str | None, typer.Option(help="A bundled name or a file.")] = None,
) -> None:
    """From process start to the first prediction, in fresh processes: seconds and memory."""
    from streamrnn.bench import start as measurement

    _show(measurement.run(model=model, quick=quick), json, plot)


@bench.command()
def audio(quick: Quick = False, json: Json = False, plot: Plot = None) -> None:
    """From 10 ms of sound to a prediction object: log-mel 40, GRU 128, detection.

    Beside it the same network of torchaudio and torch.nn, checked for equal outputs first; and,
    where installed, silero-vad and pymicro-wakeword, which do a job of their own.
    """
    from streamrnn.bench import audio as measurement

    _show(measurement.run(quick=quick), json, plot)


@bench.command()
def silero(quick: Quick = False, json: Json = False, plot: Plot = None) -> None:
    """32 ms of sound through silero-vad's own network: Stream.feed on top of ONNX Runtime.

    Beside it silero-vad's own wrapper and iterator, checked for equal probabilities first.
    """
    from streamrnn.bench import silero as measurement

    _show(measurement.run(quick=quick), json, plot)


@bench.command()
def replay(quick: Quick = False, json: Json = False, plot: Plot = None) -> None:
    """Recorded streams played offline: × real time, memory over ten hours, two processes, tracks.

    Beside it the same network of torchaudio and torch.nn, checked for equal outputs first, and,
    where installed, silero-vad's offline function, which does a job of its own.
    """
    from streamrnn.bench import replay as measurement

    _show(measurement.run(quick=quick), json, plot)


@bench.command()
def pool(
    quick: Quick = False,
    json: Json = False,
    plot: Plot = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A network (gru-128) or a number of streams.")
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="1,000 live microphones instead, and memory a stream.")
    ] = False,
) -> None:
    """One step of many streams: the pool beside batches in torch and ONNX Runtime.

    All contenders compute the same network, are checked for equal outputs first, and are timed in
    turn within one run; the peak is what one core multiplies at most, in that very run.
    """
    if audio:
        from streamrnn.bench import pool_audio

        _show(pool_audio.run(quick=quick), json, plot)
        return
    from streamrnn.bench import pool as measurement

    _show(measurement.run(only=only or (), quick=quick), json, plot)
