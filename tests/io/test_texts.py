"""Files of text: bytes as they are, and errors by name."""

from pathlib import Path

import pytest

from streamrnn.errors import TextError
from streamrnn.io.texts import arriving_text, read_lines, read_text, text_chunks


def test_a_text_is_what_was_written_whatever_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffa\r\nhé\n日".encode())
    assert read_text(path) == "\ufeffa\r\nhé\n日"
    parts = list(text_chunks(path, size=4))
    assert max(map(len, parts)) == 4
    assert b"".join(parts) == path.read_bytes()


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="absent.txt: expected a file of text"):
        read_text(tmp_path / "absent.txt")
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9!")
    with pytest.raises(TextError, match="got 0xe9 at byte 3"):
        read_text(path)
    path.write_bytes(b"")
    with pytest.raises(TextError, match="empty"):
        read_text(path)
    with pytest.raises(TextError):
        list(text_chunks(tmp_path))


def test_text_comes_whole_wherever_its_bytes_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    text = "a" + "é" * 70_000  # a piece ends in mid-character
    path.write_bytes(text.encode())
    assert "".join(arriving_text(str(path))) == text
    path.write_bytes(text.encode() + b"\xffb\xe6\x97")
    with pytest.raises(TextError, match="long.txt: expected UTF-8, got 0xff at byte 140001"):
        list(arriving_text(str(path)))
    assert "".join(arriving_text(str(path), errors="replace")) == text + "\ufffdb\ufffd"
    path.write_bytes(text.encode() + b"\xe6\x97")
    with pytest.raises(TextError, match="got 0xe6 0x97 at byte 140001 .unexpected end"):
        list(arriving_text(str(path)))


def test_lines_of_json_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"text": "h\\u00e9\\n"}\r\n\n{"id": 1, "text": "日"}', encoding="utf-8")
    assert list(read_lines(path)) == ["hé\n", "日"]
    with pytest.raises(TextError, match="absent.jsonl: expected a file of text"):
        list(read_lines(tmp_path / "absent.jsonl"))


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b'{"text": 1}', b'{"text": "a', b'{"text": "\xff"}', b"a"]
)
def test_a_line_that_is_none_is_named_after_those_before(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"text": "a"}\n' + line + b"\n")
    lines = read_lines(path)
    assert next(lines) == "a"
    with pytest.raises(TextError, match="lines.jsonl, line 2: expected .*text.* as JSON"):
        next(lines)
