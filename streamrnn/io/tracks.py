"""Tracks as CSV files: a header, then a line a fix.

Columns, in any order: `time_s`, `x` and `y` and perhaps `z` (each may carry its unit, as in
`x_px` or `x_m`), and perhaps `visible`. An empty position, or `visible` of 0, is a missing fix.
Further columns are passed over.
"""

import csv
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import TrackError

SUFFIXES = ("", "_px", "_m")


def read_track(path: str | Path) -> NDArray[np.float64]:
    """Read one track.

    Args:
        path: a CSV file.

    Returns:
        Rows of time in seconds and position, `(n, 3)` or `(n, 4)`, NaN where the fix is missing.

    Raises:
        TrackError: the file cannot be read, is no CSV, lacks columns, is cut short or has no
            fixes; a field is no number; time runs backwards.
    """
    return np.concatenate(list(track_chunks(path)))


def track_chunks(path: str | Path, *, size: int = 4_096) -> Iterator[NDArray[np.float64]]:
    """Read a track piece by piece; what is whole comes before an error.

    Args:
        path: a CSV file.
        size: lines of a piece.

    Raises:
        TrackError: as `read_track`.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TrackError(f"{path}: expected a CSV file, got: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TrackError(
            f"{path}: expected CSV text in UTF-8, got bytes that are none at {error.start}; "
            "export the track as CSV"
        ) from error
    lines = text.splitlines()
    layout = _layout(csv.reader(lines[:1], strict=True), path)
    before, found, first = -math.inf, False, 1
    plain = '"' not in text
    while first < len(lines):
        block = lines[first : first + size] if plain else lines[first:]
        rows = _quickly(block, layout, before) if plain else None
        if rows is None:  # by the row, for what is missing or wrong
            held: list[list[float]] = []
            problem: TrackError | None = None
            try:
                held.extend(_rows(csv.reader(block, strict=True), layout, path, before, first))
            except TrackError as error:
                problem = error
            if held:
                yield np.array(held)
            if problem is not None:
                raise problem
            rows = np.array(held).reshape(-1, len(layout.places))
        elif len(rows):
            yield rows
        if len(rows):
            before, found = float(rows[-1, 0]), True
        first += len(block)
    if not found:
        raise TrackError(f"{path}: expected at least one fix below the header, got none")


def arriving_rows(source: str, *, size: int = 1) -> Iterator[NDArray[np.float64]]:
    """The rows of a file, or of standard input for `-`, each as soon as its line is there.

    Args:
        source: a path, or `-`.
        size: rows of a file at a time.

    Raises:
        TrackError: as for `read_track`; of a file before the first rows.
    """
    if source == "-":
        lines = iter(sys.stdin.readline, "")
        return (np.array([row]) for row in iterate_rows(lines, "standard input"))
    rows = read_track(source)
    return (rows[first : first + size] for first in range(0, len(rows), size))


def iterate_rows(lines: Iterable[str], name: str | Path) -> Iterator[list[float]]:
    """Read the lines of a track as they come: a header, then a row a line.

    Args:
        lines: lines of CSV, perhaps of a pipe that is still open.
        name: what to call them in messages.

    Yields:
        Time in seconds and position, NaN where the fix is missing; each before the next line is
        asked for.

    Raises:
        TrackError: as for `read_track`, at the line where it is seen.
    """
    reader = csv.reader(lines, strict=True)
    yield from _rows(reader, _layout(reader, name), name, -math.inf, 0)


class _Layout(NamedTuple):
    """What the header says."""

    header: list[str]
    places: list[int]
    """Of time and positions."""
    visible: int | None
    """Where it stands whether a fix is one."""


def _layout(reader: Iterator[list[str]], name: str | Path) -> _Layout:
    header = _next(reader, name)
    if header is None:
        raise TrackError(f"{name}: expected a header and fixes, got an empty file")
    return _Layout(header, _columns(name, header), _find(header, ("visible",)))


def _rows(
    reader: Any, layout: _Layout, name: str | Path, before: float, passed: int
) -> Iterator[list[float]]:
    """Rows, the first no earlier than `before`, after so many lines."""
    header, columns, visible = layout
    while (fields := _next(reader, name)) is not None:
        if not fields:
            continue
        number = reader.line_num + passed
        if len(fields) != len(header):
            raise TrackError(
                f"{name}, line {number}: expected {len(header)} fields as in the header, got "
                f"{len(fields)}; the line may be cut short"
            )
        row = [_number(name, number, header[at], fields[at]) for at in columns]
        if not math.isfinite(row[0]):
            raise TrackError(
                f"{name}, line {number}: expected a finite time in {header[columns[0]]!r}, got "
                f"{fields[columns[0]]!r}; every fix needs its time, a missing one too"
            )
        if any(math.isinf(value) for value in row):
            raise TrackError(
                f"{name}, line {number}: expected finite positions, got {row[1:]}; leave the "
                "fields of a missing fix empty"
            )
        if row[0] < before:
            raise TrackError(
                f"{name}, line {number}: expected a time of {before} s or later, got {row[0]} s; "
                "sort the lines by time"
            )
        if visible is not None and _number(name, number, "visible", fields[visible]) == 0:
            row[1:] = [math.nan] * (len(row) - 1)
        before = row[0]
        yield row


def _quickly(lines: list[str], layout: _Layout, before: float) -> NDArray[np.float64] | None:
    """The rows of lines without a quote, all at once; None where one is to be looked at."""
    header, places, visible = layout
    commas = len(header) - 1
    if any(line.count(",") != commas for line in lines):
        return None
    text = "\n".join(lines) + "\n"
    while ",," in text:
        text = text.replace(",,", ",nan,")
    text = text.replace(",\n", ",nan\n")
    wanted = places if visible is None else [*places, visible]
    try:
        found = np.loadtxt(text.splitlines(), delimiter=",", usecols=wanted, ndmin=2, comments=None)
    except ValueError:
        return None
    if len(found) != len(lines):
        return None
    rows = found[:, : len(places)].copy()
    time = rows[:, 0]
    if (
        not np.isfinite(time).all()
        or np.isinf(rows).any()
        or (np.diff(time, prepend=before) < 0).any()
    ):
        return None
    if visible is not None:
        rows[found[:, -1] == 0, 1:] = np.nan
    return rows


def _next(reader: Iterator[list[str]], name: str | Path) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise TrackError(f"{name}: expected CSV, got: {error}; export it as plain CSV") from error


def read_tracks(
    folder: str | Path, *, skip: Callable[[TrackError], object] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Read every `*.csv` of a folder.

    Args:
        folder: where they lie.
        skip: called with the error of each file that cannot be read, which is then left out; by
            default it is raised.

    Returns:
        The rows of each track by the name of its file without `.csv`, in the order of names.

    Raises:
        TrackError: no such folder, no CSV in it, or none that can be read.
    """
    if not Path(folder).is_dir():
        raise TrackError(f"{folder}: expected a folder of CSV tracks, got no folder")
    paths = sorted(Path(folder).glob("*.csv"))
    if not paths:
        raise TrackError(f"{folder}: expected CSV tracks (*.csv) in the folder, got none")
    found: dict[str, NDArray[np.float64]] = {}
    for path in paths:
        try:
            found[path.stem] = read_track(path)
        except TrackError as error:
            if skip is None:
                raise
            skip(error)
    if not found:
        raise TrackError(f"{folder}: expected tracks, got {len(paths)} files that are none")
    return found


def _find(header: Sequence[str], names: Sequence[str]) -> int | None:
    for at, title in enumerate(header):
        if title.strip().lower() in names:
            return at
    return None


def _columns(path: str | Path, header: Sequence[str]) -> list[int]:
    """Where time, x, y and perhaps z stand."""
    found: list[int] = []
    for name in ("time", "x", "y", "z"):
        suffixes = ("_s",) if name == "time" else SUFFIXES
        at = _find(header, [name + suffix for suffix in suffixes])
        if at is not None:
            found.append(at)
        elif name != "z":
            wanted = " or ".join(name + suffix for suffix in suffixes)
            raise TrackError(
                f"{path}, line 1: expected a column {wanted}, got {', '.join(header)[:200]!r}; "
                "the header is time_s,x,y or time_s,x,y,z"
            )
    return found


def _number(path: str | Path, line: int, name: str, field: str) -> float:
    if not field.strip():
        return math.nan
    try:
        return float(field)
    except ValueError:
        raise TrackError(
            f"{path}, line {line}: expected a number in column {name!r}, got {field!r}; leave the "
            "field of a missing fix empty"
        ) from None
