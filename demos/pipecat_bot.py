"""A Pipecat bot that hears a recording: where speech is, a wake word, and what is asked for.

    python demos/pipecat_bot.py                             demos/question.flac, as fast as spoken
    python demos/pipecat_bot.py --file X.flac
    python demos/pipecat_bot.py --said "what time is it?"   words that are given, not recognised

It needs no network: what would be a service's speech to text is pocketsphinx here.
Needs pip install 'streamrnn[pipecat,assistant]'; with --said, 'streamrnn[pipecat]'.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

import streamrnn
from streamrnn.cli import run
from streamrnn.serve.assistant.recogniser import RATE, Recogniser
from streamrnn.serve.models import wake_words_of
from streamrnn.tasks.sounds.clips import read_mono

try:
    from loguru import logger
    from pipecat.frames.frames import (
        EndFrame,
        Frame,
        InputAudioRawFrame,
        InterimTranscriptionFrame,
        TranscriptionFrame,
        UserStartedSpeakingFrame,
        UserStoppedSpeakingFrame,
        VADUserStartedSpeakingFrame,
        VADUserStoppedSpeakingFrame,
    )
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.processors.audio.vad_processor import VADProcessor
    from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
    from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
    from pipecat.turns.user_turn_processor import UserTurnProcessor
    from pipecat.turns.user_turn_strategies import (
        UserTurnStrategies,
        default_user_turn_start_strategies,
    )
    from pipecat.workers.runner import WorkerRunner

    from streamrnn.serve.pipecat import (
        IntentFrame,
        IntentProcessor,
        StreamRNNVADAnalyzer,
        WakeWordFrame,
        WakeWordProcessor,
        WakeWordUserTurnStartStrategy,
    )
except ModuleNotFoundError as error:
    raise SystemExit(
        f"pipecat_bot: expected {error.name} to be installed; "
        "pip install 'streamrnn[pipecat,assistant]'"
    ) from None

QUESTION = Path(__file__).with_name("question.flac")
FRAME = RATE // 50  # 20 ms, as Pipecat's transports have it
PAUSE = 2 * RATE  # after the recording: a turn ends some time after its words


class Words(FrameProcessor):
    """Speech to text, from a wake word until it is quiet again."""

    def __init__(self, recogniser: Recogniser) -> None:
        cast(Any, super()).__init__()  # typed in part
        self._recogniser, self._open, self._text = recogniser, False, ""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Push what is transcribed before the sound that it was heard in."""
        await super().process_frame(frame, direction)
        if isinstance(frame, WakeWordFrame):
            self._recogniser.begin()
            self._open, self._text = True, ""
        elif self._open and isinstance(frame, InputAudioRawFrame):
            sound = np.frombuffer(frame.audio, np.int16)
            text = await asyncio.to_thread(self._recogniser.feed, sound)
            if text != self._text:
                self._text = text
                await self.push_frame(InterimTranscriptionFrame(text, "", ""))
        elif self._text and isinstance(frame, VADUserStoppedSpeakingFrame):
            text = await asyncio.to_thread(self._recogniser.flush)
            self._open, self._text = False, ""
            await self.push_frame(TranscriptionFrame(text, "", ""))
        await self.push_frame(frame, direction)


class Given:
    """A `Recogniser` that is told the words, and hears one every 0.3 s."""

    def __init__(self, text: str) -> None:
        self._text, self._samples = text, 0

    def begin(self) -> None:
        """Begin with the first word."""
        self._samples = 0

    def feed(self, samples: NDArray[np.int16]) -> str:
        """Give the words so far."""
        self._samples += len(samples)
        return " ".join(self._text.split()[: self._samples // (3 * RATE // 10)])

    def flush(self) -> str:
        """Give them all."""
        return self._text

    def close(self) -> None:
        """Hold nothing."""


class Teller(FrameProcessor):
    """Prints what comes to the end of the pipeline, with the time in the recording."""

    def __init__(self) -> None:
        cast(Any, super()).__init__()  # typed in part
        self._samples = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Print what a frame tells."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            self._samples += frame.num_frames
        elif told := said(frame):
            print(f"{self._samples / RATE:6.2f} s  {told}", flush=True)
        await self.push_frame(frame, direction)


def said(frame: Frame) -> str:
    """What a frame tells; "" of those that need no telling."""
    match frame:
        case VADUserStartedSpeakingFrame():
            return "speech"
        case VADUserStoppedSpeakingFrame():
            return "quiet"
        case WakeWordFrame():
            return f"called: {frame.label} {frame.score:.0%}"
        case UserStartedSpeakingFrame():
            return "the user's turn begins"
        case UserStoppedSpeakingFrame():
            return "the user's turn ends"
        case IntentFrame():
            before = "" if frame.final else "so far "
            spoken_of = frame.entities or ""
            return f"{before}{frame.label} {frame.score:.0%} {spoken_of}".rstrip()
        case InterimTranscriptionFrame():
            return f"“{frame.text}” …"
        case TranscriptionFrame():
            return f"“{frame.text}”"
        case _:
            return ""


def bot(recogniser: Recogniser, wake: streamrnn.Model) -> Pipeline:
    """The pipeline; a language model would come behind the turns."""
    starts = [WakeWordUserTurnStartStrategy(), *default_user_turn_start_strategies()]
    strategies = UserTurnStrategies(starts, [SpeechTimeoutUserTurnStopStrategy()])
    return Pipeline(
        [
            VADProcessor(vad_analyzer=StreamRNNVADAnalyzer(streamrnn.load("keywords"))),
            WakeWordProcessor(wake),
            Words(recogniser),
            IntentProcessor(streamrnn.load("intents")),
            UserTurnProcessor(user_turn_strategies=strategies),
            Teller(),
        ]
    )


def frames(file: str) -> list[InputAudioRawFrame]:
    """A recording as a transport would bring it."""
    sound = np.append(read_mono(file, RATE), np.zeros(PAUSE, np.float32))
    samples = np.clip(np.rint(sound * 32_768.0), -32_768, 32_767).astype(np.int16)
    parts = (samples[first : first + FRAME] for first in range(0, len(samples), FRAME))
    return [InputAudioRawFrame(part.tobytes(), RATE, 1) for part in parts]


async def listen(pipeline: Pipeline, sound: Iterable[InputAudioRawFrame]) -> None:
    """Run a pipeline while sound comes, as fast as it was spoken: turns go by the clock."""
    worker = PipelineWorker(pipeline)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    try:
        for frame in sound:
            await worker.queue_frame(frame)
            await asyncio.sleep(FRAME / RATE)
        await worker.queue_frame(EndFrame())
        await running
    finally:  # of Ctrl-C too: it would wait for ever otherwise
        await runner.cancel()
        await running


def main() -> None:
    """Let the bot hear a recording."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", default=str(QUESTION), help="WAV, FLAC or OGG")
    parser.add_argument("--said", metavar="WORDS", help="what is said after the wake word")
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    sound, wake = frames(options.file), streamrnn.load("wake")
    asyncio.run(listen(bot(recogniser(options.said, wake), wake), sound))


def recogniser(given: str | None, wake: streamrnn.Model) -> Recogniser:
    """What gives words: somebody, or this machine."""
    if given is not None:
        return Given(given)
    from streamrnn.serve.assistant.sphinx import PocketSphinx

    print("learning how people talk to a home …", file=sys.stderr, flush=True)
    return PocketSphinx(wake_words_of(wake))


if __name__ == "__main__":
    run(main)
