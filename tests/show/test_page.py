"""A page is written whole or not at all, and its texts are texts."""

from pathlib import Path

import pytest

from streamrnn.errors import ConfigError
from streamrnn.show.page import figure, page, see_that_page, write_page


def test_titles_are_escaped() -> None:
    text = page("<a> & b", "<p>body</p>\n", style="p { color: red; }\n")
    assert "<title>&lt;a&gt; &amp; b</title>" in text and "<h1>&lt;a&gt; &amp; b</h1>" in text
    assert "<p>body</p>" in text and "p { color: red; }" in text
    assert 'aria-label="&quot;&lt;"' in figure("<svg/>", '"<', width=3.0)


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_page(tmp_path / "a.html", "one \ud800")  # of a file name that is no text
    assert (tmp_path / "a.html").read_text() == "one ?"
    for wrong in (tmp_path, tmp_path / "none" / "a.html"):
        with pytest.raises(ConfigError, match="expected a file in a folder that exists"):
            see_that_page(wrong)
    with pytest.raises(ConfigError, match="expected a file to write to"):
        write_page(tmp_path, "two")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
