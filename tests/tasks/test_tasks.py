import pytest

from streamrnn.errors import ConfigError
from streamrnn.tasks import load_task


def test_unknown_task_is_refused_with_the_known_ones() -> None:
    for name in ("nothing", "no.such.module", "..", "base"):
        with pytest.raises(ConfigError, match="task: expected one of .*ball"):
            load_task(name, {})
    with pytest.raises(ConfigError, match=r"expected a function task\(data\) in json.decoder"):
        load_task("json.decoder", {})
