"""The prefix that questions share: how much of it is read again, and that this changes no answer."""

from __future__ import annotations

import pytest
import torch
from sessions import QUESTION, observe, told

from vlm2.models import VLM2ForConditionalGeneration
from vlm2.models.language import QuestionTooLong
from vlm2.questions.question import WORD_REQUEST
from vlm2.streaming import Session
from vlm2.streaming.answering import REFERENCE_QUESTION
from vlm2.streaming.stream import Stream

TOKENS = 6  # a slot of the toy: 4 × 6 patches, pooled 2 × 2


def lengths(session: Session) -> tuple[int, int, int]:
    """Tokens before the video, after it with the neutral question, and of the question."""
    before, after = session.processor.prefix_ids()
    return (
        len(before),
        len(after) + len(session.processor.question_ids(REFERENCE_QUESTION)),
        len(session.processor.question_ids(f"{QUESTION}\n{WORD_REQUEST}")),
    )


def complete(session: Session) -> Stream:
    """What the session has seen, the frames that still wait taken in."""
    return session._complete(session._stream)


def slots(session: Session) -> list[int]:
    return complete(session).memory.context_slots().frames.tolist()


def test_an_unchanged_memory_is_not_read_again(make_session, images):
    session = observe(make_session(), images[:9])
    before, after, question = lengths(session)
    assert session.ask(QUESTION).prefilled == before + len(slots(session)) * TOKENS + after + question
    assert session.ask(QUESTION).prefilled == question
    assert session.ask("How?").prefilled == len(session.processor.question_ids(f"How?\n{WORD_REQUEST}"))


@pytest.mark.parametrize("rule", ["nearest", "pair", "merge", "successive"])
def test_reading_starts_at_the_first_changed_slot(make_session, images, rule):
    session = make_session(memory_config={"window": 2, "capacity": 6, "episodic_write": rule})
    _, after, question = lengths(session)
    torch.nn.init.constant_(session.model.memory.residual_gate, 0.5)
    saved = 0
    held: tuple = ()
    for index, image in enumerate(images[:16]):
        session.observe(image, index / 2)
        shown = complete(session).memory.context_slots()
        pairs = zip(shown.frames.tolist(), shown.tokens, strict=True)
        now = tuple((frame, tokens.numpy().tobytes()) for frame, tokens in pairs)
        same = next((i for i, (a, b) in enumerate(zip(held, now, strict=False)) if a != b), min(len(held), len(now)))
        answer = session.ask(QUESTION)
        if index:
            assert answer.prefilled == (len(now) - same) * TOKENS + after + question
            saved += same
        held = now
    assert saved > 10
    fresh = session.fork()  # which reads everything anew
    assert fresh.ask(QUESTION).prefilled > session.ask(QUESTION).prefilled
    assert told(session)[0] == told(fresh)[0]
    weights = {seen.time: seen.weight for seen in told(session)[1]}
    assert weights == pytest.approx({seen.time: seen.weight for seen in told(fresh)[1]}, abs=1e-4)


def test_waiting_frames_are_read_again_once_their_window_is_full(make_session, images):
    """Their index stays and their content changes: the window that a question made up was not full."""
    session = observe(make_session(), images[:3])
    _, after, question = lengths(session)
    session.ask(QUESTION)
    observe(session, images[3:4], start=3)
    assert session.ask(QUESTION).prefilled == len(slots(session)) * TOKENS + after + question


def test_an_interrupted_answer_spoils_nothing(make_session, images, monkeypatch):
    session = observe(make_session(), images[:6])
    expected = told(session)
    stop = session._answerer._step

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(session._answerer, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.ask("How large is the room?")
    monkeypatch.setattr(session._answerer, "_step", stop)
    assert told(session) == expected


def test_attention_is_that_of_the_whole_model_beyond_a_neutral_question(make_session, images):
    session = observe(make_session(), images[:9])
    seen = complete(session).memory.context_slots()
    prefix = session._answerer.read(seen, session._stream.grid)
    reply = session._answerer.reply(prefix, QUESTION, 4)
    assert reply.attention.sum().item() == pytest.approx(1)

    model = session.model
    features = model.encode(session.processor.video_processor.resize(images[:9]), torch.arange(9) / 2)
    video, frames = model.frame_tokens(features)
    model.language_backbone.set_attn_implementation("eager")

    def shares(question: str) -> torch.Tensor:
        inputs = session.processor.encode_questions(question)
        start = inputs["input_ids"][0].tolist().index(model.config.video_token_id)
        asked = len(session.processor.question_ids(question))
        layers = model(**inputs, features=features, output_attentions=True).attentions
        attention = torch.stack(layers)[:, 0, :, -asked:].mean((0, 1, 2))[start : start + video.shape[:2].numel()]
        return attention.unflatten(0, video.shape[:2]).sum(1) / attention.sum()

    rise = (shares(QUESTION) / shares(REFERENCE_QUESTION) - 1).clamp(min=0)
    assert seen.times.tolist() == (frames / 2).tolist()
    torch.testing.assert_close(reply.attention, rise / rise.sum(), atol=1e-3, rtol=0)


def test_a_neutral_question_rests_on_what_it_attends_to(make_session, images):
    session = observe(make_session(), images[:9])
    evidence = session.ask(REFERENCE_QUESTION).evidence
    times = complete(session).memory.context_slots().times.tolist()
    expected = dict(zip(times, session._prefix.reference.tolist(), strict=True))
    assert {seen.time: seen.weight for seen in evidence} == pytest.approx(expected, abs=1e-5)


def test_a_blind_model_decodes_as_the_whole_model_on_the_prompt_alone(make_session):
    session = make_session()
    answerer, ids = session._answerer, session.processor.question_ids("How far is it?")
    before, after = session.processor.prefix_ids()
    text = torch.tensor([[*before, *after, *ids]])
    reply = answerer.reply(answerer.read_blind(), "How far is it?", 4)
    greedy = session.model.generate(text, torch.ones_like(text), max_new_tokens=4, do_sample=False)
    assert reply.text == session.processor.decode(greedy[0, text.shape[1] :])


LONG = "Which of them is it, " * 150 + "please?"
CONTEXT = 2048  # positions of the toy's language model


def test_a_question_too_long_is_refused_with_both_lengths_and_spoils_nothing(make_session, images):
    session = observe(make_session(), images[:9])
    expected, prefix = told(session), session._prefix
    tokens = len(session.processor.question_ids(f"{LONG}\n{WORD_REQUEST}"))
    with pytest.raises(QuestionTooLong, match=rf"has {tokens} tokens, and there is room for \d+: of the 2048") as error:
        session.ask(LONG)
    assert (
        "\n" not in str(error.value) and "Ask a shorter question." in str(error.value) and len(str(error.value)) < 400
    )
    assert session._prefix is prefix and told(session) == expected


def test_a_question_is_refused_from_the_first_token_that_does_not_fit(make_session, images):
    session = observe(make_session(), images[:9])
    session.ask(QUESTION)
    room = CONTEXT - session._prefix.length - 16
    own = len(session.processor.question_ids("x\ny")) - 3  # one token a byte
    fitting = "x\n" + "y" * (room - own - 2)
    session.ask(fitting)
    prefix = session._prefix
    with pytest.raises(QuestionTooLong, match=rf"has {room + 1} tokens, and there is room for {room}:"):
        session.ask(fitting + "y")
    assert session._prefix.cache is prefix.cache  # the video is not read again for the next one
    assert session.ask(QUESTION).prefilled == lengths(session)[2]
    with pytest.raises(QuestionTooLong, match="ask for a shorter answer"):
        session.ask(QUESTION, most_tokens=CONTEXT)


def test_questions_are_checked_before_anything_is_seen(make_session):
    session = make_session()
    session.check(QUESTION)
    with pytest.raises(QuestionTooLong, match="there is room for"):
        session.check(LONG)
    with pytest.raises(ValueError, match="empty"):
        session.check(" ")


def test_a_language_model_without_a_limit_takes_all(make_session, images, monkeypatch):
    monkeypatch.setattr(VLM2ForConditionalGeneration, "context_length", None)
    session = observe(make_session(), images[:5])
    assert isinstance(session.ask(LONG).text, str)


@pytest.mark.parametrize("token", ["<|im_end|>", "<|im_start|>"])
def test_control_tokens_in_a_question_end_nothing(make_session, images, token):
    """The answer is that to the words as they stand, not to a question that the token ends."""
    session = observe(make_session(), images[:5])
    answer = session.ask(f"How many?{token} Options:\nA. {token}one\nB. two")
    assert answer.evidence and token not in answer.text
    assert answer.prefilled > len(token) + 30  # one token a byte


@pytest.mark.parametrize("most", [1, 40_000])
def test_a_question_read_in_parts_gets_the_same_answer(make_session, images, monkeypatch, most):
    """The attention of all tokens at once would take gigabytes for a long question."""
    question = "Which of them is it, " * 30 + "please?"
    whole, parts = (observe(make_session(), images[:9]) for _ in range(2))
    expected = whole.ask(question)
    monkeypatch.setattr("vlm2.streaming.answering.MOST_WEIGHTS", most)
    read = []
    step = parts._answerer._step
    monkeypatch.setattr(
        parts._answerer, "_step", lambda p, ids, *a, **o: read.append(len(ids)) or step(p, ids, *a, **o)
    )
    answer = parts.ask(question)
    assert max(read) < 200 and answer.text == expected.text and answer.prefilled == expected.prefilled
    weights = {seen.time: seen.weight for seen in answer.evidence}
    assert weights == pytest.approx({seen.time: seen.weight for seen in expected.evidence}, abs=1e-3)
