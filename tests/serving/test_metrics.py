"""Figures for Prometheus."""

from __future__ import annotations

import re

from toyclient import written

QUESTION = "How many chairs are there?"


def test_figures_count_what_happened(client, images) -> None:
    client.post("/sessions", json={"id": "a"})
    for time in (0.0, 0.1, 0.5):
        client.post("/sessions/a/frame", params={"time": time}, content=written(images[0]))
    client.post("/sessions/a/ask", json={"question": QUESTION, "wait": True})
    root = f"{client.base_url}".removesuffix("/v1/")
    before = client.get(f"{root}/metrics").text
    assert 'vlm2_frames_total{kind="received"} 3' in before and 'vlm2_frames_total{kind="skipped"} 1' in before
    assert "vlm2_sessions 2" in before and "vlm2_jobs_total 1" in before
    (resident,) = re.findall(r"^process_resident_memory_bytes (\d+)$", before, re.MULTILINE)
    assert int(resident) > 10e6
    client.delete("/sessions/a")
    after = client.get(f"{root}/metrics").text
    assert 'vlm2_frames_total{kind="received"} 3' in after and "vlm2_sessions 1" in after
    assert client.get(f"{root}/healthz").json() == {"status": "ok"}
