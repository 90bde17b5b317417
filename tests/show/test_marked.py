from typing import Any

from streamrnn.show.marked import marked_table


def words(missed: int, threshold: float) -> dict[str, Any]:
    told = {"false_accepts_per_hour": 0.0, "threshold": threshold}
    return {
        "alexa": {
            **told,
            **{"n": 8, "missed": missed, "false_reject_rate": missed / 8, "delay_ms_median": -18.2},
        },
        "jarvis": {**told, "n": 0, "missed": 0, "false_reject_rate": None, "delay_ms_median": None},
    }


def scores(missed: int, threshold: float, false: int) -> dict[str, Any]:
    return {
        "words": words(missed, threshold),
        **{"n": 8, "missed": missed, "false_accepts": false, "hours": 0.5},
        **{"delay_ms_median": -18.2, "delay_ms_90": 53.0},
        "recordings": [{"broken": None}, {"broken": "EOFError"}],
    }


def test_rows_of_both_thresholds_and_what_is_told_below() -> None:
    own = {**scores(2, 0.6, 0), "unknown": {"computer": 3}, "outside": 1}
    table = marked_table(own)
    cells = [list(column.cells) for column in table.columns]
    assert [column[0] for column in cells] == ["alexa", "8", "2, 25.0%", "0.0", "0.6", "-18 ms"]
    assert [column[1] for column in cells] == ["jarvis", "0", "–", "0.0", "0.6", "–"]
    caption = str(table.caption)
    for told in (
        "2 of 8 marks missed; false accepts: 0 in 0.50 h",
        "none is fewer than 6.0 an hour at 95 %",
        "-18 ms after a mark's end in the middle, 53 ms in nine of ten",
        "marks of what the model does not tell: computer 3",
        "1 marks begin after the end",
        "1 recordings break off",
    ):
        assert told in caption
    choice = {
        **{"false_accepts": 0.5, "hours": 1.0, "recordings": [{}]},
        "words": {
            "alexa": {"n": 9, "missed": 1, "enough": False},
            "jarvis": {"n": 0, "missed": 0, "enough": True},
        },
    }
    table = marked_table({**own, "chosen": scores(1, 0.45, 2), "choice": choice})
    cells = [list(column.cells) for column in table.columns]
    assert [column[1] for column in cells] == [
        *("  chosen", "8", "1, 12.5%", "0.0", "0.45", "-18 ms")
    ]
    caption = str(table.caption)
    assert "chosen: 1 of 8 marks missed; false accepts: 2 in 0.50 h\n" in caption
    assert "chosen on 1 other recordings of 1.00 h: 1 of 9 marks missed there" in caption
    assert "at every threshold more than 0.5 an hour there: alexa" in caption
    assert "no marks to choose by, the model's own stays: jarvis" in caption
