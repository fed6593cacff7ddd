"""The capacity plan: what grows, what does not, what fits, and what is advised where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toys import GRID, STRIDE, toy_config

from vlm2.evaluation.speed.machine import Device, find_card
from vlm2.evaluation.speed.plan import REACHED, Mode, Planner, Wish, advise, most_frames, windows
from vlm2.models import preset

CARD = find_card("4090")
UNKNOWN = Device("unknown")


def planner(model: str = "7b", device: Device = CARD, **wish) -> Planner:
    return Planner(preset(model), device, Wish(**wish))


def station(mode: Mode, name: str):
    return next(station for station in mode.stations if station.name == name)


def test_windows_hold_every_frame_once_beside_what_they_share():
    for frames in range(1, 40):
        parts = list(windows(frames, 8))
        assert sum(parts) == frames + 3 * (len(parts) - 1)
        assert all(4 <= part <= 8 for part in parts[1:])
    assert list(windows(3, 1)) == [1, 1, 1]


@pytest.mark.parametrize("model", ["mini", "7b"])
def test_memory_mode_is_flat_beyond_its_capacity_and_the_other_grows(model):
    few, many = (
        {mode: planner(model, frames=frames).plan(mode) for mode in ("memory", "baseline")} for frames in (40, 4000)
    )
    assert few["memory"].peak == many["memory"].peak
    assert few["memory"].tokens == many["memory"].tokens
    assert few["memory"].answering == many["memory"].answering
    assert many["baseline"].peak > 2 * few["baseline"].peak
    assert many["baseline"].tokens > 50 * few["baseline"].tokens
    assert many["memory"].watching == pytest.approx(100 * few["memory"].watching, rel=0.2)


def test_a_peak_is_weights_and_what_is_kept_and_the_largest_station():
    mode = planner(frames=100).plan("memory")
    stations = mode.stations
    assert mode.weights == sum(s.weights for s in stations)
    others = mode.peak - mode.weights - sum(s.kept for s in stations) - CARD.reserved
    assert others == max(s.working for s in stations)
    assert mode.watching == sum(s.seconds for s in stations if not s.asking)


def test_seconds_are_operations_at_the_peak_or_bytes_at_the_bandwidth():
    plan = planner().plan("memory")
    video, words = station(plan, "language: the video"), station(plan, "language: the words")
    assert video.seconds == pytest.approx(video.operations / (CARD.peak["bfloat16"] * REACHED))
    assert words.seconds > 10 * words.operations / (CARD.peak["bfloat16"] * REACHED)  # the weights are fetched
    slower = replace(CARD, bandwidth=CARD.bandwidth / 2)
    half = station(planner(device=slower).plan("memory"), "language: the words")
    assert half.seconds == pytest.approx(2 * words.seconds)


def test_an_unknown_machine_has_no_seconds_and_no_verdict():
    mode = planner(device=UNKNOWN).plan("memory")
    assert mode.fits
    assert mode.watching is None and mode.answering is None
    assert station(mode, "video decoding").seconds is not None


def test_too_many_tokens_do_not_fit_whatever_the_memory():
    huge = replace(CARD, memory=1e15)
    asked = planner(device=huge, frames=1000)
    assert not asked.plan("baseline").fits
    most = most_frames(asked)
    assert planner(device=huge, frames=most).plan("baseline").fits
    assert not planner(device=huge, frames=most + 1).plan("baseline").fits
    assert most_frames(planner(device=replace(CARD, memory=1e9))) == 0


def test_what_is_turned_down_takes_less():
    before = planner(dtype="float32").plan("memory")
    for change in ({"dtype": "bfloat16"}, {"quantize": "8bit"}, {"quantize": "4bit"}):
        assert planner(**{"dtype": "float32", **change}).plan("memory").weights < before.weights
    geometry = [
        station(planner(**c).plan("memory"), "geometry encoder") for c in ({}, {"window": 8}, {"pixels": 90_000})
    ]
    assert geometry[0].working > geometry[1].working
    assert geometry[0].working > geometry[2].working
    assert geometry[0].operations > geometry[2].operations
    assert planner(pooling=4).plan("memory").tokens < planner().plan("memory").tokens / 2


def test_a_window_is_never_longer_than_the_encoder_has():
    assert planner("mini", window=100).window == 8


def test_advice_names_what_is_enough_alone_the_mildest_first():
    asked = planner(dtype="float32", device=replace(CARD, memory=26e9))
    assert not asked.plan("memory").fits
    found = advise(asked)
    assert found[0].words.startswith("--dtype bfloat16")
    assert any(advice.fits for advice in found)
    for advice in found:
        assert advice.fits == (advice.peak <= 26e9)


def test_advice_joins_what_is_not_enough_alone():
    alone = [advice.peak for advice in advise(planner(device=replace(CARD, memory=1e9)))]
    last = advise(planner(device=replace(CARD, memory=min(alone) - 1e7)))[-1]
    assert last.fits
    assert last.peak < min(alone)
    assert ", --" in last.words
    assert not any(advice.fits for advice in advise(planner(device=replace(CARD, memory=1e9))))


def test_parameters_of_the_parts_of_the_7b():
    parts = planner().parameters()
    assert parts["language model"] == 7_615_616_512
    assert parts["geometry encoder"] == 958_696_732


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"frames": 0}, "frames must be above 0"),
        ({"fps": -1.0}, "fps must be above 0"),
        ({"dtype": "int3"}, "no dtype 'int3'"),
        ({"quantize": "2bit"}, "choose 8bit or 4bit"),
    ],
)
def test_wrong_wishes_are_explained(wish, words):
    with pytest.raises(ValueError, match=words):
        Wish(**wish)


def test_a_toy_has_no_formula_for_its_vision_encoder():
    asked = Planner(toy_config(), CARD, Wish(height=GRID[0] * STRIDE, width=GRID[1] * STRIDE))
    with pytest.raises(ValueError, match="no capacity formula for the vision encoder 'toy'"):
        asked.plan("memory")
