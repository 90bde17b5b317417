"""Ctrl-C while the command line still imports."""

import subprocess
import sys

import pytest

IMPORTING = """
import os, signal, sys

class Interrupt:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt)
from streamrnn.cli import main
main()
"""


@pytest.mark.parametrize("module", ["numpy", "numba", "rich.console", "streamrnn.cli.stream"])
def test_ends_it_quietly_with_exit_code_130(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING, module], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
