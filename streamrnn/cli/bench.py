"""`streamrnn bench …`: measurements beside what a user would pick instead."""

import typer


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(bench, name="bench", help="Measure beside what a user would pick instead.")


bench = typer.Typer(no_args_is_help=True)
