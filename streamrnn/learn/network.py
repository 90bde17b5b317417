"""The network in torch: the reference that every engine is held to, and what is trained."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamrnn.config import NetworkConfig
from streamrnn.errors import ConfigError

State = Tensor | tuple[Tensor, Tensor] | None
"""Hidden state `(num_layers, batch, hidden_size)`, an LSTM's `(h, c)`; None: fresh, or no loop."""

CELLS: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Normalise(nn.Module):
    """`(frame - mean) * scale`, fixed: the network's own units from the data's."""

    def __init__(self, size: int) -> None:
        """Begin with mean 0 and scale 1, each `(size,)`."""
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def forward(self, frames: Tensor) -> Tensor:
        """Transform frames `(..., size)`."""
        return (frames - self.mean) * self.scale


class FeedForward(nn.Module):
    """The network without the loop: layer k is `nonlinearity(W x + b)`, each step on its own.

    Parameters are named as in `nn.RNN`, so that one engine reads both.
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int, nonlinearity: str, dropout: float
    ) -> None:
        """Begin as `nn.RNN` does: uniform within 1 / sqrt(hidden_size)."""
        super().__init__()
        self.num_layers = num_layers
        self.nonlinearity = torch.tanh if nonlinearity == "tanh" else torch.relu
        self.dropout = nn.Dropout(dropout)
        bound = hidden_size**-0.5
        for k in range(num_layers):
            width = hidden_size if k else input_size
            weight = torch.empty(hidden_size, width).uniform_(-bound, bound)
            bias = torch.empty(hidden_size).uniform_(-bound, bound)
            self.register_parameter(f"weight_ih_l{k}", nn.Parameter(weight))
            self.register_parameter(f"bias_ih_l{k}", nn.Parameter(bias))

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Transform `(batch, steps, input_size)`; the state passes through untouched."""
        for k in range(self.num_layers):
            if k:
                x = self.dropout(x)
            weight, bias = getattr(self, f"weight_ih_l{k}"), getattr(self, f"bias_ih_l{k}")
            x = self.nonlinearity(nn.functional.linear(x, weight, bias))
        return x, state


class Network(nn.Module):
    """Normalisation, encoder, recurrent layers, head, in this order; parts may be absent."""

    def __init__(
        self,
        config: NetworkConfig,
        *,
        normalisation: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
        dropout: float = 0.0,
        dropout_input: float = 0.0,
        dropout_output: float = 0.0,
        remember: int = 0,
    ) -> None:
        """Begin with random weights from torch's generator.

        Args:
            config: sizes and kinds.
            normalisation: mean and scale, each `(input_size,)`.
            dropout: share of elements dropped between layers, in training mode only.
            dropout_input: likewise behind the encoder.
            dropout_output: likewise before the head.
            remember: over how many steps gates are to remember to begin with; 0: a few.

        Raises:
            ConfigError: the normalisation does not fit the frames.
        """
        super().__init__()
        self.config = config
        self.normalise: nn.Module = nn.Identity()
        if normalisation is not None:
            self._set_normalisation(*normalisation)
        width = config.encoder_size or config.input_size
        self.encoder: nn.Module = nn.Identity()
        if config.encoder == "linear":
            self.encoder = nn.Linear(config.input_size, width)
        elif config.encoder == "embedding":
            self.encoder = nn.Embedding(config.vocabulary_size, width)
        self.rnn = _layers(config, width, dropout, remember)
        self.dropout_input = nn.Dropout(dropout_input)
        self.dropout_output = nn.Dropout(dropout_output)
        self.head: nn.Module = nn.Identity()
        if config.output_size:
            head = nn.Linear(config.hidden_size, config.output_size)
            with torch.no_grad():
                # Begin near 0, where the classes are alike and a ball flies straight on.
                head.weight.mul_(0.1)
                head.bias.zero_()
            self.head = head

    def forward(
        self, frames: Tensor, state: State = None, keep: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Run a window of steps.

        Args:
            frames: what came in; tokens as whole numbers, of any dtype, with an embedding.
            state: what the window before gave; None begins afresh.
            keep: 1 where the state goes on, 0 where a new sequence begins.

        Shape:
            frames: `(batch, steps, input_size)`.
            keep: `(batch,)`.
            outputs: `(batch, steps, output_width)`.

        Returns:
            The outputs, and the state after the last step.
        """
        if keep is not None and state is not None:
            # `where`, not a product: a state that went to infinity must not come back as NaN.
            fresh = (keep == 0)[:, None]
            if isinstance(state, tuple):
                state = (state[0].masked_fill(fresh, 0.0), state[1].masked_fill(fresh, 0.0))
            else:
                state = state.masked_fill(fresh, 0.0)
        if self.config.encoder == "embedding":
            x = self.encoder(frames[..., 0].long())
        else:
            x = self.encoder(self.normalise(frames))
        h, state = self.rnn(self.dropout_input(x), state)
        return self.head(self.dropout_output(h)), state

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of all weights by their fixed names, in torch's layout, float32."""
        return {
            name: value.detach().to("cpu", torch.float32, copy=True).numpy()
            for name, value in self.state_dict().items()
        }

    def load_weights(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Take copies of weights by name; `normalise.*` may come or be absent.

        Raises:
            ConfigError: names or shapes are not those of this network.
        """
        if "normalise.mean" in weights and "normalise.scale" in weights:
            self._set_normalisation(weights["normalise.mean"], weights["normalise.scale"])
        own = self.state_dict()
        expected = {name: tuple(value.shape) for name, value in own.items()}
        actual = {name: np.shape(value) for name, value in weights.items()}
        if expected != actual:
            missing = {n: s for n, s in expected.items() if actual.get(n) != s}
            extra = {n: s for n, s in actual.items() if expected.get(n) != s}
            raise ConfigError(
                f"weights: expected {missing}, got {extra}; check the network's sizes"
            )
        self.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in weights.items()})

    @torch.no_grad()
    def begin_embedding(self, rows: NDArray[np.float32] | None) -> None:
        """Begin with these rows of the embedding, `(vocabulary_size, encoder_size)`, if any."""
        if rows is not None:
            assert isinstance(self.encoder, nn.Embedding)
            self.encoder.weight.copy_(torch.from_numpy(rows))

    def _set_normalisation(self, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        size = self.config.input_size
        if self.config.encoder == "embedding":
            raise ConfigError("normalise: expected none with an embedding, whose frames are tokens")
        if np.shape(mean) != (size,) or np.shape(scale) != (size,):
            raise ConfigError(
                f"normalise: expected mean and scale of shape ({size},), got {np.shape(mean)} "
                f"and {np.shape(scale)}"
            )
        normalise = Normalise(size)
        normalise.mean.copy_(torch.from_numpy(np.array(mean, np.float32)))
        normalise.scale.copy_(torch.from_numpy(np.array(scale, np.float32)))
        self.normalise = normalise


@contextmanager
def dropped(network: Network, share: float) -> Iterator[None]:
    """Leave a share of the weights from hidden state to hidden state out, forwards and backwards.

    The same weights at all steps of a window: DropConnect (Wan et al., 2013), as Merity et al.,
    2018, regularise an LSTM with it.
    """
    if not share:
        yield
        return
    weights = [w for name, w in network.rnn.named_parameters() if name.startswith("weight_hh")]
    whole = [weight.detach().clone() for weight in weights]
    masks = [(torch.rand_like(weight) >= share) / (1.0 - share) for weight in whole]
    with torch.no_grad():
        for weight, mask in zip(weights, masks, strict=True):
            weight.mul_(mask)
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, before, mask in zip(weights, whole, masks, strict=True):
                weight.copy_(before)
                if weight.grad is not None:
                    weight.grad.mul_(mask)


def detach(state: State) -> State:
    """The same state without its history: gradients stop here."""
    if isinstance(state, tuple):
        return state[0].detach(), state[1].detach()
    return None if state is None else state.detach()


def _layers(config: NetworkConfig, width: int, dropout: float, remember: int) -> nn.Module:
    if config.cell == "feedforward":
        return FeedForward(
            width, config.hidden_size, config.num_layers, config.nonlinearity, dropout
        )
    options = {"nonlinearity": config.nonlinearity} if config.cell == "rnn" else {}
    rnn = CELLS[config.cell](
        width,
        config.hidden_size,
        config.num_layers,
        batch_first=True,
        dropout=dropout if config.num_layers > 1 else 0.0,  # torch warns of one without effect
        **options,
    )
    _begin(rnn, config)
    if remember:
        _remember(rnn, config, remember)
    return rnn


@torch.no_grad()
def _begin(rnn: nn.RNNBase, config: NetworkConfig) -> None:
    """Recurrent weights that neither swell nor fade, and an LSTM that begins by remembering.

    Orthogonal weights: Saxe et al., 2014; on the ball, 1 % less loss after 500 updates than from
    torch's uniform ones. Open forget gates: Jozefowicz et al., 2015.
    """
    size = config.hidden_size
    for k in range(config.num_layers):
        for gate in getattr(rnn, f"weight_hh_l{k}").split(size):
            nn.init.orthogonal_(gate)
        if config.cell == "lstm":
            getattr(rnn, f"bias_hh_l{k}")[size : 2 * size] = 1.0


@torch.no_grad()
def _remember(rnn: nn.RNNBase, config: NetworkConfig, steps: int) -> None:
    """Gates that begin open, for spans of 2 to `steps` steps: each span has units that last.

    Where u is uniform from 1 to steps - 1, a GRU's update gates and an LSTM's forget gates begin
    with a bias of log u, beside torch's own of the input, and so forget 1 / (1 + u) a step; an
    LSTM's input gates with -log u: Tallec and Ollivier, Can recurrent neural networks warp time?,
    ICLR 2018. A plain RNN has no gates, and is left as it is.
    """
    size = config.hidden_size
    for k in range(config.num_layers):
        bias = getattr(rnn, f"bias_hh_l{k}")
        log_u = torch.empty(size).uniform_(1.0, max(1.0, steps - 1.0)).log()
        if config.cell != "rnn":
            bias[size : 2 * size] = log_u
        if config.cell == "lstm":
            bias[:size] = -log_u
