"""The command line: it parses, calls and prints; one verb a file."""

import os
import sys
from collections.abc import Callable
from importlib import import_module

import typer

from streamrnn.cli.lines import tell
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
    """Run the command line."""
    run(app)


def run(program: Callable[[], object]) -> None:
    """Run a program to its end: what the user can mend is one line and exit code 2.

    Ctrl-C ends with exit code 130; a pipe that nobody reads any more with 1, without a word.

    Args:
        program: the command line, or a demo.
    """
    # Python's None for a stream that was closed; an empty one ends in the usual messages.
    sys.stdin = sys.stdin or open(os.devnull)
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    try:
        try:
            program()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except StreamRNNError as error:
        tell(error)
        sys.exit(2)
    except OSError as error:
        # What could not be written is not to be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(1)
        tell(f"expected to read and write, got: {error}")
        sys.exit(2)
