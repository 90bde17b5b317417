"""Every contender computes the network that it is timed on."""

import sys

import numpy as np
import pytest

from streamrnn.bench.cases import SIZES, TOLERANCE, Case, cases
from streamrnn.bench.contenders import Contender
from streamrnn.bench.floor import Floor, Peak
from streamrnn.bench.step import CONTENDERS, make
from streamrnn.errors import ConfigError

# Odd sizes, two layers, and each cell; the default sizes differ in nothing but their extents.
NETWORKS = ["gru-24", "2xgru-16", "lstm-24", "2xlstm-17", "rnn-24", "3xrnn-5"]


def made(name: str, network: str) -> tuple[Contender, Case]:
    case = Case(network)
    try:
        return CONTENDERS[name](case), case
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed; pip install 'streamrnn[bench]'")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", CONTENDERS)
def test_outputs_are_the_reference(name: str, network: str) -> None:
    contender, case = made(name, network)
    outputs = contender.outputs(case.frames)
    assert outputs.shape == (len(case.frames), case.network.hidden_size)
    np.testing.assert_allclose(outputs, case.reference(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", CONTENDERS)
def test_steps_carry_the_state_and_outputs_begin_afresh(name: str) -> None:
    contender, case = made(name, "2xlstm-17")
    for count in (1, 2, 3):
        contender.loop(count)
        again = contender.outputs(case.frames)
        np.testing.assert_allclose(again, case.reference(), rtol=0, atol=TOLERANCE)


def test_a_changed_network_is_found_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        def __init__(self, case: Case) -> None:
            self.case = case

        def outputs(self, frames: np.ndarray) -> np.ndarray:
            return self.case.reference().astype(np.float32) + np.float32(1e-4)

        def loop(self, count: int) -> None:
            raise AssertionError("a wrong contender is not timed")

    from streamrnn.bench.step import measure

    monkeypatch.setitem(CONTENDERS, "numpy", Wrong)
    report = measure(sizes=["gru-16"], contenders=["kernel", "numpy"], rounds=2, block_ms=0.05)
    kernel, wrong = report.networks[0].rows
    assert kernel.timing is not None and kernel.error <= TOLERANCE
    assert wrong.timing is None and wrong.error == pytest.approx(1e-4, rel=0.01)
    assert "off by 1.0e-04" in text(report.table())


def text(renderable: object) -> str:
    from rich.console import Console

    console = Console(width=200, file=None, record=True, quiet=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@pytest.mark.parametrize("package", ["torch", "onnx", "onnxruntime"])
def test_what_is_not_installed_is_left_out(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    left_out: dict[str, str] = {}
    loops, errors = make(Case("gru-16"), list(CONTENDERS), left_out)
    absent = {name for name in CONTENDERS if ("torch" if package == "torch" else "ort") in name}
    assert absent <= set(left_out)
    assert not absent & set(loops)
    assert all("pip install 'streamrnn[bench]'" in left_out[name] for name in absent)
    assert {"kernel", "feed", "feed+objects", "numpy"} <= set(errors)


def test_names_of_networks() -> None:
    assert [case.name for case in cases()] == list(SIZES)
    for name in ("gru", "gru-0", "0xgru-8", "GRU-8", "gru-8 ", "tcn-8", ""):
        with pytest.raises(ConfigError, match="expected a name like gru-128"):
            Case(name)


def test_floor_reads_whole_blocks() -> None:
    floor = Floor(1000)
    assert floor.elements >= 1000 and floor.elements * floor.share == 1000
    floor.loop(2)
    Peak().loop(2)
    assert Peak.gflops(1e-9) > 0
