import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streamrnn.learn import progress
from streamrnn.learn.progress import Reporter, Scalars

RECORD = {"epoch": 0, "loss": 0.5, "validation_loss": 0.25, "seconds": 70.0, "best": True}


def test_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", -1.0)
    with Reporter(4, show=True) as reporter:
        reporter.start(1.0)
        reporter.update(1, None, 0.5, 640)
        reporter.epoch(RECORD)
        reporter.update(1, 1.5, 0.125, 640)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first.startswith("epoch 2/4  loss 0.5000") and "left" not in first
    assert second == "epoch 1/4  loss 0.5000  validation 0.2500  best so far  (1 min 10 s)"
    assert third.startswith("epoch 2/4  loss 0.1250  validation 0.2500") and "left" in third


def test_silent_when_told(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(4, show=False) as reporter:
        reporter.start(0.0)
        reporter.epoch(RECORD)
        reporter.say("hello")
    assert capsys.readouterr() == ("", "")


def test_tensorboard_gets_every_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, directory: str) -> None:
            assert directory == str(tmp_path)

        def add_scalar(self, *scalar: Any) -> None:
            logged.append(scalar)

        def flush(self) -> None: ...

        def close(self) -> None: ...

    stand_in = SimpleNamespace(SummaryWriter=Writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stand_in)
    scalars = Scalars(tmp_path)
    scalars.add(RECORD)
    scalars.close()
    assert logged == [("loss", 0.5, 0), ("validation_loss", 0.25, 0), ("seconds", 70.0, 0)]


def test_without_tensorboard_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    scalars = Scalars(tmp_path)
    scalars.add(RECORD)
    scalars.close()
    assert not list(tmp_path.iterdir())
