"""`streamrnn export MODEL FILE.onnx`: a model for other runtimes."""

from pathlib import Path
from typing import Annotated

import typer

from streamrnn.cli.lines import print_json
from streamrnn.export import export as write
from streamrnn.loading import load


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(export)


def export(
    model: Annotated[str, typer.Argument(help="A bundled name, or a .safetensors file.")],
    file: Annotated[Path, typer.Argument(help="The file to be written, ….onnx.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write a model as an ONNX graph of one step, its states in and out.

    Any runtime runs it frame by frame: `frame` (or `token`), h_0 and, of an LSTM, c_0 in; output,
    h_n and c_n out. Every verb here takes the file in place of a model's name: outputs are within
    1e-5 of the native engine's. Needs the extra onnx.
    """
    network = load(model)
    written = write(network, file)
    size = written.stat().st_size
    if json:
        print_json({"model": network.name, "file": str(written), "bytes": size})
    else:
        print(f"{written}: {network.name}, {size / 1e6:.2f} MB")
