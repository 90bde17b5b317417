"""Marks: what was said when in a recording, as a table or as Audacity writes it.

A table is CSV in UTF-8 with a header that names `start`, `end` and `label`, in any order, among
whatever else; its fields are parted by commas, semicolons or tabs. A file of labels, which Audacity
imports and exports, has no header: `start`, `end` and label, parted by tabs; a line that begins
with a backslash tells of frequencies, and is passed over. Both tell seconds since the beginning. A
mark whose start is its end is a point. A file without any marks says that nothing is in the
recording.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from streamrnn.errors import MarksError

COLUMNS = ("start", "end", "label")
BESIDE = (".csv", ".txt", ".marks.csv", ".labels.txt")
"""What may follow a recording's name, without its suffix, in the name of its marks."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf|infinity)", re.A | re.I)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.A)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.A)  # 1,234 may be 1.234 or 1234
_MEND = "the header is start,end,label; or export labels from Audacity"


class Mark(NamedTuple):
    """Something that was said."""

    start: float
    """When it begins, in seconds since the recording's beginning."""
    end: float
    """When it ends; no earlier than its start."""
    label: str
    """What."""


def read_marks(path: str | Path) -> list[Mark]:
    """Read the marks of a recording.

    A decimal comma is taken for one where it can be nothing else: `2,5` and `0,125` and
    `12,345678` are numbers, `1,234` is refused, since it may be 1234.

    Args:
        path: a table, or a file of labels; see above.

    Returns:
        The marks as `merged` has them; none where the file holds none.

    Raises:
        MarksError: there is no such file, it is no UTF-8, or lacks a column; a field is no number,
            or not finite; a time is negative; an end lies before its start; a label is empty.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise MarksError(f"{path}: expected a file of marks, got: {reason or error}") from error
    except UnicodeDecodeError as error:
        raise MarksError(
            f"{path}: expected marks in UTF-8, got bytes that are none at {error.start}; encode "
            "the file anew"
        ) from error
    head = next((line for line in text.splitlines() if line.strip() and line[0] != "\\"), None)
    if head is None:
        return []
    delimiter = next((sign for sign in ",;\t" if set(COLUMNS) <= set(_names(head, sign))), None)
    rows = _labels(text, path, head) if delimiter is None else _table(text, path, delimiter)
    return merged(_mark(path, number, fields) for number, fields in rows)


def merged(marks: Iterable[Mark]) -> list[Mark]:
    """Marks in order of their start; those of one label that overlap or touch are one."""
    found: list[Mark] = []
    last: dict[str, int] = {}  # where the last of each label stands
    for mark in sorted(marks):
        at = last.get(mark.label)
        if at is not None and mark.start <= found[at].end:
            found[at] = found[at]._replace(end=max(found[at].end, mark.end))
        else:
            last[mark.label] = len(found)
            found.append(mark)
    return sorted(found)


def within(marks: Iterable[Mark], seconds: float) -> tuple[list[Mark], int]:
    """Those marks that begin within so many seconds, cut to their end, and how many do not."""
    marks = list(marks)
    inside = [mark._replace(end=min(mark.end, seconds)) for mark in marks if mark.start < seconds]
    return inside, len(marks) - len(inside)


def marks_beside(path: str | Path) -> Path | None:
    """The marks that lie beside a recording, or None.

    Of `night.flac` or `night.mcap` that is the first file there is of `night.csv`, `night.txt`,
    `night.marks.csv` and `night.labels.txt`. A CSV file with a column `time_s` is a track, and
    a text whose first line has no tab is what was said: neither is marks.
    """
    stem = Path(path).with_suffix("")
    for ending in BESIDE:
        beside = stem.with_name(stem.name + ending)
        if beside.is_file() and not _is_other(beside):
            return beside
    return None


def _is_other(path: Path) -> bool:
    """Whether a file is a track, or text."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline()
    if path.suffix == ".csv":
        return any("time_s" in _names(head, sign) for sign in ",;\t")
    return bool(head.strip()) and "\t" not in head and not set(COLUMNS) <= set(_names(head, ","))


def _names(head: str, delimiter: str) -> list[str]:
    return [name.strip().strip('"').strip().lower() for name in head.split(delimiter)]


def _table(text: str, path: str | Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and start, end, label of each row below the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if not names:
                names = [field.strip().lower() for field in fields]
                double = [name for name in COLUMNS if names.count(name) != 1]
                if double:
                    raise MarksError(
                        f"{path}, line {reader.line_num}: expected one column {double[0]}, got "
                        f"{names.count(double[0])}"
                    )
                continue
            if len(fields) != len(names):
                raise MarksError(
                    f"{path}, line {reader.line_num}: expected {len(names)} fields as in the "
                    f"header, got {len(fields)}; put a field with {delimiter!r} in it in quotes"
                )
            yield reader.line_num, [fields[names.index(name)] for name in COLUMNS]
    except csv.Error as error:
        raise MarksError(
            f"{path}, line {reader.line_num}: expected CSV, got: {error}; export it as plain CSV"
        ) from error


def _labels(text: str, path: str | Path, head: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and start, end, label of each line."""
    if "\t" not in head:
        raise MarksError(
            f"{path}: expected columns {', '.join(COLUMNS)}, got {head.strip()[:100]!r}; {_MEND}"
        )
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip() or line[0] == "\\":
            continue
        fields = line.split("\t")
        if len(fields) != len(COLUMNS):
            raise MarksError(
                f"{path}, line {number}: expected start, end and label with tabs between, got "
                f"{len(fields)} fields; {_MEND}"
            )
        yield number, fields


def _mark(path: str | Path, number: int, fields: Sequence[str]) -> Mark:
    where = f"{path}, line {number}"
    start, end = (_seconds(f"{where}, {COLUMNS[at]}", fields[at]) for at in (0, 1))
    label = fields[2].strip()
    if end < start:
        raise MarksError(
            f"{where}: expected an end of {start} s or later, got {end} s; let the mark end after "
            "it begins"
        )
    if not label:
        raise MarksError(f"{where}: expected a label, got none; name what is said there")
    return Mark(start, end, label)


def _seconds(where: str, field: str) -> float:
    text = field.strip()
    if _COMMA.fullmatch(text):
        if _GROUPED.fullmatch(text):
            raise MarksError(
                f"{where}: expected seconds, got {text!r}, which may be {text.replace(',', '.')} "
                f"or {text.replace(',', '')}; write a decimal point"
            )
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise MarksError(f"{where}: expected a number of seconds, got {field!r}; {_MEND}")
    value = float(text)
    if not math.isfinite(value):
        raise MarksError(f"{where}: expected a finite number of seconds, got {field!r}")
    if value < 0.0:
        raise MarksError(
            f"{where}: expected seconds since the recording's beginning, 0 or more, got {field!r}"
        )
    return value
