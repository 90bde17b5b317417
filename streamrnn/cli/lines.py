"""Lines: a JSON object, for programs, or what went wrong, for people."""

import sys
from typing import Any

import msgspec


def print_json(plain: Any) -> None:
    """Write plain data to standard output as one line, and hand it on at once; NaN is null."""
    sys.stdout.buffer.write(msgspec.json.encode(plain) + b"\n")
    sys.stdout.buffer.flush()


def tell(error: object) -> None:
    """Write what went wrong to standard error, as one line."""
    print("streamrnn:", " ".join(str(error).split()), file=sys.stderr)
