"""Plain immutable records: what configurations are made of.

A configuration is TOML on disk and JSON inside a model file. Unknown keys are refused, so a
misspelt option cannot be passed over.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

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
        raise ConfigError(f"{where}: {error}{_known(tree, kind, str(error))}") from error


def _known(tree: Any, kind: type[Any], problem: str) -> str:
    """Where a key is unknown: those that are known at its place; else nothing."""
    found = re.search(r"unknown field `[^`]*`(?: - at `\$([^`]*)`)?", problem)
    if found is None:
        return ""
    records, place = _records(inspect.type_info(kind)), tree
    for key in re.findall(r"[^.\[\]]+", found[1] or ""):
        place = place[int(key) if key.isdigit() else key]
        inner = [f.type for record in records for f in record.fields if f.encode_name == key]
        every = [record for each in inner for record in _records(each)]
        tags = _plain(place)
        records = [r for r in every if r.tag_field is None or tags.get(r.tag_field, r.tag) == r.tag]
    names = {field.encode_name for record in records for field in record.fields}
    names |= {record.tag_field for record in records if record.tag_field}
    return f"; known are {', '.join(sorted(names))}" if names else ""


def _plain(place: Any) -> dict[str, Any]:
    return cast(dict[str, Any], place) if isinstance(place, dict) else {}


def _records(kind: inspect.Type) -> list[inspect.StructType]:
    """The records that a value of a type may be, or hold."""
    match kind:
        case inspect.StructType():
            return [kind]
        case inspect.UnionType():
            return [record for each in kind.types for record in _records(each)]
        case inspect.DictType():
            return _records(kind.value_type)
        case inspect.ListType() | inspect.VarTupleType():
            return _records(kind.item_type)
        case _:
            return []


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
