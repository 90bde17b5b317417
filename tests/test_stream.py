"""The contract of a stream, by property: cuts, company, interruption, causality, cleanliness."""

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import AudioConfig, ClassesConfig, DetectConfig, MotionConfig, PointsConfig
from streamrnn.errors import ConfigError, EncodingError, InputError, NonFiniteError, StateError
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.model import Model
from streamrnn.predictions import Predictions, join
from streamrnn.state import seal, unseal
from streamrnn.stream import SNAPSHOT_VERSION
from tests.conftest import CELLS, example, make_frames, make_model, make_text_model, models, pieces

CUTS = st.lists(st.integers(0, 1000), max_size=8)
STEPS = 24


def ball(cell: Any = "gru") -> Model:
    """A model of motion with points, as the bundled one."""
    return make_model(
        frontend=MotionConfig(),
        decoder=PointsConfig(horizons=(1, 5)),
        input_size=FRAME_SIZE,
        output_size=8,
        cell=cell,
    )


def told(p: Predictions) -> Any:
    """Everything that predictions say, in a form that compares by bits."""
    arrays = [p.outputs, p.positions, p.times, p.scores, p.points, p.spreads, p.probabilities]
    return [None if a is None else (a.shape, a.tobytes()) for a in arrays], p.labels, p.events


def scribble(p: Predictions) -> None:
    """Write into all that was given."""
    for array in (p.outputs, p.positions, p.times, p.scores, p.points, p.spreads):
        if array is not None:
            array.fill(77)
    if p.trace is not None:
        for array in (p.trace.hidden, *p.trace.gates):
            array.fill(77)


@given(models(), CUTS)
@settings(max_examples=60, deadline=None)
def test_chunking_never_shows(model: Model, cuts: list[int]) -> None:
    sequence, stream = example(model, STEPS), model.stream()
    parts = [stream.feed(chunk) for chunk in pieces(sequence, cuts)]
    assert stream.position == STEPS
    whole = model.predict(sequence)
    assert told(join([*parts, stream.flush()])) == told(whole)
    assert whole.positions.tolist() == list(range(1, STEPS + 1))
    assert stream.position == 0


@pytest.mark.parametrize("cell", CELLS)
@given(cuts=CUTS, seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_chunking_never_shows_in_motion(cell: Any, cuts: list[int], seed: int) -> None:
    model = ball(cell)
    sequence, stream = example(model, STEPS, seed), model.stream()
    parts = [stream.feed(chunk) for chunk in pieces(sequence, cuts)]
    assert told(join([*parts, stream.flush()])) == told(model.predict(sequence))


@given(cuts=CUTS, seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_chunking_never_shows_in_probabilities(cuts: list[int], seed: int) -> None:
    model = make_model(output_size=4, decoder=ClassesConfig(labels=("a", "b", "c", "d")))
    sequence, stream = example(model, STEPS, seed), model.stream()
    parts = [stream.feed(chunk) for chunk in pieces(sequence, cuts)]
    assert told(join([*parts, stream.flush()])) == told(model.predict(sequence))


@given(models(largest=20), st.lists(st.integers(0, 2), min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_company_never_shows(model: Model, turns: list[int]) -> None:
    sequences = [example(model, 60, seed) for seed in range(3)]
    streams = [model.stream() for _ in range(3)]
    parts: list[list[Predictions]] = [[stream.feed(sequences[0][:0])] for stream in streams]
    for who in turns:
        at = streams[who].position
        parts[who].append(streams[who].feed(sequences[who][at : at + 1]))
    for who in range(3):
        parts[who].append(streams[who].feed(sequences[who][streams[who].position :]))
        assert told(join(parts[who])) == told(model.predict(sequences[who]))


@given(models(), st.integers(0, STEPS), CUTS)
@settings(max_examples=40, deadline=None)
def test_interruption_never_shows(model: Model, at: int, cuts: list[int]) -> None:
    sequence, stream = example(model, STEPS), model.stream()
    before = stream.feed(sequence[:at])
    blob = stream.snapshot()
    assert blob == stream.snapshot()
    stream.feed(sequence[at:])
    stream.reset()
    restored = model.stream(state=blob)
    assert restored.position == at
    assert restored.snapshot() == blob
    after = [restored.feed(chunk) for chunk in pieces(sequence[at:], cuts)]
    assert told(join([before, *after, restored.flush()])) == told(model.predict(sequence))


RESUME = """
import sys
import numpy as np
import streamrnn
model, state, rest, out = sys.argv[1:]
stream = streamrnn.load(model).stream(state=open(state, "rb").read())
np.save(out, stream.feed(np.load(rest)).outputs)
"""


@pytest.mark.parametrize("cell", CELLS)
def test_another_process_goes_on(cell: Any, tmp_path: Path) -> None:
    model = ball(cell)
    sequence, stream = example(model, STEPS), model.stream()
    before = stream.feed(sequence[:11])
    paths = [str(tmp_path / name) for name in ("m.safetensors", "state", "in.npy", "out.npy")]
    model.save(paths[0])
    Path(paths[1]).write_bytes(stream.snapshot())
    np.save(paths[2], sequence[11:])
    subprocess.run([sys.executable, "-c", RESUME, *paths], check=True)
    outputs = np.concatenate([before.outputs, np.load(paths[3])])
    assert outputs.tobytes() == model.predict(sequence).outputs.tobytes()


@given(models(), st.integers(0, STEPS))
@settings(max_examples=30, deadline=None)
def test_later_input_never_changes_earlier_output(model: Model, at: int) -> None:
    one, other = example(model, STEPS, 1), example(model, STEPS, 2)
    mixed = np.concatenate([one[:at], other[at:]])
    a, b = model.predict(one), model.predict(mixed)
    assert a.outputs[:at].tobytes() == b.outputs[:at].tobytes()


@given(models(), st.sampled_from(["flush", "reset"]))
@settings(max_examples=30, deadline=None)
def test_an_ended_stream_is_a_new_one(model: Model, ending: str) -> None:
    sequence, stream = example(model, STEPS), model.stream()
    fresh, size = stream.snapshot(), model.state_bytes
    for steps in (1, STEPS, 5):
        stream.feed(sequence[:steps])
        assert stream.nbytes == size  # however long it runs
        assert len(stream.snapshot()) == len(fresh)
        getattr(stream, ending)()
        assert stream.snapshot() == fresh
    assert told(stream.feed(sequence)) == told(model.predict(sequence))


def test_motion_ends_clean_too() -> None:
    model = ball()
    stream = model.stream()
    fresh = stream.snapshot()
    stream.feed(example(model, STEPS))
    stream.flush()
    assert stream.snapshot() == fresh
    other = np.column_stack([example(model, STEPS), np.zeros(STEPS)])  # now in three dimensions
    assert told(stream.feed(other)) == told(model.predict(other))


@pytest.mark.parametrize("trace", [False, True])
@pytest.mark.parametrize("kind", [*CELLS, "motion"])
def test_nothing_is_aliased(kind: Any, trace: bool) -> None:
    decoder = ClassesConfig(labels=("a", "b"))
    model = ball() if kind == "motion" else make_model(cell=kind, output_size=2, decoder=decoder)
    sequence, stream = example(model, STEPS), model.stream()
    whole = model.predict(sequence)
    parts = []
    for first in range(0, STEPS, 4):
        chunk = sequence[first : first + 4].copy()
        kept = chunk.copy()
        p = stream.feed(chunk, trace=trace)
        assert chunk.tobytes() == kept.tobytes()
        chunk.fill(0)  # the caller's buffer is the caller's
        parts.append(copy.deepcopy(p))
        scribble(p)
        stream.hidden.fill(77)
        blob = bytearray(stream.snapshot())
        blob[:] = b"\0" * len(blob)
    assert told(join(parts)) == told(whole)


@pytest.mark.parametrize("cell", CELLS)
def test_a_copy_of_a_stream_lives_by_itself(cell: Any) -> None:
    model = ball(cell)
    sequence, stream = example(model, STEPS), model.stream()
    stream.feed(sequence[:10])
    held = stream.snapshot()
    other = copy.deepcopy(stream)
    rest = told(other.feed(sequence[10:]))
    assert stream.snapshot() == held
    assert told(stream.feed(sequence[10:])) == rest


@pytest.mark.parametrize("trace", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_bad_input_leaves_the_stream(cell: Any, trace: bool) -> None:
    model, frames = make_model(cell=cell), make_frames(6)
    stream = model.stream()
    stream.feed(frames)
    before = stream.snapshot()
    late = frames.copy()
    late[4, 1] = np.nan
    for bad in (
        late,
        -np.inf * np.ones_like(late),
        frames.tolist(),
        frames[0],
        frames[:, :2],
        None,
    ):
        with pytest.raises(InputError):
            stream.feed(bad, trace=trace)
        assert stream.snapshot() == before


@pytest.mark.parametrize("trace", [False, True])
def test_a_late_bad_token_leaves_the_stream(trace: bool) -> None:
    model = make_model(input_size=1, encoder="embedding", encoder_size=4, vocabulary_size=6)
    stream = model.stream()
    stream.feed(np.array([[1], [2]], np.float32))
    before = stream.snapshot()
    with pytest.raises(NonFiniteError, match="frame 2: expected a token's number"):
        stream.feed(np.array([[3], [4], [6]], np.float32), trace=trace)
    assert stream.snapshot() == before


@given(
    st.lists(st.floats(0, 1e100), min_size=1, max_size=12),
    st.lists(st.tuples(*[st.floats(-1e100, 1e100)] * 2), min_size=12, max_size=12),
)
@settings(max_examples=80, deadline=None)
def test_no_valid_rows_give_a_frame_that_the_network_refuses(
    times: list[float], places: list[tuple[float, float]]
) -> None:
    # Were it so, the front end would have moved on and the network not.
    rows = np.column_stack([sorted(times), np.array(places)[: len(times)]])
    model = ball()
    stream = model.stream()
    for row in rows:
        p = stream.feed(row[None])
        assert np.isfinite(p.outputs).all()


@given(models(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_bare_loop_is_the_stream(model: Model, fresh: bool) -> None:
    frames, state = example(model, 10), None
    rows = []
    for frame in frames:
        given = copy.deepcopy(state) if fresh else state
        kept = None if given is None else {n: a.copy() for n, a in given.arrays.items()}
        output, state = model.step(frame, given)
        rows.append(output)
        if given is not None and kept is not None:  # the state that came in has not changed
            assert all(given.arrays[n].tobytes() == kept[n].tobytes() for n in kept)
    assert np.array(rows).tobytes() == model.predict(frames).outputs.tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_tracing_tells_more_and_changes_nothing(cell: Any) -> None:
    model, frames = make_model(cell=cell, num_layers=2), make_frames(7)
    p, plain = model.predict(frames, trace=True), model.predict(frames)
    assert p.outputs.tobytes() == plain.outputs.tobytes()
    assert plain.trace is None and p.trace is not None
    stream = model.stream()
    for t in range(7):
        stream.feed(frames[t : t + 1])
        assert p.trace.hidden[t].tobytes() == stream.hidden.tobytes()
    gates = {"gru": 3, "lstm": 4}.get(cell)
    assert [layer.shape for layer in p.trace.gates] == ([(7, gates, 5)] * 2 if gates else [])
    assert stream.hidden.shape == ((0, 5) if cell == "feedforward" else (2, 5))
    empty = stream.feed(frames[:0], trace=True)
    assert len(empty) == 0 and empty.trace is not None and len(empty.trace.hidden) == 0


def resealed(blob: bytes, **changes: Any) -> bytes:
    arrays, metadata = unseal(blob, what="x", error=StateError)
    arrays = {**arrays, **changes.pop("arrays", {})}
    return seal(arrays, {**metadata, **changes})


def test_a_stream_of_sound_goes_on_at_its_rate() -> None:
    model = make_model(frontend=AudioConfig(), input_size=40)
    sound = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    whole = model.predict(sound, rate=44_100, channels=2)
    assert whole.times is not None
    np.testing.assert_array_equal(whole.times, whole.positions / 44_100)
    assert whole.positions[-1] == 20_000
    stream = model.stream(rate=44_100, channels=2)
    before = stream.feed(sound[:7_001])
    blob = stream.snapshot()
    restored = model.stream(state=blob)
    assert dict(restored.options) == {"rate": 44_100, "channels": 2}
    after = join([before, restored.feed(sound[7_001:]), restored.flush()])
    assert after.outputs.tobytes() == whole.outputs.tobytes()
    np.testing.assert_array_equal(after.positions, whole.positions)
    assert model.stream(state=blob, rate=44_100).snapshot() == blob
    with pytest.raises(StateError, match="'rate': 48000.*got one with .*44100"):
        model.stream(state=blob, rate=48_000)
    other = model.stream()
    fresh = other.snapshot()
    with pytest.raises(StateError, match="'rate': 16000.*got one with .*44100"):
        other.restore(blob)
    assert other.snapshot() == fresh
    with pytest.raises(ConfigError, match="rate: expected none, which only streams of sound or"):
        make_model().stream(rate=16_000)


@given(st.text(st.sampled_from([*"abé日👩 ’'7.T"]), max_size=30), CUTS, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_text_goes_on_in_mid_word_and_in_mid_character(text: str, cuts: list[int], at: int) -> None:
    data = text.encode()
    at %= len(data) + 1
    for unit in ("characters", "words"):
        model = make_text_model(unit)
        whole = model.predict(text)
        assert told(model.predict(data)) == told(whole)
        stream = model.stream()
        parts = [stream.feed(data[:at])]
        stream = model.stream(state=stream.snapshot())
        parts += [stream.feed(chunk) for chunk in pieces(data[at:], cuts)]
        assert stream.position == len(text)
        assert told(join([*parts, stream.flush()])) == told(whole)
        assert stream.snapshot() == model.stream().snapshot()


def test_positions_and_unknown_ones_of_words() -> None:
    model = make_text_model("words")
    assert (model.delay, make_text_model("characters").delay, make_model().delay) == (2, 0, 0)
    stream = model.stream()
    said = [stream.feed(c) for c in "Turn it on, at 7:30. Dogs' off"]
    assert join(said).positions.tolist() == [5, 8, 11, 15, 21, 27]
    assert stream.unknown == 3  # it, at, dogs
    assert stream.flush().positions.tolist() == [30]
    assert stream.unknown == 0 == make_model().stream().unknown


def test_bytes_that_are_no_text() -> None:
    model = make_text_model("characters")
    with pytest.raises(EncodingError, match="got 0xff at byte 1"):
        model.predict(b"a\xff")
    with pytest.raises(EncodingError, match="the end after 0xe6"):
        model.predict(b"a\xe6")
    assert told(model.predict(b"a\xffb\xe6", errors="replace")) == told(
        model.predict("a\ufffdb\ufffd")
    )
    stream = model.stream(errors="replace")
    assert dict(stream.options) == {"errors": "replace"}
    stream.feed(b"a\xe6")
    blob = stream.snapshot()
    restored = model.stream(state=blob)
    assert dict(restored.options) == {"errors": "replace"}
    assert told(restored.flush()) == told(stream.flush())
    assert model.stream(state=blob, errors="replace").snapshot() == blob
    with pytest.raises(StateError, match="'strict'.*got one with.*'replace'"):
        model.stream(state=blob, errors="strict")
    strict = model.stream()
    strict.feed(b"ab\xe6")
    before = strict.snapshot()
    with pytest.raises(EncodingError):
        strict.flush()
    assert strict.snapshot() == before
    with pytest.raises(ConfigError, match="rate: "):
        model.stream(rate=16_000)
    with pytest.raises(ConfigError, match="errors: expected none, which only streams of sound or"):
        make_model().stream(errors="strict")


def detecting(**options: Any) -> Model:
    labels = ("quiet", "a", "b")
    decoder = DetectConfig(
        labels=labels, ignored=("quiet",), quiet="quiet", smoothing=2, threshold=0.4, **options
    )
    return make_model(decoder=decoder, output_size=3)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), after=st.sampled_from([0, 1, 7]))
def test_events_and_resets_do_not_depend_on_the_cut(data: st.DataObject, after: int) -> None:
    model = detecting(quiet_above=0.3, reset_after=after, reset_quiet=2)
    frames = make_frames(90, seed=data.draw(st.integers(0, 99)))
    whole = model.predict(frames)
    edges = sorted(data.draw(st.lists(st.integers(0, 90), max_size=9)))
    stream = model.stream()
    parts: list[Predictions] = []
    for first, end in zip([0, *edges], [*edges, 90], strict=True):
        parts.append(stream.feed(frames[first:end]))
        stream = model.stream(state=stream.snapshot())
    cut = join([*parts, stream.flush()])
    assert cut.outputs.tobytes() == whole.outputs.tobytes()
    assert cut.probabilities is not None and whole.probabilities is not None
    assert cut.probabilities.tobytes() == whole.probabilities.tobytes()
    assert (cut.labels, cut.events) == (whole.labels, whole.events)
    np.testing.assert_array_equal(cut.positions, whole.positions)


def test_a_reset_makes_the_hidden_state_fresh_and_nothing_else() -> None:
    model = detecting(quiet_above=0.0, reset_after=40, reset_quiet=1, refractory=1000)
    frames = make_frames(60)
    found = model.predict(frames)
    plain = detecting()
    # Nothing stood in the way at step 39, unless a word was active: then at the next quiet step.
    active, at = False, 0
    for step, said in enumerate(found):
        for event in said.events:
            active = event.kind != "end"
        if step >= 39 and not active:
            at = step + 1
            break
    assert 40 <= at < 60
    before, after = plain.predict(frames[:at]), plain.predict(frames[at:])
    assert found.outputs[:at].tobytes() == before.outputs.tobytes()
    assert found.outputs[at : at + 15].tobytes() == after.outputs[:15].tobytes()
    detections = [e.label for said in found for e in said.events if e.kind == "detected"]
    assert len(detections) == len(set(detections))  # none again after the reset


def test_a_frame_refused_after_a_reset_leaves_the_stream_as_it_was() -> None:
    model = detecting(quiet_above=0.0, reset_after=3, reset_quiet=1)
    stream = model.stream()
    stream.feed(make_frames(5))
    before = stream.snapshot()
    frames = make_frames(20)
    frames[17, 1] = np.nan
    with pytest.raises(NonFiniteError):
        stream.feed(frames)
    assert stream.snapshot() == before


def test_what_is_active_ends_with_the_stream() -> None:
    model = make_model(
        frontend=AudioConfig(),
        decoder=DetectConfig(labels=("a", "b"), threshold=0.01, release=0.0),
        input_size=40,
        output_size=2,
    )
    stream = model.stream()
    sound = np.zeros(1000, np.float32)
    kinds = [event.kind for said in stream.feed(sound) for event in said.events]
    assert kinds == ["start", "detected", "start", "detected"]
    tail = stream.flush()
    assert [(e.kind, e.label, e.position) for e in tail.events[-1]] == [
        ("end", "a", 1000),
        ("end", "b", 1000),
    ]


def test_snapshots_that_do_not_fit_are_refused_and_change_nothing() -> None:
    model = make_model()
    stream = model.stream()
    stream.feed(make_frames(3))
    blob = stream.snapshot()
    stream.feed(make_frames(3))
    before = stream.snapshot()
    for bad, says in [
        (b"", "truncated"),
        (blob[:-1], "truncated"),
        (blob[:-1] + bytes([blob[-1] ^ 1]), "damaged"),
        (make_model(seed=9).stream().snapshot(), "expected one of model 'made'.*load the model"),
        (resealed(blob, snapshot_version="2"), f"version {SNAPSHOT_VERSION}, got version 2"),
        (seal({}, {}), "got another kind of file"),
        (resealed(blob, arrays={"more": np.zeros(1)}), "expected arrays .*got"),
        (
            resealed(blob, arrays={"network.h": np.zeros((1, 6), np.float32)}),
            r"got float32 \(1, 6\)",
        ),
        (resealed(blob, arrays={"network.h": np.zeros((1, 5))}), "expected .* of float32"),
    ]:
        with pytest.raises(StateError, match=says):
            stream.restore(bad)
        with pytest.raises(StateError):
            model.stream(state=bad)
        assert stream.snapshot() == before
    stream.restore(blob)
    assert stream.snapshot() == blob


def test_a_stream_says_what_it_is() -> None:
    stream = make_model().stream()
    stream.feed(make_frames(5))
    assert repr(stream) == f"<Stream of {stream.model.name!r}: position 5>"
