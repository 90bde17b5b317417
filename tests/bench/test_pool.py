"""`bench pool`, `bench chunk`: contenders that compute the same, reports that tell all."""

import json

import numpy as np
import pytest

from streamrnn.bench import chunk, pool, pool_audio
from streamrnn.bench.cases import TOLERANCE, Case
from streamrnn.bench.checked import checked
from streamrnn.bench.gemm import gemm_model
from streamrnn.bench.ort import onnx_model
from streamrnn.bench.pool_contenders import Kernel, Many, Tick
from streamrnn.bench.pool_report import OURS, PoolReport
from streamrnn.errors import ConfigError
from tests.bench.test_reports import shown


@pytest.mark.parametrize("name", ["gru-16", "lstm-16", "rnn-16", "2xgru-16"])
@pytest.mark.parametrize("way", list(pool.CONTENDERS))
def test_contenders_compute_the_same(name: str, way: str) -> None:
    many = Many(Case(name), 5)
    contender = pool.CONTENDERS[way](many)
    contender.loop(3)  # leaves a state behind, which is not to show
    error = np.abs(contender.outputs() - many.expected()).max()
    assert error == 0.0 if isinstance(contender, Kernel | Tick) else error <= TOLERANCE


def test_a_wrong_contender_is_not_timed() -> None:
    many = Many(Case("gru-16"), 4)
    expected = many.expected()

    class Wrong(Kernel):
        def outputs(self):
            return expected + np.float32(1e-7)  # not equal bits, and ours are to be

    makers = {"kernel": lambda: Wrong(many), "tick": lambda: Tick(many)}
    loops, errors = checked(makers, expected, {}, exact=OURS)
    assert list(loops) == ["tick"] and errors["kernel"] > 0.0 == errors["tick"]


@pytest.mark.parametrize("make", [onnx_model, gemm_model])
def test_a_graph_for_many_streams_is_the_network(make) -> None:
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(onnx.load_from_string(make(Case("2xlstm-8"), 3)), full_check=True)


def test_what_is_asked_for_is_measured() -> None:
    assert pool.chosen(["gru-64", "3", "5"], pool.COMPANIES) == [("gru-64", 3), ("gru-64", 5)]
    assert ("lstm-128", 7) in pool.chosen(["7"], pool.COMPANIES)
    assert {n for _, n in pool.chosen(["rnn-8"], pool.QUICK)} == {1, 8, 32, 512}
    for wrong in ("gru", "0"):
        with pytest.raises(ConfigError, match="expected"):
            pool.run(only=[wrong])


def test_the_report_tells_of_every_contender(tmp_path) -> None:
    report = pool.measure(companies=[("gru-128", 8)], all_cores=False, rounds=2, block_ms=0.1)
    both = pool.measure(companies=[("gru-128", 8)], all_cores=True, rounds=2, block_ms=0.1)
    (company,) = report.companies
    assert {row.name for row in company.rows} | set(report.left_out) == set(pool.CONTENDERS)
    kernel = company.rows[0]
    assert [aim.what for aim in kernel.aims] == ["of peak", "× ort"]
    assert [row.name for row in both.companies[0].rows] == ["kernel", pool.ALL_CORES]
    assert PoolReport.from_json(report.as_json()) == report
    assert "of peak" in shown(report.table())
    report.plot(tmp_path / "pool.png")
    assert (tmp_path / "pool.png").stat().st_size > 5_000


def test_the_microphones_are_all_heard(tmp_path) -> None:
    report = pool_audio.measure(streams=20, seconds=0.1, open_streams=50)
    assert [row.what for row in report.rows][-1] == "all of it"
    tree = json.loads(report.as_json())
    assert tree["rows"][-1]["aims"][0]["bound"] == 1.0 and tree["memory_aim"]["bound"] == 8.0
    assert "of real time" in shown(report.table())
    report.plot(tmp_path / "audio.png")
    assert (tmp_path / "audio.png").exists()


@pytest.mark.parametrize("way", list(chunk.CONTENDERS))
@pytest.mark.parametrize("name", ["gru-16", "lstm-16", "rnn-16"])
def test_chunks_are_computed_alike(name: str, way: str) -> None:
    case, frames = Case(name), np.random.default_rng(0).standard_normal((9, 80), np.float32)
    contender = chunk.CONTENDERS[way](case, frames)
    contender.loop(2)
    expected = chunk.Fed(case, frames).outputs()
    assert np.abs(contender.outputs() - expected).max() <= TOLERANCE


def test_the_report_of_chunks(tmp_path) -> None:
    report = chunk.measure(sizes=("gru-16",), lengths=(1, 3), rounds=2, block_ms=0.1)
    assert [length.frames for length in report.lengths] == [1, 3]
    assert chunk.ChunkReport.from_json(report.as_json()) == report
    assert "µs a frame" in shown(report.table())
    report.plot(tmp_path / "chunk.png")
    assert (tmp_path / "chunk.png").exists()
