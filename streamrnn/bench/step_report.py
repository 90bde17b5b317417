"""What `bench step` found: plain data, a table, a picture."""

from pathlib import Path

import msgspec
from rich.console import Group
from rich.table import Table

from streamrnn.bench.common import Aim, Report, Timing

OURS = ("kernel", "feed", "feed+objects")
"""The contenders that are this project's."""


class Row(msgspec.Struct, kw_only=True):
    """One contender on one network."""

    name: str
    error: float
    """How far the outputs lie from the float64 reference at most."""
    timing: Timing | None
    """None: the outputs are wrong, and so it was not timed."""
    times_torch: float | None = None
    """How many times faster than torch.nn."""
    times_floor: float | None = None
    """How many times slower than the floor."""
    aims: list[Aim] = []


class Network(msgspec.Struct, kw_only=True):
    """All contenders on one network."""

    name: str
    title: str
    weight_bytes: int
    floor_us: float | None = None
    """The time to read the weights or to multiply them, whichever is longer; None after sleep."""
    read_gb_s: float | None = None
    """The read bandwidth of one core on that many bytes; likewise."""
    rows: list[Row]


class StepReport(Report, kw_only=True):
    """What `bench step` found."""

    cold: bool = False
    """Whether each step came after 10 ms of sleep."""
    rounds: int
    peak_gflops: float
    """float32 multiply-adds of one core, each counted as two."""
    networks: list[Network]

    @property
    def title(self) -> str:
        """What was measured."""
        what = "One step after 10 ms of sleep" if self.cold else "One live step"
        return f"{what}, input 80, one stream, one thread"

    def table(self) -> Group:
        """The report for a terminal."""
        table = Table(title=self.title, title_justify="left")
        table.add_column("network")
        table.add_column("contender")
        for name in ("µs", "least µs", "× torch.nn", "× floor"):
            table.add_column(name, justify="right")
        table.add_column("aim")
        for network in self.networks:
            table.add_section()
            head = f"[bold]{network.title}[/], [dim]{_size(network.weight_bytes)}[/]"
            if network.floor_us is not None:
                bandwidth = f"[dim]{network.read_gb_s:.0f} GB/s[/]"
                table.add_row(head, "floor", f"{network.floor_us:.2f}", "", "", "1.0", bandwidth)
                head = ""
            for row in network.rows:
                table.add_row(head, *_cells(row))
                head = ""
        told = f"{self.rounds} interleaved rounds, medians"
        if not self.cold:
            told += (
                f"; peak {self.peak_gflops:.0f} GFLOP/s a core; floor: the weights read, or "
                "multiplied, once"
            )
        return Group(table, *self.notes(told))

    def plot(self, path: str | Path) -> None:
        """Draw bars, one panel a network, and write them to an image file.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_step

        plot_step(self, path)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _cells(row: Row) -> tuple[str, ...]:
    name = f"[bold cyan]{row.name}[/]" if row.name in OURS else row.name
    if row.timing is None:
        return name, "[red]wrong[/]", "", "", "", f"[red]off by {row.error:.1e}, not timed[/]"
    return (
        name,
        f"{row.timing.median_us:.2f}",
        f"{row.timing.min_us:.2f}",
        "" if row.times_torch is None else f"{row.times_torch:.1f}",
        "" if row.times_floor is None else f"{row.times_floor:.1f}",
        "\n".join(str(aim) for aim in row.aims),
    )
