"""What is told of moments follows from where the camera was and where things are."""

import math

import pytest
import torch
from recollections import CHAIR, TABLE, recollection

from vlm2.models.recall import CameraPath, infer
from vlm2.models.recall.camera_path import moved, reach, seen, walked


def pose(x: float, z: float, turned: float = 0.0) -> torch.Tensor:
    """A camera at a place on the floor, turned to the right by so many degrees."""
    angle = math.radians(turned)
    made = torch.eye(4)
    made[0, 0] = made[2, 2] = math.cos(angle)
    made[0, 2], made[2, 0] = math.sin(angle), -math.sin(angle)
    made[0, 3], made[2, 3] = x, z
    return made


# From the start 4 m ahead, then, turned to the right, 2 m that way.
WAY = CameraPath(torch.tensor([0.0, 10.0, 20.0]), torch.stack([pose(0, 0), pose(0, 4), pose(2, 4, turned=90)]))
# A chair ahead of the start, on its left, and another behind it; a table ahead, on its right, higher and farther away.
HOME = recollection(
    *[(0, CHAIR, (-1.0, 0.5, 3.0 + 0.1 * i)) for i in range(4)],
    *[(1, CHAIR, (0.0, 0.5, -3.0 - 0.1 * i)) for i in range(6)],
    *[(2, TABLE, (1.5, -0.5, 5.0 + 0.1 * i)) for i in range(4)],
    tokens=8,
)


def test_a_pose_lies_between_its_neighbours():
    torch.testing.assert_close(WAY.at(2.5)[:3, 3], torch.tensor([0.0, 0, 1]))
    torch.testing.assert_close(WAY.at(12.0)[:3, :3], WAY.world_from_camera[1, :3, :3])
    torch.testing.assert_close(WAY.at(18.0)[:3, :3], WAY.world_from_camera[2, :3, :3])
    for seconds, place in ((-3.0, 0), (99.0, 2)):
        torch.testing.assert_close(WAY.at(seconds), WAY.world_from_camera[place])
    alone = CameraPath(WAY.times[:1], WAY.world_from_camera[:1])
    torch.testing.assert_close(alone.at(5.0), torch.eye(4))


def test_a_movement_is_seen_from_its_start():
    torch.testing.assert_close(moved(WAY, 0, 20), torch.tensor([2.0, 0, 4]))
    torch.testing.assert_close(moved(WAY, 20, 10), torch.tensor([0.0, 0, -2]), atol=1e-5, rtol=0)


def test_a_way_is_as_long_as_its_steps():
    assert walked(WAY, 0, 20) == pytest.approx(6.0)
    assert walked(WAY, 5, 15) == pytest.approx(3.0)
    assert walked(WAY, 7, 7) == 0


def test_of_several_instances_the_one_in_view_counts():
    ahead, back = pose(0, 0), pose(0, 0, turned=180)
    assert seen(HOME.thing(CHAIR), ahead)[:, 2].min() > 2.9 and len(seen(HOME.thing(CHAIR), ahead)) == 4
    assert len(seen(HOME.thing(CHAIR), back)) == 6
    assert len(seen(HOME.thing(CHAIR), pose(0, 0, turned=90))) == 6  # none in view: the one that more tokens show
    assert reach(HOME, CHAIR, ahead) == pytest.approx(0.9 * math.hypot(1, 0.5, 3), rel=0.02)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How far from where I was at 0.0 s was I at 20.0 s, in meters?", "4.5"),
        ("How far (in meters) did the camera move between frame 1 and frame 2 of 3?", "4.0"),
        ("How many centimeters did the camera move from 10.0 s to 20.0 s?", "200"),
        ("From 0.0 s to 10.0 s, did I move forward, backward, left or right?", "forward"),
        ("Looking the way I looked at 20.0 s, where had I gone by 10 s?\nA. Left\nB. Backward", "Backward"),
        ("Which of these describes my movement from second 10.0 to second 20.0?\nA. Left\nB. Right", "Right"),
        ("At 0.0 s, what is the distance from the camera to the chair in meters?", "2.9"),
        ("At 10.0 seconds, how far was I from the table?", "1.7"),
        ("What was nearest to me at 0.0 s: the table or the chair?", "chair"),
        ("Which of these things would I have reached first at 0.5 seconds?\nA. chair\nB. table", "chair"),
        ("Which of these did the camera have closest in frame 3 of 3?\nA. chair\nB. table", "table"),
        ("At 0.0 s, did I see the chair left or right of the table?", "left"),
        ("0.0 seconds into the video, which side of the chair shows the table?\nA. Right\nB. Left", "Right"),
        ("In frame 1 of 3, relative to table, is chair to the [Up/Down]?\nA. Up\nB. Down", "Down"),
        ("At 0.0 s, was the table nearer to the camera than the chair, or farther?\nA. Near\nB. Far", "Far"),
        ("In the picture at 0.0 s, is the chair on the table's left or right?", "left"),
        ("Going from the table to the chair in frame 1 of 3, do my eyes turn left or right?", "left"),
        ("How far did I walk?", "6.0"),
        ("How far did I walk in total, in feet?", "19.7"),
        ("How long is the path that I took, in meters?", "6.0"),
        ("What distance did the camera travel between 15 s and 5 s?", "3.0"),
        ("How far had I walked by 10 s?", None),
        ("How long did I walk?", None),
        ("How far can I walk in this room?", None),
        ("What color was the chair at 10.0 s?", None),
        ("How many chairs did the camera show at 10 s?", None),
    ],
)  # fmt: skip
def test_answers_follow(question, answer):
    assert infer(HOME, question, path=WAY) == answer


@pytest.mark.parametrize("path", [None, CameraPath(torch.empty(0), torch.empty(0, 4, 4))])
def test_without_a_path_nothing_is_told_of_moments(path):
    for question in ("How far from where I was at 0.0 s was I at 20.0 s, in meters?", "How far did I walk?"):
        assert infer(HOME, question, path=path) is None


@pytest.mark.parametrize("form", ["{}", "Moved {}", "To the {}", "{}."])
def test_a_course_is_chosen_however_the_options_word_it(form):
    asked = "In which direction did the camera move between 1 seconds and 10 seconds?"
    options = [form.format(way) for way in ("left", "backward", "forward")]
    lines = [f"{letter}. {option}" for letter, option in zip("ABC", options, strict=True)]
    assert infer(HOME, "\n".join([asked, *lines]), path=WAY) == options[2]
    assert infer(HOME, "\n".join([asked, "A. left, then right", "B. forward"]), path=WAY) is None
