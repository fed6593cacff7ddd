"""Figures of the server in Prometheus's text format."""

from __future__ import annotations

from dataclasses import asdict

from ..heap import resident_memory
from .store import SessionStore

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(store: SessionStore) -> str:
    """Return the figures of a store. Counters include sessions that were deleted."""
    sessions = store.list()
    totals = asdict(sum((hosted.counts for hosted in sessions), store.deleted))
    jobs = totals.pop("jobs")
    states = [hosted.describe() for hosted in sessions]
    lines = _figure("vlm2_sessions", "gauge", "Sessions now.", {"": len(sessions)})
    lines += _figure("vlm2_waiting_frames", "gauge", "Frames that wait.", {"": sum(s["waiting"] for s in states)})
    lines += _figure("vlm2_waiting_jobs", "gauge", "Questions that wait.", {"": sum(s["questions"] for s in states)})
    frames = {f'{{kind="{kind}"}}': count for kind, count in totals.items()}
    lines += _figure("vlm2_frames_total", "counter", "Frames by what became of them.", frames)
    lines += _figure("vlm2_jobs_total", "counter", "Questions and other jobs on sessions.", {"": jobs})
    if (resident := resident_memory()) is not None:
        lines += _figure("process_resident_memory_bytes", "gauge", "Resident memory.", {"": round(resident)})
    return "\n".join(lines) + "\n"


def _figure(name: str, kind: str, help: str, values: dict[str, int]) -> list[str]:
    rows = [f"{name}{labels} {value}" for labels, value in values.items()]
    return [f"# HELP {name} {help}", f"# TYPE {name} {kind}", *rows]
