"""`streamrnn devices`: what can be listened with."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streamrnn.cli.lines import print_json
from streamrnn.io.microphone import devices as find


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(devices)


def devices(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a device.")] = False,
) -> None:
    """List the devices that record; a number, or a part of a name, chooses one with --device."""
    found = find()
    if json:
        for device in found:
            print_json(device._asdict())
        return
    table = Table("number", "name", "channels", "Hz", "default")
    for device in found:
        mark = "yes" if device.default else ""
        table.add_row(str(device.number), device.name, str(device.channels), str(device.rate), mark)
    Console().print(table if found else "no device records")
