"""`streamrnn train CONFIG`: train a network and save the model."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from streamrnn.errors import UnsupportedError
from streamrnn.experiment import load_experiment


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(train)


def train(
    config: Annotated[Path, typer.Argument(help="A TOML file; see configs/.")],
    out: Annotated[
        Path | None, typer.Option(help="The model file (default: runs/NAME/NAME.safetensors).")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key: --set train.epochs=3."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Directory of checkpoint and logs (default: runs/NAME).")
    ] = None,
    fresh: Annotated[bool, typer.Option(help="Begin anew, not at the checkpoint.")] = False,
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Train a network on whole sequences, its state carried from window to window.

    A run that was killed goes on from its checkpoint when the same command is given again, and
    ends with the same weights.
    """
    experiment = load_experiment(config, tuple(override or ()))
    try:
        from streamrnn.learn.train import train as run_training
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UnsupportedError(
            "train: expected torch to be installed; pip install 'streamrnn[learn]'"
        ) from error
    # The card says what made the weights, not where they were put.
    command = shlex.join(
        ["streamrnn", "train", str(config), *(f"--set={pair}" for pair in override or ())]
    )
    path = run_training(
        experiment, out, run=run, resume=not fresh, progress=not quiet, command=command
    )
    print(path)
