"""`streamrnn stream --record` and `streamrnn replay`, as a user has them."""

import json
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from streamrnn.config import DetectConfig
from streamrnn.loading import load
from streamrnn.model import Model
from tests.conftest import COMMAND

UTTERANCE = Path(__file__).parents[2] / "demos" / "utterance.flac"


def run(*arguments: str, code: int = 0, stdin: str | None = None) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, input=stdin
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "spoken.mcap"
    plain = run("stream", "keywords", str(UTTERANCE), "--json")
    assert run("stream", "keywords", str(UTTERANCE), "--json", "--record", str(path)) == plain
    return path


def test_what_was_recorded_is_said_again(spoken: Path) -> None:
    assert "keywords says the same, to the bit" in run("replay", str(spoken), "--check")
    told = json.loads(run("replay", str(spoken), "--json"))
    assert told["same_model"] and told["difference"] is None and told["other_labels"] == 0
    assert told["seconds"] == pytest.approx(10.54, abs=0.01) and told["steps"] == 527
    heard = [each["label"] for each in told["events"] if each["kind"] == "detected"]
    assert len(heard) >= 5 and all(e["scores"][0] == e["scores"][1] for e in told["events"])


def test_another_model_beside_it(spoken: Path) -> None:
    told = json.loads(run("replay", str(spoken), "--model", "wake", "--json"))
    assert not told["same_model"] and told["other_labels"] == told["steps"]
    out = run("replay", str(spoken), "--model", "wake", "--check", code=1)
    assert "the first difference, at 0.0" in out


def test_tracks_and_sentences_too(tmp_path: Path) -> None:
    rows = "\n".join(f"{n / 30:.4f},{10 * n},{n * n}" for n in range(20))
    (tmp_path / "t.csv").write_text(f"time_s,x,y\n{rows}\n")
    track, sentence = tmp_path / "t.mcap", tmp_path / "s.mcap"
    run("stream", "ball", str(tmp_path / "t.csv"), "--record", str(track))
    lines = "turn on the light\nwhat time is it?\n"
    run("stream", "intents", "-", "--record", str(sentence), stdin=lines)
    out = run("replay", str(track), str(sentence), "--check")
    assert "ball says the same, to the bit" in out and "20 steps" in out
    assert "intents says the same, to the bit" in out and "8 steps" in out


def test_cut_short_agrees_and_says_where(spoken: Path, tmp_path: Path) -> None:
    blob = spoken.read_bytes()
    (tmp_path / "cut.mcap").write_bytes(blob[: len(blob) // 2])
    out = " ".join(run("replay", str(tmp_path / "cut.mcap"), "--check").split())
    assert "breaks off there, after 5." in out and "says the same, to the bit" in out


def test_what_cannot_be_read_is_one_line(spoken: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mcap").write_bytes(b"nothing of the kind")
    out = run("replay", str(tmp_path / "x.mcap"), code=2)
    assert out.count("\n") == 1 and "expected a recording by streamrnn" in out
    out = run("replay", str(tmp_path / "x.mcap"), str(spoken), "--check", code=1)
    assert "expected a recording by streamrnn" in out and "says the same" in out
    out = run("stream", "keywords", str(UTTERANCE), "--record", str(spoken), code=2)
    assert out.count("\n") == 1 and "expected a new file to record to" in out
    out = run("replay", str(spoken), "--model", "intents", code=2)
    assert "expected a model of audio to play it to, got intents of text" in out


def test_sound_and_two_models(tmp_path: Path) -> None:
    page, picture = tmp_path / "r.html", tmp_path / "t.png"
    two = ("--model", "keywords", "--model", "wake")
    out = run("replay", str(UTTERANCE), *two, "--report", str(page), "--plot", str(picture))
    assert "527 steps, 10.5 s" in out and "another label" not in out
    told = json.loads(run("replay", str(UTTERANCE), *two, "--json"))
    assert [each["model"] for each in told["listeners"]] == ["keywords", "wake"]
    detected = [e for e in told["events"] if e["kind"] == "detected" and e["scores"][0]]
    assert len(detected) >= 5 and "curves" not in told
    text = page.read_text()
    assert all(f"‘{each['label']}’" in text for each in detected)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_replayed_is_what_is_streamed() -> None:
    streamed = [
        json.loads(x) for x in run("stream", "keywords", str(UTTERANCE), "--json").split("\n") if x
    ]
    wanted = [
        (e["position"] / 16_000, e["kind"], e["label"], e["score"])
        for step in streamed
        for e in step["events"]
    ]
    told = json.loads(run("replay", str(UTTERANCE), "--model", "keywords", "--json"))
    found = [(e["time"], e["kind"], e["label"], e["scores"][0]) for e in told["events"]]
    assert found == wanted and len(wanted) > 10


def test_a_part_is_sought(spoken: Path) -> None:
    part = ("--from", "0:06", "--to", "8.5", "--json")
    sought = json.loads(run("replay", str(spoken), "--check", *part))
    through = json.loads(run("replay", str(UTTERANCE), "--model", "keywords", *part))
    assert sought["sought"] and not through["sought"] and sought["difference"] is None
    assert sought["chunks"] < 300 and sought["steps"] == through["steps"] == 125
    assert [(e["time"], e["scores"][1]) for e in sought["events"]] == [
        (e["time"], e["scores"][0]) for e in through["events"]
    ]
    assert 6.0 <= sought["events"][0]["time"] and sought["events"][-1]["time"] < 8.5
    out = run("replay", str(spoken), "--model", "wake", "--from", "6")
    assert "from 0:00:06 to the end; played from the beginning, as only the model" in out
    out = run("replay", str(spoken), "--from", "2", "--to", "3")
    assert "played from the beginning, as no state is known before" in out


def test_folders_and_jobs(spoken: Path, tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for name in ("b.flac", "a.flac"):
        (sounds / name).write_bytes(UTTERANCE.read_bytes())
    (sounds / "c.mcap").write_bytes(spoken.read_bytes())
    (sounds / "a.csv").write_text("start,end,label\n1,2,yes\n")  # its marks
    (sounds / "d.wav").write_bytes(b"nothing")
    for jobs in ("1", "2"):
        out = run("replay", str(sounds), "--model", "keywords", "--jobs", jobs, code=1)
        files = [
            line.split(":")[0].split("/")[-1] for line in out.splitlines() if "steps, 10" in line
        ]
        assert files == ["a.flac", "b.flac", "c.mcap"]
        assert "d.wav: expected a file of sound" in out and "1 could not be read" in out
        assert "3 files, 1,581 steps" in out


def test_in_its_own_time(tmp_path: Path) -> None:
    rows = "\n".join(f"{n / 30:.4f},{10 * n},{n * n}" for n in range(20))
    (tmp_path / "t.csv").write_text(f"time_s,x,y\n{rows}\n")
    out = run("replay", str(tmp_path / "t.csv"), "--model", "ball", "--speed", "20")
    assert "20 steps" in out
    out = run("replay", str(UTTERANCE), "--model", "keywords", "--speed", "50", "--to", "3")
    before, after = out.split("steps")
    assert "detected yes" in before  # as it happens, and then in the table
    assert "detected   yes" in after


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "expected --model NAME to play it to"),
        (("--model", "nothing"), "nothing: expected a bundled name"),
        (("--model", "keywords", "--check"), "expected predictions to check, got none there"),
        (("--model", "keywords", "--from", "T03:00"), "only a recording knows when"),
        (("--model", "keywords", "--from", "3", "--to", "2"), "--to: expected a time after 3"),
        (("--model", "keywords", "--report", "x.html"), "--report: expected two listeners"),
        (("--model", "keywords", "--plot", "no/x.png"), "no/x.png: expected a file in a folder"),
        (3 * ("--model", "keywords"), "--model: expected one or two, got 3"),
        (("--model", "keywords", "--speed", "1", "--jobs", "2"), "--speed: expected one job"),
        (("--model", "ball"), "expected a model of audio to play it to, got ball of motion"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: tuple[str, ...], told: str) -> None:
    out = run("replay", str(UTTERANCE), *options, code=2)
    assert out.count("\n") == 1 and told in out


def test_exit_codes_of_what_cannot_be_read(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"nothing")
    (tmp_path / "c.csv").write_text("time_s,x,y\n1,2,3\n")
    (tmp_path / "d.csv").symlink_to(tmp_path / "gone")
    names = [str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")]
    run("replay", names[0], "--model", "ball", code=2)
    run("replay", *names[:2], "--model", "ball", code=2)
    assert "1 steps" in run("replay", *names, "--model", "ball", code=1)
    assert "c.csv: 1 steps" in run("replay", str(tmp_path), "--model", "ball", code=1)


def test_no_recording_is_written_over(spoken: Path, tmp_path: Path) -> None:
    blob = spoken.read_bytes()
    for option in ("--report", "--plot"):
        out = run("replay", str(spoken), option, str(spoken), code=2)
        assert "expected a" in out and spoken.read_bytes() == blob
    out = run("stream", "keywords", str(UTTERANCE), "--record", str(tmp_path / "a.wav"), code=2)
    assert "expected a file to record to, FILE.mcap" in out


def test_a_second_listener_that_is_later_is_told_so(spoken: Path, tmp_path: Path) -> None:
    model = load("keywords")
    assert isinstance(model.config.decoder, DetectConfig) and model.weights is not None
    config = replace(model.config, decoder=replace(model.config.decoder, confirm=8))
    Model.from_weights(config, model.weights).save(tmp_path / "late.safetensors")
    late = ("--model", str(tmp_path / "late.safetensors"))
    told = json.loads(run("replay", str(spoken), *late, "--json"))
    events = [e for e in told["events"] if e["kind"] == "detected" and None not in e["scores"]]
    assert events and all(e["times"][1] - e["times"][0] == pytest.approx(0.1) for e in events)
    assert "+0.10" in run("replay", str(spoken), *late)


def test_a_service_that_is_stopped_ends_its_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    process = subprocess.Popen(
        [*COMMAND, "stream", "keywords", "-", "--json", "--record", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(bytes(64_000))
    process.stdin.flush()
    process.stdout.readline()
    process.terminate()
    process.stdin.close()
    process.stdout.close()
    assert process.wait() in (143, 1)  # 1: it was printing to a pipe that nobody reads
    out = run("replay", str(path), "--check")
    assert "breaks off" not in out and "says the same, to the bit" in out


def test_nothing_is_not_the_same(spoken: Path) -> None:
    out = run("replay", str(spoken), "--check", "--from", "99:00:00", code=2)
    assert "expected predictions to check, got none there" in out
