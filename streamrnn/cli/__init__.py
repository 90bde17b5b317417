"""The command line: it parses, calls and prints; one verb a file."""

import os
import signal
import sys
from collections.abc import Callable

from streamrnn.cli.lines import tell
from streamrnn.errors import StreamRNNError


def main() -> None:
    """Run the command line."""
    run(_command_line)


def _command_line() -> None:
    from streamrnn.cli.app import app  # half a second, in which Ctrl-C may come

    app()


def run(program: Callable[[], object]) -> None:
    """Run a program to its end: what the user can mend is one line and exit code 2.

    Ctrl-C ends with exit code 130, and a system that stops its services with 143, both after what
    is open was closed; a pipe that nobody reads any more with 1, without a word.

    Args:
        program: the command line, or a demo.
    """
    # Python's None for a stream that was closed; an empty one ends in the usual messages.
    sys.stdin = sys.stdin or open(os.devnull)
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has one of them
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)
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


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
