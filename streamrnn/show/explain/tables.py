"""Tables of numbers, plain and narrow."""

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text


def plain_table(*columns: str, title: str = "", left: int = 1) -> Table:
    """A table with these columns.

    Args:
        columns: their names.
        title: above it, at the left.
        left: how many of them hold words; the others hold numbers.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    if title:  # on one line, however narrow the table is
        table.title, table.title_justify = Text(title, no_wrap=True, overflow="ignore"), "left"
    for n, name in enumerate(columns):
        table.add_column(Text(name), justify="left" if n < left else "right", no_wrap=True)
    return table
