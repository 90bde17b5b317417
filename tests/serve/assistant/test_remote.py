"""A Wyoming speech-to-text server gives the words."""

import pytest

from streamrnn.errors import ConfigError, ServiceError
from streamrnn.serve.assistant import Recogniser
from streamrnn.serve.assistant.remote import WyomingRecogniser
from tests.serve.assistant.speech import QUESTION, samples_of


def words_of(recogniser: Recogniser) -> tuple[list[str], str]:
    """What is told while the question is fed, and in the end."""
    samples = samples_of(QUESTION)[:-16_000]
    recogniser.begin()
    parts = [recogniser.feed(samples[at : at + 480]) for at in range(0, len(samples), 480)]
    return parts, recogniser.flush()


@pytest.mark.parametrize("how", ["whole", "stream"])
def test_a_server_gives_the_words_of_one_command_after_the_other(
    how: str, servers: dict[str, str]
) -> None:
    recogniser = WyomingRecogniser(servers[how])
    assert recogniser.flush() == ""  # nothing was begun
    _, first = words_of(recogniser)
    recogniser.begin()  # and is not ended
    recogniser.feed(samples_of(QUESTION)[:8_000])
    _, second = words_of(recogniser)
    assert first == second == "computer what time is it"
    recogniser.close()
    recogniser.close()  # once more does no harm


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("leave", "went away"),
        ("refuse", "no model for"),
        ("garbage", ""),
        ("number", "a transcript whose text is 4;"),
        ("nothing", "a transcript whose text is None;"),
        ("endless", "a transcript of more than 4096 characters"),
        ("parts", "a transcript of more than 4096 characters"),
    ],
)
def test_a_server_that_fails_is_told_of_and_asked_again(
    how: str, told: str, servers: dict[str, str]
) -> None:
    recogniser = WyomingRecogniser(servers[how])
    for _ in range(2):
        with pytest.raises(ServiceError, match=f"{servers[how]}: expected .*{told}"):
            words_of(recogniser)
        assert recogniser.flush() == ""
    recogniser.close()


def test_a_server_that_is_not_there_is_told_of() -> None:
    recogniser = WyomingRecogniser("tcp://127.0.0.1:1")
    with pytest.raises(ServiceError, match="expected a speech-to-text server"):
        recogniser.begin()
    recogniser.close()


@pytest.mark.parametrize(
    "uri", ["", "http://127.0.0.1:1", "tcp://127.0.0.1", "stdio://", "tcp://a:b"]
)
def test_what_is_no_address_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match="expected tcp://HOST:PORT"):
        WyomingRecogniser(uri)
