"""The command line as a user meets it: in a process of its own, by its exit code and output."""

import json
import shlex
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

import streamrnn
from tests.conftest import COMMAND


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, text=True, check=False
    )


@pytest.fixture
def track(tmp_path: Path) -> Path:
    """A thrown ball with one missing fix."""
    times = np.arange(40) / 30
    lines = ["time_s,x_px,y_px,visible"]
    for i, t in enumerate(times):
        place = "," if i == 20 else f"{100 + 300 * t:.1f},{400 - 500 * t + 490 * t * t:.1f}"
        lines.append(f"{t:.4f},{place},{int(i != 20)}")
    path = tmp_path / "throw.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_stream_prints_one_object_a_step_however_the_file_is_cut(track: Path) -> None:
    whole = run("stream", "ball", str(track), "--json", "--chunk", "40")
    single = run("stream", "ball", str(track), "--json")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert single.stdout == whole.stdout
    steps = objects(whole.stdout)
    assert [step["position"] for step in steps] == list(range(1, 41))
    assert steps[0]["spreads"] == [None] * 5  # from one snapshot nobody can say
    assert steps[15]["label"] == "+x"  # at the top of its flight it goes to the right


def test_standard_input_gives_the_numbers_of_the_file(track: Path) -> None:
    piped = run("stream", "ball", "-", "--json", stdin=track.read_text())
    assert piped.stdout == run("stream", "ball", str(track), "--json").stdout


def test_standard_input_answers_before_the_pipe_closes(track: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "stream", "ball", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        lines = track.read_text().splitlines(keepends=True)
        process.stdin.write(lines[0] + lines[1])
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["position"] == 1
        process.stdin.close()
        assert process.wait() == 0


def test_stream_for_a_person_ends_in_what_then_happened(track: Path) -> None:
    done = run("stream", "ball", str(track))
    assert done.returncode == 0
    assert "missing" in done.stdout
    assert "constant velocity" in done.stdout


def test_stream_draws_when_asked(track: Path) -> None:
    done = run("stream", "ball", str(track), "--view", "--speed", "0")
    assert done.returncode == 0
    assert "heading" in done.stdout


def test_evaluate_gives_the_stated_object(track: Path) -> None:
    done = run("evaluate", "ball", str(track.parent), "--json")
    assert done.returncode == 0, done.stderr
    (scores,) = objects(done.stdout)
    five = scores["horizons"]["5"]  # type: ignore[index]
    assert {"mean_error", "median_error", "n", "baselines"} <= five.keys()
    assert {"last", "constant_velocity", "constant_acceleration", "kalman"} <= set(
        five["baselines"]
    )
    assert five["n"] == (20 - 6 - 5) + (19 - 6 - 5)  # two runs, about the missing fix
    assert {"coverage_90", "direction_accuracy"} <= scores.keys()
    table = run("evaluate", "ball", str(track))
    assert "model ÷ best other" in table.stdout


def test_a_track_that_cannot_be_read_is_named_and_left_out(track: Path) -> None:
    clean = run("evaluate", "ball", str(track.parent), "--json")
    (track.parent / "a.csv").write_text("no track")
    (track.parent / "z.csv").write_text("")
    done = run("evaluate", "ball", str(track.parent), "--json")
    assert done.returncode == 1
    assert "a.csv, line 1: expected" in done.stderr and "z.csv: expected" in done.stderr
    (told,), (before,) = objects(done.stdout), objects(clean.stdout)
    assert told.pop("unreadable") == 2 and before.pop("unreadable") == 0
    assert told == before
    assert run("evaluate", "ball", str(track.parent)).returncode == 1


def test_check_passes_on_the_bundled_model() -> None:
    done = run("check", "ball", "--json")
    assert done.returncode == 0, done.stdout
    (report,) = objects(done.stdout)
    assert report["passed"] is True
    assert len(report["points"]) == 7  # type: ignore[arg-type]


def test_models_lists_what_load_knows() -> None:
    (*listed,) = objects(run("models", "--json").stdout)
    ball = next(entry for entry in listed if entry["name"] == "ball")
    assert ball["fingerprint"] == streamrnn.load("ball").fingerprint
    table = run("models").stdout.splitlines()
    assert max(map(len, table)) <= 80
    for entry in listed:
        assert sum(line.split()[:1] == [entry["name"]] for line in table) == 1


def test_models_tells_all_of_one(tmp_path: Path) -> None:
    ball = streamrnn.load("ball")
    told = dict(line.split("  ", 1) for line in run("models", "ball").stdout.splitlines())
    assert told["fingerprint"] == ball.fingerprint
    assert told["card.command"] == ball.card["command"]
    assert told["card.train.epochs"] == str(ball.card["train"]["epochs"])
    (plain,) = objects(run("models", "ball", "--json").stdout)
    assert plain["card"] == ball.card
    ball.save(tmp_path / "copy.safetensors")
    (copy,) = objects(run("models", str(tmp_path / "copy.safetensors"), "--json").stdout)
    assert {**copy, "file_bytes": plain["file_bytes"]} == plain


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("stream", "nothing", "x.csv"), "expected a bundled name"),
        (("stream", "ball", "absent.csv"), "absent.csv"),
        (("check", "absent.safetensors"), "absent.safetensors"),
        (("models", "absent"), "absent: expected a bundled name"),
        (("train", "absent.toml"), "expected a TOML file"),
        (("evaluate", "ball", "absent"), "absent"),
        (("stream", "ball", "x.csv", "--rate", "8000"), "--rate: expected a model of sound"),
        (
            ("stream", "keywords", "x.wav", "--rate", "8000", "--channels", "2"),
            "--rate, --channels:",
        ),
        (("stream", "keywords", "x.wav", "--reconnect"), "--reconnect: expected a model of sound"),
        (("stream", "keywords", "x.wav", "--chunk", "9"), "--chunk: expected a track in a file"),
        (("stream", "keywords", "-", "--speed", "1"), "--speed: expected a picture"),
        (("stream", "keywords", "x.wav", "--view", "--json"), "--view: expected something to draw"),
        (("stream", "ball", "-", "--chunk", "1"), "--chunk: expected a track in a file"),
        (("stream", "ball", "x.csv", "--no-view", "--speed", "0"), "--speed: expected a picture"),
        (("stream", "ball", "x.csv", "--json", "--speed", "0"), "with --json; leave it out"),
        (("stream", "ball", "x.csv", "--seed", "3"), "--seed: expected --sample N beside it"),
        (("stream", "keywords", "-", "--device", "3"), "--device: expected"),
        (("stream", "keywords", "-", "--rate", "0"), "rate: expected whole samples a second"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], told: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("verb", "told"),
    [("stream", "default: 1"), ("train", "default: runs/NAME"), ("evaluate", "default: the first")],
)
def test_help_tells_defaults(verb: str, told: str) -> None:
    assert told in run(verb, "--help").stdout  # square brackets would be taken for a style


def streamed(track: Path, *more: str) -> subprocess.Popen[bytes]:
    """A stream of standard input that was fed a track, has said one thing and waits for more."""
    process = subprocess.Popen(
        [*COMMAND, "stream", "ball", "-", "--json", *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(track.read_bytes())
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["position"] == 1
    return process


def test_ctrl_c_ends_what_waits_for_input_and_leaves_whole_lines(track: Path) -> None:
    with streamed(track) as process:
        assert process.stdout is not None
        for position in range(2, 41):
            assert json.loads(process.stdout.readline())["position"] == position
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out, errors) == (130, b"", b"")


def test_a_pipe_that_nobody_reads_any_more_ends_it_without_a_word(track: Path) -> None:
    with streamed(track) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()
        process.stdin.write(b"9.0,1,2,1\n" * 4)
        process.stdin.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr is not None and process.stderr.read() == b""


@pytest.mark.parametrize("arguments", [("models",), ("models", "--json"), ("check", "ball")])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full comes with Linux alone")
def test_what_cannot_be_written_is_one_line_and_exit_code_2(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("streamrnn: expected to read and write, got")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("model", "told"), [("ball", "got an empty file"), ("keywords", "got 0 bytes")]
)
def test_a_standard_input_that_is_closed_is_an_empty_one(model: str, told: str) -> None:
    command = shlex.join([*COMMAND, "stream", model, "-", "--json"])
    for shell in (f"{command} <&-", f"{command} </dev/null"):
        done = subprocess.run(shell, shell=True, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr and done.stderr.count("\n") == 1


def test_a_chunk_that_is_refused_is_told_with_its_place() -> None:
    done = run("stream", "ball", "-", "--json", stdin="time_s,x,y\n0,1,2\n1,3,1e200\n")
    assert done.returncode == 2 and len(objects(done.stdout)) == 1
    assert "standard input, after 1 fixes: chunk: expected finite positions" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_key_of_a_config_is_named(tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text('name = "x"\ntask = "ball"\n[network]\nhidden_size = 8\n[train]\nepoch = 3\n')
    done = run("train", str(config))
    assert done.returncode == 2
    assert "epoch" in done.stderr


def test_train_evaluate_and_stream_a_small_model(tmp_path: Path, track: Path) -> None:
    """The whole way, once: a config, a trained file, a stream of it."""
    out = tmp_path / "small.safetensors"
    config = Path(__file__).parents[2] / "configs" / "ball.toml"
    small = ["train.epochs=1", "train.updates=2", "data.held=4", "network.hidden_size=8"]
    sets = [part for key in [*small, "data.sequences=16"] for part in ("--set", key)]
    done = run("train", str(config), *sets, "--out", str(out), "--run", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out)
    command = streamrnn.load(out).card["command"]
    assert command.startswith(f"streamrnn train {config} --set=train.epochs=1")
    assert str(out) not in command and "--run" not in command  # what made it, not where it lies
    assert run("stream", str(out), str(track), "--json").stdout.count("\n") == 40
