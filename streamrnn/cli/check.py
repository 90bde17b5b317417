"""`streamrnn check MODEL`: the contract, run against a model."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from streamrnn.checks import Point, check_model
from streamrnn.checks.report import POINTS
from streamrnn.cli.lines import print_json
from streamrnn.loading import load


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(check)


def check(
    model: Annotated[str, typer.Argument(help="A bundled name, or a .safetensors or .onnx file.")],
    seed: Annotated[int, typer.Option(help="Of the random cuts and the made-up sequence.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Try the seven points of the contract on a model; exit code 1 where one fails."""
    network = load(model)
    if not json:
        print(f"{network.name} ({network.fingerprint[:12]})", flush=True)
    with Console(stderr=True).status(f"checking {network.name}") as status:

        def tell(point: Point) -> None:
            if not json:
                status.stop()  # or it would catch what is printed
                print(f"  {point}", flush=True)
                status.start()
            status.update(f"checking {network.name}: {point.number} of {len(POINTS)} points tried")

        report = check_model(network, seed=seed, tell=tell)
    if json:
        print_json({**asdict(report), "passed": report.passed})
    raise typer.Exit(0 if report.passed else 1)
