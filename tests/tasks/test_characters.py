"""Characters: what is learnt from, bits by hand, and n-grams that sum to one."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.config import ClassesConfig, ModelConfig, NetworkConfig, TextConfig
from streamrnn.errors import ConfigError, TextError
from streamrnn.io.texts import read_text
from streamrnn.loading import BUNDLED
from streamrnn.model import Model
from streamrnn.tasks import load_task, task_names
from streamrnn.tasks.characters.evaluate import UNKNOWN, score
from streamrnn.tasks.characters.kneser_ney import FALLBACK, KneserNey, discounts
from streamrnn.tasks.characters.task import VALIDATED
from tests.conftest import make_weights

ALPHABET = "abc"
SHAKESPEARE = Path(__file__).parents[2].parent / "shared" / "data" / "text" / "tinyshakespeare.txt"


@given(
    st.text(ALPHABET, min_size=1, max_size=200),
    st.text(ALPHABET + "x", max_size=8),
    st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_after_any_context_the_probabilities_sum_to_one(
    text: str, context: str, order: int
) -> None:
    grams = KneserNey(text, 4, order)
    shares = [grams.probability(symbol, context) for symbol in ALPHABET + "x"]
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1.0, abs=1e-12)


def test_a_bigram_by_hand() -> None:
    """abab: too short for discounts of its own, so 0.5 off a count of 1 and 1 off a count of 2."""
    grams = KneserNey("abab", 3, order=2)
    # One symbol came before each of a and b: of 2 continuations each keeps (1 - 0.5) / 2, and
    # 2 × 0.5 / 2 is shared out over 3 symbols.
    alone = 0.25 + 0.5 / 3
    assert grams.probability("a", "") == pytest.approx(alone)
    assert grams.probability("c", "") == pytest.approx(0.5 / 3)
    # After a came b, twice; after b came a, once.
    assert grams.probability("b", "a") == pytest.approx((2 - 1.0) / 2 + 1.0 / 2 * alone)
    assert grams.probability("a", "b") == pytest.approx((1 - 0.5) / 1 + 0.5 / 1 * alone)
    assert grams.probability("c", "b") == pytest.approx(0.5 * 0.5 / 3)
    assert grams.probability("c", "c") == pytest.approx(0.5 / 3)  # a context that never came
    bits = grams.bits("aba")
    by_hand = -math.log2(0.5 + 0.5 * alone) - math.log2(0.5 + 0.5 * alone)
    assert bits == pytest.approx(by_hand)


def test_discounts_are_those_of_chen_and_goodman() -> None:
    # n1 … n4 = 10, 4, 2, 1: Y = 10 / 18.
    counts = Counter({f"{k}{i}": k for k, n in ((1, 10), (2, 4), (3, 2), (4, 1)) for i in range(n)})
    y = 10 / 18
    expected = (1 - 2 * y * 4 / 10, 2 - 3 * y * 2 / 4, 3 - 4 * y * 1 / 2)
    assert discounts(counts) == pytest.approx(expected)
    assert discounts(Counter({"a": 1, "b": 7})) == FALLBACK


def plain(text: str, symbols: str, order: int, context: str, symbol: str) -> float:
    """The paper's equations, read out one by one, without a table."""

    def grams(n: int) -> list[str]:
        return [text[i : i + n] for i in range(len(text) - n + 1)]

    def counts(n: int) -> Counter[str]:
        if n == order:
            return Counter(grams(n))
        return Counter(gram[1:] for gram in set(grams(n + 1)))

    def share(n: int, context: str) -> float:
        if n == 0:
            return 1 / len(symbols)
        context = context[len(context) - n + 1 :]
        all_of = counts(n)
        own = {v: all_of[context + v] for v in symbols if all_of[context + v]}
        lower = share(n - 1, context[1:])
        if not own:
            return lower
        off = discounts(all_of)
        of = [sum(min(c, 3) == k for c in own.values()) for k in (1, 2, 3)]
        gamma = sum(d * n_k for d, n_k in zip(off, of, strict=True)) / sum(own.values())
        count = own.get(symbol, 0)
        kept = count - off[min(count, 3) - 1] if count else 0.0
        return kept / sum(own.values()) + gamma * lower

    return share(min(order, len(context) + 1), context)


@given(st.text(ALPHABET, min_size=40, max_size=300), st.text(ALPHABET, max_size=5))
@settings(max_examples=60, deadline=None)
def test_the_table_says_what_the_equations_say(text: str, context: str) -> None:
    grams = KneserNey(text, 3, order=4)
    for symbol in ALPHABET:
        assert grams.probability(symbol, context) == pytest.approx(
            plain(text, ALPHABET, 4, context, symbol)
        )


def coin(logit: float) -> Model:
    """A model that gives a, whatever came, e^logit times the probability of b, and of ?."""
    network = NetworkConfig(
        input_size=1,
        hidden_size=2,
        encoder="embedding",
        encoder_size=2,
        vocabulary_size=3,
        output_size=3,
    )
    weights = {name: np.zeros_like(array) for name, array in make_weights(network).items()}
    weights["head.bias"][1] = logit
    front = TextConfig(unit="characters", vocabulary=("a", "b"), fold=False)
    decoder = ClassesConfig(labels=(UNKNOWN, "a", "b"))
    config = ModelConfig(name="coin", network=network, frontend=front, decoder=decoder)
    return Model.from_weights(config, weights)


def test_bits_of_a_coin_by_hand() -> None:
    model = coin(math.log(2.0))  # a: 1/2, b and unknown: 1/4
    scores = score(model, "baab?A", "ab" * 50)
    assert (scores["n"], scores["unknown"]) == (5, 2)
    assert scores["bits_per_character"] == pytest.approx((1 + 1 + 2 + 2 + 2) / 5, rel=1e-6)
    assert list(scores["baselines"]) == ["5-gram"]
    told: list[int] = []
    long = "ab" * 5000
    assert score(model, long, long, advance=told.append)["n"] == 9999
    assert told[-1] == 10_000
    with pytest.raises(TextError, match="at least 2"):
        score(model, "a", "ab")


def test_bits_are_torchs_cross_entropy() -> None:
    torch = pytest.importorskip("torch", reason="pip install streamrnn[learn]")
    from streamrnn.learn.network import Network

    config = coin(0.0).config
    weights = make_weights(config.network, seed=5)
    reference = Network(config.network)
    reference.load_weights(weights)
    text = "".join(np.random.default_rng(1).choice([*"ab?"], 9000))
    tokens = torch.tensor(["?ab".index(symbol) for symbol in text])
    with torch.no_grad():
        outputs, _ = reference(tokens[None, :-1, None])
    nats = torch.nn.functional.cross_entropy(outputs[0].double(), tokens[1:]).item()
    # Outputs of both are float32, within 1e-6 of each other here.
    bits = score(Model.from_weights(config, weights), text, "ab")["bits_per_character"]
    assert bits == pytest.approx(nats / math.log(2.0), abs=2e-6)


def test_the_bundled_network_beats_the_5_gram_on_what_it_never_saw() -> None:
    """What was aimed at: clearly fewer bits than the 5-gram, at most 2.2, in a file below 1 MB."""
    assert (BUNDLED / "characters.safetensors").stat().st_size < 1_000_000
    if not SHAKESPEARE.is_file():
        pytest.skip(f"needs {SHAKESPEARE}")
    whole = read_text(SHAKESPEARE)
    first = int(VALIDATED * len(whole))
    scores = score(streamrnn.load("characters"), whole[first:], whole[:first])
    assert scores["bits_per_character"] <= 2.2
    assert scores["bits_per_character"] < scores["baselines"]["5-gram"] - 0.05


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "some.txt"
    path.write_text("To be, or not to be: that is the question. " * 40 + "é", encoding="utf-8")
    return path


def test_the_parts_are_as_stated_and_every_step_knows_what_comes_next(text: Path) -> None:
    assert "characters" in task_names()
    task = load_task("characters", {"text": str(text), "streams": 7})
    whole = text.read_text(encoding="utf-8")
    (count, held), known = (int(0.85 * len(whole)), int(0.05 * len(whole))), sorted(set(whole))
    known.remove("é")  # it comes in the test alone
    config = task.model_config({"hidden_size": 4, "encoder_size": 3})
    assert config.frontend == TextConfig(unit="characters", vocabulary=tuple(known), fold=False)
    labels = (UNKNOWN, *known)
    assert config.decoder == ClassesConfig(labels=labels)
    for epoch in (0, 1):
        examples = list(task.training(3, epoch))
        assert len(examples) == 7
        length = len(examples[0].frames)
        assert 7 * length in range(count - 7, count)
        for example in examples:
            frames, label = example.frames[:, 0], example.targets["label"]
            read = "".join(labels[int(token)] for token in frames)
            said = "".join(labels[number] for number in label)
            assert read[1:] == said[:-1]
            assert read in whole[:count] * 2  # it goes round once
    joined = [e.frames[0, 0] for e in task.training(3, 0)]
    assert joined == [e.frames[0, 0] for e in task.training(3, 0)]
    assert abs(sum(len(e.frames) for e in task.validation()) - held) <= 9


def test_noise_changes_what_is_read_and_not_what_comes_next(text: Path) -> None:
    clean = load_task("characters", {"text": str(text)})
    noisy = load_task("characters", {"text": str(text), "noise": 0.3})
    changed = total = strange = 0
    for a, b in zip(clean.training(0, 0), noisy.training(0, 0), strict=True):
        np.testing.assert_array_equal(a.targets["label"], b.targets["label"])
        changed += int((a.frames != b.frames).sum())
        strange += int((b.frames == 0).sum())
        total += len(a.frames)
    # Of 0.3, half are unknown, and of the others about 1 in 12 is itself again; 4 σ.
    assert abs(strange / total - 0.15) < 4 * math.sqrt(0.15 * 0.85 / total)
    assert 0.15 < changed / total < 0.34


@pytest.mark.parametrize(("validate", "share"), [(True, 0.85), (False, 0.9)])
def test_the_5_gram_learns_from_what_the_network_learns_from(
    validate: bool, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "ab.txt"
    whole = "".join(np.random.default_rng(1).choice([*"aab"], 2000))
    path.write_text(whole)
    task = load_task("characters", {"text": str(path), "validate": validate})
    learnt, test = whole[: int(share * 2000)], whole[1800:]
    assert sum(len(e.frames) for e in task.training(0, 0)) in range(len(learnt) - 64, len(learnt))
    assert task.evaluate(coin(1.0)) == score(coin(1.0), test, learnt)


def test_all_but_the_test_is_learnt_from_once_all_is_chosen(text: Path) -> None:
    task = load_task("characters", {"text": str(text), "validate": False})
    assert list(task.validation()) == []
    steps = sum(len(example.frames) for example in task.training(0, 0))
    assert steps > 0.89 * len(text.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "expected a file of text, got none"),
        ({"text": "T", "streams": 0}, "streams"),
        ({"text": "T", "noise": 1.0}, "noise"),
        ({"text": "T", "rare": 10_000}, "longer text"),
        ({"text": "T", "rara": 1}, "rara"),
    ],
)
def test_impossible_options_are_refused(data: dict[str, object], told: str, text: Path) -> None:
    named = {key: str(text) if value == "T" else value for key, value in data.items()}
    with pytest.raises(ConfigError, match=told):
        load_task("characters", named)
    with pytest.raises(TextError, match="absent"):
        load_task("characters", {"text": "absent.txt"})
