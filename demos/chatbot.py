"""A sentence understood while it is typed, and answered.

    python demos/chatbot.py                         type; Enter answers, Ctrl-D ends
    python demos/chatbot.py "what time is it?"      typed by itself, a picture a word
    python demos/chatbot.py "…" --png words.png     and the whole as a file (needs matplotlib)

The home is pretended; what it cannot know, it says so. For programs: streamrnn stream intents -
"""

import argparse
from datetime import datetime

from rich.console import Console
from rich.text import Text

import streamrnn
from streamrnn.cli import run
from streamrnn.cli.stream_sentences import stream_sentences
from streamrnn.show.sentence import sentence_view, shown, summary
from streamrnn.show.sentence_picture import sentence_picture
from streamrnn.tasks.intents.answers import Household
from streamrnn.tasks.intents.sentence import Sentence, Step


def type_by_itself(model: streamrnn.Model, text: str) -> None:
    """Feed a text character by character, draw it whenever a word is known, and answer."""
    console, sentence = Console(), Sentence(model, trace=True)
    colour, steps = bool(console.color_system), list[Step]()

    def draw(new: list[Step]) -> None:
        if new:  # nothing, until what ends a word has come
            steps.extend(new)
            console.print(sentence_view(model.labels, steps, columns=console.width, colour=colour))

    for character in text:
        draw(sentence.feed(character))
    new, whole = sentence.flush()  # the text's end ends the last word
    draw(new)
    answer = Household().answer(whole.label, text, datetime.now().astimezone())
    console.print(Text(f"› {shown(text)}\n{summary(whole)}\n{shown(answer)}"))


def main() -> None:
    """Type, or let type."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sentence", nargs="?", help="without it, yours: key by key, or lines")
    parser.add_argument("--model", default="intents", help="a bundled name or a file")
    parser.add_argument("--png", metavar="FILE", help="draw the sentence, word by word")
    parser.add_argument("--dark", action="store_true", help="the file light on dark")
    options = parser.parse_args()
    if options.sentence is None and (options.png or options.dark):
        parser.error("--png, --dark: expected a sentence to draw, got none; give one")
    if options.dark and not options.png:
        parser.error("--dark: expected --png FILE beside it")
    model = streamrnn.load(options.model)
    if options.sentence is None:
        return stream_sentences(model, "-")
    type_by_itself(model, options.sentence)
    if options.png:
        sentence_picture(model, options.sentence, options.png, dark=options.dark)
        print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
