"""Short sequences, so that many models can be checked."""

import pytest

from streamrnn.checks import faithful, report


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "STEPS", 60)
    monkeypatch.setattr(faithful, "STEPS", 60)
    monkeypatch.setattr(faithful, "REFERENCE_STEPS", 200)
