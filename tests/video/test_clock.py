"""Times from stamps: outliers, pauses, stamps that start anew, and what a reader of live files does about them."""

import itertools

import numpy as np
import pytest

from vlm2.video.clock import HELD, LONGEST_PAUSE, TimestampClock

TENTH = [i / 10 for i in range(62)]


def placed(stamps, step=0.1):
    """Times by a new clock, and the clock."""
    clock = TimestampClock()
    found = list(clock.place(zip(stamps, itertools.count(), strict=False), step))
    assert [index for _, index in found] == list(range(len(stamps)))
    return [time for time, _ in found], clock


def moved(by, chosen):
    return [time + by if index in chosen else time for index, time in enumerate(TENTH)]


@pytest.mark.parametrize("by", [4000, -4000, 5, 1e9])
@pytest.mark.parametrize("chosen", [{20, 21}, {20, 40}, {30}, set(range(10, 10 + HELD))])
def test_outliers_that_come_back_are_placed_between_their_neighbours(by, chosen):
    times, clock = placed(moved(by, chosen))
    assert times == pytest.approx(TENTH)
    assert clock.wrong == len(chosen) and clock.cut == 0
    assert f"{len(chosen)} frame" in clock.problems


def test_a_long_burst_of_outliers_is_cut_at_both_ends():
    times, clock = placed(moved(4000, range(20, 20 + 2 * HELD)))
    assert times == pytest.approx(TENTH)
    assert "1 jump of up to 4000 s left out" in clock.problems


@pytest.mark.parametrize("chosen", [{60, 61}, {61}])
def test_outliers_at_the_end_are_left_out(chosen):
    times, clock = placed(moved(4000, chosen))
    assert times == pytest.approx(TENTH)
    assert clock.problems


def test_an_outlier_at_the_beginning_is_left_out():
    assert placed(moved(4000, {0}))[0] == pytest.approx(TENTH)  # time goes back, and counts on
    assert placed(moved(-4000, {0}))[0] == pytest.approx(TENTH)


@pytest.mark.parametrize(("by", "believed"), [(2, True), (600, True), (LONGEST_PAUSE - 1, True), (6000, False)])
def test_a_pause_in_a_recording_is_believed_up_to_an_hour(by, believed):
    times, clock = placed(moved(by, range(30, 62)))
    assert times == pytest.approx(moved(by if believed else 0, range(30, 62)))
    assert bool(clock.problems) is not believed


def test_slides_may_be_as_long_as_they_like():
    for stamps in ([0, 100, 200], [0, 0.1, 0.2, 500, 1000, 1500, 2000], [i * 7200 for i in range(20)]):
        times, clock = placed(stamps)
        assert times == pytest.approx(stamps) and not clock.problems


def test_stamps_that_start_anew_count_on():
    times, clock = placed([*TENTH, *(2 * time for time in TENTH)])
    assert times == pytest.approx([*TENTH, *(6.2 + 2 * time for time in TENTH)])
    assert not clock.problems


def test_an_outlier_beside_a_pause_and_missing_stamps():
    stamps = moved(100, range(30, 62))
    stamps[20], stamps[21], stamps[29] = 4000, None, None
    times, clock = placed(stamps)
    assert times == pytest.approx(moved(100, range(30, 62)))
    assert clock.wrong == 1


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_stamps_time_grows_and_few_frames_are_held(seed):
    rng = np.random.default_rng(seed)
    stamps = np.cumsum(rng.exponential(10.0 ** rng.integers(-2, 3), 100))
    odd = rng.random(100) < rng.choice([0.03, 0.3, 1.0])
    stamps[odd] += rng.uniform(-1e6, 1e6, odd.sum())
    given = [None if missing else float(stamp) for stamp, missing in zip(stamps, rng.random(100) < 0.1, strict=True)]
    taken, times = 0, []

    def source():
        nonlocal taken
        for taken, stamp in enumerate(given, 1):
            yield stamp, taken - 1

    for back, (time, index) in enumerate(TimestampClock().place(source(), 0.1)):
        assert (index, taken - back <= HELD + 1) == (back, True)
        times.append(time)
    assert len(times) == 100 and times[0] == 0
    assert all(b > a for a, b in itertools.pairwise(times))
