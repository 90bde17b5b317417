"""The verbs of the command line."""

from importlib import import_module

import typer

app = typer.Typer(
    name="streamrnn",
    help="Recurrent networks, trained on whole sequences and run live to the bit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _verb in (
    "stream",
    "record",
    "replay",
    "serve",
    "train",
    "evaluate",
    "check",
    "explain",
    "export",
    "bench",
    "models",
    "devices",
):
    import_module(f"streamrnn.cli.{_verb}").add_to(app)
