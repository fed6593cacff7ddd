"""Free-form answers compared as captions: BLEU-1 to BLEU-4, METEOR, ROUGE-L and CIDEr, as pycocoevalcap has them."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Sequence
from importlib.util import find_spec

from .benchmark import Item
from .exact_match import clean

BLEU = ("bleu_1", "bleu_2", "bleu_3", "bleu_4")


def caption_metrics(replies: Sequence[tuple[Item, str]]) -> dict[str, float]:
    """Return `bleu_1` … `bleu_4`, `meteor`, `rouge_l` (0–1) and `cider` (0–10) of all replies together.

    Replies and answers are cleaned first, then cut into words by the Penn Treebank's rules. Warns and returns nothing
    where pycocoevalcap, or Java, in which its tokenizer and METEOR run, is missing: other scores stand without them.
    """
    lacking = _lacking()
    if lacking:
        warnings.warn(f"BLEU, METEOR, ROUGE-L and CIDEr are left out: {lacking}", stacklevel=2)
    if lacking or not replies:
        return {}
    from pycocoevalcap.bleu.bleu import Bleu  # pyright: ignore[reportMissingImports]
    from pycocoevalcap.cider.cider import Cider  # pyright: ignore[reportMissingImports]
    from pycocoevalcap.rouge.rouge import Rouge  # pyright: ignore[reportMissingImports]
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer  # pyright: ignore[reportMissingImports]

    ours = {number: [{"caption": clean(reply)}] for number, (_, reply) in enumerate(replies)}
    truths = {
        number: [{"caption": clean(answer).replace("\n", " ").strip()} for answer in item.answers]
        for number, (item, _) in enumerate(replies)
    }
    tokenizer = PTBTokenizer()
    ours, truths = tokenizer.tokenize(ours), tokenizer.tokenize(truths)
    bleu, _ = Bleu(4).compute_score(truths, ours, verbose=0)
    rouge, _ = Rouge().compute_score(truths, ours)
    cider, _ = Cider().compute_score(truths, ours)
    return {
        **{name: float(value) for name, value in zip(BLEU, bleu, strict=True)},
        "meteor": _meteor(truths, ours),
        "rouge_l": float(rouge),
        "cider": float(cider),
    }


def _lacking() -> str:
    """Say what is missing and how to get it; empty where all is there."""
    if find_spec("pycocoevalcap") is None:
        return "they need pycocoevalcap; pip install 'vlm2[eval]'."
    if shutil.which("java") is None:
        return "they need a Java runtime; on Debian: apt-get install default-jre-headless."
    return ""


def _meteor(truths: dict[int, list[str]], ours: dict[int, list[str]]) -> float:
    from pycocoevalcap.meteor.meteor import Meteor  # pyright: ignore[reportMissingImports]

    meteor = Meteor()
    try:
        score, _ = meteor.compute_score(truths, ours)
    finally:  # it ends its Java process when it is deleted, but leaves the pipes open
        for pipe in (meteor.meteor_p.stdout, meteor.meteor_p.stderr):
            assert pipe is not None
            pipe.close()
    return float(score)
