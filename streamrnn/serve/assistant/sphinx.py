"""Speech to text by pocketsphinx, with a language model of what people say to a home.

The models want the mean of the spectrum taken off. While somebody speaks it is that of the first
second, before which no words are told; the words of the whole command come from a second pass with
the mean of all of its sound, which takes about a tenth of its length.
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
from streamrnn.serve.models import folded

LONGEST = 30 * RATE
"""Samples of a command that are heard; the rest is left out."""
LOOK = RATE // 10  # samples between two looks at the words: searching them takes a millisecond
HISS = 0.003  # standard deviation, full scale 1: digital silence is nothing the models have heard
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

    However a command's sound is cut, its words are the same in the end. Those so far may differ by
    what was heard before: pocketsphinx keeps something of it.

    Args:
        wake_words: that commands may begin with, by the names that a model detects.
        count: sentences that its language model is counted of; 0: pocketsphinx's own, which knows
            more words and is right about fewer of a home's.

    Raises:
        UnsupportedError: pocketsphinx is not installed.
        ConfigError: hassil, home-assistant-intents or unicode-rbnf, which sentences are drawn and
            spelt with, is missing.
    """

    def __init__(self, wake_words: Sequence[str], *, count: int = SENTENCES) -> None:
        try:
            sphinx: Any = import_module("pocketsphinx")
        except ImportError as error:
            raise UnsupportedError(
                "recogniser: expected pocketsphinx to be installed, it is not; "
                "pip install 'streamrnn[assistant]', or name a speech-to-text server"
            ) from error
        # Two: one that took a whole utterance and then a long live one has crashed (5.1.1).
        self._live, self._whole = (_decoder(sphinx, own=not count) for _ in range(2))
        if count:
            self._learn(sphinx, wake_words, count)
        self._open, self._samples = False, 0
        self.close()

    def _learn(self, sphinx: Any, wake_words: Sequence[str], count: int) -> None:
        def knows(word: str) -> bool:
            return self._live.lookup_word(word) is not None

        names = map(folded, wake_words)
        called = [name for name in names if all(map(knows, name.split()))]
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "home.lm")
            write_language_model(path, sentences(count, knows, called))
            for decoder in (self._live, self._whole):
                model = sphinx.NGramModel(decoder.config, decoder.logmath, path)
                decoder.add_lm("home", model)
                decoder.activate_search("home")

    def begin(self) -> None:
        """Begin a command; one that was not ended is forgotten."""
        self.close()
        self._open = True

    def feed(self, samples: NDArray[np.int16]) -> str:
        """Take some sound, `(n,)` at 16 kHz, and give the words so far.

        Any of them may be said otherwise later. What follows half a minute is not heard.
        """
        samples = samples[: LONGEST - self._samples]
        while self._open and len(samples):
            room = RATE - self._samples % RATE
            self._hear(samples[:room])
            samples = samples[room:]
        return self._words

    def flush(self) -> str:
        """End the command, and give its words."""
        words = self._again() if self._samples else ""
        self.close()
        return words

    def close(self) -> None:
        """Forget what was heard."""
        if self._open and self._samples >= RATE:
            self._live.end_utt()
        self._open = False
        self._heard: list[bytes] = []
        self._samples, self._looked, self._words = 0, 0, ""
        self._rng = np.random.default_rng(0)

    def _hear(self, samples: NDArray[np.int16]) -> None:
        hiss = self._rng.normal(0.0, HISS * 32_768.0, len(samples))
        data = np.clip(samples + hiss, -32_768, 32_767).astype(np.int16).tobytes()
        self._heard.append(data)
        self._samples += len(samples)
        if self._samples < RATE:
            return
        if self._samples == RATE:
            self._again()
            self._live.set_cmn(self._whole.get_cmn(False))
            self._live.start_utt()
            data = b"".join(self._heard)
        self._live.process_raw(data)
        if self._samples - self._looked >= LOOK:
            self._looked, self._words = self._samples, _words(self._live)

    def _again(self) -> str:
        """The words of all that was heard, with its own mean, which the decoder then has."""
        self._whole.start_utt()
        self._whole.process_raw(b"".join(self._heard), full_utt=True)
        self._whole.end_utt()
        return _words(self._whole)


def _decoder(sphinx: Any, *, own: bool) -> Any:
    """A decoder with its own language model, or none yet, and some more words."""
    search: dict[str, Any] = {} if own else {"lm": None}
    decoder = sphinx.Decoder(samprate=RATE, loglevel="FATAL", **search)
    for word, phones in _FURTHER.items():
        decoder.add_word(word, phones, False)
    return decoder


def _words(decoder: Any) -> str:
    found = decoder.hyp()
    return "" if found is None else str(found.hypstr)
