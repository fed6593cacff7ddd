"""Intervals and paired tests against what can be worked out by hand."""

import numpy as np
import pytest
from toyruns import load, summary

from vlm2.evaluation.bootstrap import compare, interval, resample
from vlm2.evaluation.scores import Sample


def samples(worth):
    """Give every toy item a value: of its video's number and its own."""
    return [Sample(item, "", {"score": worth(index // 3, index % 3)}) for index, item in enumerate(load().items)]


def test_videos_are_drawn_and_not_questions():
    drawn = resample(samples(lambda video, question: float(video == 0)), summary, draws=4000)["overall"]
    # One video of five is right in all its questions: its count among five draws is binomial.
    shares = [(np.round(5 * drawn) == k).mean() for k in range(6)]
    assert shares[:3] == pytest.approx([0.8**5, 0.8**4, 10 * 0.2**2 * 0.8**3], abs=0.03)


def test_questions_of_one_video_move_together():
    drawn = resample(samples(lambda video, question: float(question == 0)), summary, draws=50)["overall"]
    assert drawn == pytest.approx(np.full(50, 1 / 3))  # every video has the same scores, so nothing varies


def test_an_interval_is_made_of_quantiles():
    found = interval(0.5, np.arange(101) / 100)
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.025, 0.975))


def test_the_same_run_does_not_differ_from_itself():
    run = samples(lambda video, question: float((video + question) % 2))
    found = compare(run, run, summary, "overall", draws=100)
    assert (found.difference.value, found.difference.low, found.p) == (0, 0, 1)


def test_a_run_that_is_always_better_differs():
    better = samples(lambda video, question: 0.5 + 0.1 * video)
    worse = samples(lambda video, question: 0.4 + 0.1 * video)
    found = compare(better, worse, summary, "overall", draws=199)
    assert found.difference.low == pytest.approx(0.1) and found.difference.high == pytest.approx(0.1)
    assert found.p == pytest.approx(2 / 200)
    assert (found.questions, found.videos) == (15, 5)


def test_only_common_questions_are_compared():
    first, second = samples(lambda *_: 1.0), samples(lambda *_: 0.0)
    assert compare(first[:6], second[3:], summary, "overall", draws=20).questions == 3
    assert compare(first[:3], second[3:], summary, "overall", draws=20) is None
