"""Text for `streamrnn evaluate`: the alphabet, which needs no file, characters, sentences."""

from pathlib import Path
from typing import Any

from rich.table import Table

from streamrnn.cli.waiting import waiting
from streamrnn.config import DecideConfig, TextConfig
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.io.texts import read_text
from streamrnn.model import Model
from streamrnn.show.letters import alphabet_table, bits_table
from streamrnn.show.scores import sentence_table
from streamrnn.tasks.alphabet.evaluate import LETTERS, single_directions
from streamrnn.tasks.alphabet.evaluate import score as score_alphabet
from streamrnn.tasks.characters.evaluate import UNKNOWN
from streamrnn.tasks.characters.evaluate import score as score_characters
from streamrnn.tasks.characters.task import VALIDATED
from streamrnn.tasks.intents.corpora import read_labelled
from streamrnn.tasks.intents.evaluate import score as score_sentences


def evaluate_text(
    model: Model, front: TextConfig, file: Path | None, train: Path | None
) -> tuple[dict[str, Any], Table]:
    """Score a model of text.

    Args:
        model: of the alphabet, of sentences or of characters.
        front: the model's.
        file: labelled sentences, or a text; None for the alphabet.
        train: of characters, what the n-grams learn from.

    Returns:
        The scores as plain data, and as a table.

    Raises:
        UnsupportedError: the model is another, or does not know the labels of the sentences.
        ConfigError: a file is missing, or one too many.
        TextError: a file cannot be read.
    """
    given = ", ".join(
        f"{name} {path}" for name, path in (("", file), ("--train", train)) if path is not None
    ).strip()
    if model.labels == LETTERS:
        if given:
            raise ConfigError(
                f"evaluate: expected no file for {model.name}, since the alphabet is all, got "
                f"{given}; leave it out"
            )
        scores = score_alphabet(model, others=single_directions())
        return scores, alphabet_table(scores, model.name)
    if isinstance(model.config.decoder, DecideConfig):
        if file is None or train:
            raise ConfigError(
                f"evaluate: expected a file of labelled sentences alone for {model.name}, got "
                f"{given or 'none'}; name JSONL, or CLINC150's file"
            )
        scores = _sentences(model, file)
        return scores, sentence_table(scores)
    if front.unit == "characters" and UNKNOWN in model.labels:
        if file is None:
            raise ConfigError(
                f"evaluate: expected a file of text for {model.name}, got {given or 'none'}; name "
                "one in UTF-8"
            )
        scores = _characters(model, file, train)
        return scores, bits_table(scores, model.name)
    raise UnsupportedError(
        f"{model.name}: expected a model of letters, characters or sentences, got one of "
        f"{front.unit} and {model.config.decoder.__struct_config__.tag}; evaluate it from Python"
    )


def _sentences(model: Model, file: Path) -> dict[str, Any]:
    told = read_labelled(file)
    with waiting() as progress:
        bar = progress.add_task(f"{model.name} on {len(told)} sentences", total=len(told))
        return score_sentences(model, told, advance=lambda: progress.advance(bar))


def _characters(model: Model, file: Path, train: Path | None) -> dict[str, Any]:
    text = read_text(file)
    if train is None:
        first = int(VALIDATED * len(text))
        learnt, text = text[:first], text[first:]
    else:
        learnt = read_text(train)
    with waiting() as progress:
        bar = progress.add_task(f"{model.name} on {len(text):,} characters", total=len(text))
        return score_characters(
            model, text, learnt, advance=lambda done: progress.update(bar, completed=done)
        )
