"""What `bench pool` found: plain data, a table, a picture."""

from pathlib import Path

import msgspec
from rich.console import Group
from rich.table import Table

from streamrnn.bench.common import Aim, Report, Timing

OURS = ("kernel", "tick", "feed+tick+objects", "kernel, all cores")
"""The contenders that are this project's."""


class Row(msgspec.Struct, kw_only=True):
    """One contender with one number of streams."""

    name: str
    error: float
    """How far the outputs lie from those of streams alone at most; ours are to be equal."""
    timing: Timing | None
    """µs for a step of all streams; None: the outputs are wrong, and so it was not timed."""
    share_of_peak: float | None = None
    """Of the multiply-adds that one core does at most."""
    times_ort: float | None = None
    """How many times faster than the better of ONNX Runtime's two."""
    aims: list[Aim] = []


class Company(msgspec.Struct, kw_only=True):
    """All contenders with one network and one number of streams."""

    network: str
    title: str
    streams: int
    peak_gflops: float
    """float32 multiply-adds of one core in this very run, each counted as two."""
    rows: list[Row]


class PoolReport(Report, kw_only=True):
    """What `bench pool` found."""

    rounds: int
    companies: list[Company]

    def table(self) -> Group:
        """The report for a terminal."""
        title = "One step of many streams, input 80, one thread unless said"
        table = Table(title=title, title_justify="left")
        table.add_column("network, streams")
        table.add_column("contender")
        for name in ("µs", "M steps/s", "of peak", "× ort"):
            table.add_column(name, justify="right")
        table.add_column("aim")
        for company in self.companies:
            table.add_section()
            first = f"[bold]{company.title}[/], {company.streams}"
            for row in company.rows:
                table.add_row(first, *_cells(row, company.streams))
                first = ""
        told = (
            f"{self.rounds} interleaved rounds, medians; peak: multiply-adds of one core in the "
            "same run; × ort: the better of operators and matrix products; tick: feeding is off "
            "the clock"
        )
        return Group(table, *self.notes(told))

    def plot(self, path: str | Path) -> None:
        """Draw throughput against the number of streams, one panel a network.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_pool

        plot_pool(self, path)


def _cells(row: Row, streams: int) -> tuple[str, ...]:
    name = f"[bold cyan]{row.name}[/]" if row.name in OURS else row.name
    if row.timing is None:
        return name, "[red]wrong[/]", "", "", "", f"[red]off by {row.error:.1e}, not timed[/]"
    return (
        name,
        f"{row.timing.median_us:.1f}",
        f"{streams / row.timing.median_us:.3f}",
        "" if row.share_of_peak is None else f"{row.share_of_peak:.0%}",
        "" if row.times_ort is None else f"{row.times_ort:.2f}",
        "\n".join(str(aim) for aim in row.aims),
    )
