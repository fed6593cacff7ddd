"""`vlm2 doctor`: it says what is missing and how to get it, whatever is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from vlm2.cli.doctor import checks, doctor
from vlm2.cli.doctor.checks import Check
from vlm2.encoders import weights
from vlm2.evaluation.speed import machine

app = typer.Typer()
app.command()(doctor)

GOOD = Check("torch", True, True, "2.13", "pip install torch")
WITHOUT = Check("renderer (EGL)", False, False, "no context", "apt-get install [mesa]")
MISSING = Check("weights toy", True, False, "not here", "vlm2 weights get")


def run(monkeypatch: pytest.MonkeyPatch, found: list[Check], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(checks, "examine", lambda: iter(found))
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_ready_although_something_that_asking_does_without_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [GOOD, WITHOUT])
    assert code == 0
    assert "apt-get install [mesa]" in output
    assert "pip install torch" not in output
    assert "is ready" in output


def test_missing_weights_give_status_1_and_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [GOOD, MISSING])
    assert code == 1
    assert "vlm2 weights get" in output


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [GOOD, WITHOUT, MISSING], "--json")
    told = json.loads(output)
    assert code == 1
    assert told["ready"] is False
    assert [check["state"] for check in told["checks"]] == ["ok", "without", "missing"]
    assert [check["command"] for check in told["checks"]] == [None, WITHOUT.command, MISSING.command]


def test_machine_without_torch(tmp_path: Path) -> None:
    blocked = "import sys; sys.modules.update(torch=None, transformers=None, moderngl=None)\n"
    program = f"{blocked}import typer\nfrom vlm2.cli.doctor import doctor\ntyper.run(doctor)"
    result = subprocess.run([sys.executable, "-c", program, "--json"], capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["torch"]["state"] == "missing"
    assert checks["torch"]["command"] == "pip install torch"
    assert checks["weights smollm2-135m-instruct"]["needed"]  # where parts lie is seen without torch
    assert checks["video (PyAV)"]["state"] == "ok"
    assert checks["renderer (EGL)"]["state"] == "without"


def test_crashing_driver_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "EGL_PROBE", "import os; os.abort()")
    (check,) = checks.egl()
    assert check.state == "without"
    assert "crashed" in check.found
    assert check.repair == checks.EGL_INSTALL


def test_hanging_driver_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "EGL_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(checks, "EGL_SECONDS", 0.2)
    (check,) = checks.egl()
    assert "no answer" in check.found


def test_parts_here_in_a_package_and_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path))
    monkeypatch.setattr(weights, "installed_source", lambda part: tmp_path / "w.pth" if "lite0" in part.name else None)
    monkeypatch.delenv("VLM2_PARTS", raising=False)
    installed, absent, offline = checks.parts()
    assert installed.state == "ok"
    assert "prepared at first use" in installed.found
    assert (absent.state, absent.repair) == ("missing", "vlm2 weights get")
    assert offline.state == "ok"
    for part in map(weights.frozen_part, weights.needed_parts()):
        assert all(words in offline.found for words in (*part.offline_files, *part.checksums))


@pytest.mark.parametrize("harm", ["absent", "wrong"])
def test_offline_folder_that_does_not_serve_is_named(
    harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VLM2_PARTS", str(tmp_path / "parts"))
    part = weights.frozen_part(weights.needed_parts()[0])
    if harm == "wrong":
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / part.offline_files[0]).write_bytes(b"something else")
    check = next(check for check in checks.parts() if check.name == f"weights {part.name}")
    assert check.state == "missing"
    assert str(tmp_path / "parts") in check.found
    assert ("does not exist" if harm == "absent" else part.checksums[0]) in check.found


def test_this_machine_is_examined_in_full() -> None:
    found = (checks.python, checks.libraries, checks.torch, checks.video, checks.processor, checks.memory, checks.gpu)
    examined = [check for look in found for check in look()]
    assert all(check.state == "ok" for check in examined if check.needed)
    assert all(check.found for check in examined)


def test_a_check_that_fails_unforeseen_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def memory():
        raise RuntimeError("odd machine")

    for name in ("torch", "parts", "egl"):
        monkeypatch.setattr(checks, name, lambda: iter(()))
    monkeypatch.setattr(checks, "memory", memory)
    found = {check.name: check for check in checks.examine()}
    assert found["memory"].state == "without"
    assert "odd machine" in found["memory"].found
    assert found["GPU"].found


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("fpu avx2 avx512f avx512_bf16", "AVX2 AVX-512 AVX-512 BF16, bf16 in hardware"),
        ("fpu avx2", "AVX2, no bf16 in hardware: float32 instead"),
        ("fpu", "no vector instructions"),
    ],
)
def test_the_processor_is_described_by_its_flags(monkeypatch: pytest.MonkeyPatch, flags: str, words: str) -> None:
    monkeypatch.setattr(machine, "processor_info", lambda: {"model name": "Fast 1", "flags": flags})
    (check,) = checks.processor()
    assert check.found.startswith("Fast 1, ")
    assert words in check.found


def test_extras_are_those_of_the_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["torch>=2", 'numpy>=2; extra == "here"', "nowhere[x]>=1; extra == 'lacks'", 'pytest; extra == "dev"']
    monkeypatch.setattr(checks.metadata, "requires", lambda name: lines)
    here, lacks = checks.extras()
    assert (here.name, here.state) == ("extra here", "ok")
    assert (lacks.found, lacks.repair) == ("without nowhere", 'pip install "vlm2[lacks]"')


def test_an_nvidia_driver_without_a_torch_for_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    (tmp_path / "version").write_text("NVRM version")
    monkeypatch.setattr(checks, "NVIDIA", tmp_path / "version")
    (check,) = checks.gpu()
    assert check.state == "without"
    assert "built for the CPU" in check.found


def plan(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_a_plan_that_fits_is_told_in_tables_and_words() -> None:
    code, output = plan("--model", "7b", "--memory", "80GB", "--minutes", "1")
    assert code == 0
    for words in ("on A100 80GB: 80.0 GB", "120 frames", "geometry encoder", "\n 10000 ", "With the memory: fits"):
        assert words in output
    tables = [line for line in output.splitlines() if line.startswith(" ")]
    assert tables and all(len(line) <= 80 for line in tables) and "…" not in output


def test_a_plan_that_does_not_fit_says_what_to_turn_down() -> None:
    code, output = plan("--model", "7b", "--memory", "16GB", "--frames", "200")
    assert code == 1
    for words in (
        "does not fit",
        "--quantize 4bit",
        "The speed is unknown: give --peak",
        "With all frames kept: does not work",
    ):
        assert words in " ".join(output.split())


def test_a_plan_as_json() -> None:
    code, output = plan("--card", "H100", "--frames", "1000", "--resolution", "640x480", "--json")
    told = json.loads(output)
    memory = told["modes"]["memory"]
    assert code == 0
    assert told["workload"] | {"frames": 1000, "width": 640, "height": 480} == told["workload"]
    assert memory["fits"]
    assert memory["peak"] < 2e9
    assert sum(component["weights"] for component in memory["components"]) == memory["weights"]
    assert told["parameters"]["adapters"] == 2_442_240
    assert told["suggestions"] == []


def test_speeds_given_by_hand_go_before_the_tables() -> None:
    arguments = ("--card", "4090", "--frames", "100", "--json")
    seconds = []
    for given in ((), ("--peak", "1", "--bandwidth", "10")):
        seconds.append(json.loads(plan(*arguments, *given)[1])["modes"]["memory"]["answering"])
    assert seconds[1] > 5 * seconds[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--frames", "3", "--minutes", "2"), "not both"),
        (("--minutes", "0"), "above 0"),
        (("--resolution", "big"), "give width and height"),
        (("--model", "70b"), "no model '70b' to plan for: name mini, 7b"),
        (("--card", "abacus"), "no card 'abacus'"),
        (("--card", "H100", "--device", "cpu"), "leave it out"),
        (("--card", "H100", "--bandwidth", "0"), "above 0"),
        (("--card", "H100", "--measure"), "runs the model here"),
    ],
)
def test_wishes_that_cannot_be_are_explained(arguments: tuple[str, ...], words: str) -> None:
    given = arguments if "--card" in arguments else (*arguments, "--card", "H100")
    with pytest.raises(ValueError, match=words):
        plan(*given)


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ValueError, match="has the model_type 'llama'"):
        plan("--model", str(tmp_path), "--card", "H100")
