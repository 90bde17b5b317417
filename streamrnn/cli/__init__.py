"""The command line: it parses, calls and prints; one verb a file."""

import sys
from importlib import import_module

import typer

from streamrnn.errors import StreamRNNError

app = typer.Typer(
    name="streamrnn",
    help="Recurrent networks, trained on whole sequences and run live to the bit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _verb in ("stream", "train", "evaluate", "check", "bench", "models", "devices"):
    import_module(f"streamrnn.cli.{_verb}").add_to(app)


def main() -> None:
    """Run the command line; what the user can mend is one line and exit code 2."""
    try:
        app()
    except StreamRNNError as error:
        print(f"streamrnn: {error}", file=sys.stderr)
        sys.exit(2)
