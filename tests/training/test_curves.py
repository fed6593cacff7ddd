"""Curves from a log, also one that was interrupted."""

import json

from vlm2.training.curves import plot, read_log


def test_a_restarted_run_counts_each_step_once(tmp_path):
    rows = [{"step": s, "loss": 1 / s, "answer": 2 / s, "epoch": 0} for s in (1, 2, 3)]
    rows += [{"step": 3, "loss": 0.1, "answer": 0.2}, {"step": 4, "train_runtime": 9.0}]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_log(tmp_path) == {"loss": [(1, 1.0), (2, 0.5), (3, 0.1)], "answer": [(1, 2.0), (2, 1.0), (3, 0.2)]}
    plot({"a run": tmp_path}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
