"""Mutated memory files with objects: refused with a ValueError, or the very same map. A run of 500:

    VLM2_MUTATIONS=500 python -m pytest tests/streaming/test_mutated_objects.py

Files whose digest was made anew after the change hold what their maker wrote: they load as some valid memory, or are
refused, and never fail in another way.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rooms_of_boxes import MadeBox, MadeRoom, around, watched
from safetensors.torch import load, save
from sessions import observe
from toyeyes import ToyDetector, toy_eyes

from vlm2.objects import ObjectMap
from vlm2.streaming import LoadedModel, Session, container
from vlm2.streaming import memory_file as file

MUTATIONS = int(os.environ.get("VLM2_MUTATIONS", "40"))
ROOM = MadeRoom(((0, 0), (5, 0), (5, 4), (0, 4)), (MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6)),))
WORDS = (None, True, -1, 0, 3, 1e99, "", "chair", [], [1, 2], {"a": 1}, [None])


@pytest.fixture
def saved(make_session, images, tmp_path) -> tuple[LoadedModel, Path, ObjectMap]:
    session = observe(make_session(), images[:6])
    session._stream = replace(session._stream, objects=watched(ROOM, around(2.5, 2.0, 8)))
    session.save(tmp_path / "room.vlm2mem")
    eyes = toy_eyes(ToyDetector(session._stream.objects.labels))
    model = LoadedModel("toy", Path(), session.halves, eyes)
    return model, tmp_path / "room.vlm2mem", Session.open(tmp_path / "room.vlm2mem", model).objects


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Flip bits, cut the end, or drop or double a piece."""
    changed, kind, place = bytearray(data), chance.randrange(4), chance.randrange(len(data))
    if kind == 0:
        changed[place] ^= 1 << chance.randrange(8)
    elif kind == 1:
        changed[chance.randrange(min(6000, len(data)))] ^= 1 << chance.randrange(8)
    elif kind == 2:
        del changed[place:]
    else:
        changed[place : place + 9] = b"" if chance.random() < 0.5 else 2 * data[place : place + 9]
    return bytes(changed)


def parted(data: bytes) -> tuple[dict[str, torch.Tensor], dict]:
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return load(data), json.loads(header["__metadata__"][container.FORMAT])


def sealed(tensors: dict[str, torch.Tensor], record: dict, key: str = container.FORMAT) -> bytes:
    """The file with a digest made anew."""
    text = json.dumps({**record, "digest": container.BLANK}, sort_keys=True, separators=(",", ":"))
    data = bytearray(save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata={key: text}))
    place = container._digest_place(bytes(data[: 8 + int.from_bytes(data[:8], "little")]))
    if place is not None:
        data[place] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


def edited(data: bytes, chance: random.Random) -> bytes:
    """Swap, drop, rename or recast tensors, or change the record, under a new digest."""
    tensors, record = parted(data)
    names, kind, key = sorted(tensors), chance.randrange(6), container.FORMAT
    name, other = chance.choice(names), chance.choice(names)
    if kind == 0:
        tensors[name], tensors[other] = tensors[other].clone(), tensors[name].clone()
    elif kind == 1:
        del tensors[name]
    elif kind == 2:
        tensors[f"{name}x"] = tensors.pop(name)
    elif kind == 3:
        tensors[name] = tensors[name].to(chance.choice((torch.float16, torch.int64, torch.bfloat16, torch.float64)))
    else:
        inside = [part for part in (record, record["log"], record["objects"], record["model"]) if part]
        part = chance.choice(inside)
        field = chance.choice(sorted(part))
        if chance.random() < 0.3:
            del part[field]
        else:
            part[field] = chance.choice(WORDS)
    return sealed(tensors, record, key)


def opened(path: Path, model: LoadedModel) -> ObjectMap | None:
    """The map that a file gives with its model, and the same without; None where it is refused."""
    try:
        alone = file.read(path).object_map()
    except ValueError:
        alone = None
    try:
        found = Session.open(path, model).objects
    except ValueError:
        return None
    assert found == alone
    return found


def test_a_damaged_file_is_refused_or_gives_the_same_map(saved, tmp_path) -> None:
    model, path, known = saved
    data, chance, broken = path.read_bytes(), random.Random(0), tmp_path / "broken.vlm2mem"
    for _ in range(MUTATIONS):
        broken.write_bytes(changed := damaged(data, chance))
        assert opened(broken, model) in ((None, known) if changed == data else (None,))


def test_an_edited_file_is_refused_or_is_a_memory(saved, tmp_path) -> None:
    model, path, _ = saved
    data, chance, broken = path.read_bytes(), random.Random(1), tmp_path / "broken.vlm2mem"
    assert sealed(*parted(data)) == data
    for _ in range(MUTATIONS):
        broken.write_bytes(edited(data, chance))
        opened(broken, model)
