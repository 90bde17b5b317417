"""Configurations of training: unknown keys, overrides, and what the messages say."""

from pathlib import Path

import pytest

from streamrnn.errors import ConfigError
from streamrnn.experiment import load_experiment

TEXT = """
name = "ball"
task = "ball"
network = { cell = "gru", hidden_size = 96 }
[train]
epochs = 3
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ball.toml"
    path.write_text(TEXT)
    return path


def test_a_file_with_overrides(path: Path) -> None:
    experiment = load_experiment(
        path,
        (
            "train.epochs=7",
            "train.learning_rate=1e-3",
            "train.endless=true",
            'name="other"',
            "task=bare word",
            "network.hidden_size = 5",
            "data.tracks=/a/b=c",
            "data.deep.er=[1, 2]",
        ),
    )
    assert experiment.train.epochs == 7
    assert experiment.train.learning_rate == 1e-3
    assert experiment.train.endless is True
    assert (experiment.name, experiment.task) == ("other", "bare word")
    assert experiment.network == {"cell": "gru", "hidden_size": 5}
    assert experiment.data == {"tracks": "/a/b=c", "deep": {"er": [1, 2]}}


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("train.epochs", "--set: expected section.key=value, got 'train.epochs'"),
        ("=3", "--set: expected section.key=value"),
        ("name.inner=3", "name is a value, expected a section"),
        ("train.epoch=3", r"^--set train.epoch=3: .*unknown field `epoch`.*\$.train"),
        ("trian.epochs=3", "unknown field `trian`"),
        ("train.epochs=many", r"Expected `int`, got `str`.*train.epochs"),
        ("train.epochs=1.5", r"Expected `int`, got `float`"),
        ("train.epochs=true", "Expected `int`"),
        ("train.schedule=linear", "Invalid enum value 'linear'"),
        ("train.epochs=0", "train.epochs: expected at least 1, got 0"),
        ("train.clip=0.0", "train.clip: expected more than 0, got 0.0"),
        ("train.learning_rate=nan", "train.learning_rate: expected more than 0, got nan"),
        ("train.learning_rate=inf", "train.learning_rate: expected more than 0, got inf"),
        ("train.window=-1", "train.window: expected 0 or more, got -1"),
        ("train.patience=-1", "train.patience: expected 0 or more, got -1"),
        ("train.weight_decay=nan", "train.weight_decay: expected 0 or more, got nan"),
        ("train.dropout=1.0", "train.dropout: expected 0 to below 1, got 1.0"),
    ],
)
def test_what_does_not_fit_is_refused(path: Path, override: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_experiment(path, (override,))


def test_whole_sequences_are_not_joined_endlessly(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train.window: expected at least 1 with train.endless"):
        load_experiment(path, ("train.window=0", "train.endless=true"))


def test_a_message_names_the_file(path: Path) -> None:
    path.write_text(TEXT + "epcohs = 4\n")
    for overrides in ((), ("train.epochs=4",)):
        with pytest.raises(ConfigError, match=r"ball.toml: .*unknown field `epcohs`"):
            load_experiment(path, overrides)


def test_a_message_names_the_override_among_others(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--set train.epoch=3: "):
        load_experiment(path, ("train.epochs=4", "train.epoch=3", "task=other"))


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe\x00", b"[train]\n[train]\n", None])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="bad.toml: expected a TOML file, got: "):
        load_experiment(path)
    with pytest.raises(ConfigError, match="expected a TOML file"):
        load_experiment(tmp_path)
