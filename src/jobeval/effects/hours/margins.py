"""Hours with many zeros: the mean, and all that it is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmOutcomes
from jobeval.effects.hours.ppml import LogRatio, fit_ppml, standardised_log_ratio
from jobeval.effects.hours.two_part import estimate_two_part
from jobeval.effects.hours.winsorised import cap_at_quantile
from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Analysed, read_analysed
from jobeval.effects.itt.itt import columns_needed
from jobeval.effects.itt.options import IttOptions, validate_options
from jobeval.effects.itt.weighting import choose_weights
from jobeval.effects.missing.lee import bound_selected
from jobeval.errors import DataError, DesignError, Problem
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.results import EffectTable, Estimate

Floats = NDArray[np.float64]
THRESHOLDS = (0, 1, 4, 10, 37)


def estimate_margins(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    winsorise: float | None = 0.99,
    covariates: Sequence[str | Term] = (),
    weights: str | None = None,
    transform: str | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate the effect on an outcome with many zeros, at all its margins.

    Parameters
    ----------
    frame, lottery, weights, conf_level
        As for ``estimate_itt``.
    outcome
        Column of numbers that are not negative, such as weekly hours. Persons whose outcome
        is missing are left out, with a note.
    thresholds
        Shares are compared of those above 0 (threshold 0) or at or above a threshold.
    winsorise
        Quantile of both arms together at which the outcome is capped; ``None`` for none.
    covariates
        Columns known before the draw. With them, means are adjusted by Lin's regression and
        the ratio comes from a Poisson regression with slopes of their own in each arm.
    transform
        ``None``. Logarithms of 1 + y and their like are refused.

    Returns
    -------
    EffectTable
        With ``part``

        - ``"mean"``: zeros included; the primary one.
        - ``"ratio"``: of the two means, by Poisson pseudo-maximum likelihood; scale
          ``"log_ratio"``. Without covariates its exponential is the ratio of the means.
        - ``"extensive"``: the share above 0.
        - ``"intensive"``: the mean among those above 0, which is *not* an effect;
          ``"intensive lower"`` and ``"intensive upper"`` bound the effect on those who would
          be above 0 in both arms (Lee 2009; see ``bound_attrition``).
        - ``"through starting"``, ``"through hours"``: two parts that add up to ``"mean"``.
        - ``"hours>0"``, ``"hours>=1"``, …: shares at or above the thresholds.
        - ``"winsorised"``: the mean of the capped outcome.

    Raises
    ------
    DataError, DesignError
        As ``estimate_itt``; also when the outcome is negative for someone.
    ValueError
        For a transform, and for options that contradict each other.

    Notes
    -----
    Each part weighs strata, clusters and probabilities as ``estimate_itt`` does. Errors of
    parts that are functions of several means come from linearisation, so that they too hold
    under the lottery as it drew.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 0, 9, 3, 0]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> table = estimate_margins(frame, "hours", lottery, thresholds=(0, 4))
    >>> table.one(part="mean").estimate, round(table.one(part="ratio").ratio, 9)
    (3.5, 3.8)
    >>> table.one(part="hours>=4").estimate
    0.75
    """
    _refuse_transform(transform)
    _validate_margins(thresholds, winsorise)
    adjustment = "lin" if covariates else "none"
    options = validate_options(
        outcome, lottery, covariates, adjustment, None, conf_level, weights=weights
    )
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    data = read_analysed(columns, outcome, lottery, options)
    _require_hours(data.outcome, outcome)
    arms = ArmOutcomes(data, outcome, lottery, options)
    mean = replace(arms.effect_on(data.outcome), part="mean")
    capped = () if winsorise is None else (_winsorised(arms, winsorise),)
    return EffectTable(
        (
            mean,
            _ratio(arms),
            *estimate_two_part(arms),
            *_intensive_bounds(arms),
            *(_threshold(arms, float(level)) for level in thresholds),
            *capped,
        )
    )


def _refuse_transform(transform: str | None) -> None:
    if transform is not None:
        raise ValueError(
            f"transform={transform!r} is refused: with zeros, the effect on log(1 + y) or its "
            "like is no percentage and takes any size with the unit of y (Chen & Roth 2024, "
            'QJE 139). Use part "ratio" for the effect in percent of the mean, and the '
            "thresholds for the effect along the distribution"
        )


def _validate_margins(thresholds: Sequence[float], winsorise: float | None) -> None:
    levels = [float(level) for level in thresholds]
    if len(set(levels)) < len(levels) or any(not 0 <= level < math.inf for level in levels):
        raise ValueError(f"thresholds are distinct numbers from 0, not {tuple(thresholds)!r}")
    if winsorise is not None and not 0.5 <= winsorise < 1:
        raise ValueError(f"winsorise must lie between 0.5 and 1, or be None, not {winsorise!r}")


def _require_hours(values: Floats, outcome: str) -> None:
    negative = int((values < 0).sum())
    if negative:
        rule = f"is negative for {negative} persons, but has margins only from 0 upwards."
        mend = "Correct the values, or use estimate_itt."
        raise DataError("outcome", [Problem(f"outcome {outcome!r}", rule, mend)])


def _threshold(arms: ArmOutcomes, level: float) -> Estimate:
    values = arms.data.outcome
    reached, sign = (values >= level, ">=") if level else (values > 0, ">")
    return replace(arms.effect_on(reached), part=f"hours{sign}{level:g}", unit="share")


def _winsorised(arms: ArmOutcomes, share: float) -> Estimate:
    effect = arms.effect_on(cap_at_quantile(arms.data.outcome, share))
    note = f"capped at the {share:g} quantile of both arms together"
    return replace(effect, part="winsorised", notes=(*effect.notes, note))


def _ratio(arms: ArmOutcomes) -> Estimate:
    try:
        return _adjusted_ratio(arms) if arms.options.covariates else _plain_ratio(arms)
    except DesignError as error:
        unknown = arms.with_error_of(arms.data.outcome, math.nan, **_RATIO)
        note = f"not estimable: {error}"
        return replace(unknown, std_error=math.nan, df=math.nan, notes=(*unknown.notes, note))


_RATIO: dict[str, Any] = {
    "part": "ratio", "estimator": "PPML ratio of means", "scale": "log_ratio",
}  # fmt: skip


def _plain_ratio(arms: ArmOutcomes) -> Estimate:
    """The saturated fit in closed form: the logarithm of the ratio of the means."""
    means = arms.means_of(arms.data.outcome)
    if min(means) <= 0:
        raise DesignError("an arm has nobody with an outcome above 0, so that no ratio exists.")
    influence = arms.data.outcome / np.array(means)[arms.data.assignment.assigned]
    ratio = math.log(means.treatment / means.control)
    return arms.with_error_of(
        influence, ratio, mean_treatment=means.treatment, mean_control=means.control, **_RATIO
    )


def _adjusted_ratio(arms: ArmOutcomes) -> Estimate:
    found = _fit_ratio(arms.data, arms.options)
    effect = arms.with_error_of(
        arms.data.outcome,
        found.estimate,
        mean_treatment=found.mean_treatment,
        mean_control=found.mean_control,
        **_RATIO,
    )
    if not effect.std_error > 0 or found.std_error <= 1e-13:
        note = "not estimable: the outcome does not vary within the arms"
        known = any(said.startswith("not estimable") for said in effect.notes)
        notes = effect.notes if known else (*effect.notes, note)
        return replace(effect, std_error=math.nan, df=found.df, notes=notes)
    return replace(effect, std_error=found.std_error, df=found.df)


def _fit_ratio(data: Analysed, options: IttOptions) -> LogRatio:
    weights, _ = choose_weights(data, options)
    adjusters = read_adjusters(data, "lin").values
    centred = adjusters - np.average(adjusters, axis=0, weights=data.weights)

    def design(assigned: Floats) -> Floats:
        ones = np.ones(len(centred))
        return np.column_stack([ones, assigned, centred, assigned[:, None] * centred])

    assigned = data.assignment.assigned.astype(float)
    fit = fit_ppml(design(assigned), data.outcome, weights)
    treated, control = design(np.ones_like(assigned)), design(np.zeros_like(assigned))
    return standardised_log_ratio(fit, treated, control, data.assignment.cluster, data.weights)


def _intensive_bounds(arms: ArmOutcomes) -> tuple[Estimate, ...]:
    """Lee's bounds on those who would be above 0 in both arms; covariates play no part."""
    plain = replace(arms, options=replace(arms.options, covariates=(), adjustment="none"))
    selected = arms.data.outcome > 0
    lower, upper = bound_selected(plain, selected, "would have hours in both arms")
    return replace(lower, part="intensive lower"), replace(upper, part="intensive upper")
