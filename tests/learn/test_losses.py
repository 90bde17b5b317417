import math

import pytest
import torch
from torch.nn import functional as F

from streamrnn.config import ClassesConfig, PointsConfig, RawConfig
from streamrnn.learn.losses import classes, loss_of, numbers, points


def test_by_decoder() -> None:
    assert loss_of(ClassesConfig(labels=("a", "b"))) is classes
    assert loss_of(PointsConfig(horizons=(1, 2))) is points
    assert loss_of(RawConfig()) is numbers


def test_classes_is_the_cross_entropy_of_what_counts() -> None:
    logits = torch.randn(2, 3, 4)
    label = torch.tensor([[0, -1, 3], [2, 1, 1]])
    weight = torch.tensor([[1.0, 1.0, 0.5], [1.0, 1.0, 1.0]])
    mask = torch.tensor([[True, True, True], [True, False, True]])
    total, amount = classes(logits, {"label": label, "weight": weight}, mask)
    each = [((0, 0), 1.0), ((0, 2), 0.5), ((1, 0), 1.0), ((1, 2), 1.0)]
    expected = sum(w * F.cross_entropy(logits[at], label[at]) for at, w in each)
    torch.testing.assert_close(total, torch.as_tensor(expected))
    assert amount.item() == 3.5


def test_numbers_is_the_squared_error_of_what_counts() -> None:
    outputs, values = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    weight = torch.tensor([[1.0, 0.0, 0.5], [1.0, 1.0, 1.0]])
    mask = torch.tensor([[True, True, True], [True, False, True]])
    total, amount = numbers(outputs, {"values": values, "weight": weight}, mask)
    each = [((0, 0), 1.0), ((0, 2), 0.5), ((1, 0), 1.0), ((1, 2), 1.0)]
    expected = sum(w * F.mse_loss(outputs[at], values[at]) for at, w in each)
    torch.testing.assert_close(total, torch.as_tensor(expected))
    assert amount.item() == 3.5


def some_points(horizons: int = 2, axes: tuple[float, ...] = (1, 1, 1)) -> dict[str, torch.Tensor]:
    return {
        "points": torch.randn(2, 3, horizons, 3),
        "valid": torch.ones(2, 3, horizons, dtype=torch.bool),
        "axes": torch.tensor(axes).expand(2, 3, 3).contiguous(),
    }


def test_points_by_hand() -> None:
    targets = some_points(1, (1, 1, 0))
    targets["points"][:] = torch.tensor([3.0, 4.0, 99.0])
    outputs = torch.zeros(2, 3, 4)  # the guess is the origin, 5 away; the radius is 0.1
    total, weight = points(outputs, targets, torch.ones(2, 3, dtype=torch.bool))
    pinball = 0.1 * 0.92 * math.log(5 / 0.1)
    assert total.item() / weight.item() == pytest.approx(5 + pinball, rel=1e-5)
    targets["weight"] = torch.full((2, 3, 1), 2.0)
    total, weight = points(outputs, targets, torch.ones(2, 3, dtype=torch.bool))
    assert total.item() / weight.item() == pytest.approx(2 * 5 + pinball, rel=1e-5)


def test_points_ignores_what_is_masked_invalid_or_without_axis() -> None:
    targets, outputs = some_points(2, (1, 1, 0)), torch.randn(2, 3, 8)
    mask = torch.ones(2, 3, dtype=torch.bool)
    mask[1, 2] = False
    targets["valid"][0, 0, 1] = False
    total, weight = points(outputs, targets, mask)
    assert weight.item() == 2 * 6 - 2 - 1
    for change in ("mask", "valid", "axis"):
        other = {**targets, "points": targets["points"].clone()}
        at = {"mask": (1, 2), "valid": (0, 0, 1), "axis": (..., 2)}[change]
        other["points"][at] += 7
        assert points(outputs, other, mask)[0] == total


def test_the_radius_learns_to_hold_its_share() -> None:
    rng = torch.Generator().manual_seed(0)
    n = 1000
    targets = {
        "points": torch.randn(1, n, 1, 3, generator=rng) * 3,  # any distribution
        "valid": torch.ones(1, n, 1, dtype=torch.bool),
        "axes": torch.ones(1, n, 3),
    }
    unsure = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([unsure], 40.0)
    for _ in range(100):
        optimizer.zero_grad()
        outputs = torch.cat([torch.zeros(3), unsure]).expand(1, n, 4)
        total, weight = points(outputs, targets, torch.ones(1, n, dtype=torch.bool))
        (total / weight).backward()
        optimizer.step()
    o = unsure.item()
    radius = 0.1 * (0.5 * (o + math.sqrt(o * o + 4))) ** 2  # as the decoder reads it
    held = (targets["points"].norm(dim=-1) < radius).float().mean().item()
    assert held == pytest.approx(0.92, abs=0.01)


def test_an_exact_guess_has_a_finite_gradient() -> None:
    targets = some_points(1)
    targets["points"][:] = 0
    outputs = torch.zeros(2, 3, 4, requires_grad=True)
    points(outputs, targets, torch.ones(2, 3, dtype=torch.bool))[0].backward()
    assert outputs.grad is not None and torch.isfinite(outputs.grad).all()
