"""OpenAI's own client, unchanged: about pictures, frame lists, videos and sessions, streamed and not."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import openai
import pytest
from sessions import contents, observe
from toyclient import data_url, small_video, written

QUESTION = "How many chairs are there?"
MODEL = "toy"


@pytest.fixture
def client(served_store) -> Iterator[openai.OpenAI]:
    """OpenAI's client of the server."""
    with openai.OpenAI(base_url=f"{served_store[0]}/v1", api_key="none", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture
def served(served_store):
    """The store behind the client."""
    return served_store[1]


def say(*parts: dict | str, role: str = "user") -> dict:
    return {"role": role, "content": [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]}


def image(picture, **more) -> dict:
    return {"type": "image_url", "image_url": {"url": data_url(written(picture, "PNG"), "image/png")}, **more}


def video(url: str | None, **more) -> dict:
    return {"type": "video_url", "video_url": url and {"url": url}, **more}


def ask(client: openai.OpenAI, *messages: dict, **options):
    vlm2 = options.pop("vlm2", None)
    body = {"extra_body": {"vlm2": vlm2}} if vlm2 is not None else {}
    return client.chat.completions.create(model=MODEL, messages=list(messages), **options, **body)


def test_the_model_is_listed(client) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).owned_by == "vlm2"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt'"):
        client.models.retrieve("gpt")


def test_a_session_answers_with_its_evidence(client, served) -> None:
    reply = ask(client, say(QUESTION), vlm2={"session": "home"})
    choice, told = reply.choices[0], reply.vlm2
    assert choice.message.role == "assistant" and choice.finish_reason == "stop"
    assert choice.message.content.startswith("I count 2 chairs.")
    assert (told["status"], told["value"], told["text"], told["source"]) == ("ok", 2, "2", "objects")
    assert 0 < told["confidence"] <= 1 and told["query"] == "count(chair)" and told["session"] == "home"
    known = {frame.frame for frame in served.get("home").session.stream.keyframes}
    assert told["evidence"] and {frame["keyframe"] for frame in told["evidence"]} <= known
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert served.get("home").session.frames == 4


def test_a_model_name_may_name_a_session(client, served, images) -> None:
    reply = client.chat.completions.create(model="toy:home", messages=[say(image(images[0]), QUESTION)])
    assert reply.vlm2["session"] == "home" and reply.vlm2["seen_until"] == 2.0
    assert served.get("home").session.frames == 5
    for model in ("toy:none", "gpt:home", ":home"):
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=model, messages=[say(QUESTION)])


def test_a_question_is_checked_beside_the_event_loop(client, checked) -> None:
    ask(client, say(QUESTION), vlm2={"session": "home"})
    assert checked and not any(checked)


def test_a_question_with_options_is_answered_by_a_letter(client) -> None:
    reply = ask(client, say(f"{QUESTION}\nOptions:\nA. 1\nB. 2\nC. 3"), vlm2={"session": "home"})
    assert reply.choices[0].message.content == "B"


def test_a_question_may_depend_on_those_before_it(client) -> None:
    before = [say(QUESTION), say("I count 2 chairs.", role="assistant")]
    reply = ask(client, *before, say("And lamps?"), vlm2={"session": "home"})
    assert reply.vlm2["query"] == "count(lamp)" and "I understood: “" in reply.choices[0].message.content
    assert ask(client, say("And lamps?"), vlm2={"session": "home"}).vlm2["status"] == "unsupported"


def test_a_refused_answer_says_so(client) -> None:
    reply = ask(client, say("How many unicorns are there?"), vlm2={"session": "home"})
    assert reply.vlm2["status"] == "unknown_label" and reply.vlm2["value"] is None
    guessed = ask(client, say("Why is the sky so far from Tuesday?"), vlm2={"session": "home", "guess": True})
    assert guessed.vlm2["status"] == "guess" and guessed.vlm2["source"] == "tokens"
    assert guessed.usage.prompt_tokens > 0


def test_pictures_with_times_are_frames(client, served, loaded, images) -> None:
    reply = ask(client, say(*map(image, images[:5]), QUESTION), vlm2={"times": [0, 0.5, 1, 1.5, 2]})
    seen = served.get(reply.vlm2["session"]).session
    assert contents(seen) == contents(observe(loaded.session(), images[:5]))
    ask(client, say(*map(image, images[:5]), QUESTION))  # two a second by default: the same times
    assert contents(served.get(reply.vlm2["session"]).session) == contents(seen)


def test_a_frame_list_is_a_video(client, served, images) -> None:
    frames = ",".join(base64.b64encode(written(picture)).decode() for picture in images[:6])
    reply = ask(client, say(video(f"data:video/jpeg;base64,{frames}"), QUESTION), vlm2={"times": [0, 1, 2, 4, 8, 9]})
    stream = served.get(reply.vlm2["session"]).session.stream
    assert stream.frames == 6 and stream.last_time == 9.0


@pytest.mark.parametrize("uploaded", [False, True])
def test_a_video_is_watched(client, served, uploaded) -> None:
    if uploaded:
        file = client.files.create(file=("walk.mkv", small_video()), purpose="user_data")
        assert file.filename == "walk.mkv" and file.bytes == len(small_video())
        assert [each.id for each in client.files.list()] == [file.id]
        part = video(file.id)
    else:
        part = video(data_url(small_video(), "video/x-matroska"))
    reply = ask(client, say(part, QUESTION))
    stream = served.get(reply.vlm2["session"]).session.stream
    assert stream.frames == 3 and stream.last_time == 1.0
    if uploaded:
        client.files.delete(file.id)
        with pytest.raises(openai.NotFoundError, match="no file"):
            client.files.retrieve(file.id)


def test_a_chat_watches_once(client, served, images) -> None:
    parts = [*map(image, images[:3])]
    first = ask(client, say(*parts, QUESTION))
    history = [say(*parts, QUESTION), say("One.", role="assistant"), say("How many beds are there?")]
    second = ask(client, *history)
    assert first.vlm2["session"] == second.vlm2["session"]
    assert served.get(first.vlm2["session"]).counts.taken == 3


def test_media_are_known_by_their_uuid(client, served, images) -> None:
    first = ask(client, say(image(images[0], uuid="cam-1"), QUESTION))
    again = ask(client, say({"type": "image_url", "image_url": None, "uuid": "cam-1"}, QUESTION))
    assert first.vlm2["session"] == again.vlm2["session"]
    with pytest.raises(openai.NotFoundError, match="send it again"):
        ask(client, say(video(None, uuid="other"), QUESTION))


def test_pictures_are_added_to_a_session_once(client, served, images) -> None:
    parts = say(image(images[5]), image(images[6]), QUESTION)
    for _ in range(2):
        ask(client, parts, vlm2={"session": "home", "times": [2.5, 3.0]})
    stream = served.get("home").session.stream
    assert stream.frames == 6 and stream.last_time == 3.0
    with pytest.raises(openai.BadRequestError, match="in order"):
        ask(client, say(image(images[7]), QUESTION), vlm2={"session": "home", "times": [1.0]})


def test_old_chats_make_room(client, served, images) -> None:
    named = [ask(client, say(image(picture), QUESTION)).vlm2["session"] for picture in images[:6]]
    kept = {hosted.id for hosted in served.list()} - {"home"}
    assert kept == set(named[-served.limits.videos :])


def test_a_stream_has_its_chunks_in_order(client) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}, "vlm2": {"session": "home"}}
    chunks = list(ask(client, say(QUESTION), **options))
    assert len({chunk.id for chunk in chunks}) == 1 and {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    *parts, usage = chunks
    assert parts[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in parts] == [None, None, "stop"]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in parts)
    whole = ask(client, say(QUESTION), vlm2={"session": "home"})
    assert text == whole.choices[0].message.content and parts[-1].vlm2["value"] == 2
    assert usage.choices == [] and usage.usage == whole.usage
    assert all(chunk.usage is None for chunk in parts)
    assert len(list(ask(client, say(QUESTION), stream=True, vlm2={"session": "home"}))) == 3


def test_a_stream_that_fails_late_ends_with_the_error(client, images) -> None:
    broken = written(images[0], "PNG")[:-200]
    parts = say({"type": "image_url", "image_url": {"url": data_url(broken)}}, QUESTION)
    with pytest.raises(openai.APIError, match="no JPEG or PNG"):
        list(ask(client, parts, stream=True))


@pytest.mark.parametrize(
    ("message", "options", "status", "words"),
    [
        (say(QUESTION), {}, 400, "Send pictures or a video"),
        (say(" "), {"vlm2": {"session": "home"}}, 400, "asks something"),
        (say(QUESTION, role="assistant"), {"vlm2": {"session": "home"}}, 400, "must be the user's"),
        (say(QUESTION), {"vlm2": {"session": "none"}}, 404, "no session 'none'"),
        (say(QUESTION), {"vlm2": {"session": "home", "speed": 1}}, 400, "vlm2.speed"),
        (say(QUESTION), {"vlm2": {"session": "home", "times": [1.0]}}, 400, "1 times for 0 pictures"),
        (say(QUESTION), {"vlm2": {"session": "home"}, "n": 2}, 400, "n: Input should be 1"),
        (say(QUESTION), {"vlm2": {"session": "home"}, "logprobs": True}, 400, "does not do logprobs"),
        (say(video("data:video/mp4;base64,AAAA"), QUESTION), {}, 400, "no video of a kind"),
        (say(video("data:video/mp4,AAAA"), QUESTION), {}, 400, "data:TYPE;base64,DATA"),
        (say(video("data:video/mp4;base64,%%%"), QUESTION), {}, 400, "no base64"),
        (say(video("file:///etc/passwd"), QUESTION), {}, 400, "Give a data: address"),
        (say(video("/etc/passwd"), QUESTION), {}, 400, "Give a data: address"),
        (say(video("file-../../etc/passwd"), QUESTION), {}, 404, "no file"),
        (say(video("http://127.0.0.1/x.mp4"), QUESTION), {}, 403, "fetches no addresses"),
        (say(video(None), QUESTION), {}, 400, "neither an address nor a uuid"),
        (
            say({"type": "input_audio", "input_audio": {}}, QUESTION),
            {},
            400,
            "messages.0.content.0.type: Input should be 'text', 'image_url' or 'video_url', not 'input_audio'",
        ),
        (say(QUESTION), {"vlm2": {"session": "home"}, "response_format": {"type": "json_object"}}, 400, "plain text"),
    ],
)
def test_what_cannot_be_is_refused_in_openais_form(client, message, options, status, words) -> None:
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError) as refused:
            ask(client, message, stream=stream, **options)
        assert refused.value.status_code == status and words in str(refused.value)
        assert {"message", "type", "param", "code"} <= set(refused.value.body)


def test_another_model_is_refused(client) -> None:
    with pytest.raises(openai.NotFoundError, match="this is 'toy'") as refused:
        client.chat.completions.create(model="gpt", messages=[say(QUESTION)])
    assert refused.value.code == "model_not_found"
