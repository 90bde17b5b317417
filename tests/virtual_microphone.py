"""A true capture device: PulseAudio with a null sink as loudspeaker and its monitor as microphone.

ALSA's default, which PortAudio opens, is led there by a home directory of its own, so only
processes that are started with `environment` hear it.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

RATE = 16_000
INSTALL = "apt-get install pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins"
_PLUGINS = ("/usr/lib", "/usr/lib64")


def missing() -> str:
    """Why there can be no virtual microphone here, and what would bring it; "" if there can."""
    absent = [name for name in ("pulseaudio", "paplay") if not shutil.which(name)]
    plugin = any(next(Path(root).rglob("libasound_module_pcm_pulse.so"), None) for root in _PLUGINS)
    if not plugin:
        absent.append("libasound2-plugins")
    return f"{', '.join(absent)} not installed; {INSTALL}" if absent else ""


here = pytest.mark.skipif(bool(missing()), reason=missing())


class VirtualMicrophone:
    """A PulseAudio of one's own, from `start` to `stop`; what is played is heard."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        (folder / "run").mkdir(mode=0o700)
        (folder / ".asoundrc").write_text(
            "pcm.!default { type pulse }\nctl.!default { type pulse }"
        )
        self._log = folder / "log"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, and wait until the device is there."""
        modules = (
            "module-native-protocol-unix",
            f"module-null-sink sink_name=speaker rate={RATE} channels=1",
            "module-remap-source master=speaker.monitor source_name=mic",
        )
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]
                + [word for module in modules for word in ("-L", module)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(100):
            told = self._run("pactl", "list", "short", "sources")
            if told.returncode == 0 and "mic" in told.stdout:
                return
            time.sleep(0.1)
        raise RuntimeError(f"no virtual microphone: {self._log.read_text()}")

    def play(self, file: Path) -> None:
        """Play a file to its end."""
        done = self._run("paplay", "-d", "speaker", str(file))
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """End, as a device that is pulled out."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
        for stale in (Path(self.environment["XDG_RUNTIME_DIR"]) / "pulse").glob("*"):
            stale.unlink()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )


@contextmanager
def started(device: VirtualMicrophone, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process that hears the device; at the end it is killed if it still runs."""
    with subprocess.Popen(
        command,
        env=device.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
