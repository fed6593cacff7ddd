"""Question files of every form, and what is said of those that are none."""

import json
import sys

import pytest

from vlm2.evaluation.benchmark import Item
from vlm2.evaluation.question_source import QuestionSource, load_items

ROWS = [{"id": "a", "text": "Où?", "options": None}, {"id": "b", "text": "Why?", "options": ["A. x", "B. y"]}]

TOY = QuestionSource(
    title="Toy", files=("toy.json",), fields=("id", "text"), split="test", page="example.org", hub="owner/toy"
)


def make(row, find):
    return Item(row["id"], find(f"{row['id']}.mp4"), row["id"], "toy", row["text"], row["text"], None, ("x",))


def write(folder, name, rows=ROWS):
    path = folder / name
    if name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif name.endswith(".json"):
        path.write_text(json.dumps(rows))
    else:
        pytest.importorskip("datasets").Dataset.from_list(rows).to_parquet(path)
    return path


@pytest.fixture
def data_sets(monkeypatch, tmp_path_factory):
    data_sets = pytest.importorskip("datasets")
    monkeypatch.setattr(data_sets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
    return data_sets


@pytest.mark.parametrize("name", ["toy.json", "any.jsonl", "any.parquet"])
def test_the_same_questions_in_any_form_are_the_same(tmp_path, name):
    expected = TOY.read(write(tmp_path, "first.json"))
    got = TOY.read(write(tmp_path, name))
    assert [dict(row.values) for row in got.rows] == ROWS
    assert got.revision == expected.revision
    assert got.revision.startswith("sha256:")


def test_a_downloaded_data_set_is_read_as_it_is(tmp_path, data_sets):
    (tmp_path / "data").mkdir()
    write(tmp_path, "data/test-00000-of-00001.parquet")
    records = TOY.read(tmp_path)
    assert [dict(row.values) for row in records.rows] == ROWS
    assert records.folder == tmp_path


def test_a_data_set_of_the_hub_names_its_commit(tmp_path, data_sets, monkeypatch):
    import huggingface_hub

    write(tmp_path, "test.jsonl")
    asked, real = [], data_sets.load_dataset

    class Hub:
        def dataset_info(self, name, revision):
            asked.append((name, revision))
            return huggingface_hub.DatasetInfo(id=name, sha="c0ffee")

    def load_dataset(name, split, revision):
        asked.append((name, split, revision))
        return real(str(tmp_path), split=split)

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(data_sets, "load_dataset", load_dataset)
    records = TOY.read("someone/other@v2")
    assert asked == [("someone/other", "v2"), ("someone/other", "test", "c0ffee")]
    assert (records.revision, len(records.rows), records.folder) == ("someone/other@c0ffee", 2, None)
    assert TOY.read().revision == "owner/toy@c0ffee"


def test_without_the_hub_a_local_copy_is_asked_for(data_sets):
    with pytest.raises(ValueError, match="owner/toy could not be read .*local copy"):
        TOY.read()


def test_bad_sources_are_explained(tmp_path):
    with pytest.raises(ValueError, match=r"no hub name \(OWNER/NAME\): give toy.json"):
        TOY.read("nowhere")
    with pytest.raises(ValueError, match="holds no questions: give toy.json"):
        TOY.read(tmp_path)
    with pytest.raises(ValueError, match="other.json, question 1, id 1: it lacks text .*no questions of Toy"):
        TOY.read(write(tmp_path, "other.json", [{"id": 1}]))
    with pytest.raises(ValueError, match="holds no questions"):
        TOY.read(write(tmp_path, "empty.json", []))
    (tmp_path / "cut.json").write_text('[{"id"')
    with pytest.raises(ValueError, match="cut.json is no JSON"):
        TOY.read(tmp_path / "cut.json")


def test_a_benchmark_without_a_data_set_says_where_its_files_are():
    private = QuestionSource("Toy", ("toy.json",), ("id",), "test", "example.org")
    with pytest.raises(ValueError, match=r"no data set of its authors .*toy.json .*example.org"):
        private.read()


def test_items_are_limited_and_missing_videos_named_once(tmp_path):
    write(tmp_path, "toy.json")
    (tmp_path / "a.mp4").touch()
    records = TOY.read(tmp_path)
    assert load_items(records, make).missing_videos == ("b",)
    assert [item.id for item in load_items(records, make, limit=1).items] == ["a"]
    with pytest.raises(ValueError, match="limit of 0"):
        load_items(records, make, limit=0)
    with pytest.raises(ValueError, match="is no folder"):
        load_items(records, make, videos=tmp_path / "none")


def test_ids_are_unique(tmp_path):
    rows = [ROWS[0], ROWS[1], ROWS[0]]
    with pytest.raises(ValueError, match="toy.json, question 3, id 'a', \"Où.\": its id is also that of question 1"):
        TOY.read(write(tmp_path, "toy.json", rows))


def test_without_datasets_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    (tmp_path / "any.parquet").touch()
    with pytest.raises(ValueError, match=r"pip install 'vlm2\[eval\]'"):
        TOY.read(tmp_path / "any.parquet")
    with pytest.raises(ValueError, match=r"pip install 'vlm2\[eval\]'"):
        TOY.read()
