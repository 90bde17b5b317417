"""The command line: it parses, calls and prints; one verb a file."""

import os
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
    """Run the command line; what the user can mend is one line and exit code 2.

    Ctrl-C ends with exit code 130; a pipe that nobody reads any more with 1, without a word.
    """
    # Python's None for a stream that was closed; an empty one ends in the usual messages.
    sys.stdin = sys.stdin or open(os.devnull)
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except StreamRNNError as error:
        _tell(error)
        sys.exit(2)
    except OSError as error:
        # What could not be written is not to be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(1)
        _tell(f"expected to read and write, got: {error}")
        sys.exit(2)


def _tell(error: object) -> None:
    print("streamrnn:", " ".join(str(error).split()), file=sys.stderr)
