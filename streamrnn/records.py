"""Plain immutable records: what configurations are made of.

A configuration is TOML on disk and JSON inside a model file. Unknown keys are refused, so a
misspelt option cannot be passed over.
"""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from streamrnn.errors import ConfigError

Kind = TypeVar("Kind")


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all configuration records."""


def convert(tree: Any, kind: type[Kind], *, where: str) -> Kind:
    """Make a record of plain data, or say what does not fit.

    Raises:
        ConfigError: naming the place, the key, what was expected and what came.
    """
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error


def read_toml(path: str | Path) -> dict[str, Any]:
    """The plain data of a TOML file.

    Raises:
        ConfigError: the file is absent or no TOML; the message begins with it.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected a TOML file, got: {error}") from error


def encode(record: msgspec.Struct) -> str:
    """A record as canonical JSON: keys sorted, so equal records give equal text."""
    return msgspec.json.encode(record, order="sorted").decode()
