"""`bench silero`: contenders that tell the same, and a report that tells all."""

import json

import pytest

from streamrnn.bench import silero
from streamrnn.bench.silero import OURS, RUNTIME, WRAPPER, SileroReport, measure
from streamrnn.errors import UnsupportedError


def test_the_report_tells_of_every_contender(tmp_path):
    pytest.importorskip("silero_vad", reason="needs silero-vad: pip install silero-vad")
    report = measure(rounds=2, block_ms=0.2)
    rows = {row.name: row for row in report.rows}
    assert {RUNTIME, OURS, WRAPPER} < set(rows)
    assert rows[RUNTIME].on_top_us == 0.0 and report.error <= 1e-6
    on_top, ahead = rows[OURS].aims
    assert (on_top.bound, ahead.bound) == (10.0, 1.0)
    assert SileroReport.from_json(report.as_json()) == report
    assert json.loads(report.as_json())["rows"][0]["timing"]["median_us"] > 0
    report.plot(tmp_path / "silero.png")
    assert (tmp_path / "silero.png").stat().st_size > 10_000


def test_without_the_package_the_mend_is_told(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(silero, "import_module", missing)
    with pytest.raises(UnsupportedError, match=r"silero_vad: expected it to be installed; pip"):
        silero.run()
