"""What a network is trained to make small, by the kind of its decoder.

A loss returns a sum and a weight, so that means over batches of any size can be joined.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from streamrnn.config import ClassesConfig, DecideConfig, DecoderConfig, DetectConfig, PointsConfig
from streamrnn.kernels.points import OUTPUTS_PER_HORIZON, SURE

Loss = Callable[[Tensor, Mapping[str, Tensor], Tensor], tuple[Tensor, Tensor]]
"""`(outputs, targets, mask) -> (sum, weight)`; mask `(batch, steps)` bool."""

FLOOR = 1e-4
"""Distances below this, in the network's unit, are alike."""
PINBALL = 0.1
"""How much the radius counts beside the points; it shares their layers."""
QUANTILE = 0.92
"""What the radius is trained to hold; what is met live is a little less regular than what was
trained on, and 90 % of that is what the radius is to hold."""


def loss_of(decoder: DecoderConfig) -> Loss:
    """The loss that fits a decoder: of raw outputs, squared errors."""
    if isinstance(decoder, ClassesConfig | DecideConfig | DetectConfig):
        return classes
    if isinstance(decoder, PointsConfig):
        return points
    return numbers


def numbers(outputs: Tensor, targets: Mapping[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
    """Squared error, the mean over the elements of an output.

    Args:
        outputs: what is said.
        targets: `values`, what would have been right; `weight` (optional), how much a step counts.
        mask: true where a step counts at all.

    Shape:
        outputs, values: `(batch, steps, output_size)`.
        weight: `(batch, steps)` float32.
    """
    weight = mask.float()
    if "weight" in targets:
        weight = weight * targets["weight"]
    miss = (outputs - targets["values"]).square().mean(-1)
    return (miss * weight).sum(), weight.sum()


def classes(outputs: Tensor, targets: Mapping[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy, in nats.

    Args:
        outputs: the logits.
        targets: `label`, the class of each step, negative where none is known; `weight`
            (optional), how much a step counts.
        mask: true where a step counts at all.

    Shape:
        outputs: `(batch, steps, classes)`.
        label: `(batch, steps)` int64.
        weight: `(batch, steps)` float32.
    """
    label = targets["label"]
    weight = (mask & (label >= 0)).float()
    if "weight" in targets:
        weight = weight * targets["weight"]
    nats = F.cross_entropy(outputs.flatten(0, 1), label.clamp(min=0).flatten(), reduction="none")
    return (nats * weight.flatten()).sum(), weight.sum()


def points(outputs: Tensor, targets: Mapping[str, Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean distance between the points foreseen and the true ones, and their 90 % radius.

    Outputs and layout are those of `streamrnn.kernels.points`: for each horizon x, y, z and an
    unsureness o, which stands for the radius q = SURE · exp(2 asinh(o / 2)), since
    exp(asinh(o / 2)) is the g(o) of the decoder.

    The points learn from the distance r itself, since its mean is what a model is judged by: a
    likelihood, r / b + log b, favours the easy windows, and its mean distance is clearly worse.
    The radius learns from the pinball loss of 92 %, which is least where that share of outcomes
    lies below it (Koenker and Bassett, 1978); of logarithms, since a quantile passes through
    every monotone function, and so that near and far horizons count alike. It moves no point.

    Args:
        outputs: what the decoder will read.
        targets: `points`, the x, y, z that would have been right; `valid`, where they are known;
            `axes`, 1 for each component that counts: `(1, 1, 0)` for a track without z;
            `weight` (optional), what turns a distance into the unit that is to be averaged.
        mask: true where a step counts at all.

    Shape:
        outputs: `(batch, steps, horizons * 4)`.
        points: `(batch, steps, horizons, 3)` float32.
        valid: `(batch, steps, horizons)` bool.
        axes: `(batch, steps, 3)` float32.
        weight: `(batch, steps, horizons)` float32.
    """
    true, axes = targets["points"], targets["axes"][..., None, :]
    counts = (targets["valid"] & mask[..., None]).float()
    guess = outputs.unflatten(-1, (true.shape[-2], OUTPUTS_PER_HORIZON))
    miss = (guess[..., :3] - true) * axes
    # The floor keeps the gradient of the square root finite where a guess is exact.
    radius = (miss.square().sum(-1) + FLOOR**2).sqrt()
    log_q = math.log(SURE) + 2.0 * torch.asinh(0.5 * guess[..., 3])
    excess = radius.detach().log() - log_q
    pinball = torch.maximum(QUANTILE * excess, (QUANTILE - 1.0) * excess)
    if "weight" in targets:
        radius = radius * targets["weight"]
    return ((radius + PINBALL * pinball) * counts).sum(), counts.sum()
