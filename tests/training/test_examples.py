"""Questions of an example: balanced over tasks, options shuffled without losing the answer."""

from collections import Counter

import numpy as np
import torch
from safetensors.torch import load_file
from toys import toy_model
from toytraining import write_homes

from vlm2.encoders.geometry.cameras import rotation_angle
from vlm2.questions.question import Question
from vlm2.training.examples import Handful, as_tracked, by_task, cache_geometry, geometry_path, shuffle_options
from vlm2.training.home_cache import open_cache
from vlm2.training.terse import TerseQuestion

CHOICE = Question("object_rel_distance", "Which is closest?", ("A. chair", "B. tv", "C. bed", "D. sofa"), "C")


def test_shuffled_options_keep_the_answer_and_spread_its_letter():
    rng = np.random.default_rng(0)
    shuffled = [shuffle_options(CHOICE, rng) for _ in range(200)]
    assert all(question.answer_text == "bed" for question in shuffled)
    assert [option[:3] for option in shuffled[0].options] == ["A. ", "B. ", "C. ", "D. "]
    assert min(Counter(question.ground_truth for question in shuffled).values()) > 25


def test_tasks_are_drawn_evenly_whatever_their_number_of_questions():
    pool = by_task([CHOICE] * 99 + [Question("room_size_estimation", "How large?", None, "20.0")])
    drawn = Handful(400, paraphrased=0.0, terse=0.0).draw(pool, np.random.default_rng(1))
    counts = Counter(question.question_type for question in drawn)
    assert abs(counts["room_size_estimation"] - 200) < 40


def test_a_type_of_no_table_is_a_task_of_its_own():
    pool = by_task([Question("toy_type", "How old?", None, "3"), CHOICE])
    assert [question.question for question in pool["toy_type"]] == ["How old?"]
    assert list(pool)[-1] == "toy_type" and sum(map(len, pool.values())) == 2


def test_a_share_of_the_questions_is_terse_and_keeps_its_answer():
    choice = Question(**{**vars(CHOICE), "slots": {"target": "lamp"}})
    drawn = Handful(400, paraphrased=0.0, terse=0.5).draw(by_task([choice]), np.random.default_rng(2))
    short = [question for question in drawn if question.question == "Closest to the lamp?"]
    assert abs(len(short) - 200) < 40
    assert all(question.answer_text == "bed" for question in drawn)


def test_drills_keep_their_one_wording():
    drill = TerseQuestion("drill_seen", "Is there a bed?", None, "Yes")
    drawn = Handful(20, paraphrased=1.0).draw({"drill_seen": [drill]}, np.random.default_rng(3))
    assert set(drawn) == {drill}


def test_geometry_is_kept_and_made_anew_by_another_encoder(tmp_path):
    homes = open_cache(write_homes(tmp_path / "homes"))
    one, other = toy_model().frame_encoder.windows, toy_model().frame_encoder.windows
    with torch.no_grad():
        for parameter in other.encoder.parameters():
            parameter.add_(0.1)
    cache_geometry(homes, one)
    first = [load_file(geometry_path(home)) for home in homes]
    stamps = [geometry_path(home).stat().st_mtime_ns for home in homes]
    cache_geometry(homes, one)
    assert [geometry_path(home).stat().st_mtime_ns for home in homes] == stamps
    cache_geometry(homes, other)
    second = [load_file(geometry_path(home)) for home in homes]
    pairs = zip(first, second, strict=True)
    assert not any(torch.equal(was["geometry_tokens"], now["geometry_tokens"]) for was, now in pairs)


def test_a_tracked_path_drifts_a_little_and_stays_rigid():
    true = torch.eye(4).repeat(200, 1, 1)
    true[:, 0, 3] = torch.linspace(3, 13, 200)
    path = as_tracked(true, np.random.default_rng(3))
    torch.testing.assert_close(path[0], torch.eye(4))
    torch.testing.assert_close(path[:, :3, :3] @ path[:, :3, :3].mT, torch.eye(3).expand(200, 3, 3), atol=1e-3, rtol=0)
    steps = torch.linalg.inv(path[:-1]) @ path[1:]
    turns = torch.rad2deg(rotation_angle(steps[:, :3, :3], torch.eye(3).expand(199, 3, 3)))
    assert 0.2 < turns.median() < 1.0 and turns.max() > 2.0
    moved = (steps[:, :3, 3] - torch.tensor([10 / 199, 0, 0])).norm(dim=-1)
    assert 0.005 < moved.median() < 0.03
