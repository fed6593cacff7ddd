"""What the page's scripts compute without a browser, run by Node.js where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from vlm2.serving.page_routes import FOLDER

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")
STORAGE = """
class Storage {
  getItem(key) { return this[key] ?? null; }
  setItem(key, value) { this[key] = value; }
  removeItem(key) { delete this[key]; }
}
globalThis.window = { localStorage: new Storage() };
"""


def run(file: str, script: str) -> Any:
    """The value that a script returns which has the exports of a file as `page`."""
    source = f"{STORAGE}\nconst page = await import({json.dumps((FOLDER / file).as_uri())});\n"
    whole = source + f"console.log(JSON.stringify(await (async () => {{ {script} }})()));"
    command = [str(NODE), "--experimental-default-type=module", "--no-warnings", "--input-type=module", "--eval", whole]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_names_are_ids_that_people_can_read() -> None:
    words = ["My Room.mp4", "Küche (2).MOV", "a" * 99, "...", "chat-1.mp4", "room_1fps.mp4"]
    names = run("names.js", f"return {json.dumps(words)}.map(page.named);")
    assert names[:3] == ["my-room", "kuche-2", "a" * 48] and names[4:] == ["memory-chat-1", "room-1fps"]
    assert run("names.js", f"return page.isDefault({json.dumps(names[3])}) && page.isDefault(page.defaultName());")
    assert run("names.js", 'return page.free("a", ["a", "a-2", "b"]);') == "a-3"


def test_answers_come_back_move_with_a_name_and_go() -> None:
    kept, moved, gone = run(
        "conversation.js",
        """
        page.keepAnswer("a", 5, "one?", { text: "1", secret: "x", things: [] });
        page.keepAnswer("a", 9, "two?", { text: "2", things: [3] });
        const kept = page.answersOf("a", 9);
        page.renameAnswers("a", "b");
        const moved = [page.answersOf("a", 9).length, page.answersOf("b", 9).length, page.answersOf("b", 6).length];
        page.forgetAnswers("b");
        return [kept, moved, page.answersOf("b", 9)];
        """,
    )
    assert [entry["question"] for entry in kept] == ["one?", "two?"]
    assert kept[0]["answer"] == {"text": "1", "things": []}
    assert moved == [0, 2, 1] and gone == []  # what had seen more frames was another memory


def test_what_is_kept_is_bounded() -> None:
    answers, memories = run(
        "conversation.js",
        """
        for (let i = 0; i < 70; i += 1) page.keepAnswer("a", i, `${i}?`, {});
        for (let i = 0; i < 40; i += 1) page.keepAnswer(`m${i}`, 1, "?", {});
        return [page.answersOf("a", 99).length, Object.keys(window.localStorage).length];
        """,
    )
    assert answers <= 50 and memories <= 24


def test_forbidden_storage_is_no_error() -> None:
    forbidden = "Object.defineProperty(globalThis, 'window', { get() { throw new Error('no'); } });"
    source = (FOLDER / "conversation.js").read_text()
    script = f"{forbidden}\n{source}\nkeepAnswer('a', 1, '?', {{}}); console.log(answersOf('a', 9).length);"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", script], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "0\n", done.stderr


def test_things_are_found_again_in_a_map_that_numbers_them_anew() -> None:
    found = run(
        "match.js",
        """
        const thing = (id, label, x, status = "seen") => ({ id, label, status, box: { center: [x, 0, 0] } });
        const before = [thing(1, "chair", 0), thing(2, "chair", 0.8), thing(3, "bed", 5), thing(4, "lamp", 0)];
        const chairs = [thing(3, "chair", 0.9), thing(4, "chair", 0.2)];
        const tracks = [thing(1, "lamp", 0, "removed"), thing(2, "bed", 9), ...chairs];
        return page.matched({ tracks }, before.map(page.keptThing)).map(({ id }) => id);
        """,
    )
    assert found == [4, 3]
