"""Several treatment arms, each against one control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jobeval.effects.itt.itt import columns_needed, estimate_from_columns
from jobeval.effects.itt.options import (
    Adjustment,
    DegreesOfFreedom,
    Inference,
    Population,
    validate_options,
)
from jobeval.errors import DataError, DesignError, Problem
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.results import EffectTable, Estimate


def estimate_arms(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    treatments: Sequence[object],
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    weights: str | None = None,
    vcov: Vcov | None = None,
    df: DegreesOfFreedom | None = None,
    population: Population = "sample",
    inference: Inference = "model",
    draws: int = 10_000,
    seed: int | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate the effect of each treatment arm against the control arm of the lottery.

    Each contrast is that of ``estimate_itt`` on the persons of its two arms, whose lottery is
    the real one given that nobody went to another arm. The contrasts share the control arm:
    adjust their p-values as one family.

    Parameters
    ----------
    treatments
        The values of the arm column to compare with ``lottery.control``; the lottery's own
        ``treatment`` is not added to them.
    frame, outcome, lottery, covariates, adjustment, weights, vcov, df, population, inference, \
draws, seed, conf_level
        As for ``estimate_itt``.

    Returns
    -------
    EffectTable
        One estimate an arm, in the order of ``treatments``.

    Raises
    ------
    DataError, DesignError
        With the problems of all arms at once.
    ValueError
        For no arm, an arm named twice, or options that contradict each other. A column of
        probabilities belongs to one contrast: estimate such arms one by one.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("abcabcabc"), "hours": [0, 3, 9, 1, 5, 8, 2, 4, 7]})
    >>> lottery = Lottery(arm="arm", treatment="b", control="a")
    >>> for effect in estimate_arms(frame, "hours", lottery, treatments=["b", "c"]):
    ...     print(effect.contrast, effect.estimate)
    b - a 3.0
    c - a 7.0
    """
    lotteries = _lotteries(lottery, treatments)
    options = validate_options(
        outcome,
        lottery,
        covariates,
        adjustment,
        vcov,
        conf_level,
        weights=weights,
        df=df,
        population=population,
        inference=inference,
        draws=draws,
        seed=seed,
    )
    columns = read_columns(frame, columns_needed(outcome, lottery, options))

    def estimate(one: Lottery) -> Estimate:
        return estimate_from_columns(columns, outcome, one, options)

    return EffectTable(_estimates_or_problems(lotteries, estimate))


def _lotteries(lottery: Lottery, treatments: Sequence[object]) -> list[Lottery]:
    if isinstance(treatments, str) or not treatments:
        raise ValueError('treatments is a sequence of arms, such as ["short", "long"]')
    if len(set(treatments)) < len(treatments):
        raise ValueError("treatments names an arm twice")
    if len(treatments) > 1 and isinstance(lottery.probability, str):
        raise ValueError(
            f"the probability in {lottery.probability!r} belongs to one contrast: estimate the "
            "arms one by one, each with the probability of treatment among its two arms"
        )
    return [replace(lottery, treatment=treatment) for treatment in treatments]


def _estimates_or_problems(
    lotteries: Sequence[Lottery], estimate: Callable[[Lottery], Estimate]
) -> tuple[Estimate, ...]:
    """The estimates, or an exception that holds the problems of all contrasts."""
    estimates: list[Estimate] = []
    problems: list[Problem] = []
    designs: list[str] = []
    for lottery in lotteries:
        try:
            estimates.append(estimate(lottery))
        except DataError as error:
            problems += error.problems
        except DesignError as error:
            designs.append(f"{lottery.contrast}: {error}")
    if problems:
        raise DataError("arms", dict.fromkeys(problems))
    if designs:
        raise DesignError("\n".join(designs))
    return tuple(estimates)
