"""Models in a Pipecat bot: voice activity, wake words, and intents (the extra `pipecat`).

A bot that sleeps until it is called, and knows what is asked for before the sentence ends; between
`wake` and `intents` goes the bot's own speech to text, and its language model after `turns`:

>>> import streamrnn
>>> from pipecat.pipeline.pipeline import Pipeline
>>> from pipecat.processors.audio.vad_processor import VADProcessor
>>> from pipecat.turns import user_turn_processor, user_turn_strategies
>>> vad = VADProcessor(vad_analyzer=StreamRNNVADAnalyzer(streamrnn.load("keywords")))
>>> wake = WakeWordProcessor(streamrnn.load("wake"))
>>> intents = IntentProcessor(streamrnn.load("intents"))
>>> starts = user_turn_strategies.default_user_turn_start_strategies()
>>> starts = user_turn_strategies.UserTurnStrategies([WakeWordUserTurnStartStrategy(), *starts])
>>> turns = user_turn_processor.UserTurnProcessor(user_turn_strategies=starts)
>>> bot = Pipeline([vad, wake, intents, turns])

What comes with a frame goes before it: a processor after `intents` that knows an `IntentFrame`
can keep the transcription behind it from the language model.

Order: sound and texts are taken as they come; their own times are not looked at. Pipecat lets
system frames (sound, wake words) overtake others (texts, intents). An interim text that comes after
its final one begins another utterance. Before a start and after an end nothing is listened to.

Interruption: it stops the bot, not the user. Streams and utterances go on, and wake words and
intents that wait are kept. Pipecat drops texts that wait, or are just being read: no final intent
comes of these, and the user's next text takes their place.

Cancellation: what was not told is not told any more, streams and utterances are forgotten, and
nothing is left running but a call of `entities`, in its thread, until it returns.
"""

import warnings
from importlib import import_module

from streamrnn.errors import UnsupportedError

try:
    with warnings.catch_warnings():
        # It is there in the Pythons that warn; pipecat brings its own for those that have none.
        warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
        import_module("pipecat.audio.utils")
except ModuleNotFoundError as error:
    if error.name != "pipecat":
        raise
    raise UnsupportedError(
        "streamrnn.serve.pipecat: expected pipecat-ai to be installed; "
        "pip install 'streamrnn[pipecat]'"
    ) from error

from streamrnn.serve.pipecat.intents import IntentFrame, IntentProcessor
from streamrnn.serve.pipecat.turns import WakeWordUserTurnStartStrategy
from streamrnn.serve.pipecat.vad import StreamRNNVADAnalyzer
from streamrnn.serve.pipecat.wake import WakeWordFrame, WakeWordProcessor

__all__ = [
    "IntentFrame",
    "IntentProcessor",
    "StreamRNNVADAnalyzer",
    "WakeWordFrame",
    "WakeWordProcessor",
    "WakeWordUserTurnStartStrategy",
]
