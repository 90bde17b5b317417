"""How a word fades from memory as further words come, in an RNN, a GRU and an LSTM.

    python demos/memory.py                                   "what time is it?"
    python demos/memory.py "turn off the light in the hall"  another sentence

Draws memory.png (--png FILE). Plain torch: pip install 'streamrnn[learn]'. More of it:
streamrnn explain memory
"""
# pyright: standard

import argparse

import torch

import streamrnn
from streamrnn.cli import run
from streamrnn.learn.explain.inputs import frames_of, steps_of
from streamrnn.learn.network import Network
from streamrnn.show.figure import new_figure, write_picture

MODELS = ("intents_rnn", "intents_gru", "intents_lstm")  # they learnt the same sentences alike


def weights(network: Network, words: torch.Tensor) -> torch.Tensor:
    """‖∂h / ∂x‖ of the state after the last word by each word, as shares of 1."""
    jacobian = torch.autograd.functional.jacobian(lambda x: network.rnn(x)[0][-1], words)
    assert isinstance(jacobian, torch.Tensor)  # (hidden, words, embedding)
    norms = jacobian.norm(dim=(0, 2))
    return norms / norms.sum()


def main() -> None:
    """Measure three networks word by word, print and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sentence", nargs="?", default="what time is it?")
    parser.add_argument("--png", metavar="FILE", default="memory.png")
    options = parser.parse_args()
    models = [streamrnn.load(name) for name in MODELS]
    names = steps_of(options.sentence, models[0].predict(options.sentence)).names
    figure = new_figure(figsize=(10.0, 1.2 + 0.5 * len(names)), dpi=130, layout="constrained")
    panels = figure.subplots(1, len(MODELS), sharey=True)
    for axes, model in zip(panels, models, strict=True):
        assert model.weights is not None
        network = Network(model.config.network)
        network.load_weights(model.weights)
        tokens = torch.from_numpy(frames_of(model, options.sentence))
        words = network.encoder(tokens[:, 0].long()).detach()
        print(f"{model.config.network.cell.upper()}: the weight of each word after the next ones")
        for count in range(1, len(words) + 1):
            left, told = 0.0, list[str]()
            shares = weights(network, words[:count]).tolist()
            for name, share in zip(names[:count], shares, strict=True):
                told.append(f"{name} {share:.0%}")
                axes.barh(count, share, left=left, color=f"C{len(told) - 1}", edgecolor="white")
                if share > 0.1:
                    axes.text(left + share / 2, count, name, ha="center", va="center", fontsize=8)
                left += share
            print("   " + ", ".join(told))
        axes.set_title(model.config.network.cell.upper())
        axes.set_xlabel("share of the hidden state's sensitivity")
        axes.set_yticks(range(1, len(words) + 1), [f"after “{name}”" for name in names])
    panels[0].invert_yaxis()
    write_picture(options.png, figure.savefig)
    print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
