"""What the README shows of Python is Python, with all that it imports, and as short as promised."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

import streamrnn.serve.pipecat as _first  # before pipecat's own modules, which would warn

del _first
README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
FENCED = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINES = 10
"""Of code, at most, in each way to embed."""


def python_of(text: str) -> list[str]:
    """The blocks of Python of some Markdown."""
    return FENCED.findall(text)


def ways() -> dict[str, str]:
    """The ways to embed it, by their titles."""
    section = README.split("## In your pipeline\n")[1].split("\n## ")[0]
    _, *parts = re.split(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("block", python_of(README))
def test_blocks_are_programs_whose_imports_are_there(block: str) -> None:
    tree = ast.parse(block)
    compile(tree, "README.md", "exec")  # no `await` outside a function, among others
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                import_module(each.name)
        elif isinstance(node, ast.ImportFrom):
            exec(ast.unparse(node), {})


def test_every_way_to_embed_takes_few_lines() -> None:
    assert {"A Pipecat bot", "Home Assistant, by Wyoming"} <= ways().keys()
    for title, text in ways().items():
        lines = [line for block in python_of(text) for line in block.splitlines() if line.strip()]
        assert len(lines) <= LINES, title
