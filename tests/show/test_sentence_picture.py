import re
from pathlib import Path

import pytest

from streamrnn.errors import UnsupportedError
from streamrnn.loading import load
from streamrnn.show.sentence_picture import MOST_WORDS, sentence_picture
from tests.conftest import make_model
from tests.sentences import deciding_model

MODEL = deciding_model()


@pytest.mark.parametrize(
    "text",
    ["turn", "turn on the light, don't!", "$5 and $6_a 日本 🎉x שלום \x1b", "on " * MOST_WORDS],
)
@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_is_drawn_of_the_bits_of_the_whole(
    tmp_path: Path, text: str, dark: bool
) -> None:
    steps = sentence_picture(MODEL, text, tmp_path / "words.png", dark=dark)
    assert (tmp_path / "words.png").read_bytes().startswith(b"\x89PNG")
    whole = MODEL.predict(text)
    assert [s.said.output.tobytes() for s in steps] == [row.tobytes() for row in whole.outputs]


def test_light_and_dark_have_their_own_ground(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    for dark, corner in ((False, 1.0), (True, 13 / 255)):
        sentence_picture(MODEL, "turn on", tmp_path / "words.png", dark=dark)
        red, *_, opaque = image.imread(tmp_path / "words.png")[0, 0].tolist()
        assert (red, opaque) == (pytest.approx(corner, abs=1e-6), 1.0)  # float32 of 8 bits


def test_all_that_is_probable_and_every_colour_is_named(tmp_path: Path) -> None:
    path = tmp_path / "words.svg"
    (step,) = sentence_picture(load("intents"), "turn", path)
    told = re.findall("<!-- (.*?) -->", path.read_text(encoding="utf-8"))  # letters are paths
    shares = [int(share) for line in told for share in re.findall(r"^\S.*  (\d+)%$", line)]
    assert len(shares) == 3 and sum(shares) in (99, 100, 101)  # each is rounded
    assert {"−1", "0", "1"} <= set(told) and step.number == 0


def test_a_model_without_a_loop_has_lines_alone(tmp_path: Path) -> None:
    model = deciding_model(cell="feedforward")
    assert len(sentence_picture(model, "turn on", tmp_path / "words.png")) == 2


@pytest.mark.parametrize("text", ["", "?!", "on " * (MOST_WORDS + 1)])
def test_what_has_no_words_or_too_many_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnsupportedError, match="expected a sentence of 1 to 60 words"):
        sentence_picture(MODEL, text, tmp_path / "words.png")


def test_what_reads_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="reads text and decides"):
        sentence_picture(make_model(), "turn", tmp_path / "words.png")
