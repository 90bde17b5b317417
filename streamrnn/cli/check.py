"""`streamrnn check MODEL`: the contract, run against a model."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from streamrnn.checks import check_model
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
    with Console(stderr=True).status(f"checking {network.name}"):
        report = check_model(network, seed=seed)
    if json:
        plain = {**asdict(report), "passed": report.passed}
        print_json(plain)
    else:
        print(report)
    raise typer.Exit(0 if report.passed else 1)
