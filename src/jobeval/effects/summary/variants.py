"""One analysis under all its declared variants: the sensitivity table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from jobeval.effects.hours.winsorised import cap_at_quantile
from jobeval.effects.itt.analysed import Columns
from jobeval.effects.itt.itt import columns_needed, estimate_from_columns, estimator_name
from jobeval.effects.itt.options import Adjustment, IttOptions, validate_options
from jobeval.effects.take_up.as_treated import NOT_CAUSAL
from jobeval.errors import DataError, DesignError, did_you_mean
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.inference.redraw import SEED, require_seed
from jobeval.inference.take_up import read_treated
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.results import EffectTable, Estimate

AnalysisSet = Literal["randomised", "per_protocol"]
VariantInference = Literal["model", "lottery"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to carry out an analysis.

    Attributes
    ----------
    name
        Becomes the ``part`` of its estimate.
    outcome
        Column. Another window, threshold or treatment of imputed hours is another column.
    covariates, adjustment, weights, vcov
        As for ``estimate_itt``.
    inference
        ``"model"``: by t. ``"lottery"``: p-value and interval from the lottery drawn again.
    analysis_set
        ``"randomised"``: everyone drawn. ``"per_protocol"``: those who did as drawn, which is
        **not causal** and labelled so.
    treated
        Column of who took part (0 or 1), for ``"per_protocol"``.
    winsorise
        Values above this quantile of both arms together become it; ``None`` for none.
    strata
        Columns in the place of the lottery's strata; ``()`` for none, ``None`` for its own.

    Examples
    --------
    >>> Variant(name="raw", outcome="hours").adjustment
    'none'
    """

    name: str
    outcome: str
    covariates: tuple[str | Term, ...] = ()
    adjustment: Adjustment = "none"
    weights: str | None = None
    vcov: Vcov | None = None
    inference: VariantInference = "model"
    analysis_set: AnalysisSet = "randomised"
    treated: str | None = None
    winsorise: float | None = None
    strata: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for field, choices in (("inference", VariantInference), ("analysis_set", AnalysisSet)):
            value = getattr(self, field)
            if value not in get_args(choices):
                hint = did_you_mean(str(value), get_args(choices))
                raise ValueError(f"{field} {value!r} is unknown; {hint}")
        if (self.treated is not None) != (self.analysis_set == "per_protocol"):
            raise ValueError('treated belongs to analysis_set="per_protocol", and it to treated')
        if self.analysis_set == "per_protocol" and self.inference == "lottery":
            raise ValueError("the lottery did not draw who did as drawn: inference by model only")
        if self.inference == "lottery" and (self.weights or self.vcov):
            raise ValueError('inference="lottery" takes no sampling weights and no vcov')
        if self.winsorise is not None and not 0 < self.winsorise < 1:
            raise ValueError(f"winsorise must lie between 0 and 1, not {self.winsorise!r}")


def estimate_variants(
    frame: Any,
    lottery: Lottery,
    variants: Sequence[Variant],
    *,
    conf_level: float = 0.95,
    draws: int = 10_000,
    seed: int = SEED,
) -> EffectTable:
    """Carry out one analysis under all declared variants.

    Parameters
    ----------
    frame
        One row a person; any data frame that narwhals takes.
    lottery
        The columns in which the lottery stands.
    variants
        By custom the primary analysis first. Names are distinct.
    conf_level
        Level of the intervals.
    draws, seed
        For variants with ``inference="lottery"``.

    Returns
    -------
    EffectTable
        One estimate a variant, in their order, with ``part`` its name. A variant that the data
        do not allow is ``nan`` with the reason, and never left out.

    Raises
    ------
    DataError
        When the lottery's own columns are not as they must be.
    ValueError
        When a variant's options contradict each other.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5]})
    >>> variants = [Variant(name="raw", outcome="hours"),
    ...     Variant(name="by the lottery", outcome="hours", inference="lottery"),
    ...     Variant(name="without imputed hours", outcome="hours_reported")]
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> for effect in estimate_variants(frame, lottery, variants):
    ...     print(effect.part, effect.estimate, round(effect.p_value, 4))
    raw 4.5 0.0165
    by the lottery 4.5 0.0286
    without imputed hours nan nan
    """
    options = _validate(variants, lottery, conf_level, draws, seed)
    drawn = read_assignment(read_columns(frame, lottery.columns), lottery)
    return EffectTable(
        tuple(
            _carry_out(frame, lottery, variant, option, drawn)
            for variant, option in zip(variants, options, strict=True)
        )
    )


def _validate(
    variants: Sequence[Variant], lottery: Lottery, conf_level: float, draws: int, seed: int
) -> tuple[IttOptions, ...]:
    require_seed(seed)
    names = [variant.name for variant in variants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise ValueError(f"two variants are named {twice[0]!r}" if twice else "no variant is named")
    for variant in variants:
        if variant.treated in {variant.outcome, lottery.arm}:
            raise ValueError(f"variant {variant.name!r}: the outcome or the arm is not take-up")
    return tuple(_options(variant, lottery, conf_level, draws, seed) for variant in variants)


def _options(
    variant: Variant, lottery: Lottery, conf_level: float, draws: int, seed: int
) -> IttOptions:
    try:
        return validate_options(
            variant.outcome,
            _own_lottery(variant, lottery),
            variant.covariates,
            variant.adjustment,
            variant.vcov,
            conf_level,
            weights=variant.weights,
            inference=variant.inference,
            draws=draws,
            seed=seed,
        )
    except ValueError as error:
        raise ValueError(f"variant {variant.name!r}: {error}") from error


def _own_lottery(variant: Variant, lottery: Lottery) -> Lottery:
    return lottery if variant.strata is None else replace(lottery, strata=variant.strata)


def _carry_out(
    frame: Any,
    lottery: Lottery,
    variant: Variant,
    options: IttOptions,
    drawn: Assignment,
) -> Estimate:
    own = _own_lottery(variant, lottery)
    try:
        found = _estimate(frame, own, variant, options)
    except DataError as error:
        rules = (f"{problem.place} {problem.rule}" for problem in error.problems)
        found = _inestimable(own, variant, options, drawn, " ".join(rules))
    except DesignError as error:
        found = _inestimable(own, variant, options, drawn, str(error))
    left_out = set(lottery.strata) - set(own.strata)
    notes = ("the strata of the lottery are left out",) if left_out else ()
    if variant.analysis_set == "per_protocol":
        estimand = "per protocol (not causal)"
        found = replace(found, estimand=estimand, analysis_set="per_protocol")
        notes = (NOT_CAUSAL, *notes)
    return replace(found, part=variant.name, notes=(*notes, *found.notes))


def _estimate(frame: Any, lottery: Lottery, variant: Variant, options: IttOptions) -> Estimate:
    took_part = () if variant.treated is None else (variant.treated,)
    needed = (*columns_needed(variant.outcome, lottery, options), *took_part)
    columns = read_columns(frame, tuple(dict.fromkeys(needed)))
    if variant.treated is not None:
        columns = _as_drawn(columns, lottery, variant.treated)
    notes: tuple[str, ...] = ()
    if variant.winsorise is not None:
        columns = _capped(columns, lottery, variant.outcome, variant.winsorise)
        notes = (f"values above the {variant.winsorise:g} quantile of both arms are set to it",)
    found = estimate_from_columns(columns, variant.outcome, lottery, options)
    return replace(found, notes=(*notes, *found.notes))


def _as_drawn(columns: Columns, lottery: Lottery, treated: str) -> Columns:
    """The rows of those who did what they were drawn to."""
    drawn = read_assignment(columns, lottery)
    rows = drawn.rows.copy()
    rows[rows] = read_treated(columns, treated, drawn.rows) == drawn.assigned
    return {name: values[rows] for name, values in columns.items()}


def _capped(columns: Columns, lottery: Lottery, outcome: str, share: float) -> Columns:
    values = columns[outcome]
    if values.dtype.kind not in "biuf":
        return columns  # the estimator says what is wrong with it
    rows = read_assignment(columns, lottery).rows & ~np.isnan(values.astype(float))
    capped = values.astype(float)
    if rows.any():
        capped[rows] = cap_at_quantile(capped[rows], share)
    return {**columns, outcome: capped}


def _inestimable(
    lottery: Lottery, variant: Variant, options: IttOptions, drawn: Assignment, reason: str
) -> Estimate:
    sizes = drawn.stratum_sizes().sum(axis=0)
    strata = 2 if lottery.strata else 1
    return Estimate(
        endpoint=variant.outcome,
        estimand="itt",
        estimator=estimator_name(strata, options.adjustment),
        contrast=lottery.contrast,
        estimate=math.nan,
        std_error=math.nan,
        n_treatment=int(sizes[1]),
        n_control=int(sizes[0]),
        n_clusters=drawn.n_clusters,
        conf_level=options.conf_level,
        notes=(f"not estimable: {reason}",),
    )
