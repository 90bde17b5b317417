"""A small task: which sign had the running sum of what came in?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import (
    ClassesConfig,
    ModelConfig,
    NetworkConfig,
    convert,
)
from streamrnn.experiment import Experiment, TrainConfig
from streamrnn.tasks.base import Example


class Toy:
    name = "toy"

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.count = data.get("count", 40)
        self.longest = data.get("longest", 50)
        self.fail_in_epoch = data.get("fail_in_epoch", -1)
        self.nan_in_epoch = data.get("nan_in_epoch", -1)
        self.noise_labels = data.get("noise_labels", False)

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        sizes = {**network, "input_size": 2, "output_size": 2}
        return ModelConfig(
            name=self.name,
            network=convert(sizes, NetworkConfig, where="network"),
            decoder=ClassesConfig(labels=("down", "up")),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        if epoch == self.fail_in_epoch:
            raise ValueError("the simulator broke")
        rng = np.random.default_rng([seed, epoch])
        for _ in range(self.count):
            example = self._example(rng)
            if epoch == self.nan_in_epoch:
                example.frames[:] = np.nan
            yield example

    def validation(self) -> Sequence[Example]:
        rng = np.random.default_rng(12345)
        return [self._example(rng) for _ in range(10)]

    def normalisation(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.zeros(2, np.float32), np.ones(2, np.float32)

    def evaluate(self, model: Any) -> dict[str, Any]:
        right = total = 0
        for example in self.validation():
            outputs = model.predict(example.frames).outputs
            right += int((outputs.argmax(-1) == example.targets["label"]).sum())
            total += len(outputs)
        return {"accuracy": right / total}

    def _example(self, rng: np.random.Generator) -> Example:
        frames = rng.standard_normal((rng.integers(1, self.longest), 2)).astype(np.float32)
        label = (np.cumsum(frames[:, 0]) > 0).astype(np.int64)
        if self.noise_labels:
            label = rng.integers(0, 2, len(frames))
        return Example(frames, {"label": label})


def task(data: Mapping[str, Any]) -> Toy:
    return Toy(data)


NETWORK = {"cell": "lstm", "hidden_size": 12, "num_layers": 2}


def experiment(data: dict[str, Any] | None = None, **settings: Any) -> Experiment:
    defaults = {"epochs": 3, "batch_size": 4, "window": 16, "threads": 1, "worker": "none"}
    options: Any = {**defaults, **settings}
    return Experiment(
        name="toy",
        task="tests.learn.toy",
        network=NETWORK,
        train=TrainConfig(**options),
        data=data or {},
    )
