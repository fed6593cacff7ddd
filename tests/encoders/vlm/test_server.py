"""An OpenAI-compatible address: what is sent, and what becomes of replies that are no answer."""

from __future__ import annotations

import base64
import socket
from threading import Event

import pytest
from fakevlm import completion, fake_server

from vlm2.encoders.vlm import VLMError, load_vlm
from vlm2.encoders.vlm.server import KEY, LARGEST, OpenAIServer

SECRET = "sk-very-secret"


@pytest.fixture(autouse=True)
def no_key(monkeypatch) -> None:
    monkeypatch.delenv(KEY, raising=False)


def test_texts_and_pictures_are_sent_in_order() -> None:
    with fake_server(body=completion(" A red\nchair. ")) as server:
        vlm = load_vlm(f"{server.address}/#some/model")
        assert vlm.name == f"{server.address}#some/model"
        assert vlm.answer(["one", b"\xff\xd8jpeg", "two"], 9) == "A red chair."
        (path, headers, body), url = server.requests[-1], server.pictures[0]
    assert path == "/v1/chat/completions" and "Authorization" not in headers
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("some/model", 9, 0)
    assert [part["type"] for part in body["messages"][0]["content"]] == ["text", "image_url", "text"]
    assert base64.b64decode(url.removeprefix("data:image/jpeg;base64,")) == b"\xff\xd8jpeg"


def test_without_a_model_the_first_of_the_list_is_taken() -> None:
    with fake_server() as server:
        assert OpenAIServer(server.address).name == f"{server.address}#first/model"
        assert [path for path, _, _ in server.requests] == ["/v1/models"]
        server.models = b"[]"
        with pytest.raises(VLMError, match="lists no model; name one"):
            OpenAIServer(server.address)


def test_the_key_is_sent_and_never_shown(monkeypatch) -> None:
    monkeypatch.setenv(KEY, f" {SECRET}\n")
    with fake_server(status=401, body=f"Wrong key {SECRET}!".encode()) as server:
        vlm = OpenAIServer(f"{server.address}#m")
        with pytest.raises(VLMError, match="answered 401: Wrong key …!") as caught:
            vlm.answer(["?"], 9)
        assert server.requests[-1][1]["Authorization"] == f"Bearer {SECRET}"
        assert SECRET not in str(caught.value) + repr(vars(vlm))
        monkeypatch.setenv(KEY, f"{SECRET}\nX: y")
        with pytest.raises(VLMError, match=f"^{KEY} holds characters that no key has") as caught:
            vlm.answer(["?"], 9)
    assert SECRET not in str(caught.value)


def test_a_redirection_is_an_error_and_nothing_goes_there(monkeypatch) -> None:
    monkeypatch.setenv(KEY, SECRET)
    with fake_server() as other, fake_server(status=302, headers={"Location": other.address}) as server:
        with pytest.raises(VLMError, match="answered 302"):
            OpenAIServer(f"{server.address}#m").answer([b"jpeg"], 9)
        assert other.requests == []


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch) -> None:
    with fake_server() as proxy, fake_server() as server:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        OpenAIServer(f"{server.address}#m").answer(["?"], 9)
        assert proxy.requests == [] and len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"out of\nmemory", "answered 500: out of memory"),
        (404, b"", "answered 404: "),
        (200, b"<html>", "replied with something that is no JSON"),
        (200, b"\xff\xfe", "replied with something that is no JSON"),
        (200, b"[" * 100_000, "replied with something that is no JSON"),
        (200, b'{"choices": []}', "something else than a chat completion"),
        (200, b"[1]", "something else than a chat completion"),
        (200, completion(None), "gave no words"),
        (200, completion([1]), "gave no words"),
        (200, b" " * (LARGEST + 1), f"its reply is longer than {LARGEST} bytes"),
    ],
)
def test_a_reply_that_is_no_answer_is_explained(status: int, body: bytes, words: str) -> None:
    with fake_server(status=status, body=body) as server, pytest.raises(VLMError, match=words):
        OpenAIServer(f"{server.address}#m").answer(["?"], 9)


def test_a_reply_has_its_time() -> None:
    with fake_server(hold=Event()) as server, pytest.raises(VLMError, match="gave no answer in 0.05 s"):
        OpenAIServer(f"{server.address}#m", seconds=0.05).answer(["?"], 9)


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(VLMError, match=f"^{address} cannot be reached"):
        OpenAIServer(address)
    with pytest.raises(VLMError, match=f"^{address} cannot be reached"):
        OpenAIServer(f"{address}#m").answer(["?"], 9)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://", "is no address"),
        ("http://[::1/v1#m", "is no address"),
        ("http://host:99999/v1#m", "is no address"),
        ("http://host/v1?key=1#m", "is no address"),
        ("http://host/a b#m", "is no address"),
        ("http://höst/v1#m", "is no address"),
        (f"http://me:{SECRET}@host/v1#m", f"put the key into {KEY}"),
    ],
)
def test_wrong_addresses_are_refused_before_anything_is_sent(address: str, words: str) -> None:
    with pytest.raises(VLMError, match=words) as caught:
        load_vlm(address)
    assert SECRET not in str(caught.value)
