"""Words for where one stands, put before a question."""

from __future__ import annotations

from .question_type import QuestionType

OPENINGS = (
    "I am standing by the {stand} facing the {face}.",
    "I stand next to the {stand} and look at the {face}.",
    "I'm at the {stand}, and the {face} is straight ahead.",
    "Standing beside the {stand}, I face the {face}.",
    "Say I am by the {stand} with my face to the {face}.",
    "My place is at the {stand}; I look towards the {face}.",
    "I have just stopped at the {stand}, facing the {face}.",
    "Here I am next to the {stand}, looking straight at the {face}.",
)
HELD_OUT_OPENINGS = (
    "I walked up to the {stand} and turned to the {face}.",
    "With the {stand} beside me I watch the {face}.",
    "Imagine me at the {stand}, my eyes on the {face}.",
)


def situated_type(name: str, *texts: str) -> QuestionType:
    """Return a question type whose texts follow one opening each; the last ones are held out of training.

    Raises ValueError where there are not as many texts as openings.
    """
    openings = (*OPENINGS, *HELD_OUT_OPENINGS)
    whole = tuple(f"{opening} {text}" for opening, text in zip(openings, texts, strict=True))
    return QuestionType(name=name, texts=whole, held_out=len(HELD_OUT_OPENINGS))
