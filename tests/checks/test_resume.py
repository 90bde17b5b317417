"""A stream goes on in another process, or the reason why it cannot is told."""

import pytest

from streamrnn.checks.resume import in_another_process
from streamrnn.checks.subject import Broken, bits_of
from streamrnn.predictions import join
from tests.conftest import make_frames, make_model


def test_another_process_goes_on_to_the_bit() -> None:
    model, frames = make_model(), make_frames(20)
    stream = model.stream()
    stream.feed(frames[:7])
    blob = stream.snapshot()
    here = join([stream.feed(frames[7:]), stream.flush()])
    assert in_another_process(model, blob, frames[7:]) == bits_of(here)


def test_a_process_that_fails_says_why() -> None:
    model, other = make_model(), make_model(seed=1)
    with pytest.raises(Broken, match="load the model that it was taken from"):
        in_another_process(model, other.stream().snapshot(), make_frames(1))
