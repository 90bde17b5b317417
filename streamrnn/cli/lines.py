"""What a program reads: one JSON object a line."""

import sys
from typing import Any

import msgspec


def print_json(plain: Any) -> None:
    """Write plain data to standard output as one line, and hand it on at once; NaN is null."""
    sys.stdout.buffer.write(msgspec.json.encode(plain) + b"\n")
    sys.stdout.buffer.flush()
