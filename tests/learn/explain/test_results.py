"""Rows are what the cards say, and the committed ones what the README and the report tell."""

from pathlib import Path

import pytest

from streamrnn.errors import ModelFileError, UnsupportedError
from streamrnn.learn.explain.results import MEASURES, read_committed, read_folder, spread, trained
from streamrnn.loading import load


def test_a_row_is_what_the_card_tells() -> None:
    model = load("adding_gru")
    row = trained(model)
    assert (row.task, row.cell, row.hidden_size, row.length) == ("adding", "gru", 64, 100)
    assert row.score == model.card["scores"]["right"] and row.seed == model.card["train"]["seed"]
    assert row.command == model.card["command"] and row.command.startswith("streamrnn train ")
    inputs, size = 2, 64
    assert row.weights == 3 * size * (inputs + size + 2) + size + 1  # torch's two biases, and head
    bits = trained(load("characters"))
    assert bits.score == model_score("characters") and bits.task == "characters"


def model_score(name: str) -> float:
    return load(name).card["scores"]["bits_per_character"]


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="found none"):
        read_folder(tmp_path)
    for name in ("adding_rnn", "adding_lstm"):
        load(name).save(tmp_path / f"{name}.safetensors")
    assert [row.cell for row in read_folder(tmp_path)] == ["lstm", "rnn"]
    load("ball").save(tmp_path / "ball.safetensors")
    with pytest.raises(UnsupportedError, match="expected a model that was trained for memory"):
        read_folder(tmp_path)


def test_a_mean_lies_within_its_span() -> None:
    for score in (0.147, 0.1, 2.2990000000000004):
        found = spread([score] * 3)
        assert found.low <= found.mean <= found.high


def test_committed_rows_each_have_a_command_of_their_own() -> None:
    tasks, costs = read_committed("memory_tasks"), read_committed("gates_cost")
    commands = [row.command for row in (*tasks, *costs)]
    assert len(set(commands)) == len(commands)
    assert all(f"network.cell={row.cell}" in row.command for row in tasks)
    assert {row.task for row in tasks} == {"adding", "order", "copying", "binary"}
    assert all(row.length for row in tasks)
    assert {row.task for row in costs} == set(MEASURES)


def test_what_the_readme_says_of_lengths_of_100_and_more() -> None:
    long = [row for row in read_committed("memory_tasks") if 100 <= row.length <= 300]
    for problem in ("adding", "order"):
        rows = [row for row in long if row.task == problem]
        assert {(row.cell, row.length, row.seed) for row in rows} == {
            (cell, length, seed)
            for cell in ("feedforward", "rnn", "gru", "lstm")
            for length in (100, 300)
            for seed in (1, 2, 3)
        }
        gated = [row.score for row in rows if row.cell in ("gru", "lstm")]
        plain = [row.score for row in rows if row.cell in ("rnn", "feedforward")]
        assert min(gated) > 0.9 and max(plain) < 0.5
