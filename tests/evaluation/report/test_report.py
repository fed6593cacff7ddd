"""A report's numbers are those of the runs' files, and its page needs nothing from elsewhere."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from toyruns import TOY, load, summary, toy_respondent, write_videos

from vlm2.evaluation import runner, scores
from vlm2.evaluation.predictions import StoredAnswer
from vlm2.evaluation.report.data import collect
from vlm2.evaluation.report.report import EDGES, bin_shares, markdown, write_report
from vlm2.evaluation.respondents import RunSettings, respondent
from vlm2.evaluation.scores import length_name, read_run


class Numbers(HTMLParser):
    """Collects cells that say what they show, all attributes that name an address, and tags left open."""

    VOID = frozenset({"meta", "img"})

    def __init__(self):
        super().__init__()
        self.values, self.texts, self.addresses, self.open = {}, {}, [], []
        self.at = None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.addresses += [given[name] for name in ("src", "href", "xlink:href", "action") if name in given]
        if tag not in self.VOID:
            self.open.append(tag)
        if "data-value" in given:
            self.at = given["data-of"]
            self.values[self.at] = float(given["data-value"])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.at is not None:
            self.texts[self.at], self.at = data, None


@pytest.fixture
def folders(tmp_path, write_video, monkeypatch):
    """Finished runs of the toy model and of chance."""
    write_videos(write_video)
    loaded = load(videos=tmp_path)
    monkeypatch.setattr(scores, "find", lambda name: {"toy": TOY}[name])
    for name in ("toy", "chance"):
        answers = toy_respondent() if name == "toy" else respondent(RunSettings(model=name), TOY, loaded.items)
        assert runner.run(TOY, loaded, answers, tmp_path / name, name)
        runner.finish(TOY, loaded, tmp_path / name)
    return [tmp_path / "toy", tmp_path / "chance"]


@pytest.fixture
def data(folders):
    return collect([read_run(folder) for folder in folders], draws=50)


def test_the_page_shows_the_numbers_of_the_files(folders, data, tmp_path):
    file, _ = write_report(data, tmp_path / "report.html")
    page = Numbers()
    page.feed(file.read_text("utf-8"))
    assert page.open == []
    for index, folder in enumerate(folders):
        expected = json.loads((folder / "scores.json").read_text())
        for name, value in expected["summary"].items():
            assert page.values[f"{index}/{name}"] == value
            assert page.texts[f"{index}/{name}"] == f"{100 * value:.1f}"
        for length, part in expected["lengths"].items():
            assert page.values[f"{index}/{length}/overall"] == part["summary"]["overall"]
    first, second = (json.loads((folder / "scores.json").read_text())["summary"]["overall"] for folder in folders)
    assert page.values["0-1"] == first - second


def test_the_page_needs_no_network_and_no_script(data, tmp_path):
    file, _ = write_report(data, tmp_path / "report.html")
    text, page = file.read_text("utf-8"), Numbers()
    page.feed(text)
    assert page.addresses and all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert not re.search(r"https?://|<script|@import|url\(", text)


def test_the_table_shows_the_same(folders, data):
    lines = markdown(data).splitlines()
    row, open_row = [line for line in lines if line.startswith("| overall |")]
    expected = [json.loads((folder / "scores.json").read_text())["summary"]["overall"] for folder in folders]
    assert re.findall(r"(\d+\.\d) \(", row) == [f"{100 * value:.1f}" for value in expected]
    assert any(line.startswith("| toy − chance |") for line in lines)
    assert re.findall(r"(\d+\.\d) \(", open_row) == [f"{100 * table['overall'].value:.1f}" for table in data.debiased]


def test_the_debiased_table_leaves_out_what_the_text_gives_away(folders, data):
    wrong = {s.item.id for s in data.runs[1].samples if s.values["score"] < 0.5}
    assert data.text_only == "chance" and 0 < data.debiased_questions == len(wrong) < 15
    kept = [(s.item.question_type, s.values) for s in data.runs[0].samples if s.item.id in wrong]
    assert data.debiased[0]["overall"].value == summary(kept)["overall"]
    assert data.debiased[1]["overall"].value < 0.5


def test_a_blind_run_decides_what_the_text_gives_away(folders):
    runs = [read_run(folder) for folder in folders]
    blind = replace(runs[0], receipt={**runs[0].receipt, "name": "blind:toy"})
    data = collect([runs[1], blind], draws=10)
    assert data.text_only == "blind:toy"
    assert data.debiased_questions == sum(s.values["score"] < 0.5 for s in blind.samples)


def test_a_run_with_an_object_memory_has_its_section(folders, tmp_path):
    file = folders[0] / "predictions.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for number, row in enumerate(rows):
        source, status = ("objects", "ok") if number % 3 else ("tokens", "guess")
        row["answer"] = vars(StoredAnswer(source, status, confidence=number / 15 if number % 3 else None))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = runner.finish(TOY, load(videos=tmp_path), folders[0])["objects"]
    assert found["answers"] == 10 and found["confidence"]["answers"] == 10
    data = collect([read_run(folder) for folder in folders], draws=10)
    assert [index for index, _ in data.with_objects] == [0]
    page, table = write_report(data, tmp_path / "report.html")
    assert "| questions answered by the objects | 66.7 % |" in table.read_text()
    text, reader = page.read_text(), Numbers()
    reader.feed(text)
    assert reader.open == [] and "Answers from the object memory" in text and 'class="curve"' in text


def test_scores_by_length_are_those_of_the_samples(folders):
    run = read_run(folders[0])
    expected = json.loads((folders[0] / "scores.json").read_text())
    assert {name: part["questions"] for name, part in expected["lengths"].items()} == {"short": 6, "mid": 6, "long": 3}
    long = [(s.item.question_type, s.values) for s in run.samples if s.item.length > 120]
    assert expected["lengths"]["long"]["summary"] == summary(long)


@pytest.mark.parametrize(
    ("seconds", "name"), [(59.9, "short"), (60, "mid"), (119.9, "mid"), (120, "long"), (None, None)]
)
def test_lengths(seconds, name):
    assert length_name(seconds) == name


def test_the_worst_samples_are_wrong_and_of_several_kinds(data):
    assert data.largest_errors
    right = {sample.item.id for sample in data.runs[0].samples if sample.prediction == sample.item.answers[0]}
    assert right.isdisjoint(item.id for item, _ in data.largest_errors)
    assert len({item.question_type for item, _ in data.largest_errors}) > 1
    assert all(replies[1] in ("A", "3") for _, replies in data.largest_errors)


def test_errors_are_relative_and_binned(data):
    errors = data.errors["counting"][1]  # chance says 3 of truths 1 to 5
    assert sorted(errors) == pytest.approx([3 / 5 - 1, 3 / 4 - 1, 0, 0.5, 2])
    shares = bin_shares(np.array([-2.0, 0.0, 9.0, np.nan]))
    assert shares[0] == shares[-1] == 0.25 and shares.sum() == 0.75 and len(shares) == len(EDGES) - 1


def test_runs_that_differ_in_kind_are_refused(folders, tmp_path):
    file = folders[1] / "scores.json"
    file.write_text(file.read_text().replace('"scorer": "plain"', '"scorer": "other"'))
    runs = [read_run(folders[0])]
    with pytest.raises(ValueError, match="no scorer called 'other'"):
        read_run(folders[1])
    file.unlink()
    with pytest.raises(ValueError, match="not finished"):
        read_run(folders[1])
    with pytest.raises(ValueError, match="has no receipt"):
        read_run(tmp_path)
    assert runs[0].name == "toy"
