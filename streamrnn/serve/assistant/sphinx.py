"""Speech to text by pocketsphinx, with a language model of what people say to a home.

Words while somebody speaks come from a first pass, whose mean of the spectrum lags behind; the
words of the whole command come from a second one over all of its sound, about a tenth of it long.
"""

import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import UnsupportedError
from streamrnn.serve.assistant.language import SENTENCES, sentences, write_language_model
from streamrnn.serve.assistant.recogniser import RATE

LONGEST = 30 * RATE
"""Samples of a command that are heard; the rest is left out."""
LOOK = RATE // 10  # samples between two looks at the words: searching them takes a millisecond
HISS = 0.001  # standard deviation, full scale 1: digital silence is nothing the models have heard
# Words of home assistants that the dictionary lacks, in its phones.
_FURTHER = {
    "ensuite": "AA N S W IY T",
    "homepod": "HH OW M P AA D",
    "roomba": "R UW M B AH",
    "roku": "R OW K UW",
    "sonos": "S OW N OW S",
    "soundbar": "S AW N D B AA R",
    "unmute": "AH N M Y UW T",
    "unpause": "AH N P AO Z",
}


class PocketSphinx:
    """A `Recogniser` on this machine; making one takes some three seconds.

    The same sound gives the same words, whatever was heard before.

    Args:
        wake_words: that commands may begin with.
        count: sentences that its language model is counted of; 0: pocketsphinx's own, which knows
            more words and is right about fewer of a home's.

    Raises:
        UnsupportedError: pocketsphinx is not installed.
        ConfigError: what the sentences are drawn with is not.
    """

    def __init__(self, wake_words: Sequence[str], *, count: int = SENTENCES) -> None:
        try:
            sphinx: Any = import_module("pocketsphinx")
        except ImportError as error:
            raise UnsupportedError(
                "recogniser: expected pocketsphinx to be installed, it is not; "
                "pip install 'streamrnn[assistant]', or name a speech-to-text server"
            ) from error
        own: dict[str, Any] = {} if not count else {"lm": None}
        self._decoder: Any = sphinx.Decoder(samprate=RATE, loglevel="FATAL", **own)
        if count:
            self._learn(sphinx, wake_words, count)
        self._fresh: str = self._decoder.get_cmn(False)
        self._open = False
        self._forget()

    def _learn(self, sphinx: Any, wake_words: Sequence[str], count: int) -> None:
        decoder = self._decoder
        for word, phones in _FURTHER.items():
            decoder.add_word(word, phones, False)

        def knows(word: str) -> bool:
            return decoder.lookup_word(word) is not None

        called = [word for word in wake_words if knows(word)]
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "home.lm")
            write_language_model(path, sentences(count, knows, called))
            decoder.add_lm("home", sphinx.NGramModel(decoder.config, decoder.logmath, path))
        decoder.activate_search("home")

    def _forget(self) -> None:
        self._heard: list[bytes] = []
        self._samples, self._looked, self._words = 0, 0, ""
        self._rng = np.random.default_rng(0)

    def begin(self) -> None:
        """Begin a command; one that was not ended is forgotten."""
        if self._open:
            self._decoder.end_utt()
        self._forget()
        self._decoder.set_cmn(self._fresh)
        self._decoder.start_utt()
        self._open = True

    def feed(self, samples: NDArray[np.int16]) -> str:
        """Take some sound, `(n,)` at 16 kHz, and give the words so far.

        Any of them may be said otherwise later. What follows half a minute is not heard.
        """
        samples = samples[: LONGEST - self._samples]
        if not self._open or not len(samples):
            return self._words
        hiss = self._rng.normal(0.0, HISS * 32_768.0, len(samples))
        data = np.clip(samples + hiss, -32_768, 32_767).astype(np.int16).tobytes()
        self._heard.append(data)
        self._samples += len(samples)
        self._decoder.process_raw(data)
        if self._samples - self._looked >= LOOK:
            self._looked, self._words = self._samples, self._hypothesis()
        return self._words

    def flush(self) -> str:
        """End the command, and give its words."""
        if not self._open:
            return ""
        self._decoder.end_utt()
        self._open = False
        if not self._samples:
            return ""
        self._decoder.start_utt()
        self._decoder.process_raw(b"".join(self._heard), full_utt=True)
        self._decoder.end_utt()
        words = self._hypothesis()
        self._forget()
        return words

    def close(self) -> None:
        """Forget what was heard."""
        if self._open:
            self._decoder.end_utt()
            self._open = False
        self._forget()

    def _hypothesis(self) -> str:
        found = self._decoder.hyp()
        return "" if found is None else str(found.hypstr)
