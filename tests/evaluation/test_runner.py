"""Runs that are killed, resumed and spread over processes end with the same predictions; other runs are refused."""

import os
import random
import signal
import sys
from dataclasses import replace
from multiprocessing import get_context

import pytest
import toyruns
from toyruns import TOY, load, toy_respondent, toy_run, write_videos

from vlm2.evaluation import receipt, runner
from vlm2.evaluation.predictions import PREDICTIONS, Prediction, join, open_writer, read_predictions
from vlm2.evaluation.respondents import Blind, RunSettings, SessionRespondent, respondent, title
from vlm2.evaluation.runner import ProcessRank
from vlm2.streaming import Session
from vlm2.streaming.answering import Answerer
from vlm2.video import VideoFile

KILLS = 30


@pytest.fixture
def videos(tmp_path, write_video):
    write_videos(write_video)
    return tmp_path


@pytest.fixture
def whole(videos):
    """The predictions of an unbroken run."""
    toy_run(videos, videos / "whole")
    return (videos / "whole" / PREDICTIONS).read_bytes()


def test_thirty_kills_lose_and_repeat_nothing(videos, whole, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # for the server, which imports the toys once for all
    context = get_context("forkserver")
    context.set_forkserver_preload(["toyserver"])
    rng, kills, runs = random.Random(0), 0, 0
    lines = toy_run(videos, videos / "counted", fatal_line=-1)
    while kills < KILLS:
        out = videos / f"broken_{runs}"
        while True:
            process = context.Process(target=toy_run, args=(videos, out, None, rng.randint(1, lines)))
            process.start()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            kills += 1
        assert (out / PREDICTIONS).read_bytes() == whole
        runs += 1
    print(f"{kills} kills in {runs} runs")
    assert sorted(file.name for file in out.glob("[!.]*")) == [PREDICTIONS, "receipt.json"]  # beside hidden locks


def test_a_line_cut_anywhere_is_written_again(videos, whole):
    lines = whole.splitlines(keepends=True)
    start = sum(map(len, lines[:-1]))
    for cut in range(start, len(whole), 37):
        (videos / "whole" / PREDICTIONS).write_bytes(whole[:cut])
        rows = read_predictions(videos / "whole")
        assert len(rows) == len(lines) - 1
        with open_writer(videos / "whole") as writer:
            writer.add(Prediction.from_line(lines[-1]))
        assert (videos / "whole" / PREDICTIONS).read_bytes() == whole


def test_two_workers_give_what_one_gives(videos, whole):
    assert runner.run(TOY, load(videos=videos), toy_respondent(), videos / "two", "toy", ProcessRank(workers=2))
    assert (videos / "two" / PREDICTIONS).read_bytes() == whole


def test_processes_share_the_videos_and_the_last_one_joins(videos, whole):
    out, loaded = videos / "ranks", load(videos=videos)
    assert not runner.run(TOY, loaded, toy_respondent(), out, "toy", ProcessRank(rank=1, world=2))
    assert [id.split("/")[0] for id in read_predictions(out)] == ["1"] * 3 + ["3"] * 3
    assert runner.run(TOY, loaded, toy_respondent(), out, "toy", ProcessRank(rank=0, world=2))
    assert (out / PREDICTIONS).read_bytes() == whole
    assert [process["answered"] for process in receipt.read_receipt(out)["processes"]] == [6, 9]


def test_the_same_run_has_the_same_scores_and_a_receipt(videos, whole):
    toy_run(videos, videos / "again")
    for name in ("whole", "again"):
        runner.finish(TOY, load(videos=videos), videos / name)
    assert (videos / "whole/scores.json").read_bytes() == (videos / "again/scores.json").read_bytes()
    written = receipt.read_receipt(videos / "whole")
    assert written["run"]["benchmark"] == {"name": "toy", "version": 3}
    assert written["run"]["data"]["questions"] == 15
    assert written["videos"]["video_2"] == {"file": str(videos / "video_2.mp4"), "frames": 8}
    assert written["scorer"] == "plain"
    (process,) = written["processes"]
    assert process["answered"] == 15 and process["packages"]["torch"] and process["machine"]["cores"]


def test_frames_are_spread_over_the_video(videos):
    loaded = load(videos=videos)
    assert runner.run(TOY, loaded, toy_respondent(frames=4), videos / "spread", "toy")
    assert {prediction.frames for prediction in read_predictions(videos / "spread").values()} == {4}


def test_a_folder_takes_one_run_only(videos, whole):
    out, loaded = videos / "whole", load(videos=videos)
    with pytest.raises(ValueError, match="model.name was toy and is now other"):
        runner.run(TOY, loaded, toy_respondent("other"), out, "other")
    with pytest.raises(ValueError, match="threads was 1 and is now 2"):
        runner.run(TOY, loaded, toy_respondent(threads=2), out, "toy")
    with pytest.raises(ValueError, match="data.questions was 15 and is now 6"):
        runner.run(TOY, load(videos=videos, limit=2), toy_respondent(), out, "toy")
    reworded = replace(loaded, items=(replace(loaded.items[0], prompt="Else?\nSay."), *loaded.items[1:]))
    with pytest.raises(ValueError, match="data.sha256 was"):
        runner.run(TOY, reworded, toy_respondent(), out, "toy")
    (out / "receipt.json").unlink()
    with pytest.raises(ValueError, match="without a receipt"):
        runner.run(TOY, loaded, toy_respondent(), out, "toy")
    assert (out / PREDICTIONS).read_bytes() == whole


def test_two_processes_cannot_write_one_file(tmp_path):
    with open_writer(tmp_path), pytest.raises(ValueError, match="Another process"), open_writer(tmp_path):
        pass


def test_an_item_is_answered_once(tmp_path):
    with open_writer(tmp_path) as writer:
        prediction = Prediction(load().items[0], "3")
        writer.add(prediction)
        with pytest.raises(ValueError, match="answered already"):
            writer.add(prediction)
    assert not join(tmp_path, ["a", "b"])


def test_missing_videos_are_named_or_left_out(videos):
    loaded = load(videos=videos)
    items = tuple(replace(item, video=None) if item.group == "video_1" else item for item in loaded.items)
    lacking = replace(loaded, items=items, missing_videos=("video_1",))
    with pytest.raises(ValueError, match=r"1 videos were not found: video_1\. .*--skip-missing"):
        runner.run(TOY, lacking, toy_respondent(), videos / "lacking", "toy")
    left = runner.without_missing(lacking)
    assert runner.run(TOY, left, toy_respondent(), videos / "left", "toy")
    assert runner.finish(TOY, left, videos / "left")["questions"] == 12
    assert receipt.read_receipt(videos / "left")["missing_videos"] == ["video_1"]


def test_a_run_can_be_narrowed_to_types_and_a_few_of_each(videos):
    loaded = load(videos=videos)
    twice = tuple(copy for item in loaded.items for copy in (item, replace(item, id=f"{item.id}/again")))
    loaded, kinds = replace(loaded, items=twice), {item.question_type for item in loaded.items}
    assert runner.narrowed(loaded) == loaded
    only = runner.narrowed(loaded, ["count*"]).items
    assert only and {item.question_type for item in only} == {"counting"} < kinds
    few = runner.narrowed(loaded, per_type=1).items
    assert few == load(videos=videos).items
    with pytest.raises(ValueError, match=r"'colour'; there are: .*counting"):
        runner.narrowed(loaded, ["colour"])


@pytest.mark.parametrize("name", ["chance", "random"])
def test_baselines_look_at_no_video(tmp_path, name):
    loaded = load(videos=tmp_path / "nowhere")
    answers = respondent(RunSettings(model=name, seed=4), TOY, loaded.items)
    assert runner.run(TOY, loaded, answers, tmp_path / "run", name)
    predictions = list(read_predictions(tmp_path / "run").values())
    truths = {kind: {i.answers[0] for i in loaded.items if i.question_type == kind} for kind in toyruns.KINDS}
    if name == "random":
        assert all(p.text in truths[p.item.question_type] for p in predictions)
        assert len({p.text for p in predictions if p.item.question_type == "counting"}) > 1
        assert answers.identity()["seed"] == 4
    else:
        assert {p.text for p in predictions} == {"A", "3"}


def test_a_blind_model_decodes_as_the_model_it_is_compared_with(videos, monkeypatch):
    monkeypatch.setattr(Blind, "load", lambda self: toyruns.toy_loaded())
    asked = []
    decode = Answerer._decode

    def counted(self, prefix, *given):
        asked.append(len(prefix.slots.times))
        return decode(self, prefix, *given)

    monkeypatch.setattr(Answerer, "_decode", counted)
    items = load(videos=videos).items[:3]
    assert len(list(Blind(RunSettings("toy"), 6).answer(items))) == len(list(toy_respondent().answer(items))) == 3
    assert asked[:3] == [0, 0, 0] and all(asked[3:]) and len(asked) == 6
    identities = [kind(RunSettings("mini"), 6).identity() for kind in (Blind, SessionRespondent)]
    assert identities[0]["prompt"] == identities[1]["prompt"]


def test_tools_are_left_out_when_a_run_says_so(videos, monkeypatch):
    asked = []
    ask = Session.ask
    monkeypatch.setattr(Session, "ask", lambda *given, **named: asked.append(given[3]) or ask(*given, **named))
    items = load(videos=videos).items[:3]
    list(toy_respondent(tools=False).answer(items))
    list(toy_respondent().answer(items))
    assert asked == [False] * 3 + [True] * 3
    titles = [title(RunSettings(model)) for model in ("mini", "blind:mini", "chance")]
    assert titles == ["mini, objects", "blind:mini", "chance"]


def test_a_model_is_shown_the_frames_that_another_keeps(videos):
    loaded = load(videos=videos)
    last = [item for item in loaded.items if item.group == "video_4"]  # of ten frames
    session = toy_respondent().load().session()
    session.watch(last[0].video, 2.0)
    assert 1 < len(session.slots) <= 5 and session.slots[-1] == 9
    shown = toy_respondent(kept="toy")
    times = [frame.time for frame in shown._frames(VideoFile(last[0].video))]
    assert times == [number / 2 for number in session.slots]
    assert {reply.frames for reply in shown.answer(last)} == {len(session.slots)}
    with pytest.raises(ValueError, match="those that toy keeps"):
        toy_respondent(kept="toy", frames=4)


def test_a_question_too_long_ends_the_run_before_its_video_is_watched(videos, monkeypatch):
    items = [replace(item, prompt="y" * 2100) if n == 2 else item for n, item in enumerate(load(videos=videos).items)]
    monkeypatch.setattr(VideoFile, "sample", lambda *_: pytest.fail("watched"))
    with pytest.raises(ValueError, match=r'"y+…" has 2\d\d\d tokens, and there is room for'):
        list(toy_respondent().answer(items[:3]))
