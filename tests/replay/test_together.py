"""Side by side, every file says what it says alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.errors import RecordingError
from streamrnn.replay.play import play
from streamrnn.replay.reel import Step
from streamrnn.replay.sources import open_source
from streamrnn.replay.together import WIDTH, play_together
from tests.replay.test_play import model_of


def same(one: Step, other: Step) -> None:
    assert one.said.outputs.tobytes() == other.said.outputs.tobytes()
    np.testing.assert_array_equal(one.said.positions, other.said.positions)
    assert one.said.events == other.said.events
    assert (one.offset, one.samples, one.chunks) == (other.offset, other.samples, other.chunks)
    assert (one.times is None) == (other.times is None)
    if one.times is not None and other.times is not None:
        np.testing.assert_array_equal(one.times, other.times)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=2 * WIDTH), st.booleans())
@settings(max_examples=15, deadline=None)
def test_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], tracks: bool
) -> None:
    folder = tmp_path_factory.mktemp("together")
    paths: list[Path] = []
    for number, length in enumerate(lengths):
        rows = [f"{n / 30},{n * number},{n * n}" for n in range(length)]
        words = [f'{{"text": "{" ".join("abcde"[: n % 5 + 1])}"}}' for n in range(length % 7 + 1)]
        paths.append(folder / f"{number}.{'csv' if tracks else 'jsonl'}")
        paths[-1].write_text("\n".join(["time_s,x,y", *rows] if tracks else words))
    model = model_of("motion" if tracks else "words")
    found: list[list[Step]] = [[] for _ in paths]
    ended: list[int] = []
    for number, step in play_together([open_source(path) for path in paths], model):
        if isinstance(step, Step):
            found[number].append(step)
        else:
            assert step is None
            ended.append(number)
    assert sorted(ended) == list(range(len(paths)))
    for path, steps in zip(paths, found, strict=True):
        alone = list(play(open_source(path), model))
        assert len(alone) == len(steps)
        for one, other in zip(alone, steps, strict=True):
            same(one, other)


def test_one_that_is_refused_takes_no_other_with_it(tmp_path: Path) -> None:
    texts = {
        "good.csv": "time_s,x,y\n1,1,1\n2,2,2\n",
        "far.csv": "time_s,x,y\n1,1,1\n2,1e200,2\n",
        "cut.csv": "time_s,x,y\n1,1,1\n2,2\n",
        "text.txt": "hello",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    sources = [open_source(tmp_path / name) for name in texts]
    said, ends = [0] * len(texts), {}
    for number, step in play_together(sources, model_of("motion")):
        if isinstance(step, Step):
            said[number] += len(step.said)
        else:
            ends[number] = step
    assert said == [2, 1, 1, 0] and ends[0] is None and ends[2] is None
    assert sources[2].broken is not None and "expected 3 fields" in sources[2].broken
    assert isinstance(ends[1], RecordingError) and "far.csv, after 1 samples" in str(ends[1])
    assert isinstance(ends[3], RecordingError) and "expected a model of text" in str(ends[3])


def test_long_texts_are_played_to_their_end(tmp_path: Path) -> None:
    lengths = (10_000, 1, 4_097)
    for length in lengths:
        (tmp_path / f"{length}.txt").write_text("abcd" * (length // 4) + "a" * (length % 4))
    said = [0] * len(lengths)
    sources = [open_source(tmp_path / f"{length}.txt") for length in lengths]
    for number, step in play_together(sources, model_of("characters")):
        assert not isinstance(step, RecordingError)
        said[number] += 0 if step is None else len(step.said)
    assert tuple(said) == lengths


def test_a_file_that_vanishes_takes_no_other_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time_s,x,y\n1,1,1\n")
    sources = [open_source(tmp_path / "a.csv"), open_source(tmp_path / "gone.csv")]
    ended = [step for _, step in play_together(sources, model_of("motion"))]
    assert ended.count(None) == 2 and sources[1].broken is not None
