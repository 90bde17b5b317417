"""Graphs called by a kernel and by onnxruntime's own Python: the same numbers and refusals."""

import gc
import os
import re
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import streamrnn
from streamrnn.config import DetectConfig, OnnxConfig, WaveformConfig
from streamrnn.engines import onnx_engine, onnx_library
from streamrnn.engines.onnx_library import Library, Session, library
from streamrnn.errors import InputError, ModelFileError, NonFiniteError, StreamClosedError
from streamrnn.workers import Workers
from tests.conftest import make_frames
from tests.engines.graphs import graph, picky, summing, sums

pytestmark = pytest.mark.skipif(
    library() is None, reason="this wheel of onnxruntime has no shared library beside it"
)


def looking():
    """y = the row of a table that a frame's one number names; h adds them up."""
    nodes = [
        ("Cast", ["x"], ["place"], {"to": 7}),
        ("Constant", [], ["table"], {"value_floats": [1.0, 2.0, 4.0, 8.0]}),
        ("Gather", ["table", "place"], ["row"], {}),
        ("Add", ["row", "h"], ["hn"], {}),
        ("Identity", ["hn"], ["y"], {}),
    ]
    shape = (1, 1)
    return graph(
        nodes, [("x", "f4", shape), ("h", "f4", shape)], [("y", "f4", shape), ("hn", "f4", shape)]
    )


@pytest.fixture
def both(tmp_path, monkeypatch):
    """A function that loads a graph twice: called by a kernel, and by Python."""

    def load(content):
        path = tmp_path / "made.onnx"
        path.write_bytes(content)
        called: Any = streamrnn.load(path)
        with monkeypatch.context() as patch:
            patch.setattr(onnx_engine, "library", lambda: None)
            plain: Any = streamrnn.load(path)
        assert isinstance(called.engine.session, Session)
        assert isinstance(plain.engine.session, onnxruntime.InferenceSession)
        return called, plain

    return load


def test_both_ways_give_the_same_bits(both, tmp_path):
    frames = make_frames(40)
    for content in (summing(), silero(), exported(tmp_path)):
        called, plain = both(content)
        x = called.frontend.example(np.random.default_rng(3), 60)[:30_000]
        for sequence in (x, x[:1], x[:0]):
            one, other = called.predict(sequence), plain.predict(sequence)
            assert one.outputs.tobytes() == other.outputs.tobytes()
        one, other = called.stream(), plain.stream()
        one.feed(x[: len(x) // 2])
        other.feed(x[: len(x) // 2])
        assert one.snapshot() == other.snapshot()
    np.testing.assert_array_equal(both(summing())[0].predict(frames).outputs, sums(frames))


F4, ONE = ("f4", (1, 2)), ("f4", (1, 1))
KINDS = {
    "the output is the state": graph(
        [("Add", ["x", "h"], ["hn"], {})], [("x", *F4), ("h", *F4)], [("hn", *F4)]
    ),
    "the frame is the state": graph(
        [("Identity", ["x"], ["hn"], {}), ("Sub", ["x", "h"], ["y"], {})],
        [("x", *F4), ("h", *F4)],
        [("y", *F4), ("hn", *F4)],
    ),
    "no state": graph([("Neg", ["x"], ["y"], {})], [("x", *F4)], [("y", *F4)]),
    "scalars, and states of four types": graph(
        [
            ("Not", ["b"], ["bn"], {}),
            ("Cast", ["b"], ["bi"], {"to": 7}),
            ("Add", ["k", "bi"], ["kn"], {}),
            ("Cast", ["kn"], ["short"], {"to": 6}),
            ("Add", ["s", "short"], ["sn"], {}),
            ("Cast", ["sn"], ["sd"], {"to": 11}),
            ("Add", ["d", "sd"], ["dn"], {}),
            ("Cast", ["dn"], ["df"], {"to": 1}),
            ("Add", ["x", "df"], ["y"], {}),
        ],
        [("x", *F4), ("b", "b1", ()), ("k", "i8", ()), ("s", "i4", (1,)), ("d", "f8", (1, 2))],
        [
            *(("y", *F4), ("bn", "b1", ()), ("kn", "i8", ()), ("sn", "i4", (1,))),
            ("dn", "f8", (1, 2)),
        ],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_of_all_kinds_both_ways(both, kind):
    told = []
    for model in both(KINDS[kind]):
        frames = make_frames(7, 2)
        stream = model.stream()
        parts = [stream.feed(frames[:1]), stream.feed(frames[1:1]), stream.feed(frames[1:])]
        told.append((b"".join(p.outputs.tobytes() for p in parts), stream.snapshot()))
        assert told[-1][0] == model.predict(frames).outputs.tobytes()
    assert told[0] == told[1]


def test_what_a_graph_refuses_leaves_the_front_end_too(tmp_path):
    (tmp_path / "made.onnx").write_bytes(picky())
    config = OnnxConfig(frontend=WaveformConfig(hop=4, context=2))
    model = streamrnn.load(tmp_path / "made.onnx", config=config)
    quiet, loud = np.full(13, 0.11, np.float32), np.full(13, 0.9, np.float32)
    for rate in (16_000, 48_000):
        stream, other = model.stream(rate=rate), model.stream(rate=rate)
        for each in (stream, other):
            each.feed(quiet)
        before = stream.snapshot()
        with pytest.raises(InputError, match="expected one that the graph takes"):
            for _ in range(9):  # until a frame is full of it
                before = stream.snapshot()
                stream.feed(loud)
                other.feed(loud[:0])
        assert stream.snapshot() == before
    stream = model.stream()
    stream.feed(quiet)
    with pytest.raises(InputError):
        stream.feed(loud)
    found = stream.feed(quiet)
    assert found.positions.tolist() == [16, 20, 24] and stream.position == 26


def test_a_pool_refuses_as_a_stream_does(tmp_path):
    half = graph([("Neg", ["x"], ["y"], {})], [("x", "f2", (1, 1))], [("y", "f2", (1, 1))])
    (tmp_path / "made.onnx").write_bytes(half)
    model = streamrnn.load(tmp_path / "made.onnx")
    with model.pool(3) as pool:
        for bad in (np.nan, np.inf, 1e6):
            told = []
            for stream in (model.stream(), pool.open()):
                before = stream.snapshot()
                with pytest.raises(NonFiniteError) as caught:
                    stream.feed(np.array([[bad]], np.float32))
                told.append(str(caught.value))
                assert stream.snapshot() == before
            assert told[0] == told[1]


def test_a_pool_closes_only_the_stream_whose_network_refuses(tmp_path):
    (tmp_path / "made.onnx").write_bytes(picky())
    config = OnnxConfig(frontend=WaveformConfig(hop=4, context=2))
    model = streamrnn.load(tmp_path / "made.onnx", config=config)
    quiet, loud = np.full(13, 0.11, np.float32), np.full(13, 0.9, np.float32)
    alone = model.stream()
    with model.pool(3) as pool:
        first, bad, last = (pool.open() for _ in range(3))
        for chunk in (quiet, loud, quiet):
            for stream in (first, last):
                stream.feed(quiet)
            if bad.slot >= 0:
                bad.feed(chunk)
            expected, ready = alone.feed(quiet).outputs.tobytes(), pool.tick()
            for stream in (first, last):
                assert ready[stream].outputs.tobytes() == expected
            assert (bad in ready) == (chunk is quiet and bad.slot >= 0)
            assert list(ready.refused) == [bad] * (chunk is loud)
        assert first.snapshot() == last.snapshot() == alone.snapshot()
        says = "closed, as its network refused what waited: frame 0: expected one that the graph"
        for verb in (lambda: bad.feed(quiet), bad.flush, bad.snapshot):
            with pytest.raises(StreamClosedError, match=says):
                verb()
        other = pool.open()  # in the slot that it left
        other.feed(quiet)
        assert pool.tick()[other].positions.tolist() == [4, 8, 12]
        other.feed(loud)
        with pytest.raises(StreamClosedError, match=says):
            other.flush()
        ready = pool.tick()
        assert list(ready.refused) == [other] and other not in ready
        assert not pool.tick().refused


def test_an_arena_tells_who_was_refused_and_leaves_nothing_of_it(both):
    for model in both(doubling()):
        arena = model.engine.arena(3, Workers(1))
        frames, outputs = np.ones((260, 2), np.float32), np.full((260, 2), np.nan, np.float32)
        slots, firsts, counts = np.array([[2, 0], [0, 200], [200, 60]])
        why = arena.run(slots, firsts, counts, frames, outputs)
        assert list(why) == [2] and isinstance(why[2], NonFiniteError)
        assert why[2].__traceback__ is None and why[2].__cause__ is None
        assert not outputs[:200].any() and not arena.stream(2).hidden.any()
        assert outputs[200:].tobytes() == model.predict(frames[200:]).outputs.tobytes()


def test_what_a_graph_refuses_of_the_tail_is_still_there(tmp_path):
    (tmp_path / "made.onnx").write_bytes(picky())
    config = OnnxConfig(frontend=WaveformConfig(hop=4, context=2))
    model = streamrnn.load(tmp_path / "made.onnx", config=config)
    sound = np.append(np.full(12, 0.11, np.float32), np.float32(0.9))  # the loud one is retained
    for rate in (16_000, 48_000):
        sound = sound if rate == 16_000 else np.repeat(sound, 3)
        with model.pool(1) as pool:
            pooled, alone = pool.open(rate=rate), model.stream(rate=rate)
            alone.feed(sound)
            pooled.feed(sound)
            pool.tick()
            before = alone.snapshot()
            for stream in (alone, pooled):
                for _ in range(2):
                    with pytest.raises(InputError, match="expected one that the graph takes"):
                        stream.flush()
                    assert stream.snapshot() == before
            pooled.reset()
            pooled.feed(sound[:5])
            assert len(pooled.flush()) or len(pool.tick())


def test_parts_of_a_tick_are_refused_like_the_whole(tmp_path):
    """A network that is reset from time to time goes on in parts."""
    growing = graph(
        [
            ("Add", ["h", "h"], ["twice"], {}),
            ("Add", ["twice", "x"], ["hn"], {}),
            ("Sub", ["hn", "twice"], ["left"], {}),
            ("Div", ["left", "x"], ["y"], {}),  # 0 / 0 of a frame of zeros
        ],
        [("x", *F4), ("h", *F4)],
        [("y", *F4), ("hn", *F4)],
    )
    (tmp_path / "made.onnx").write_bytes(growing)
    decoder = DetectConfig(
        labels=("a", "b"),
        ignored=("b",),
        threshold=0.9,
        quiet="b",
        quiet_above=0.4,
        reset_after=16,
        reset_quiet=4,
    )
    config = OnnxConfig(decoder=decoder)
    model = streamrnn.load(tmp_path / "made.onnx", config=config)
    good, bad = np.ones((100, 2), np.float32), np.ones((100, 2), np.float32)
    bad[[70, 90]] = 0.0
    with pytest.raises(NonFiniteError) as caught:
        model.predict(bad)
    found = re.fullmatch(r"frame (\d+): .* \(counted from frame (\d+)\)", str(caught.value))
    assert found and int(found[1]) + int(found[2]) == 70
    with model.pool(3) as pool:
        streams = [pool.open() for _ in range(3)]
        for stream, frames in zip(streams, (good, bad, good), strict=True):
            stream.feed(frames)
        ready = pool.tick()
        assert str(ready.refused[streams[1]]) == str(caught.value)
        for stream in (streams[0], streams[2]):
            assert ready[stream].outputs.tobytes() == model.predict(good).outputs.tobytes()
        assert streams[1] not in ready and ready.refused[streams[1]].__traceback__ is None


def doubling():
    """hn = 2 h + x, which grows beyond float32 in 128 steps; y = hn − 2 h, then no number."""
    nodes = [
        ("Add", ["h", "h"], ["twice"], {}),
        ("Add", ["twice", "x"], ["hn"], {}),
        ("Sub", ["hn", "twice"], ["y"], {}),
    ]
    return graph(nodes, [("x", *F4), ("h", *F4)], [("y", *F4), ("hn", *F4)])


def test_a_state_that_grows_beyond_numbers_is_told(both):
    frames = np.ones((200, 2), np.float32)
    for model in both(doubling()):
        stream = model.stream()
        with pytest.raises(NonFiniteError) as caught:
            stream.feed(frames)
        assert stream.position == 0 and not stream.hidden.any()
        says = re.fullmatch(r"frame (\d+): .* got nan in output 0; .*", str(caught.value))
        assert says and 125 < int(says[1]) < 132
        stream.feed(frames[: int(says[1])])
        before = stream.snapshot()
        with pytest.raises(NonFiniteError, match="frame 0: "):
            stream.feed(frames[:1])
        assert stream.snapshot() == before
        stream.reset()
        assert (stream.feed(frames[:1]).outputs == 1.0).all()


def test_what_is_infinite_is_a_number(both):
    zeros = np.zeros((3, 2), np.float32)
    logarithm = graph([("Log", ["x"], ["y"], {})], [("x", *F4)], [("y", *F4)])
    for model in both(logarithm):
        assert (model.predict(zeros).outputs == -np.inf).all()


LAST = """
import atexit
import numpy as np

def feed():
    print(stream.feed(np.ones((1, 3), np.float32)).outputs.tolist())

atexit.register(feed)  # before anything of ours: it runs after all that is ours
import streamrnn, sys
stream = streamrnn.load(sys.argv[1]).stream()
"""


def test_whoever_feeds_at_the_end_of_the_process_still_can(tmp_path):
    (tmp_path / "made.onnx").write_bytes(summing())
    command = [sys.executable, "-c", LAST, str(tmp_path / "made.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[[1.0, 1.0, 1.0]]\n", "")


def silero():
    silero_vad = pytest.importorskip("silero_vad")
    return (Path(silero_vad.__file__).parent / "data" / "silero_vad.onnx").read_bytes()


def exported(tmp_path):
    streamrnn.export(streamrnn.load("ball"), tmp_path / "ball.onnx")
    return (tmp_path / "ball.onnx").read_bytes()


def test_both_ways_refuse_the_same_and_leave_the_state(both):
    told = []
    for model in both(looking()):
        stream = model.stream()
        stream.feed(np.array([[1], [3]], np.float32))
        before, hidden = stream.snapshot(), stream.hidden
        for bad in ([[9]], [[0], [2], [9], [1]], [[-7]]):
            with pytest.raises(InputError) as caught:
                stream.feed(np.array(bad, np.float32))
            told.append(str(caught.value))
            assert stream.snapshot() == before and (stream.hidden == hidden).all()
        with pytest.raises(NonFiniteError, match="frame 1, element 0: expected a finite number"):
            stream.feed(np.array([[0], [np.nan]], np.float32))
        assert stream.feed(np.array([[0]], np.float32)).outputs.item() == 1 + 2 + 8
    assert told[1].startswith("frame 2: expected one that the graph takes, got: ")
    assert "out of data bounds" in told[0] and told[:3] == told[3:]


def test_streams_of_many_threads(both):
    called, _ = both(silero())
    sounds = [called.frontend.example(np.random.default_rng(k), 60)[:30_000] for k in range(4)]
    found: dict[int, bytes] = {}

    def work(k):
        stream = called.stream()
        parts = [stream.feed(sounds[k][at : at + 700]) for at in range(0, 30_000, 700)]
        found[k] = b"".join(part.outputs.tobytes() for part in (*parts, stream.flush()))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, sound in enumerate(sounds):
        assert found[k] == called.predict(sound).outputs.tobytes()


def test_what_a_model_held_is_given_back(both):
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc, as Linux has it")
    called, _ = both(silero())
    session = weakref.ref(called.engine.session)

    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def open_and_forget(model, streams):
        for _ in range(streams):
            model.stream().feed(np.zeros(512, np.float32))

    open_and_forget(called, 200)
    before = resident()
    open_and_forget(called, 2_000)
    assert resident() - before < 2_000_000  # 2,000 states alone are 4 MB
    del called, _
    gc.collect()
    assert session() is None


def test_what_is_no_library_and_no_graph(tmp_path):
    (tmp_path / "libonnxruntime.so.1").write_bytes(b"no library")
    with pytest.raises(OSError):
        Library(tmp_path / "libonnxruntime.so.1")
    calls = library()
    assert calls is not None
    with pytest.raises(ModelFileError, match="protobuf"):
        calls.session(b"no graph")


def test_without_a_library_that_can_be_used_python_calls(tmp_path, monkeypatch):
    class Useless:
        def __init__(self, path):
            raise OSError(f"{path}: expected OrtApi of version 1, got none")

    monkeypatch.setattr(onnx_library, "Library", Useless)
    assert library.__wrapped__() is None
    (tmp_path / "made.onnx").write_bytes(summing())

    class Refusing:
        def session(self, graph):
            raise ModelFileError("not this one")

    monkeypatch.setattr(onnx_engine, "library", Refusing)
    model: Any = streamrnn.load(tmp_path / "made.onnx")
    assert isinstance(model.engine.session, onnxruntime.InferenceSession)
    np.testing.assert_array_equal(model.predict(make_frames(3)).outputs, sums(make_frames(3)))
