"""Statistics, the interleaved timer, and what the reports look like to programs and people."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from streamrnn.bench import common, start, step
from streamrnn.errors import ConfigError, ModelFileError, UnsupportedError

times = st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=30)


def shown(renderable: object) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@given(times)
def test_timing_is_ordered(seconds: list[float]) -> None:
    found = common.timing(seconds)
    slack = 1e-4  # it is rounded to a tenth of a nanosecond
    assert found.min_us <= found.p10_us + slack
    assert found.p10_us <= found.median_us + slack
    assert found.median_us <= found.p90_us + slack
    assert found.p90_us <= max(seconds) * 1e6 + slack


@given(times, st.floats(0.1, 100.0))
def test_ratio_does_not_see_what_slows_both(seconds: list[float], factor: float) -> None:
    slow = [factor * value for value in seconds]
    assert common.ratio(slow, seconds) == pytest.approx(factor)


def test_aims_are_met_at_the_bound() -> None:
    def aim(relation, value):
        return common.Aim(what="x", relation=relation, bound=2.0, value=value)

    assert [aim("≥", value).met for value in (1.9, 2.0, 2.1)] == [False, True, True]
    assert [aim("≤", value).met for value in (1.9, 2.0, 2.1)] == [True, True, False]


def test_interleave_runs_every_loop_in_every_round() -> None:
    calls = {"a": [], "b": []}
    advanced = []
    loops = {name: calls[name].append for name in calls}
    seconds = common.interleave(
        loops, rounds=5, block_ms=0.01, advance=lambda: advanced.append(None)
    )
    assert {name: len(values) for name, values in seconds.items()} == {"a": 5, "b": 5}
    assert all(value > 0 for values in seconds.values() for value in values)
    assert len(advanced) == 10
    assert all(count >= 1 for counts in calls.values() for count in counts)


def test_child_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "Haswell" in common.environment()["OPENBLAS_CORETYPE"]
    variables = common.child_environment(threads=1)
    assert "OPENBLAS_CORETYPE" not in variables
    assert variables["OPENBLAS_NUM_THREADS"] == variables["OMP_NUM_THREADS"] == "1"


def test_a_child_that_fails_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="expected exit code 0"):
        common.measure_in_child("streamrnn.bench.nothing", {})
    assert "streamrnn.bench.nothing" in capfd.readouterr().err


def test_step_report(tmp_path) -> None:
    report = step.run(sizes=["rnn-16"], contenders=["kernel", "numpy"], quick=True, show=False)
    tree = json.loads(report.as_json())
    assert tree.keys() == {
        *("environment", "cold", "rounds", "peak_gflops", "networks", "left_out")
    }
    (network,) = tree["networks"]
    assert network["name"] == "rnn-16"
    assert network["weight_bytes"] == 4 * (16 * 80 + 16 * 16 + 2 * 16)
    assert [row["name"] for row in network["rows"]] == ["kernel", "numpy"]
    for row in network["rows"]:
        assert row.keys() == {"name", "error", "timing", "times_torch", "times_floor", "aims"}
        assert row["timing"].keys() == {"median_us", "min_us", "p10_us", "p90_us"}
        assert row["times_torch"] is None
    assert step.StepReport.from_json(report.as_json()) == report
    assert "tanh RNN 16" in shown(report.table())
    pytest.importorskip("matplotlib")
    report.plot(tmp_path / "step.png")
    assert (tmp_path / "step.png").read_bytes().startswith(b"\x89PNG")


def test_aims_stand_beside_what_they_are_of() -> None:
    pytest.importorskip("torch")
    report = step.measure(
        sizes=["gru-128"], contenders=["kernel", "torch.nn"], rounds=2, block_ms=0.05
    )
    kernel, torch = report.networks[0].rows
    assert [aim.what for aim in kernel.aims] == ["× torch.nn", "× floor"]
    assert torch.aims == [] and torch.times_torch == 1.0
    assert shown(report.table()).count("≥ 12 × torch.nn") == 1


def test_a_step_after_sleep_has_no_floor(tmp_path) -> None:
    report = step.measure(sizes=["gru-16"], contenders=["kernel", "feed"], rounds=2, cold=True)
    (network,) = report.networks
    assert network.floor_us is None and [row.times_floor for row in network.rows] == [None, None]
    assert "after 10 ms of sleep" in shown(report.table())
    report.plot(tmp_path / "cold.png")
    assert (tmp_path / "cold.png").exists()


def test_unknown_names_are_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="expected one of kernel"):
        step.run(contenders=["jax"])
    with pytest.raises(ConfigError, match="measured by default: gru-64"):
        step.split_names(["kernel", "jax"])
    assert step.split_names([]) == (None, None)


def test_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    report = step.StepReport(
        environment={}, rounds=0, peak_gflops=0.0, networks=[], left_out={"ort": "absent"}
    )
    with pytest.raises(UnsupportedError, match="pip install"):
        report.plot(tmp_path / "step.png")
    assert "ort: left out: absent" in shown(report.table())


def test_start_report(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    # The cold process and the others in earnest take half a minute; one warm run is enough here.
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    begun = []

    def fake(script, cache):
        begun.append(script)
        marks = {"interpreter": 0.01, "import": 0.2, "load": 0.25, "first prediction": 0.3}
        return start._Run(marks=marks, peak_mb=50.0, torch=script.code is start._TORCH)

    monkeypatch.setattr(start, "_start", fake)
    report = start.run(quick=True, show=False)
    tree = json.loads(report.as_json())
    assert tree.keys() == {"environment", "rows", "left_out"}
    assert [row["name"] for row in tree["rows"]][:2] == [start.COLD, start.WARM]
    assert all(row["seconds"] == 0.3 and row["peak_mb"] == 50.0 for row in tree["rows"])
    assert [row["torch_imported"] for row in tree["rows"]][:2] == [False, False]
    assert tree["rows"][1]["aims"][0]["bound"] == start.AIM_SECONDS
    assert len(begun) == 1 + 3 * (len(tree["rows"]) - 1)
    assert "seconds" in shown(report.table())
    pytest.importorskip("matplotlib")
    report.plot(tmp_path / "start.png")
    assert (tmp_path / "start.png").read_bytes().startswith(b"\x89PNG")


def test_start_leaves_out_what_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    left_out: dict[str, str] = {}
    assert list(start._prepare(tmp_path, None, left_out)) == [start.WARM]
    assert set(left_out) == {"torch", "onnxruntime"}
    with pytest.raises(ModelFileError):
        start._prepare(tmp_path, "no such model", left_out)


def test_the_marks_of_a_process(tmp_path) -> None:
    run = start._start(start._Script("mark('first prediction')\n", ""), tmp_path)
    assert 0 < run.marks["interpreter"] <= run.seconds()
    assert 1 < run.peak_mb < 100 and not run.torch  # a bare interpreter, not its parent


def test_the_parts_are_imported_only_when_asked_for() -> None:
    script = (
        "import sys, streamrnn.bench.step, streamrnn.bench.start\n"
        "print([m for m in ('torch', 'onnx', 'onnxruntime', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
