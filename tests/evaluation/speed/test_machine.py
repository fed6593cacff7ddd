"""Machines to plan for: the table of cards, sizes and speeds as people write them, and this machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vlm2.evaluation.speed import machine
from vlm2.evaluation.speed.machine import CARDS, card_of, find_card, parse_bytes, parse_peak, this_machine, total_memory


@pytest.mark.parametrize("name", ["4090", "rtx4090", "RTX 4090"])
def test_cards_are_found_however_they_are_written(name):
    assert find_card(name) is CARDS["RTX 4090"]


@pytest.mark.parametrize("name", ["5090 Ti", "", "90"])
def test_an_unknown_or_ambiguous_card_is_explained(name):
    with pytest.raises(ValueError, match="RTX 4090, RTX 3090.*--memory"):
        find_card(name)


@pytest.mark.parametrize(
    ("text", "size"), [("24GB", 24e9), ("24", 24e9), ("24 GiB", 24 * 2**30), ("1.5tb", 1.5e12), ("900 MB", 9e8)]
)
def test_sizes(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "lots", "24 apples", "0GB", "-3GB"])
def test_what_is_no_size_is_explained(text):
    with pytest.raises(ValueError, match="such as 24GB"):
        parse_bytes(text)


def test_peaks():
    assert parse_peak("165") == {"float32": 165e12, "bfloat16": 165e12, "float16": 165e12}
    assert parse_peak("bfloat16=165,float32=82.5") == {"bfloat16": 165e12, "float32": 82.5e12}
    for text in ("fast", "0", "int8=3", "bfloat16="):
        with pytest.raises(ValueError, match="give teraflops"):
            parse_peak(text)


def test_a_size_stands_for_its_first_card_or_for_an_unknown_one():
    assert card_of(24e9).name == "RTX 4090"
    odd = card_of(31e9)
    assert (odd.memory, odd.rate("bfloat16"), odd.bandwidth) == (31e9, None, None)
    assert CARDS["H100"].rate("float16") == CARDS["H100"].rate("bfloat16")


def test_a_container_limits_the_memory(tmp_path, monkeypatch):
    whole = total_memory()
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(machine, "LIMITS", (str(limit), str(tmp_path / "none")))
    limit.write_text("max\n")
    assert total_memory() == whole
    limit.write_text("1000000\n")
    assert total_memory() == 1e6


def test_this_machine_is_tried_out(monkeypatch):
    monkeypatch.setattr(machine, "SIDE", 32)
    monkeypatch.setattr(machine, "COPIED", 1 << 10)
    here = this_machine("cpu")
    assert here.memory == total_memory()
    assert set(here.peak) == {"float32", "bfloat16"}
    assert here.bandwidth is not None and here.bandwidth > 0


def test_no_torch_is_imported():
    program = "import sys; import vlm2.evaluation.speed.machine; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "False"
