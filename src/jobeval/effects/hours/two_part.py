"""Who has hours at all, and how many those have who do: the two parts of a mean with zeros.

Notation: in arm ``a``, ``Pₐ`` is the share with an outcome above 0 and ``mₐ`` their mean, so
the mean is ``Pₐ mₐ``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmMeans, ArmOutcomes
from jobeval.effects.itt.itt import count_sides
from jobeval.results import Estimate

Floats = NDArray[np.float64]
NOT_CAUSAL = (
    "not an effect: those who have hours in one arm are not those who have in the other; "
    "the rows with bounds tell the effect on those who would have hours in both"
)


@dataclass(frozen=True, slots=True)
class TwoPart:
    """Shares above 0 and means above 0 of both arms.

    >>> parts = TwoPart(share=ArmMeans(0.5, 0.6), mean=ArmMeans(20.0, 25.0))
    >>> round(parts.through_starting, 9), round(parts.through_hours, 9)  # 15 − 10 = 5
    (2.25, 2.75)
    """

    share: ArmMeans
    mean: ArmMeans

    @property
    def through_starting(self) -> float:
        """``(P₁ − P₀)(m₁ + m₀)/2``: what more persons with hours add to the mean."""
        return (self.share.treatment - self.share.control) * sum(self.mean) / 2

    @property
    def through_hours(self) -> float:
        """``(m₁ − m₀)(P₁ + P₀)/2``: what more hours of those who have add to the mean."""
        return (self.mean.treatment - self.mean.control) * sum(self.share) / 2


def estimate_two_part(arms: ArmOutcomes) -> tuple[Estimate, ...]:
    """Extensive and intensive margin, and the difference in means as the sum of two parts.

    The parts ``"through starting"`` and ``"through hours"`` add up to the difference in
    means exactly (Oaxaca & Blinder's decomposition at the mean of both arms, which is
    Shapley's); neither is causal for a group of persons. Errors by linearisation.
    """
    outcome = arms.data.outcome
    positive = (outcome > 0).astype(float)
    share, mean = arms.means_of(positive), arms.means_of(outcome)
    extensive = replace(arms.effect_on(positive), part="extensive", unit="share")
    workers = [int(positive[arms.data.assignment.assigned == arm].sum()) for arm in (0, 1)]
    if min(workers) == 0 or min(share) <= 0:
        return (extensive, *(_not_estimable(extensive, part) for part in _OTHERS))
    parts = TwoPart(share, ArmMeans(mean.control / share.control, mean.treatment / share.treatment))
    return (
        extensive,
        _intensive(arms, parts, positive),
        *_decomposition(arms, parts, positive),
    )


_OTHERS = ("intensive", "through starting", "through hours")


def _not_estimable(extensive: Estimate, part: str) -> Estimate:
    return replace(
        extensive,
        part=part,
        unit="",
        estimate=math.nan,
        std_error=math.nan,
        df=math.nan,
        mean_treatment=math.nan,
        mean_control=math.nan,
        notes=(*extensive.notes, "not estimable: an arm has nobody with an outcome above 0"),
    )


def _intensive(arms: ArmOutcomes, parts: TwoPart, positive: Floats) -> Estimate:
    assigned, above = arms.data.assignment.assigned, positive > 0
    effect = arms.with_error_of(
        _mean_influence(arms, parts, positive),
        parts.mean.treatment - parts.mean.control,
        part="intensive",
        estimand="difference among those above 0",
        mean_treatment=parts.mean.treatment,
        mean_control=parts.mean.control,
        **count_sides(arms.data.outcome[above], assigned[above]),
    )
    return replace(effect, notes=(*effect.notes, NOT_CAUSAL))


def _decomposition(
    arms: ArmOutcomes, parts: TwoPart, positive: Floats
) -> tuple[Estimate, Estimate]:
    sign = 2.0 * arms.data.assignment.assigned - 1
    mean = _mean_influence(arms, parts, positive)
    middle = (sum(parts.share) / 2, sum(parts.mean) / 2)
    gap = (
        parts.share.treatment - parts.share.control,
        parts.mean.treatment - parts.mean.control,
    )
    fields = {"estimator": "two-part decomposition", "estimand": "part of the itt"}
    return arms.with_error_of(
        positive * middle[1] + sign * mean * gap[0] / 2,
        parts.through_starting,
        part="through starting",
        **fields,
    ), arms.with_error_of(
        mean * middle[0] + sign * positive * gap[1] / 2,
        parts.through_hours,
        part="through hours",
        **fields,
    )


def _mean_influence(arms: ArmOutcomes, parts: TwoPart, positive: Floats) -> Floats:
    """Each person's influence on ``mₐ``: ``(y − mₐ d) / Pₐ``."""
    assigned = arms.data.assignment.assigned
    mean, share = np.array(parts.mean)[assigned], np.array(parts.share)[assigned]
    return (arms.data.outcome - mean * positive) / share
