"""Pocketsphinx: the same sound, the same words, whatever was heard before, however it is cut."""

import numpy as np

from streamrnn.serve.assistant.sphinx import LONGEST, PocketSphinx
from tests.serve.assistant.speech import QUESTION, samples_of


def heard(sphinx: PocketSphinx, samples: np.ndarray, size: int = 480) -> tuple[list[str], str]:
    sphinx.begin()
    parts = [sphinx.feed(samples[at : at + size]) for at in range(0, len(samples), size)]
    return parts, sphinx.flush()


def test_words_come_while_one_speaks_and_are_the_same_again(sphinx: PocketSphinx) -> None:
    samples = samples_of(QUESTION)[:-16_000]
    parts, words = heard(sphinx, samples)
    assert words == "computer what time is it"
    assert any("computer" in part for part in parts[: len(parts) // 2])
    sphinx.begin()  # and is not ended
    sphinx.feed(np.random.default_rng(0).integers(-9_000, 9_000, 16_000).astype(np.int16))
    assert heard(sphinx, samples)[1] == heard(sphinx, samples, 17_777)[1] == words


def test_where_nothing_is_said_there_are_few_words_and_no_error(sphinx: PocketSphinx) -> None:
    assert sphinx.flush() == ""  # nothing was begun
    assert sphinx.feed(np.ones(480, np.int16)) == ""
    sphinx.begin()
    assert sphinx.flush() == ""  # nor heard
    assert heard(sphinx, np.zeros(0, np.int16)) == ([], "")
    assert heard(sphinx, np.zeros(100, np.int16))[1] == ""
    full = np.full(16_000, 32_767, np.int16)  # a fault of a microphone
    heard(sphinx, np.concatenate([full, -full]))


def test_a_command_is_heard_for_half_a_minute_at_most(sphinx: PocketSphinx) -> None:
    sphinx.begin()
    sphinx.feed(np.zeros(LONGEST - 10, np.int16))
    sphinx.feed(np.zeros(100, np.int16))
    sphinx.feed(np.zeros(100, np.int16))
    assert sum(map(len, sphinx._heard)) == 2 * LONGEST  # bytes
    sphinx.close()
    assert sphinx.flush() == ""
