"""The wake word that a command begins with."""

from streamrnn.serve.assistant.words import without_wake_word


def test_the_wake_word_is_taken_off_where_a_command_begins() -> None:
    wake = ("computer", "jarvis")
    assert without_wake_word("computer", wake) == []
    assert (
        without_wake_word("the computer's computer is on", wake)
        == "the computer's computer is on".split()
    )
    assert without_wake_word("uh JARVIS, lights", wake) == ["lights"]
    assert without_wake_word("lights on", wake) == ["lights", "on"]
    assert without_wake_word("", wake) == []


def test_names_are_folded_and_may_be_of_several_words() -> None:
    assert without_wake_word("Alexa, stop", ["Alexa"]) == ["stop"]
    assert without_wake_word("hey jarvis lights", ("hey_jarvis", "hey")) == ["lights"]
    assert without_wake_word("hey computer lights", ["hey_jarvis"]) == ["hey", "computer", "lights"]
    assert without_wake_word("hey", ["hey_jarvis", ""]) == ["hey"]


def test_one_that_is_asked_about_stays() -> None:
    for text in ("is computer on", "Are, Jarvis and computer, on?"):
        assert without_wake_word(text, ["computer", "jarvis"]) == text.split()
    assert without_wake_word("computer is computer on", ["computer"]) == ["is", "computer", "on"]
