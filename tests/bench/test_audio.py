"""`bench audio`: contenders that compute the same, and a report that tells all."""

import json

import pytest

from streamrnn.bench.audio import TOLERANCE, YARDSTICK, AudioReport, Ours, Torch, measure


def test_torch_gives_the_same_logits_of_a_second_of_sound() -> None:
    ours = Ours()
    assert Torch(ours).error(ours) <= TOLERANCE
    # A wrong weight is noticed.
    ours.weights["head.bias"][0] += 0.01
    assert Torch(ours).error(ours) > TOLERANCE


def test_the_report_tells_of_every_contender_or_why_it_is_left_out() -> None:
    report = measure(rounds=2, block_ms=0.2)
    names = {row.name for row in report.rows} | set(report.left_out)
    ours = {"feed+objects", "feed+objects, 44.1 kHz", "front end alone"}
    assert names == ours | {YARDSTICK, "silero-vad", "pymicro-wakeword"}
    own = next(row for row in report.rows if row.name == "feed+objects")
    assert own.times_slower == pytest.approx(1.0) and own.aims[0].bound == 30.0
    assert AudioReport.from_json(report.as_json()) == report
    assert json.loads(report.as_json())["rows"][0]["timing"]["median_us"] > 0
