"""Voice activity as Pipecat's own analyzer has it, and of models of other kinds and rates."""

import asyncio
from importlib.resources import files
from typing import Any, cast

import numpy as np
import pytest
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams, VADState
from pipecat.frames.frames import (
    UserStartedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from streamrnn.errors import ConfigError, ShapeError, UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.serve.pipecat import StreamRNNVADAnalyzer
from tests.serve.pipecat.bot import Sound, frames, recorded, running, silence, through

RATE = 16_000


@pytest.fixture(scope="module")
def silero() -> Model:
    return load(str(files("pipecat.audio.vad.data") / "silero_vad.onnx"))


@pytest.fixture(scope="module")
def keywords() -> Model:
    return load("keywords")


def orders(count: int, pause: float = 1.5) -> Sound:
    """So many orders, with silence before each and after the last."""
    said = [recorded(("question", "utterance")[n % 2]) for n in range(count)]
    every = [(silence(pause), each) for each in said]
    return np.concatenate([part for pair in every for part in pair] + [silence(pause)])


def confidences(analyzer: Any, sound: Sound) -> tuple[list[float], set[VADState]]:
    """What Pipecat sees of an analyzer, chunk by chunk, and the states that it makes of it."""
    seen: list[float] = []
    own = analyzer.voice_confidence

    def told(buffer: bytes) -> float:
        seen.append(np.asarray(own(buffer)).item())  # an array of one, of Pipecat's
        return seen[-1]

    analyzer.voice_confidence = told
    analyzer.set_sample_rate(RATE)
    parts = [sound[first : first + 777] for first in range(0, len(sound), 777)]
    states = {analyzer._run_analyzer(part.tobytes()) for part in parts}
    return seen, states


@pytest.mark.parametrize("quieter", [1, 31])
def test_silero_is_pipecats_own_to_the_bit(silero: Model, quieter: int) -> None:
    """Its resets too; at 8 kHz the graph has another network, which is not the one that we load."""
    params = VADParams(min_volume=0.0)
    mine, theirs = StreamRNNVADAnalyzer(silero), SileroVADAnalyzer(params=params)
    assert mine.params == params
    sound = orders(4, pause=3.0) // quieter
    found, states = confidences(mine, sound)
    assert (found, states) == confidences(theirs, sound)
    assert mine.num_frames_required() == 512 and states == set(VADState)
    never = StreamRNNVADAnalyzer(silero, reset_after=None)
    steps = len(sound) // 512 * 512
    whole = silero.predict(sound[:steps]).probabilities
    assert whole is not None and confidences(never, sound)[0] == whole[:, 1].tolist() != found


def test_a_quiet_voice_is_let_through_unless_pipecats_volume_is_asked_for(silero: Model) -> None:
    sound = orders(2) // 31
    assert VADState.SPEAKING in confidences(StreamRNNVADAnalyzer(silero), sound)[1]
    gated = StreamRNNVADAnalyzer(silero, params=VADParams())
    assert confidences(gated, sound)[1] == {VADState.QUIET}


@pytest.mark.parametrize("kind", ["silero", "keywords"])
def test_a_processor_tells_where_speech_is(kind: str, request: Any) -> None:
    model = request.getfixturevalue(kind)
    processor = VADProcessor(vad_analyzer=StreamRNNVADAnalyzer(model), audio_idle_timeout=0)
    bot = asyncio.run(through([processor], frames(orders(3))))
    kinds = (VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame)
    told = [type(frame) for frame in bot.down if isinstance(frame, kinds)]
    assert len(told) >= 6 and told == [*kinds] * (len(told) // 2)
    quiet = asyncio.run(
        through(
            [VADProcessor(vad_analyzer=StreamRNNVADAnalyzer(model), audio_idle_timeout=0)],
            frames(silence(30.0)),
        )
    )
    assert not any(isinstance(frame, kinds) for frame in quiet.down)


def test_an_aggregator_begins_the_users_turn(silero: Model) -> None:
    params = LLMUserAggregatorParams(
        vad_analyzer=StreamRNNVADAnalyzer(silero),
        audio_idle_timeout=0,
        user_turn_strategies=UserTurnStrategies(
            start=[VADUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy()]
        ),
    )
    user, _ = LLMContextAggregatorPair(LLMContext(), user_params=params)
    bot = asyncio.run(through([user], frames(orders(1))))
    assert bot.of(UserStartedSpeakingFrame) and bot.of(VADUserStoppedSpeakingFrame)
    assert bot.errors == []


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_a_stream_is_opened_at_the_pipelines_rate(keywords: Model, rate: int) -> None:
    analyzer = StreamRNNVADAnalyzer(keywords)
    sound = recorded("utterance")[: 5 * RATE]
    analyzer.set_sample_rate(rate)
    chunk = analyzer.num_frames_required()
    assert 0.019 <= chunk / rate <= 0.032
    for _ in range(2):  # the second time anew
        stream, last = keywords.stream(rate=rate), 0.0
        for first in range(0, len(sound) - chunk, chunk):
            part = sound[first : first + chunk]
            said = stream.feed(part)
            if len(said):
                assert said.probabilities is not None
                last = 1.0 - float(said.probabilities[-1, keywords.labels.index("_silence_")])
            assert analyzer.voice_confidence(part.tobytes()) == max(0.0, last)
        analyzer.set_sample_rate(rate)
    fixed = StreamRNNVADAnalyzer(keywords, sample_rate=16_000)
    fixed.set_sample_rate(rate)
    assert fixed.sample_rate == 16_000 and fixed.num_frames_required() == 320


def test_half_a_sample_does_not_make_noise_of_all_that_follows(silero: Model) -> None:
    analyzer = StreamRNNVADAnalyzer(silero)
    analyzer.set_sample_rate(RATE)

    async def run() -> list[VADState]:
        given = [bytes(1023), bytes(1), b"", *[bytes(641)] * 50]
        states = [await analyzer.analyze_audio(buffer) for buffer in given]
        await analyzer.cleanup()
        return states

    assert set(asyncio.run(run())) == {VADState.QUIET}
    assert len(analyzer._vad_buffer) % 2 == 0
    with pytest.raises(ShapeError, match="expected whole 16-bit samples .* 641 bytes"):
        analyzer.voice_confidence(bytes(641))


def test_which_labels_mean_speech(keywords: Model) -> None:
    wake = load("wake")
    with pytest.raises(UnsupportedError, match="expected a model with a label 'speech', or one of"):
        StreamRNNVADAnalyzer(wake)
    every = {
        "jarvis": StreamRNNVADAnalyzer(wake, label="jarvis"),
        "any": StreamRNNVADAnalyzer(wake, quiet=["_background_"]),
        "word": StreamRNNVADAnalyzer(keywords, quiet=["_silence_", "_unknown_"]),
    }
    sound = np.random.default_rng(1).integers(-999, 999, RATE).astype(np.int16)
    twice = StreamRNNVADAnalyzer(keywords, quiet=["_silence_", "_unknown_", "_silence_"])
    told = {name: each.voice_confidence(sound.tobytes()) for name, each in every.items()}
    last, other = wake.stream().feed(sound), keywords.stream().feed(sound)
    assert last.probabilities is not None and other.probabilities is not None
    assert told["jarvis"] == last.probabilities[-1, wake.labels.index("jarvis")]
    assert told["any"] == pytest.approx(last.probabilities[-1, 1:].sum(), abs=1e-9)
    assert told["word"] == pytest.approx(other.probabilities[-1, 2:].sum(), abs=1e-9)
    assert twice.voice_confidence(sound.tobytes()) == told["word"]
    one = StreamRNNVADAnalyzer(keywords, quiet="_silence_")
    default = StreamRNNVADAnalyzer(keywords).voice_confidence(sound.tobytes())
    assert one.voice_confidence(sound.tobytes()) == default


def test_what_does_not_fit_is_refused(keywords: Model) -> None:
    with pytest.raises(UnsupportedError, match="hears sound, got one of text"):
        StreamRNNVADAnalyzer(load("intents"))
    with pytest.raises(ConfigError, match="quiet: expected some of _silence_, .* got hush"):
        StreamRNNVADAnalyzer(keywords, quiet=["hush"])
    with pytest.raises(ConfigError, match="label: expected some of _silence_, .* got speach"):
        StreamRNNVADAnalyzer(keywords, label="speach")
    with pytest.raises(ConfigError, match="quiet: expected some of _silence_, .* got none"):
        StreamRNNVADAnalyzer(keywords, quiet=[])
    with pytest.raises(ConfigError, match="a label of speech or those of quiet, got both"):
        StreamRNNVADAnalyzer(keywords, label="yes", quiet=["_silence_"])
    with pytest.raises(ConfigError, match="expected a streamrnn.Model, got str 'keywords'"):
        StreamRNNVADAnalyzer(cast(Any, "keywords"))
    seconds: Any
    for seconds in (0.0, -1.0, float("nan"), "never"):
        with pytest.raises(ConfigError, match="reset_after: expected more than 0 seconds"):
            StreamRNNVADAnalyzer(keywords, reset_after=seconds)
    with pytest.raises(ConfigError, match="rate"):
        StreamRNNVADAnalyzer(keywords).set_sample_rate(4_000)


def test_a_cancellation_while_it_listens_leaves_nothing_running(silero: Model) -> None:
    processor = VADProcessor(vad_analyzer=StreamRNNVADAnalyzer(silero))

    async def run() -> None:
        async with running(processor, cancel_timeout_secs=0.1) as bot:
            await bot.push(*frames(orders(2)))
            await bot.come(VADUserStartedSpeakingFrame)
            await bot.worker.cancel()

    asyncio.run(run())  # `running` looks at the tasks
