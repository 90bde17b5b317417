"""A figure that needs no display, or what to install."""

import sys
from pathlib import Path

import pytest

from streamrnn.errors import UnsupportedError
from streamrnn.show.figure import new_figure


def test_a_figure_is_written_without_a_display(tmp_path: Path) -> None:
    figure = new_figure(figsize=(2.0, 1.0), dpi=50)
    figure.savefig(tmp_path / "empty.png")
    data = (tmp_path / "empty.png").read_bytes()
    # The header chunk of a PNG begins with width and height (ISO/IEC 15948, 11.2.2).
    assert [int.from_bytes(data[at : at + 4], "big") for at in (16, 20)] == [100, 50]


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'streamrnn\[plot\]'"):
        new_figure()
