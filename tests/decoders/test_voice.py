"""Where speech begins and ends, against silero-vad's own iterator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import ModelConfig, NetworkConfig, VoiceConfig, WaveformConfig
from streamrnn.decoders.voice import VoiceDecoder
from streamrnn.errors import ConfigError
from streamrnn.frontends.base import Frames
from tests.conftest import make_voice_model

HOP = 512
SOUND = WaveformConfig(hop=HOP, context=64)


def decoded(decoder, probabilities, cuts=(), rate=16_000):
    """Events of probabilities in parts, and the state that is left."""
    stream, outputs = decoder.stream(), np.asarray(probabilities, np.float32)[:, None]
    ends = (np.arange(len(outputs)) + 1) * HOP * rate // 16_000
    edges = [0, *sorted(cuts), len(outputs)]
    parts = []
    for a, b in zip(edges, edges[1:], strict=False):
        frames = Frames(np.empty((b - a, 0), "f4"), 0, rate=rate)
        parts.append(stream.decode(outputs[a:b], frames, ends[a:b]))
    return parts, stream


def events(parts):
    return [(e.kind, e.position) for part in parts for step in part.events for e in step]


levels = st.sampled_from([0.0, 0.2, 0.34, 0.36, 0.49, 0.5, 0.6, 1.0])


@settings(max_examples=200, deadline=None)
@given(
    probabilities=st.lists(levels, min_size=1, max_size=60),
    threshold=st.sampled_from([0.3, 0.5]),
    silence=st.sampled_from([0.0, 0.032, 0.1, 0.5]),
    pad=st.sampled_from([0.0, 0.03, 0.1]),
    data=st.data(),
)
def test_events_are_those_of_the_iterator(probabilities, threshold, silence, pad, data):
    silero = pytest.importorskip("silero_vad", reason="needs silero-vad: pip install silero-vad")
    import torch

    class Given:
        """A model that says what it is told to."""

        def __init__(self):
            self.left = iter(np.asarray(probabilities, np.float32))

        def reset_states(self):
            pass

        def __call__(self, x, rate):
            return torch.tensor(next(self.left))

    iterator = silero.VADIterator(
        Given(), threshold, min_silence_duration_ms=1000 * silence, speech_pad_ms=1000 * pad
    )
    told = [iterator(torch.zeros(HOP)) for _ in probabilities]
    expected = [next(iter(each.items())) for each in told if each]
    config = VoiceConfig(threshold=threshold, silence=silence, pad=pad)
    cuts = data.draw(st.lists(st.integers(0, len(probabilities)), max_size=4))
    parts, stream = decoded(VoiceDecoder(config, SOUND), probabilities, cuts)
    assert events(parts) == expected
    assert bool(stream.closing(7)) == iterator.triggered


def test_of_another_rate_places_are_the_streams_own():
    parts, _ = decoded(VoiceDecoder(VoiceConfig(), SOUND), [0.0] * 9 + [1.0] + [0.0] * 9, (), 8_000)
    assert events(parts) == [("start", (9 * HOP - 480) // 2), ("end", (10 * HOP + 480) // 2)]


def test_labels_and_scores_of_each_step():
    outputs = np.array([[0.1], [0.9], [0.2]], np.float32)
    (part,), _ = decoded(VoiceDecoder(VoiceConfig(), SOUND), outputs[:, 0])
    assert part.labels == ("silence", "speech", "speech")
    np.testing.assert_allclose(part.scores, [0.9, 0.9, 0.2], atol=1e-7)
    found = part.probabilities(outputs)
    np.testing.assert_allclose(found, [[0.9, 0.1], [0.1, 0.9], [0.8, 0.2]], atol=1e-7)


def test_a_chunk_without_events_says_what_went_on_before():
    outputs = [0.1, 0.9, 0.9, 0.9, 0.1]
    (whole,), _ = decoded(VoiceDecoder(VoiceConfig(), SOUND), outputs)
    parts, _ = decoded(VoiceDecoder(VoiceConfig(), SOUND), outputs, (2, 4))
    assert [part.labels for part in parts] == [whole.labels[:2], whole.labels[2:4], ("speech",)]
    np.testing.assert_array_equal(np.concatenate([part.scores for part in parts]), whole.scores)
    assert parts[1].events == ((), ())


def test_streams_side_by_side_go_on_each_as_it_was():
    arena = VoiceDecoder(VoiceConfig(), SOUND).arena(2)
    for outputs in ([0.9, 0.9, 0.1, 0.1], [0.9, 0.9, 0.1, 0.1]):
        record = arena.record(np.array(outputs, np.float32)[:, None])
        arena.decode(record, *np.array([[0, 1], [0, 2], [2, 2]]))
    assert record.events == 0  # the second time
    frames = Frames(np.empty((2, 0), "f4"), 0, rate=16_000)
    assert record.decoded(0, 2, frames, range(2)).labels == ("speech", "speech")
    assert record.decoded(2, 4, frames, range(2)).labels == ("silence", "silence")


@pytest.mark.parametrize("samples", [3 * HOP, 3 * HOP + 1])
def test_speech_that_goes_on_ends_with_the_sequence(samples):
    model = make_voice_model(HOP)
    whole = model.predict(np.zeros(samples, np.float32))
    steps = [event for step in whole.events for event in step]
    assert [event.kind for event in (*steps, *whole.ended)] == ["start", "end"]
    assert (*steps, *whole.ended)[-1].position == samples
    assert bool(whole.ended) == (samples % HOP == 0)  # no step is left to tell it
    with model.pool(2) as pool:
        stream = pool.open()
        stream.feed(np.zeros(samples, np.float32))
        tail = stream.flush()
        told = [event for step in tail.events for event in step] + [*tail.ended]
        assert [event.kind for event in told] == ["end"]


def test_what_tells_nothing_is_refused():
    for wrong in ({"release": 0.6}, {"threshold": 1.1}, {"silence": -1.0}, {"pad": np.inf}):
        with pytest.raises(ConfigError, match="decoder"):
            VoiceConfig(**wrong)
    with pytest.raises(ConfigError, match="sound alone"):
        network = NetworkConfig(input_size=3, hidden_size=2, output_size=1)
        ModelConfig(name="x", network=network, decoder=VoiceConfig())
    with pytest.raises(ConfigError, match="expected 1, the probability of speech, got 2"):
        network = NetworkConfig(input_size=576, hidden_size=2, output_size=2)
        ModelConfig(name="x", network=network, frontend=SOUND, decoder=VoiceConfig())
