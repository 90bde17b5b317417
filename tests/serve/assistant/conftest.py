"""What takes seconds to make, made once."""

from collections.abc import Iterator

import pytest

from streamrnn.serve.assistant.sphinx import PocketSphinx
from tests.serve.assistant.stt_server import served


@pytest.fixture(scope="session")
def sphinx() -> Iterator[PocketSphinx]:
    """A recogniser; each command begins it anew."""
    recogniser = PocketSphinx(("alexa", "computer", "jarvis"))
    yield recogniser
    recogniser.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """Speech-to-text servers, by how they behave."""
    with served() as found:
        yield found
