"""`streamrnn explain …`: what goes on inside of a network, measured and drawn."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from streamrnn.cli.answers import give, measuring, see_that, with_torch
from streamrnn.cli.inputs import read_input
from streamrnn.errors import UnsupportedError
from streamrnn.loading import load

explain = typer.Typer(no_args_is_help=True)

Png = Annotated[
    Path | None, typer.Option("--png", help="Draw to a file: PNG, SVG, PDF, by its suffix.")
]
Dark = Annotated[bool, typer.Option("--dark", help="The file light on dark.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Name = Annotated[str, typer.Argument(help="A bundled name, or a .safetensors file.")]
Input = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="Of text, the text itself; a file of sound; a CSV track; frames in a .npy file. Of a "
        "model of sound also example, four spoken words; of one of task memory example, or "
        "example:N, the Nth of its test sequences.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(explain, name="explain", help="See what goes on inside of a network.")


@explain.command()
def state(
    model: Name,
    source: Input,
    layer: Annotated[int, typer.Option(help="Which, from 1; by default the last.")] = 0,
    last: Annotated[int, typer.Option(min=0, help="Only so many steps at the end; 0: all.")] = 0,
    json: Json = False,
    png: Png = None,
    dark: Dark = False,
) -> None:
    """The hidden state as colours, a column a step, and how far the gates stand open.

    A GRU's update gate z keeps, and 1 − z lets in; its reset gate r says how far the state is read
    again for that. An LSTM's input gate i lets in, its forget gate f keeps, its output gate o lets
    out.
    """
    see_that(png, dark)
    from streamrnn.learn.explain.states import explain_state
    from streamrnn.show.explain.state import state_picture
    from streamrnn.show.explain.terminal import state_view

    network = load(model)
    sequence, options = read_input(network, source)
    if not 0 <= layer <= network.config.network.num_layers:
        raise UnsupportedError(
            f"--layer: expected 1 to {network.config.network.num_layers} of {network.name}, got "
            f"{layer}"
        )
    report = explain_state(network, sequence, layer=layer - 1, last=last, **options)
    console = Console()
    shown = [state_view(report, console.width, colour=bool(console.color_system))]
    give(report, shown, *state_picture(report), json=json, png=png, dark=dark)


@explain.command()
def memory(
    model: Name,
    source: Input,
    beside: Annotated[
        list[str] | None, typer.Option(help="Further models of the same kind; repeatable.")
    ] = None,
    of: Annotated[
        Literal["hidden", "output"], typer.Option(help="What the inputs weigh in.")
    ] = "hidden",
    last: Annotated[
        int, typer.Option(min=1, help="Only so many steps at the end: work grows as its square.")
    ] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a model.")] = False,
    png: Png = None,
    dark: Dark = False,
) -> None:
    """How much each earlier input still weighs: the norms of exact Jacobians, as shares.

    Of a long input the last 100 steps are measured, or --last, and shares are among these.
    """
    see_that(png, dark)
    with with_torch():
        from streamrnn.learn.explain.memory import MemoryReport, explain_memory
    from streamrnn.show.explain.memory import memory_picture
    from streamrnn.show.explain.terminal import memory_table

    reports: list[MemoryReport] = []
    with measuring(model) as advance:
        for name in (model, *(beside or ())):
            network = load(name)
            sequence, options = read_input(network, source)
            reports.append(explain_memory(network, sequence, last=last, advance=advance, **options))
            if reports[-1].steps.names != reports[0].steps.names:
                raise UnsupportedError(
                    f"--beside {name}: expected a model that reads the input as {model} does, in "
                    f"{len(reports[0].steps.names)} steps, got {len(reports[-1].steps.names)}"
                )
    told = [
        {
            **msgspec.to_builtins(each),
            "of": of,
            "share": each.share(of),
            "kept_a_step": each.kept(of),
        }
        for each in reports
    ]
    width = Console().width
    shown = [memory_table(each, of, width) for each in reports]
    give(
        told if beside else told[0],
        shown,
        *memory_picture(reports, of),
        json=json,
        png=png,
        dark=dark,
    )


@explain.command()
def gradient(
    steps: Annotated[int, typer.Option(min=10, help="Steps back in time.")] = 1_000,
    hidden: Annotated[int, typer.Option(min=1, help="Size of the hidden states.")] = 64,
    seeds: Annotated[int, typer.Option(min=1, help="Networks that each curve stands for.")] = 5,
    json: Json = False,
    png: Png = None,
    dark: Dark = False,
) -> None:
    """The gradient that reaches earlier steps and lower layers: how it fades, grows, is clipped.

    Of new networks as torch begins them; with gates opened for as long, and orthogonal weights in a
    plain RNN; of the bundled networks that have learnt the adding problem; of 50 layers without a
    loop; of a plain RNN whose gradient grows, and its learning with and without clipping.
    """
    see_that(png, dark)
    with with_torch():
        from streamrnn.learn.explain import ADDERS
        from streamrnn.learn.explain.gradient import explain_gradient
    from streamrnn.show.explain.gradient import gradient_picture
    from streamrnn.show.explain.terminal import gradient_tables

    with measuring("gradients") as advance:
        report = explain_gradient(
            [load(name) for name in ADDERS],
            steps=steps,
            hidden_size=hidden,
            seeds=seeds,
            advance=advance,
        )
    shown = gradient_tables(report)
    give(report, shown, *gradient_picture(report), json=json, png=png, dark=dark)


@explain.command()
def tasks(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Models trained with configs/memory.toml; by default the bundled rows."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a network.")] = False,
    png: Png = None,
    dark: Dark = False,
) -> None:
    """Problems that need memory, length against success, for each cell and several seeds.

    The rows that come with the package were trained by `make memory`; each names its command.
    """
    see_that(png, dark)
    from streamrnn.learn.explain.results import read_committed, read_folder
    from streamrnn.show.explain.tasks import tasks_picture, tasks_table

    rows = read_folder(folder) if folder else read_committed("memory_tasks")
    strange = sorted({row.task for row in rows if not row.length})
    if strange:
        raise UnsupportedError(
            f"{folder}: expected models of task memory, got {', '.join(strange)}; move the others"
        )
    give(rows, [tasks_table(rows)], *tasks_picture(rows), json=json, png=png, dark=dark)


@explain.command()
def gates(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Models of task intents or characters; by default the bundled rows."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds: a first look.")] = False,
    json: Json = False,
    png: Png = None,
    dark: Dark = False,
) -> None:
    """What gates cost in weights, arithmetic and time, trained and live, and what they bring.

    Times are measured now, on this machine. The scores are of networks trained alike, each with the
    command that trained it.
    """
    see_that(png, dark)
    with with_torch():
        from streamrnn.bench.gates import run
    from streamrnn.learn.explain.results import MEASURES, read_committed, read_folder
    from streamrnn.show.explain.gates import gates_picture, gates_tables

    rows = read_folder(folder) if folder else read_committed("gates_cost")
    strange = sorted({row.task for row in rows} - MEASURES.keys())
    if strange:
        raise UnsupportedError(
            f"{folder}: expected models of task {' or '.join(MEASURES)}, got {', '.join(strange)}; "
            "move the others"
        )
    report = run(quick=quick)
    told = {**msgspec.to_builtins(report), "scores": msgspec.to_builtins(rows)}
    shown = [*gates_tables(report, rows), *report.notes()]
    give(told, shown, *gates_picture(report, rows), json=json, png=png, dark=dark)


@explain.command()
def report(
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    text: Annotated[str, typer.Option(help="The sentence that is read.")] = "what time is it?",
    quick: Annotated[bool, typer.Option("--quick", help="Fewer networks and rounds.")] = False,
) -> None:
    """All of it on one page, which needs nothing else: pictures, numbers, and their commands."""
    with with_torch():
        from streamrnn.show.explain.report import write_report

    with measuring("report") as advance:
        write_report(out, text, quick=quick, advance=lambda share: advance(round(100 * share), 100))
    print(out)
