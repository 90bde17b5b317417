"""The network in float64, written as its formulas: what the engines are measured against."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig

Doubles = NDArray[np.float64]


def _sigmoid(x: Doubles) -> Doubles:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


class Reference:
    """One stream of a network in float64; slow, and on no live path."""

    def __init__(self, network: NetworkConfig, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.network = network
        self._weights = {name: array.astype(np.float64) for name, array in weights.items()}
        self.h = np.zeros((network.num_layers, network.hidden_size))
        self.c = np.zeros_like(self.h)

    def run(self, frames: NDArray[np.float32]) -> Doubles:
        """Advance by frames (T, input_size); gives outputs (T, output_size)."""
        rows = [self.step(frame.astype(np.float64)) for frame in frames]
        return np.array(rows).reshape(len(frames), self.network.output_width)

    def step(self, x: Doubles) -> Doubles:
        """Advance by one frame (input_size,); gives the output (output_size,)."""
        w, network = self._weights, self.network
        if "normalise.mean" in w:
            x = (x - w["normalise.mean"]) * w["normalise.scale"]
        if network.encoder == "embedding":
            x = w["encoder.weight"][int(x[0])]
        elif network.encoder == "linear":
            x = w["encoder.weight"] @ x + w["encoder.bias"]
        for layer in range(network.num_layers):
            x = self._layer(layer, x)
        return w["head.weight"] @ x + w["head.bias"] if network.output_size else x

    def _layer(self, layer: int, x: Doubles) -> Doubles:
        w, h = self._weights, self.h[layer]
        from_input = w[f"rnn.weight_ih_l{layer}"] @ x + w[f"rnn.bias_ih_l{layer}"]
        if self.network.cell == "feedforward":
            return self._activation(from_input)
        from_state = w[f"rnn.weight_hh_l{layer}"] @ h + w[f"rnn.bias_hh_l{layer}"]
        if self.network.cell == "gru":
            (xr, xz, xn), (hr, hz, hn) = np.split(from_input, 3), np.split(from_state, 3)
            r, z = _sigmoid(xr + hr), _sigmoid(xz + hz)
            h = (1 - z) * np.tanh(xn + r * hn) + z * h
        elif self.network.cell == "lstm":
            i, f, g, o = np.split(from_input + from_state, 4)
            self.c[layer] = _sigmoid(f) * self.c[layer] + _sigmoid(i) * np.tanh(g)
            h = _sigmoid(o) * np.tanh(self.c[layer])
        else:
            h = self._activation(from_input + from_state)
        self.h[layer] = h
        return h

    def _activation(self, x: Doubles) -> Doubles:
        return np.tanh(x) if self.network.nonlinearity == "tanh" else np.maximum(x, 0.0)
