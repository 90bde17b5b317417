from pathlib import Path
from typing import Any

import pytest

from streamrnn.errors import UnsupportedError
from streamrnn.show.det import wake_plot
from streamrnn.show.scores import wake_table


def scores(hours: float) -> dict[str, Any]:
    return {**one(hours), "peers": {"openWakeWord": one(hours)}}


def one(hours: float) -> dict[str, Any]:
    return {
        "words": {"alexa": {"false_reject_rate": 0.04, "n": 50, "threshold": 0.6}},
        "false_accepts": 1,
        "false_accepts_per_hour": 1 / hours if hours else None,
        "hours": hours,
        "delay_ms_median": -18.0,
        "delay_ms_90": 53.0,
        "accepts_among_words": 2,
        "det": [
            {"threshold": t, "false_reject_rate": {"alexa": t / 10}, "false_accepts_per_hour": f}
            for t, f in ((0.2, 8.0), (0.6, 2.0), (0.9, 0.0))
        ],
    }


@pytest.mark.parametrize("ending, begins", [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_curve_is_drawn(tmp_path: Path, ending: str, begins: bytes) -> None:
    path = tmp_path / f"det.{ending}"
    wake_plot(scores(0.5), path)
    assert path.read_bytes().startswith(begins)


def test_every_detector_has_a_line(tmp_path: Path) -> None:
    path = tmp_path / "det.svg"
    wake_plot(scores(0.5), path)
    drawn = path.read_text(encoding="utf-8")
    for label in ("alexa", "openWakeWord: alexa"):
        assert f"<!-- {label} -->" in drawn


def test_a_word_that_was_never_said_has_no_line(tmp_path: Path) -> None:
    told = one(0.5)
    told["words"]["jarvis"] = {"false_reject_rate": None, "n": 0, "threshold": 0.6}
    path = tmp_path / "det.svg"
    wake_plot(told, path, marks="as chosen")
    drawn = path.read_text(encoding="utf-8")
    assert "<!-- alexa -->" in drawn and "jarvis" not in drawn and "marks: as chosen" in drawn
    del told["words"]["alexa"]
    wake_plot(told, path)


def test_without_negatives_there_is_no_curve(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="--negatives"):
        wake_plot(scores(0.0), tmp_path / "det.png")


def test_the_table_counts_and_bounds() -> None:
    table = wake_table(scores(0.5))
    cells = [list(column.cells) for column in table.columns]
    assert [column[0] for column in cells] == ["alexa", "50", "0.6", "2", "4.0%"]
    assert [column[1] for column in cells] == ["openWakeWord: alexa", "50", "0.6", "2", "4.0%"]
    caption = str(table.caption)
    assert caption.endswith("openWakeWord: 2 false among the words, 1 without; -18 and 53 ms")
    assert "fewer than 6.0 an hour" in caption and "-18 ms" in caption
