"""A subject's cuts join to the whole; predictions are the same only where all they tell is."""

import numpy as np
import pytest
from msgspec.structs import replace

from streamrnn.checks.subject import Broken, Subject, bits_of
from streamrnn.config import ClassesConfig
from streamrnn.predictions import Predictions
from tests.conftest import make_frames, make_model


def subject() -> Subject:
    model = make_model(output_size=2, decoder=ClassesConfig(labels=("a", "b")))
    return Subject(model, make_frames(30), seed=0)


def altered(said: Predictions) -> dict[str, Predictions]:
    """The same predictions but for one thing."""
    outputs = said.outputs.copy()
    outputs[-1, 0] = np.nextafter(outputs[-1, 0], np.float32(9))
    scores = said.scores
    assert scores is not None
    labels = ("c", *(said.labels or ())[1:])
    return {
        "outputs differ, first at step 29": replace(said, outputs=outputs),
        "positions differ, first at step 0": replace(said, arrivals=said.positions + 1),
        "times of another shape": replace(said, timing=np.zeros(30)),
        "scores of another shape": replace(said, decoded=replace(said.decoded, scores=scores[:9])),
        "labels or events differ": replace(said, decoded=replace(said.decoded, labels=labels)),
    }


def test_cuts_join_to_the_whole() -> None:
    made = subject()
    cuts = [made.cuts() for _ in range(20)]
    for parts in cuts:
        np.testing.assert_array_equal(np.concatenate(parts), made.sequence)
    assert any(not len(part) for parts in cuts for part in parts)


def test_whatever_differs_is_named_and_has_other_bits() -> None:
    made = subject()
    made.same(made.whole, made.model.predict(made.sequence), "again")
    assert bits_of(made.whole) == bits_of(made.model.predict(made.sequence))
    for says, other in altered(made.whole).items():
        with pytest.raises(Broken, match=f"doing: {says}"):
            made.same(other, made.whole, "doing")
        assert bits_of(other) != bits_of(made.whole)
