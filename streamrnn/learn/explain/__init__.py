"""What goes on inside of a network, measured: states, memory, gradients, and what gates bring."""

from pathlib import Path

READERS = ("intents_rnn", "intents_gru", "intents_lstm")
"""Bundled networks of three cells that have learnt the same sentences alike."""
ADDERS = ("adding_rnn", "adding_gru", "adding_lstm")
"""The same, for the adding problem of length 100."""
WORDS = Path(__file__).parent / "words.flac"
"""Yes, no, up, down, by a speech synthesiser: the first half of demos/utterance.flac."""
