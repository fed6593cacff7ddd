"""`vlm2 eval` as it is typed."""

import json
import sys

import pytest
from realsets import write_photos, write_sequence
from toyruns import TOY, ToyRespondent, write_videos

from vlm2.cli import main as command
from vlm2.evaluation import benchmark, respondents, scores


@pytest.fixture
def vlm2(monkeypatch, capsys, tmp_path, write_video):
    """Run the command in this process, where `toy` is a benchmark and every model the toy; status, output, errors."""
    write_videos(write_video)
    find = benchmark.find
    for module in (benchmark, scores):
        monkeypatch.setattr(module, "find", lambda name: TOY if name == "toy" else find(name))
    monkeypatch.setattr(respondents, "SessionRespondent", ToyRespondent)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["vlm2", "eval", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            command.main()
        return (stop.value.code or 0, *capsys.readouterr())

    return run


def test_a_run_a_baseline_and_their_report(vlm2, tmp_path):
    status, output, _ = vlm2("toy", "--out", tmp_path / "a", "--videos", tmp_path, "--frames", "4", "--eyes", "none")
    assert status == 0 and "on toy, version 3" in output and "short: " in output
    told = json.loads((tmp_path / "a/scores.json").read_text())
    assert f"{100 * told['summary']['overall']:.1f}" in output
    assert "debiased, without what chance answers: " in output and "objects answered" not in output
    assert vlm2("run", "toy", "--model", "chance", "--out", tmp_path / "b", "--videos", tmp_path)[0] == 0
    status, output, _ = vlm2("report", tmp_path / "a", tmp_path / "b", "--draws", 20)
    assert status == 0
    assert output.splitlines() == [str(tmp_path / "a/report.html"), str(tmp_path / "a/report.md")]
    assert (tmp_path / "a/report.html").stat().st_size > 10_000


def test_limit_seed_and_scorer_reach_the_run(vlm2, tmp_path):
    for seed in (1, 2):
        done = vlm2("toy", "--model", "random", "--seed", seed, "--limit", 3, "--out", tmp_path / f"{seed}")
        assert done[0] == 0
    first, second = ((tmp_path / name / "predictions.jsonl").read_text() for name in "12")
    assert len(first.splitlines()) == 9 and first != second
    status, _, error = vlm2("toy", "--out", tmp_path / "c", "--scorer", "kind")
    assert status == 2 and "Choose one of: plain" in error and not (tmp_path / "c").exists()


def test_one_process_of_several_waits_for_nobody(vlm2, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in (1, 0):
        monkeypatch.setenv("RANK", str(rank))
        status, output, _ = vlm2("toy", "--out", tmp_path / "a", "--videos", tmp_path)
        assert status == 0 and ("on toy" in output) == (rank == 0)
    assert [file.name for file in sorted((tmp_path / "a").glob("[!.]*"))] == [
        "predictions.jsonl",
        "receipt.json",
        "scores.json",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "--out", "x"), "No benchmark is called 'nothing'"),
        (("toy", "--out", "x", "--frames", "many"), "--frames takes a number"),
        (("toy", "--out", "x", "--make-only"), "videos of toy cannot be made"),
        (("toy", "--out", "x", "--eyes", "truth"), "--eyes truth is not possible there"),
        (("toy", "--out", "x", "--eyes", "eagle"), "There are no eyes 'eagle'"),
        (("toy", "--out", "x", "--model", "true-objects"), "has no true objects"),
        (("report", "nowhere"), "has no receipt.json"),
    ],
)
def test_mistakes_are_named(vlm2, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, error = vlm2(*arguments)
    assert status == 2 and said in error


def test_help_and_list(vlm2):
    status, output, _ = vlm2("list")
    assert status == 0 and all(name in output for name in ("homes", "vsi_bench", "geometry", "drift"))
    status, output, _ = vlm2("--help")
    assert status == 0 and all(name in output for name in ("run", "report", "measure", "list"))


def test_real_pictures(vlm2, toy, tmp_path):
    write_sequence(tmp_path / "data" / "room")
    write_photos(tmp_path / "data" / "photos")
    given = ("--data", tmp_path / "data", "--out", tmp_path / "out")
    status, output, _ = vlm2("real", *given, "--only", "room", "--no-oracles", "--threads", 1)
    assert status == 0 and "Depth and path" in output and "Answers about room, percent" in output
    found = json.loads((tmp_path / "out/real.json").read_text())
    assert list(found["sets"]) == ["room"] and list(found["sets"]["room"]["answers"]) == ["as it is"]
    assert output.splitlines()[-2:] == [str(tmp_path / "out/real.html"), str(tmp_path / "out/real.json")]
    status, _, error = vlm2("real", *given, "--only", "hall")
    assert status == 2 and "has no set hall; there are: photos, room" in error
