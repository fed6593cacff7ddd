"""How many things of a name there are, from the groups that its tokens form: a small trained network [choice].

No single distance groups tokens well: one that joins the tokens of a long sofa also joins three chairs at a table. The
network reads the groups at several distances, and the name (docs/explanation/recall.md).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from ...scenes.vocabulary import VOCABULARY
from ..number_decoding import nearest_expected
from .object_evidence import ObjectEvidence

SURE = (0.15, 0.3, 0.5)  # tokens are grouped that show the thing with greater probabilities than these
NEAR = (0.4, 0.6, 0.9, 1.3, 1.8)  # metres within which they are joined
LEAST = (0.3, 1.0, 2.5)  # and those groups are counted whose probabilities add up to these at least
LIKELIEST = (0, 3, 10)  # places, by probability, of the tokens whose probabilities are looked at
FACTS = len(SURE) * (len(NEAR) * len(LEAST) + 2) + len(LIKELIEST) + 2
GREATEST = 12  # numbers from there on are counted as this one


def facts(evidence: ObjectEvidence, name: int) -> Float[Tensor, " facts"]:
    """Gather what hints at the number of things of a name: how many groups of tokens show it, how many tokens and
    times, how surely, and how much was seen at all."""
    thing = evidence.likeliest(name)
    found = [math.log1p(evidence.floor), math.log(len(evidence.times))]
    found += [float(thing.weights[min(place, len(thing.weights) - 1)]) for place in LIKELIEST]
    for sure in SURE:
        shown = thing.surer(sure)
        found += [math.log1p(float(shown.weights.sum())), math.log1p(len(shown.times.unique()))]
        for near in NEAR:
            masses = shown.masses(near)
            found += [math.log1p(int((masses >= least).sum())) for least in LEAST]
    return torch.tensor(found)


class Counting(nn.Module):
    """From the facts about a thing and its name to the probabilities of its number. It takes no gradients but where it
    is fitted (`vlm2.training.counting`)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(FACTS, affine=False)
        names = len(VOCABULARY) - 1
        self.layers = nn.Sequential(nn.Linear(FACTS + names, 64), nn.GELU(), nn.Dropout(0.3), nn.Linear(64, GREATEST))
        self.eval().requires_grad_(False)

    def forward(
        self, facts: Float[Tensor, "things facts"], names: Int[Tensor, " things"]
    ) -> Float[Tensor, "things numbers"]:
        """Return logits of the numbers from 1 on. `names` are indices of the vocabulary, from 1."""
        words = functional.one_hot(names - 1, len(VOCABULARY) - 1).to(facts)
        return self.layers(torch.cat([self.scale(facts), words], 1))

    @torch.no_grad()
    def number(self, evidence: ObjectEvidence, name: int) -> str:
        """Return the number of things of a name whose relative error is expected to be the least."""
        weight = next(self.parameters())
        hints, names = facts(evidence, name)[None].to(weight), torch.tensor([name], device=weight.device)
        shares = self(hints, names)[0].float().softmax(-1)
        found = nearest_expected({str(number): share for number, share in enumerate(shares.tolist(), start=1)})
        assert found is not None
        return found
