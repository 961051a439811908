"""A family of effects, tested together in one re-drawn lottery."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jobeval.effects.groups.subgroups import estimate_levels
from jobeval.effects.itt.analysed import Columns
from jobeval.effects.itt.itt import columns_needed, estimate_from_columns
from jobeval.effects.itt.options import (
    Adjustment,
    IttOptions,
    validate_options,
)
from jobeval.effects.redrawn.family_draws import (
    FamilyDrawing,
    Hypothesis,
    pool_arms,
    read_member,
    redraw_members,
)
from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.inference.blocks import Progress
from jobeval.inference.multiplicity import STEP_DOWN, Method, adjust_p_values, validate_method
from jobeval.inference.redraw import require_seed
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.step_down import max_t_quantile
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.results import EffectTable, Estimate, Interval


def estimate_family(
    frame: Any,
    hypotheses: Sequence[str | Hypothesis],
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    method: Method = "romano-wolf",
    draws: int = 10_000,
    seed: int,
    conf_level: float = 0.95,
    workers: int = 2,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> EffectTable:
    """Estimate effects over outcomes, horizons, arms and subgroups, and adjust their p-values.

    Parameters
    ----------
    frame
        One row a person; any data frame that narwhals takes.
    hypotheses
        The family. A bare name is that outcome, for everyone.
    lottery
        The columns in which the lottery stands. Its ``control`` is that of all hypotheses.
    covariates, adjustment
        As for ``estimate_itt``.
    method
        As for ``adjust_p_values``. All p-values come from the lottery drawn again.
    draws
        Re-drawn lotteries. Where a lottery of two arms has at most so many, all are used.
    seed
        Origin of the draws, which are the same for the whole family.
    conf_level
        The chance, over lotteries, that all intervals of the family cover.
    workers
        Threads; the result does not depend on them.
    progress
        Called with ``(done, total, text)``.
    checkpoint
        Folder in which an interrupted run finds its finished blocks.

    Returns
    -------
    EffectTable
        In the order of the hypotheses, with ``inference="lottery"``: p-value of each alone,
        ``p_value_adjusted``, and the interval ``estimate ± q · std_error`` where ``q`` is the
        quantile of the largest ``|t|`` of the family. These intervals hold together, and are
        single-step: step-down may reject where an interval still covers 0. What is not
        estimable is ``nan`` with a note and does not count in the family.

    Raises
    ------
    DataError, DesignError
        When the data do not allow the analysis as a whole; the message says how to mend it.
    ValueError
        When the options make no sense together.

    Notes
    -----
    Statistics are studentised anew in each draw, by HC2 for persons and CR1 for clusters; the
    standard error is that one. With several arms, all are drawn together and a contrast is
    that of the persons who fall to its two arms; the null is then that no arm changed the
    outcome. A draw in which an effect cannot be computed (a small subgroup falls to one arm)
    has the statistic 0; a note tells how many.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5],
    ...     "weeks": [1, 2, 1, 3, 0, 4, 2, 2]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> for effect in estimate_family(frame, ["hours", "weeks"], lottery, seed=1):
    ...     print(effect.endpoint, round(effect.p_value * 70), round(effect.p_value_adjusted * 70))
    hours 2 2
    weeks 6 6
    """
    if isinstance(hypotheses, str):
        raise ValueError('hypotheses is a sequence of outcomes, such as ["hours", "weeks"]')
    family = [Hypothesis(h) if isinstance(h, str) else h for h in hypotheses]
    _validate(family, method, draws, workers, seed)
    options = _options(family, lottery, covariates, adjustment, conf_level)
    columns = read_columns(frame, _columns(family, lottery, options))
    estimates = [_estimate(columns, h, lottery, options) for h in family]
    arms = [_treatment(h, lottery) for h in family]
    pool = pool_arms(columns, sorted(set(arms), key=str), lottery)
    members = [
        read_member(pool, place, h, arms[place], options)
        for place, h in enumerate(family)
        if not math.isnan(estimates[place].p_value)
    ]
    drawing = FamilyDrawing(draws, seed, workers, progress, checkpoint)
    redrawn = redraw_members(pool, members, options, drawing, len(family))
    return _adjust(estimates, redrawn, method, conf_level)


def _validate(
    family: list[Hypothesis], method: Method, draws: int, workers: int, seed: int
) -> None:
    validate_method(method)
    if not family:
        raise ValueError("the family is empty: name at least one hypothesis")
    twice = {h.outcome for h in family if family.count(h) > 1}
    if twice:
        raise ValueError(f"hypotheses stand twice in the family, on {', '.join(sorted(twice))}")
    for name, value in (("draws", draws), ("workers", workers)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    require_seed(seed)


def _options(
    family: list[Hypothesis],
    lottery: Lottery,
    covariates: Sequence[str | Term],
    adjustment: Adjustment,
    conf_level: float,
) -> IttOptions:
    every = [
        validate_options(h.outcome, lottery, covariates, adjustment, None, conf_level)
        for h in family
    ]
    return every[0]


def _treatment(hypothesis: Hypothesis, lottery: Lottery) -> object:
    return lottery.treatment if hypothesis.treatment is None else hypothesis.treatment


def _columns(family: list[Hypothesis], lottery: Lottery, options: IttOptions) -> dict[str, None]:
    names = [name for h in family for name in columns_needed(h.outcome, lottery, options)]
    return dict.fromkeys([*names, *(h.subgroup for h in family if h.subgroup)])


def _estimate(
    columns: Columns, hypothesis: Hypothesis, lottery: Lottery, options: IttOptions
) -> Estimate:
    """The effect by itself, as ``estimate_itt`` and ``estimate_subgroups`` have it."""
    contrast = replace(lottery, treatment=_treatment(hypothesis, lottery))
    if not hypothesis.subgroup:
        return estimate_from_columns(columns, hypothesis.outcome, contrast, options)
    levels = estimate_levels(columns, hypothesis.outcome, contrast, hypothesis.subgroup, options)
    found = levels.where(subgroup=hypothesis.label)
    if not len(found):
        known = [effect.subgroup for effect in levels]
        hint = did_you_mean(hypothesis.label, known)
        rule = f"has nobody with {hypothesis.label!r} whose {hypothesis.outcome!r} is known."
        problem = Problem(f"column {hypothesis.subgroup!r}", rule, hint)
        raise DataError("hypotheses", [problem])
    return found[0]


def _adjust(
    estimates: list[Estimate], redrawn: Redrawn, method: Method, conf_level: float
) -> EffectTable:
    undefined = np.isnan(redrawn.drawn)
    redrawn = replace(
        redrawn,
        drawn_estimate=np.where(undefined, 0.0, redrawn.drawn_estimate),
        drawn_std_error=np.where(undefined, 1.0, redrawn.drawn_std_error),
    )
    known = ~np.isnan(redrawn.observed)
    reach = max_t_quantile(redrawn.drawn[:, known], conf_level, exact=redrawn.exact)
    together = f"the intervals of the {int(known.sum())} tests of the family hold together"
    p_values, lost = redrawn.p_values(), undefined.sum(axis=0)
    table = [
        _by_lottery(
            effect,
            redrawn,
            place,
            float(p_values[place]),
            reach,
            (together, *_lost_note(int(lost[place]), redrawn.draws)),
        )
        if known[place]
        else effect
        for place, effect in enumerate(estimates)
    ]
    return adjust_p_values(
        EffectTable(tuple(table)), method, redrawn=redrawn if method in STEP_DOWN else None
    )


def _lost_note(lost: int, draws: int) -> tuple[str, ...]:
    if not lost:
        return ()
    return (f"in {lost} of {draws} draws the effect cannot be computed and counts as none",)


def _by_lottery(
    effect: Estimate,
    redrawn: Redrawn,
    place: int,
    p_value: float,
    reach: float,
    notes: tuple[str, ...],
) -> Estimate:
    estimate, std_error = float(redrawn.estimate[place]), float(redrawn.std_error[place])
    return replace(
        effect,
        estimate=estimate,
        std_error=std_error,
        df=math.inf,
        inference="lottery",
        given_p_value=p_value,
        given_interval=Interval(estimate - reach * std_error, estimate + reach * std_error),
        notes=(*effect.notes, *notes),
    )
