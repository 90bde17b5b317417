"""`streamrnn models`: what is bundled."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from streamrnn.cli.lines import print_json
from streamrnn.model import BUNDLED, bundled_models, load


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(models)


def models(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a model.")] = False,
) -> None:
    """List the bundled models, with their cards."""
    table = Table("name", "network", "weights", "file", "state", "trained", "fingerprint")
    for name in bundled_models():
        model = load(name)
        network = model.config.network
        size = (BUNDLED / f"{name}.safetensors").stat().st_size
        weights = sum(array.size for array in (model.weights or {}).values())
        plain: dict[str, Any] = {
            "name": name,
            "network": f"{network.cell} {network.num_layers} × {network.hidden_size}",
            "weights": weights,
            "file_bytes": size,
            "state_bytes": model.state_bytes,
            "fingerprint": model.fingerprint,
            "card": model.card,
        }
        if json:
            print_json(plain)
        table.add_row(
            name,
            plain["network"],
            f"{weights:,}",
            f"{size / 1e6:.2f} MB",
            f"{model.state_bytes / 1e3:.1f} kB",
            str(model.card.get("date", "")),
            model.fingerprint[:12],
        )
    if not json:
        Console().print(table)
