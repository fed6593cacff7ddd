"""lmms-eval finds vlm2 by its entry point and scores it on a task file. Runs where lmms-eval is installed."""

import json
import tomllib
import warnings

import pytest
from toyruns import toy_loaded, write_videos

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of lmms-eval and what it imports
    pytest.importorskip("lmms_eval.evaluator", reason="lmms-eval is not installed (the extra lmms-eval)")

pytestmark = pytest.mark.filterwarnings("ignore")

TASK = """
task: places
dataset_path: json
dataset_kwargs:
  data_files:
    test: {folder}/places.jsonl
test_split: test
output_type: generate_until
doc_to_visual: !function places.visual
doc_to_text: !function places.text
doc_to_target: answer
generation_kwargs:
  max_new_tokens: 4
process_results: !function places.results
metric_list:
  - metric: letters
    aggregation: mean
    higher_is_better: true
metadata:
  version: 0.0
"""
FUNCTIONS = """
def visual(doc):
    return [doc["video"]]


def text(doc, lmms_eval_specific_kwargs=None):
    return "These are frames of a video.\\n" + doc["question"] + "\\nAnswer."


def results(doc, replies):
    return {"letters": float(len(replies[0]))}
"""


@pytest.fixture
def task(tmp_path, write_video, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    write_videos(write_video)
    rows = [
        {"video": str(tmp_path / f"video_{k % 2}.mp4"), "question": f"What is thing {k}?", "answer": "a"}
        for k in range(5)
    ]
    (tmp_path / "places.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "places.yaml").write_text(TASK.format(folder=tmp_path))
    (tmp_path / "places.py").write_text(FUNCTIONS)
    return rows


def test_the_entry_point_names_the_model(repository):
    from lmms_eval.models import ModelRegistryV2

    from vlm2.evaluation import lmms_eval as lmms

    points = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["entry-points"]["lmms_eval.models"]
    assert points == {"vlm2": "vlm2.evaluation.lmms_eval:manifest"}
    registry = ModelRegistryV2()
    registry.register_manifest(lmms.manifest())
    assert registry.get_model_class("vlm2") is lmms.VLM2


def test_a_task_file_is_answered_as_a_session_answers(task, tmp_path, monkeypatch):
    from lmms_eval.evaluator import simple_evaluate
    from lmms_eval.models import MODEL_REGISTRY_V2
    from lmms_eval.tasks import TaskManager

    from vlm2.evaluation import lmms_eval as lmms

    monkeypatch.setattr(lmms, "load", lambda *_, **__: toy_loaded())
    MODEL_REGISTRY_V2.register_manifest(lmms.manifest(), overwrite=True)
    found = simple_evaluate(
        model="vlm2",
        model_args="frames=4",
        tasks=["places"],
        task_manager=TaskManager(include_path=str(tmp_path), model_name="vlm2"),
        device="cpu",
        batch_size=1,
    )
    lengths = []
    for row in task:
        session = toy_loaded().session()
        for frame in lmms.VideoFile(row["video"]).spread(4):
            session.observe(frame.image, frame.time)
        lengths.append(len(session.ask(f"{row['question']}\nAnswer.", 4).text))
    assert found["results"]["places"]["letters,none"] == pytest.approx(sum(lengths) / len(lengths))


def test_replies_end_at_stop_texts():
    from vlm2.evaluation.lmms_eval import cut

    assert cut("four chairs\n\nand", ["\n\n", "</s>"]) == "four chairs"
