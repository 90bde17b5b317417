import numpy as np
import pytest

from streamrnn.show.shares import bar, leaders


def test_leaders_come_in_order_the_first_of_equals_first() -> None:
    row = np.array([0.2, 0.3, 0.3, 0.2])
    assert leaders("abcd", row, 3) == [("b", 0.3), ("c", 0.3), ("a", 0.2)]
    assert len(leaders("abcd", row, 9)) == 4


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, ""), (1.0, "████"), (0.5, "██"), (0.53, "██▏"), (0.01, "")]
)
def test_a_bar_is_true_to_an_eighth(share: float, shown: str) -> None:
    assert bar(share, 4) == shown
