"""Text that a model of characters goes on with: draw the next one, feed it back, and so on."""

import codecs
import math
from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import ClassesConfig
from streamrnn.errors import ConfigError, EncodingError, UnsupportedError
from streamrnn.frontends.text import PARTIAL, TextFrontend, characters
from streamrnn.kernels.classes import softmax
from streamrnn.model import Model
from streamrnn.stream import Stream


def sample(
    stream: Stream,
    prompt: str | bytes,
    count: int,
    *,
    temperature: float = 1.0,
    seed: int = 0,
) -> Iterator[str]:
    """Go on with a text: each character is drawn by its probability, and fed back.

    The stream may have heard anything before, cut in any way: equal text and an equal seed give
    an equal sample, to the bit. It has then heard all that was given out.

    Args:
        stream: of a model whose labels are the characters that may come next.
        prompt: the text to go on with, or its end; at least one character.
        count: how many characters to draw.
        temperature: 1 draws as the network was trained to, less more likely ones, and 0 the
            likeliest at each step, the first of equals.
        seed: of the draws.

    Returns:
        An iterator over characters. The prompt is fed at once, the rest as you iterate.

    Raises:
        UnsupportedError: the model has no characters to read or none to give, or overflows.
        ConfigError: an impossible temperature, count or seed, or a prompt without a character.
        InputError: the prompt is refused, or ends in mid-character. Whatever is raised at once
            leaves the stream as it was.

    >>> import streamrnn
    >>> stream = streamrnn.load("alphabet").stream()
    >>> "".join(sample(stream, "UVW", 6, temperature=0))
    'XYZYXW'
    """
    allowed = _characters(stream.model)
    if not 0.0 <= temperature < math.inf:
        raise ConfigError(
            f"temperature: expected 0 or more, and finite, got {temperature}; 1 is usual"
        )
    if count < 0 or seed < 0:
        raise ConfigError(f"sample: expected count and seed from 0, got {count} and {seed}")
    before = stream.snapshot()
    outputs = stream.feed(prompt).outputs
    if not len(outputs):
        stream.restore(before)  # which may have held a part of a character
        raise ConfigError(
            f"prompt: expected at least one character to go on with, got {prompt!r}; give one"
        )
    if rest := _unfinished(prompt):
        stream.restore(before)
        raise EncodingError(
            f"prompt: expected whole characters, got the first bytes of one at its end, {rest!r}; "
            "feed them with the rest, or leave them out"
        )
    return _drawn(stream, outputs, allowed, count, temperature, np.random.default_rng(seed))


def _drawn(
    stream: Stream,
    outputs: NDArray[np.float32],
    allowed: dict[int, str],
    count: int,
    temperature: float,
    generator: np.random.Generator,
) -> Iterator[str]:
    classes = range(outputs.shape[1])
    forbidden = [n for n in classes if n not in allowed]
    shares = np.empty((1, len(classes)))
    for _ in range(count):
        scores = outputs[-1:].copy()
        scores[0, forbidden] = -np.inf
        softmax(scores, temperature or 1.0, shares)
        sums = [*accumulate(shares[0].tolist())]
        if math.isnan(sums[-1]):
            raise UnsupportedError(
                f"{stream.model.name}: expected probabilities of the next character, got NaN; its "
                "weights are too large, train it with a smaller learning rate"
            )
        if temperature:
            drawn = generator.random() * sums[-1]
            chosen = next(n for n in classes if sums[n] > drawn)
        else:
            chosen = max(classes, key=scores[0].item)
        character = allowed[chosen]
        outputs = stream.feed(character).outputs
        yield character


def _unfinished(prompt: str | bytes) -> bytes:
    """The first bytes of a character at the end of a prompt, if it ends in mid-character."""
    if isinstance(prompt, str):
        return b""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(bytes(prompt[-PARTIAL:]))  # where that begins with a character's end, no matter
    return decoder.getstate()[0]


def _characters(model: Model) -> dict[int, str]:
    """The labels that a text may go on with, by their numbers: those that are read as a symbol."""
    front, decoder = model.frontend, model.config.decoder
    if not isinstance(front, TextFrontend) or front.config.unit != "characters":
        kind = front.config.unit if isinstance(front, TextFrontend) else type(front).__name__
        raise UnsupportedError(
            f"{model.name}: expected a model that reads characters, got one of {kind}; sample of "
            "the bundled characters, or one of configs/characters.toml"
        )
    labels = decoder.labels if isinstance(decoder, ClassesConfig) else ()
    found: dict[int, str] = {}
    for number, label in enumerate(labels):
        read = characters(label, fold=front.config.fold)
        if len(read) == 1 and read[0] in front.numbers:
            found[number] = label
    if not found:
        raise UnsupportedError(
            f"{model.name}: expected labels that are characters of its vocabulary, got "
            f"{', '.join(labels[:5]) or 'none'}; its decoder has to be classes of characters"
        )
    return found
