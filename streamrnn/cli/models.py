"""`streamrnn models [NAME]`: what is bundled, and how it came about."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from streamrnn.cli.lines import print_json
from streamrnn.loading import BUNDLED, bundled_models, load


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(models)


def models(
    name: Annotated[
        str | None,
        typer.Argument(help="One of them, or a .safetensors or .onnx file, to be told all of."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a model.")] = False,
) -> None:
    """List the bundled models, or tell of one how it was trained and what it scored: its card."""
    told = [_plain(each) for each in ([name] if name else bundled_models())]
    if json:
        for plain in told:
            print_json(plain)
    elif name:
        for key, value in _lines(told[0]):
            Console().print(f"{key}  {value}", soft_wrap=True, highlight=False, markup=False)
    else:
        Console().print(_table(told))


def _plain(name: str) -> dict[str, Any]:
    """All of a model but its weights, as plain data."""
    model = load(name)
    network = model.config.network
    bundled = BUNDLED / f"{name}.safetensors"
    own = model.weights is None  # and only its engine knows them
    shape = f"{network.cell} {network.num_layers} × {network.hidden_size}"
    return {
        "name": model.name,
        "network": f"ONNX graph, {network.input_size} → {network.output_size}" if own else shape,
        "weights": None if own else sum(array.size for array in (model.weights or {}).values()),
        "file_bytes": (bundled if bundled.is_file() else Path(name)).stat().st_size,
        "state_bytes": model.state_bytes,
        "labels": model.labels,
        "fingerprint": model.fingerprint,
        "card": model.card,
    }


def _lines(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Each value with the keys that lead to it: `card.train.epochs`."""
    for key, value in tree.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            yield from _lines(cast(Mapping[str, Any], value), f"{above}{key}.")
        elif isinstance(value, list | tuple):
            yield above + key, ", ".join(map(str, cast(list[Any], value)))
        else:
            yield above + key, str(value)


def _table(told: list[dict[str, Any]]) -> Table:
    """A line a model, within 80 columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("name", "network", "weights", "file", "trained"):
        right = title in ("weights", "file")
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for plain in told:
        table.add_row(
            plain["name"],
            plain["network"],
            f"{plain['weights'] or 0:,}",
            f"{plain['file_bytes'] / 1e6:.2f} MB",
            str(plain["card"].get("date", "")),
        )
    return table
