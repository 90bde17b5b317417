"""One JSON object a line, NaN as null."""

import pytest

from streamrnn.cli.lines import print_json


def test_each_object_is_one_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    print_json({"text": "a\nb", "spread": float("nan"), "label": None})
    print_json({"label": "ü"})
    assert capfdbinary.readouterr().out == (
        b'{"text":"a\\nb","spread":null,"label":null}\n{"label":"\xc3\xbc"}\n'
    )
