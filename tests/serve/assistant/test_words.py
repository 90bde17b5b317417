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
