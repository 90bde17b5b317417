"""CSV tracks: what is read, and what is said of files that are none."""

import io
import sys

import numpy as np
import pytest

from streamrnn.errors import TrackError
from streamrnn.io.tracks import arriving_rows, read_track, read_tracks


@pytest.fixture
def write(tmp_path):
    def write(text, name="track.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_pixels_with_missing_fixes(write):
    path = write("time_s,x_px,y_px,visible\n0,1,2,1\n0.5,,,0\n1,3,4,0\n")
    nan = np.nan
    np.testing.assert_array_equal(read_track(path), [[0, 1, 2], [0.5, nan, nan], [1, nan, nan]])


def test_metres_in_any_order_with_further_columns(write):
    path = write("\ufeffz_m, y_m ,x,time_s,note\r\n3,2,1,0,a\r\n\r\n6,5,4,0,b\r\n")
    np.testing.assert_array_equal(read_track(path), [[0, 1, 2, 3], [0, 4, 5, 6]])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty file"),
        ("time_s,x,y\n", "expected at least one fix"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "expected CSV text in UTF-8"),
        ("<html>\n<p>\n", "line 1: expected a column time_s"),
        ("time_s,x\n0,1\n", "line 1: expected a column y or y_px or y_m"),
        ("time_s,x,y\n0,1,2\n1,one,2\n", "line 3: expected a number in column 'x', got 'one'"),
        ("time_s,x,y\n1,1,2\n0.5,1,2\n", "line 3: expected a time of 1.0 s or later, got 0.5"),
        ("time_s,x,y\n0,1,2\n1,2\n", "line 3: expected 3 fields.*got 2; the line may be cut"),
        ("time_s,x,y\n,1,2\n", "line 2: expected a finite time"),
        ("time_s,x,y\nnan,1,2\n", "line 2: expected a finite time"),
        ("time_s,x,y\n0,inf,2\n", "line 2: expected finite positions"),
        ('time_s,x,y\n0,"1,2\n', "expected CSV"),
    ],
)
def test_what_is_no_track_is_named(write, text, says):
    path = write(text)
    with pytest.raises(TrackError, match=says) as caught:
        read_track(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders(write, tmp_path):
    with pytest.raises(TrackError, match="got none"):
        read_tracks(tmp_path)
    with pytest.raises(TrackError, match="got no folder"):
        read_tracks(tmp_path / "absent")
    with pytest.raises(TrackError, match="absent.csv: expected a CSV file"):
        read_track(tmp_path / "absent.csv")
    write("time_s,x,y\n0,2,2\n", "b.csv")
    write("time_s,x,y\n0,1,1\n", "a.csv")
    assert [rows[0, 1] for rows in read_tracks(tmp_path).values()] == [1, 2]
    write("no track", "aa.csv")
    with pytest.raises(TrackError, match="aa.csv, line 1"):
        read_tracks(tmp_path)
    skipped: list[TrackError] = []
    assert list(read_tracks(tmp_path, skip=skipped.append)) == ["a", "b"]
    assert len(skipped) == 1 and "aa.csv" in str(skipped[0])


def test_a_folder_without_a_track_that_can_be_read_is_refused(write, tmp_path):
    write("no track", "a.csv")
    with pytest.raises(TrackError, match="expected tracks, got 1 files that are none"):
        read_tracks(tmp_path, skip=lambda error: None)


def test_rows_come_in_pieces_of_a_file_and_one_by_one_of_a_pipe(write, monkeypatch):
    text = "time_s,x,y\n" + "".join(f"{n},{n}.5,-{n}\n" for n in range(7))
    whole = read_track(write(text))
    parts = list(arriving_rows(str(write(text)), size=3))
    assert [len(part) for part in parts] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    pipe = io.StringIO(text + "7,7,7\nand so on\n")
    monkeypatch.setattr(sys, "stdin", pipe)
    rows = arriving_rows("-")
    np.testing.assert_array_equal(np.concatenate([next(rows) for _ in range(7)]), whole)
    assert pipe.readline() == "7,7,7\n"  # nothing was asked for before its time
    with pytest.raises(TrackError, match="standard input, line 9: expected 3 fields"):
        next(rows)
    with pytest.raises(TrackError, match=r"absent.csv: expected a CSV file"):
        arriving_rows("absent.csv")
