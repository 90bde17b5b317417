"""Models in a Pipecat bot: voice activity, wake words, and intents (the extra `pipecat`).

A bot that sleeps until it is called, and knows what is asked for before the sentence ends:

    from streamrnn.serve.pipecat import *

    params = LLMUserAggregatorParams(
        vad_analyzer=StreamRNNVADAnalyzer(streamrnn.load("silero_vad.onnx")),
        user_turn_strategies=UserTurnStrategies(start=[
            WakeWordUserTurnStartStrategy(), *default_user_turn_start_strategies()]))
    user, assistant = LLMContextAggregatorPair(context, user_params=params)
    wake = WakeWordProcessor(streamrnn.load("wake"))
    intents = IntentProcessor(streamrnn.load("intents"))
    Pipeline([transport.input(), wake, stt, intents, user, llm, tts, transport.output(), assistant])

What comes with a frame goes before it: a processor after `intents` that knows an `IntentFrame`
can keep the transcription behind it from the language model.
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
