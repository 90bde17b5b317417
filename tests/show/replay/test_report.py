"""The page names every difference, says nothing that is not so, and shows text as text."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import streamrnn
from streamrnn.errors import ConfigError
from streamrnn.io.recorded import RecordedStream
from streamrnn.replay.difference import Difference
from streamrnn.replay.gathering import replayed
from streamrnn.replay.outcome import Outcome
from streamrnn.replay.sources import open_source
from streamrnn.replay.window import WHOLE
from streamrnn.show.replay.places import most_apart, places
from streamrnn.show.replay.report import SHOWN, write_report
from streamrnn.show.replay.words import about, clock, names, percent
from tests.conftest import example
from tests.replay.test_play import model_of
from tests.show.replay.outcomes import curve, listener, outcome, told

pytest.importorskip("matplotlib")


class Reader(HTMLParser):
    """Reads a page as a browser does: its tags, its texts, and whether all that opens closes."""

    EMPTY = ("meta", "br", "img", "path", "use", "image", "rect")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "defs"):
            self.texts.append(data.replace("\xa0", " "))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page_of(tmp_path: Path, *outcomes: Outcome) -> Reader:
    path = tmp_path / "page.html"
    shares: list[float] = []
    write_report(path, outcomes, advance=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0
    text = path.read_text()
    assert not re.search(r'(src|href)="(?!#|data:)|<script|@import|url\((?!#)', text)
    reader = Reader(text)
    assert len(set(reader.ids)) == len(reader.ids)
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    return reader


def test_who_is_later_is_told(tmp_path: Path) -> None:
    lags = (0.1, 0.3, -0.04)
    events = [told(10.0 * n, "go", 0.8, 0.9, lag=lag) for n, lag in enumerate(lags, 1)]
    page = page_of(tmp_path, outcome(events=[*events, told(50.0, "no", 0.8, None)]))
    assert (
        "Of what both tell, two tells 0.10 s later in the median, between -0.04 and +0.30 s"
        in page.text
    )
    same = page_of(tmp_path, outcome(events=[told(10.0, "go", 0.8, 0.9)]))
    assert "in the median" not in same.text


def test_every_difference_is_named(tmp_path: Path) -> None:
    events = [
        told(10.0, "go", 0.8, None),
        told(11.0, "no", None, 0.9),
        told(20.0, "go", 0.8, 0.9),
        told(41.7, "no", 0.66, None),
        told(50.0, "no", 0.61, None, kind="start"),
    ]
    sure = [curve(60.0, _2085=0.66), curve(60.0, _2085=0.12)]
    page = page_of(tmp_path, outcome(events=events, curves=sure))
    for sentence in (
        "one hears ‘no’ at 0:00:41.7 with 66 % (threshold 60 %); two is at most 12 % sure of any "
        "word that it detects within 0.5 s, below its threshold of 70 %.",
        "one hears ‘go’ at 0:00:10.0 with 80 %",
        "two hears ‘no’ at 0:00:11.0 with 90 %",
        "one begins to hear ‘no’ at 0:00:50.0 with 61 %",
        "1 events told by both",
        "2 only by one",
        "1 only by two",
    ):
        assert sentence in page.text
    assert page.tags.count("section") == 3  # the first two lie together
    assert "0:00:20.0" not in page.text  # of both, and near none of these


def test_texts_are_texts(tmp_path: Path) -> None:
    bad = '--></style><script>alert("1")</script>&amp;$x_$'
    folder = tmp_path / "b"
    folder.mkdir()
    file = folder / "<img src=x>&.wav"
    soundfile.write(file, np.zeros(80_000, np.int16), 8_000)
    mine = [listener(bad), listener("<b>")]
    events = [told(3.0, bad, 0.9, None), told(8.0, bad, 0.9, None, kind="<i>")]
    made = [
        outcome(file, events, listeners=mine, broken=bad),
        outcome("<u>.txt", events, listeners=mine, rate=0, curves=[]),
    ]
    page = page_of(tmp_path, *made)
    assert not {"script", "img", "b2", "i", "u"} & set(page.tags)
    text = page.text
    for each in ("<img src=x>&.wav", "<u>.txt", f"‘{bad}’", "tells <i> of", f"breaks off: {bad}"):
        assert each in text


def test_where_nothing_differs_it_says_so(tmp_path: Path) -> None:
    page = page_of(tmp_path, outcome(events=[told(3.0, "go", 0.8, 0.9)]))
    assert "one and two tell the same events" in page.text
    assert "3,000 steps in 1 file were compared" in page.text
    assert "At no step do their likeliest labels differ." in page.text
    assert "section" not in page.tags
    page = page_of(tmp_path, outcome(events=[told(3.0, "go", 0.8, 0.9)], other_labels=30))
    assert "At 30 of 3,000 steps, 1 %, their likeliest labels differ." in page.text
    assert "Neither one nor two tells an event." in page_of(tmp_path, outcome()).text


def test_bits_are_told_apart_from_events(tmp_path: Path) -> None:
    mine = [listener("a", recorded=True), listener("a")]
    parted = Difference(position=8, time=4.25, what="scores", recorded=0.1, replayed=0.2)
    events = [told(3.0, "go", 0.8, 0.9)]
    made = [
        outcome("a.mcap", events, listeners=mine, difference=parted),
        outcome("b.mcap", events, listeners=mine),
    ]
    text = page_of(tmp_path, *made).text
    assert "recorded a and replayed a tell the same events" in text
    assert "Of 2 recordings, 1 is the same to the bit" in text
    assert "0:00:04.2, scores" in text and "nowhere" in text


def test_one_listener_alone_is_compared_with_nothing(tmp_path: Path) -> None:
    alone = outcome(events=[told(3.0, "go", 0.8)], listeners=[listener()], curves=[curve(60.0)])
    text = page_of(tmp_path, alone).text
    assert "a listened alone and told 1 event; there is nothing to compare that with." in text
    assert "same" not in text and "only" not in text
    text = page_of(tmp_path, alone, outcome("b.wav", [told(4.0, "go", 0.8, None)])).text
    assert "a listened alone in 1 file and told 1 event" in text
    assert "1 only by one" in text
    assert page_of(tmp_path).text.startswith("Replayed")


def test_what_breaks_off_is_told(tmp_path: Path) -> None:
    text = page_of(tmp_path, outcome("cut.mcap", broken="EOFError: (at byte 12)")).text
    assert "cut.mcap breaks off: EOFError: (at byte 12)" in text


def test_too_many_differences_are_counted(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).permutation(SHOWN + 7) / 100 + 0.1
    events = [told(10.0 * n, "go", float(score), None) for n, score in enumerate(scores)]
    made = outcome("a.csv", events, rate=0, curves=[])
    page = page_of(tmp_path, made)
    assert page.tags.count("section") == SHOWN
    assert "7 more with smaller gaps left out" in page.text
    shown, left_out = most_apart([made], SHOWN)
    assert left_out == 7
    kept = [place.gap for place in shown]
    assert sorted(kept) == sorted(scores)[7:]
    assert [place.first for place in shown] == sorted(place.first for place in shown)


def test_files_with_more_differences_come_first(tmp_path: Path) -> None:
    made = [outcome("a.wav"), outcome("b.wav", [told(3.0, "go", 0.8, None)])]
    text = page_of(tmp_path, *made).text
    assert text.index("b.wav") < text.index("a.wav")


def test_places_are_merged_but_not_without_end() -> None:
    made = outcome(events=[told(1.5 * n, "go", 0.8, None) for n in range(20)])
    found = places(made)
    assert [event for place in found for event in place.events] == made.parted
    assert all(place.events[-1].time - place.events[0].time <= 8.0 for place in found)
    assert len(found) < 5


@pytest.mark.parametrize(
    ("event", "more", "end"),
    [
        (told(10.0, "go", 0.8, None), {}, "at most 1 % sure of any word that it detects"),
        (told(10.0, "go", 0.8, None), {"curves": []}, "; no event of two goes with it."),
        (told(10.0, "other", None, 0.8), {}, "; ‘other’ is none of the words that one detects."),
        (told(10.0, "go", None, 0.8, kind="end"), {}, "; no event of one goes with it."),
        (told(10.0, "go", float("nan"), None), {"curves": []}, "0:00:10.0 (threshold 60 %); no"),
        (
            told(10.0, "go", 0.8, None),
            {"curves": [None, curve(60.0, _500=0.75)]},
            "two is up to 75 % sure of a word that it detects within 0.5 s, not below its "
            "threshold of 70 %, but no event of two goes with it; it hears ‘no’ at about "
            "0:00:10.1.",
        ),
        (told(10.9, "no", 0.8, None), {"curves": []}, "(its nearest is about 0.8 s earlier)."),
    ],
)
def test_sentences(event: Any, more: dict[str, Any], end: str) -> None:
    events = [event, told(10.1, "no", None, 0.8)]
    assert end in about(outcome(events=events, **more), event)


def test_numbers_that_differ_are_written_differently() -> None:
    assert percent(0.5996, 0.6) != percent(0.6, 0.5996)
    assert percent(0.6, 0.6) == "60 %"
    assert clock(59.96) == "0:01:00.0" and clock(3_599.96) == "1:00:00.0"


def test_two_are_never_called_the_same() -> None:
    a, b = listener("a"), listener("a")
    assert len(set(names(outcome(listeners=[a, b])))) == 2
    b.fingerprint = "another"
    assert names(outcome(listeners=[a, b])) == ["a aaaaaa", "a anothe"]
    a.recorded = True
    assert names(outcome(listeners=[a, b])) == ["recorded a", "replayed a"]


def test_a_recording_has_its_clock_and_its_sound(tmp_path: Path) -> None:
    model, other = model_of("sound"), model_of("sound", seed=3)
    with RecordedStream(model, tmp_path / "a.mcap") as stream:
        for seed in range(30):
            stream.feed(example(model, 25, seed))
        stream.flush()
    made = replayed([open_source(tmp_path / "a.mcap")], [other], WHOLE, curves=True)
    assert made.parted
    page = page_of(tmp_path, made)
    assert "local time" in page.text and "image" in page.tags
    for event in made.parted:
        assert f"{clock(event.time)} {event.kind} {event.label}" in page.text
    (tmp_path / "a.mcap").unlink()  # what is gone is told
    page = page_of(tmp_path, made)
    assert "The sound cannot be shown: " in page.text and "image" not in page.tags


def test_real_models_over_a_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=40_000).astype("f4") * 0.05
    soundfile.write(tmp_path / "a.wav", noise, 16_000)
    models = [streamrnn.load("keywords"), streamrnn.load("wake")]
    sources = [open_source(tmp_path / "a.wav") for _ in models]
    page = page_of(tmp_path, replayed(sources, models, WHOLE, curves=True))
    assert "Replayed: keywords beside wake" in page.text and "0:00:02.5 of sound" in page.text


def test_a_page_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a file in a folder that exists"):
        write_report(tmp_path / "none" / "page.html", [outcome()])
    assert not list(tmp_path.iterdir())
