"""Evidence of objects: which things each token of the memory shows, where in the world, and when it was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

SHOWS = 0.25  # the probability from which on a token is taken to show a thing
FEWEST = 3  # the likeliest tokens are taken where fewer are
MOST = 160  # tokens of one thing that are looked at, the likeliest
NEAR = 0.7  # metres: tokens nearer than this show one instance
SURE_SHARE = 0.6  # of the surest token's probability: such tokens date the first sight of a thing [on validation homes]
# Measured on training homes: tokens are coarse, so few of them lie on a thing's edge, and rooms do not fill their box.
CLOSEST, CLOSEST_SHARE = 0.05, 0.9  # of all pairs' distances, the quantile that comes nearest the closest points'
FLOOR_SHARE = 0.82  # of the box around what was seen that is floor


@dataclass(frozen=True)
class ObjectEvidence:
    """The memory's tokens, with what they show, where and when.

    World coordinates are in the first frame's camera frame, y down, in metres where the geometry is metric; times are
    in seconds.
    """

    shown: Float[Tensor, "slots tokens names"]  # probabilities
    places: Float[Tensor, "slots tokens 3"]
    times: Float[Tensor, " slots"]
    things: dict[int, ObjectTokens] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # gathered so far

    def first(self, slots: int) -> ObjectEvidence:
        """Return the first slots alone."""
        return ObjectEvidence(self.shown[:slots], self.places[:slots], self.times[:slots])

    def then(self, later: ObjectEvidence) -> ObjectEvidence:
        """Return this one followed by the slots of another."""
        return ObjectEvidence(
            torch.cat([self.shown, later.shown]),
            torch.cat([self.places, later.places]),
            torch.cat([self.times, later.times]),
        )

    def thing(self, name: int) -> ObjectTokens:
        """Gather the tokens that show what index `name` (from 1) of the vocabulary names."""
        if name not in self.things:
            self.things[name] = self.likeliest(name).surer(SHOWS, FEWEST)
        return self.things[name]

    def likeliest(self, name: int) -> ObjectTokens:
        """Gather the `MOST` likeliest tokens to show what index `name` names, however unlikely they are."""
        weights = self.shown[..., name - 1].flatten().float()
        weights, order = weights.topk(min(MOST, len(weights)))
        times = self.times[:, None].expand(self.shown.shape[:2]).flatten()
        return ObjectTokens(weights + 1e-6, self.places.flatten(0, 1)[order].float(), times[order].float())

    @cached_property
    def floor(self) -> float:
        """The floor area of what was seen, in square metres: most of the box around all points."""
        ground = self.places.flatten(0, 1)[:, [0, 2]].float()
        return FLOOR_SHARE * float((ground.quantile(0.98, dim=0) - ground.quantile(0.02, dim=0)).prod())


@dataclass(frozen=True)
class ObjectTokens:
    """Tokens that show things of one name, the likeliest first."""

    weights: Float[Tensor, " tokens"]
    places: Float[Tensor, "tokens 3"]
    times: Float[Tensor, " tokens"]

    @cached_property
    def main(self) -> Bool[Tensor, " tokens"]:
        """Mark the tokens of the instance that most tokens show."""
        groups, masses = self._groups(NEAR)
        return groups == masses.argmax()

    @cached_property
    def centre(self) -> Float[Tensor, " 3"]:
        """The middle of the main instance."""
        weights = self.weights[self.main]
        return (weights[:, None] * self.places[self.main]).sum(0) / weights.sum()

    @cached_property
    def first_seen(self) -> float:
        """When the first token was seen that shows it nearly as surely as the surest does, in seconds."""
        sure = self.weights >= SURE_SHARE * self.weights[0]
        return float(self.times[sure].min())

    def surer(self, least: float, fewest: int = 0) -> ObjectTokens:
        """Return the tokens that show it with a probability of more than `least`; the `fewest` likeliest of them at
        least."""
        count = max(int((self.weights > least).sum()), fewest)
        return ObjectTokens(self.weights[:count], self.places[:count], self.times[:count])

    def masses(self, near: float) -> Float[Tensor, " tokens"]:
        """Return what the tokens of each group weigh together, where steps of `near` metres join a group: each at the
        place of its first token, and 0 at the others'."""
        return self._groups(near)[1]

    def _groups(self, near: float) -> tuple[Int[Tensor, " tokens"], Float[Tensor, " tokens"]]:
        """Return each token's group, and what the tokens of each group weigh together."""
        groups = instances(self.places, near)
        return groups, torch.zeros(len(groups)).index_add(0, groups, self.weights)

    def distance(self, other: ObjectTokens) -> float:
        """Return the distance of the main instances' closest points, in metres."""
        return self._closest(other.places[other.main])

    def distance_to_any(self, other: ObjectTokens) -> float:
        """Return the distance from the main instance to whatever shows the other thing, closest points, in metres."""
        return self._closest(other.places)

    def _closest(self, places: Float[Tensor, "others 3"]) -> float:
        return CLOSEST_SHARE * float(torch.cdist(self.places[self.main], places).flatten().quantile(CLOSEST))


def instances(places: Float[Tensor, "tokens 3"], near: float) -> Int[Tensor, " tokens"]:
    """Group tokens that a chain of steps of at most `near` metres joins; each gets the first index of its group."""
    joined: Bool[Tensor, "tokens tokens"] = torch.cdist(places, places) < near
    count = len(places)
    groups = torch.arange(count, device=places.device)
    while count:
        lowest = torch.where(joined, groups, count).amin(1)
        lowest = lowest[lowest]  # a shortcut along the chain
        if torch.equal(lowest, groups):
            return groups
        groups = lowest
    return groups
