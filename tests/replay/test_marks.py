"""Marks: tables and labels are read, overlaps are one, what is wrong is said by name and line."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.errors import MarksError
from streamrnn.replay.marks import Mark, marks_beside, merged, read_marks, within

EXPECTED = [Mark(0.0, 0.75, "yes"), Mark(1.5, 2.25, "stop, now"), Mark(12.345678, 13.0, "yes")]
TABLE = 'start,end,label\n1.5,2.25,"stop, now"\n12.345678,13,yes\n0,0.75,yes\n'
LABELS = "1.5\t2.25\tstop, now\n12.345678\t13\tyes\n0\t0.75\tyes\n"
FORMS = {
    "a table": TABLE,
    "with a byte-order mark, as Windows ends lines": "\ufeff" + TABLE.replace("\n", "\r\n"),
    "other columns, another order": (
        'who,Label , END,"start"\nme,"stop, now",2.25,1.5\n,yes,13,12.345678\n\nme, yes,.75, 0e3\n'
    ),
    "semicolons and decimal commas": (
        "start;end;label\n1,5;2,25;stop, now\n12,345678;13,0;yes\n0,000;0,75;yes\n"
    ),
    "tabs below a header": "start\tend\tlabel\n" + LABELS,
    "labels": LABELS,
    "labels, frequencies and empty lines": "\n\\\t100\t200\n"
    + LABELS.replace("\n", "\n\\\t300.5\t4000\n\n"),
    "labels with decimal commas": LABELS.replace(".", ","),
    "a field of two lines": (
        "note,start,end,label\n"
        '"one\ntwo",1.5,2.25,"stop, now"\n,12.345678,13,yes\n'
        ",0,.5,yes\n,.5,.75,yes"
    ),
}


def written(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(tmp_path: Path, form: str) -> None:
    assert read_marks(written(tmp_path, FORMS[form])) == EXPECTED


@pytest.mark.parametrize(
    "text", ["", "\n \n", "start,end,label\n", "label;start;end", "\\\t1\t2\n"]
)
def test_a_file_without_marks_says_that_there_is_nothing(tmp_path: Path, text: str) -> None:
    assert read_marks(written(tmp_path, text)) == []


def test_a_point_is_a_mark(tmp_path: Path) -> None:
    assert read_marks(written(tmp_path, "2.5\t2.5\ta\n", "a.txt")) == [Mark(2.5, 2.5, "a")]


H = "start,end,label\n"


@pytest.mark.parametrize(
    "text, told",
    [
        ("start,end,word\n1,2,a\n", "expected columns start, end, label, got 'start,end,word'"),
        ("1.0,2.0,a\n", "expected columns start, end, label, got '1.0,2.0,a'; the header is"),
        ("1.0 2.0 a\n", "expected columns"),
        ("start,end,label,end\n", "line 1: expected one column end, got 2"),
        (H + "1,2,a\n1,two,a\n", "line 3, end: expected a number of seconds, got 'two'"),
        (H + "1,,a\n", "line 2, end: expected a number of seconds, got ''"),
        (H + "1_0,20,a\n", "line 2, start: expected a number of seconds, got '1_0'"),
        (H + "0x1,20,a\n", "line 2, start: expected a number"),
        (H + "nan,2,a\n", "line 2, start: expected a finite number of seconds, got 'nan'"),
        (H + "1,-Infinity,a\n", "line 2, end: expected a finite number"),
        (H + "1,1e999,a\n", "line 2, end: expected a finite number"),
        (H + "\n-0.5,2,a\n", "line 3, start: expected seconds since .*, 0 or more, got '-0.5'"),
        (H + "2,1.5,a\n", "line 2: expected an end of 2.0 s or later, got 1.5 s"),
        (H + "1,2, \n", "line 2: expected a label, got none"),
        (H + "1,2\n", "line 2: expected 3 fields as in the header, got 2"),
        (H + "1,5,2,5,a\n", "line 2: expected 3 fields as in the header, got 5"),
        (H + '1,2,"a\n', "line 2: expected CSV, got: unexpected end of data"),
        (H + '"1,234",2,a\n', "line 2, start: .* got '1,234', which may be 1.234 or 1234"),
        (H + '1,"1.234,5",a\n', "line 2, end: expected a number of seconds, got '1.234,5'"),
        (
            "1\t2\ta\n\\\t1\t2\n3\t4\n",
            "line 3: expected start, end and label with tabs",
        ),
        ("1\t2\t\n", "line 1: expected a label, got none"),
        ("from\tto\tlabel\n", "line 1, start: expected a number of seconds, got 'from'"),
        (b"start,end,label\n1,2,\xff\n", "expected marks in UTF-8, got bytes that are none at 20"),
    ],
)
def test_what_is_wrong_is_said_by_name_and_line(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MarksError, match=told) as raised:
        read_marks(path)
    assert str(raised.value).startswith(str(path))


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="none.csv: expected a file of marks, got: no such file"):
        read_marks(tmp_path / "none.csv")
    with pytest.raises(MarksError, match="expected a file of marks, got: Is a directory"):
        read_marks(tmp_path)


@st.composite
def marks(draw: st.DrawFn) -> list[Mark]:
    """Of two labels, in quarters of a second."""
    times = st.integers(0, 40)
    found = draw(st.lists(st.tuples(times, st.integers(0, 8), st.sampled_from("ab")), max_size=12))
    return [Mark(start / 4, (start + length) / 4, label) for start, length, label in found]


def covered(marks: list[Mark]) -> set[tuple[str, float]]:
    """Every eighth of a second in a mark, its ends included."""
    return {(m.label, n / 8) for m in marks for n in range(int(8 * m.start), int(8 * m.end) + 1)}


@given(marks(), st.randoms(use_true_random=False))
def test_marks_of_a_label_that_overlap_or_touch_are_one(found: list[Mark], random: Random) -> None:
    one = merged(found)
    assert covered(one) == covered(found)
    assert one == sorted(one) == merged(one)
    for label in "ab":
        mine = [mark for mark in one if mark.label == label]
        assert all(a.end < b.start for a, b in zip(mine, mine[1:], strict=False))
    shuffled = list(found)
    random.shuffle(shuffled)
    assert merged(shuffled) == one


@given(marks(), st.integers(0, 50))
def test_what_was_not_played_is_left_out_and_counted(found: list[Mark], quarters: int) -> None:
    seconds = quarters / 4
    inside, late = within(found, seconds)
    assert late == sum(mark.start >= seconds for mark in found) == len(found) - len(inside)
    assert all(mark.start <= mark.end <= seconds for mark in inside)
    assert covered(inside) == {
        (label, at)
        for label, at in covered([m for m in found if m.start < seconds])
        if at <= seconds
    }


def test_marks_lie_beside_a_recording_under_four_names(tmp_path: Path) -> None:
    names = ["night.1.labels.txt", "night.1.marks.csv", "night.1.txt", "night.1.csv"]
    assert marks_beside(tmp_path / "night.1.flac") is None
    for name in names:  # from the last to the first that is looked for
        path = written(tmp_path, H, name)
        assert marks_beside(tmp_path / "night.1.flac") == path
        assert marks_beside(tmp_path / "night.1.mcap") == path
    assert marks_beside(tmp_path / "night.flac") is None


def test_a_track_or_a_folder_is_no_marks(tmp_path: Path) -> None:
    for number, head in enumerate(("time_s,x,y\n", '\ufeffx,"time_s",y\n', "x;Time_s;y")):
        written(tmp_path, head, f"{number}.csv")
        assert marks_beside(tmp_path / f"{number}.mcap") is None
        written(tmp_path, "", f"{number}.marks.csv")
        assert marks_beside(tmp_path / f"{number}.mcap") == tmp_path / f"{number}.marks.csv"
    (tmp_path / "folder.csv").mkdir()
    assert marks_beside(tmp_path / "folder.flac") is None


def test_a_transcript_is_no_marks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn on the light\n")
    assert marks_beside(tmp_path / "a.wav") is None
    (tmp_path / "a.txt").write_text("")  # nothing is said there
    assert marks_beside(tmp_path / "a.wav") == tmp_path / "a.txt"
    (tmp_path / "a.txt").write_text("1.0\t2.0\tlight\n")
    assert marks_beside(tmp_path / "a.wav") == tmp_path / "a.txt"
