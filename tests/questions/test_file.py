"""Question files as people's tools write them: every encoding, line end and form of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlm2.evaluation.benchmarks import vsi_bench
from vlm2.questions.file import convert, read_rows
from vlm2.training.annotations import read_annotations

ROW = {
    "id": 1,
    "dataset": "scans",
    "scene_name": "kitchen",
    "question_type": "object_counting",
    "question": "How many chairs?",
    "options": None,
    "ground_truth": "4",
}
OTHER = ROW | {"id": 2, "question": "How many\u2028tables\u0085here?"}
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in (ROW, OTHER))
ARRAY = json.dumps([ROW, OTHER], ensure_ascii=False, indent=1)

FORMS = {
    "lines": LINES.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + LINES.encode(),
    "a byte order mark and an array": b"\xef\xbb\xbf" + ARRAY.encode(),
    "CRLF": LINES.replace("\n", "\r\n").encode(),
    "CR alone": LINES.replace("\n", "\r").encode(),
    "blank lines": ("\n \n" + LINES.replace("\n", "\n\n\t\n") + "\n\n").encode(),
    "an array": ARRAY.encode(),
    "an array on one line": json.dumps([ROW, OTHER]).encode(),
    "an object around an array": json.dumps({"info": {"version": 1}, "questions": [ROW, OTHER]}).encode(),
}


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.json", "mine.txt"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / name).write_bytes(FORMS[form])
    assert [row.values for row in read_rows(tmp_path / name)] == [ROW, OTHER]


@pytest.mark.parametrize("form", FORMS)
def test_eval_and_training_read_every_form(tmp_path: Path, form: str) -> None:
    (tmp_path / "mine.jsonl").write_bytes(FORMS[form])
    (tmp_path / "kitchen.mp4").touch()
    assert [item.question for item in vsi_bench.load(tmp_path / "mine.jsonl").items] == [
        ROW["question"],
        OTHER["question"],
    ]
    (questions,) = read_annotations(tmp_path / "mine.jsonl", tmp_path).values()
    assert [question.question for question in questions] == [ROW["question"], OTHER["question"]]


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.json"])
@pytest.mark.parametrize("indent", [None, 1])
def test_one_question_alone_is_a_row(tmp_path: Path, name: str, indent: int | None) -> None:
    row = ROW | {"options": ["A. x", "B. y"]}
    (tmp_path / name).write_text(json.dumps(row, indent=indent))
    assert [row.values for row in read_rows(tmp_path / name)] == [row]


def test_places_are_lines_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_bytes(FORMS["blank lines"])
    assert [row.place for row in read_rows(tmp_path / "mine.jsonl")] == ["line 3", "line 6"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (LINES.encode() + b'\n{"question": "Caf\xe9?"}', "no text in UTF-8: line 3 holds the byte 0xe9"),
        (LINES.encode("utf-16"), "it is UTF-16"),
        (b'[{"id": 1},\n {"id"', "line 2, column"),
    ],
)
def test_a_file_that_is_no_text_or_cut_off_names_its_line(tmp_path: Path, data: bytes, words: str) -> None:
    for name in ("mine.jsonl", "mine.json"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=name) as error:
            read_rows(tmp_path / name)
        assert words in str(error.value) and name in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{broken", "it is no JSON"),
        ("3", "it is a plain value"),
        ("null", "it is null"),
        ("[1]", "it is an array"),
        ('{"question": "Where is \\ud83d?"}', "half a character"),
        ('{"ground_truth": ' + "1" * 5000 + "}", "too many digits"),
        ("[" * 200_000, "nested too deeply"),
        (json.dumps(ROW), "its id is also that of line 1"),
        (json.dumps(ROW | {"id": "1"}), "its id is also that of line 1"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(ValueError, match="line 2") as error:
        convert(file, read_rows(file), dict)
    assert str(error.value).startswith(f"{file}, line 2") and words in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_bytes(b"\xef\xbb\xbf\r\n")
    assert read_rows(tmp_path / "mine.jsonl") == ()
    with pytest.raises(ValueError, match="no file"):
        read_rows(tmp_path)


def test_a_parquet_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    (tmp_path / "mine.parquet").write_bytes(b"PAR1cut")
    with pytest.raises(ValueError, match="mine.parquet is no Parquet file"):
        read_rows(tmp_path / "mine.parquet")
