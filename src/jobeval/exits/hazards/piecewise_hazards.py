"""The hazard ratio of treatment in each of several periods."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.grid.durations import Durations, read_durations
from jobeval.exits.hazards.cox_arrange import Counts, Floats, SplitTies
from jobeval.exits.hazards.cox_design import CoxDesign, build_design
from jobeval.exits.hazards.cox_errors import ErrorGroups, Sizes, error_groups, sizes_by_arm
from jobeval.exits.hazards.cox_fit import CoxFit, fit_partial_likelihood
from jobeval.exits.hazards.cox_model import INFINITE, NO_EXIT, NO_MAXIMUM, ONE_ARM
from jobeval.exits.hazards.cox_options import CoxOptions
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import EffectTable, Estimate, HypothesisTest, html_table

PERIODS = (0, 13, 26, 52, 104)


@dataclass(frozen=True, slots=True, kw_only=True)
class PiecewiseHazardRatios:
    """The hazard ratio in each period, and the test that it is the same in all.

    Attributes
    ----------
    effects
        One estimate a period.
    equality
        The joint test of one ratio; read this and not the periods' p-values side by side.
    """

    effects: EffectTable
    equality: HypothesisTest

    def _repr_html_(self) -> str:
        shown = self.effects.to_frame()[list(EffectTable.SHOWN)]
        return html_table(shown) + f"<p>{escape(repr(self.equality))}</p>"


def estimate_piecewise_hazard_ratios(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    periods: Sequence[int] = PERIODS,
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "efron",
    entry: str | None = None,
    person: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
) -> PiecewiseHazardRatios:
    """The log hazard ratio of treatment within each period of weeks, from one Cox model.

    Parameters
    ----------
    frame, duration, observed, lottery, covariates, ties, entry, person, robust, conf_level
        As for ``estimate_hazard_ratio``; ``ties`` is ``"efron"`` or ``"breslow"``.
        Coefficients of covariates are the same in all periods.
    periods
        Increasing whole weeks: ``(0, 13, 26)`` are the weeks 1–13 and 14–26. Exits of week 0
        count to a period that starts there. What comes before the first or after the last
        takes no part: begin with 0, which a plan need not write.

    Returns
    -------
    PiecewiseHazardRatios
        ``effects`` has one ``Estimate`` a period, named by ``part`` (``"weeks 1–13"``), with
        the persons at risk in it and how many of them left. Only the first period compares all
        who were drawn; later ones compare those still there, who may differ by arm.
        ``equality`` is Wald's test that all ratios that could be estimated are one.

    Raises
    ------
    ValueError
        For periods that do not increase.
    DataError, DesignError
        As ``estimate_hazard_ratio``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"arm": np.arange(400) % 2, "left": 1})
    >>> frame["week"] = np.ceil(rng.exponential(20 - 8 * frame["arm"])).astype(int)
    >>> ratios = estimate_piecewise_hazard_ratios(frame, "week", "left",
    ...     Lottery(arm="arm", treatment=1, control=0), periods=(0, 13, 26))
    >>> [effect.part for effect in ratios.effects], ratios.equality.df
    (['weeks 1–13', 'weeks 14–26'], 1.0)
    """
    require_one_of("ties", ties, get_args(SplitTies))
    validate_periods(periods)
    options = CoxOptions(ties, robust, conf_level=conf_level)
    extra = covariate_names(covariates)
    durations = read_durations(
        frame, duration, observed, lottery, extra, entry=entry, person=person
    )
    groups = error_groups(durations, options)
    design = build_design(durations, covariates)
    split = split_periods(durations, periods)
    coefs, vcov, unknown = _fit_periods(split, durations, design, groups, ties)
    effects = [
        Estimate(
            endpoint=duration,
            estimand="itt",
            estimator=options.model,
            contrast=lottery.contrast,
            estimate=float(coefs[k]),
            std_error=math.sqrt(vcov[k, k]) if vcov[k, k] > 0 else math.nan,
            scale="log_ratio",
            unit="hazard_ratio",
            part=f"weeks {low + 1}–{high}",
            horizon_weeks=high,
            conf_level=conf_level,
            notes=(*design.notes, *unknown[k], *groups.notes),
            **split.sizes(durations, k),
        )
        for k, (low, high) in enumerate(pairwise(periods))
    ]
    return PiecewiseHazardRatios(
        effects=EffectTable(tuple(effects)), equality=_equality(duration, coefs, vcov)
    )


def validate_periods(periods: Sequence[int]) -> None:
    """Raise ``ValueError`` unless these are two or more whole weeks that increase from 0."""
    if np.ndim(periods) != 1:
        raise ValueError(f"periods must be a list such as [0, 13, 26], not {periods!r}")
    whole = all(week == int(week) and week >= 0 for week in periods)
    if not whole or len(periods) < 2 or any(a >= b for a, b in pairwise(periods)):
        raise ValueError(
            "periods must be two or more whole weeks that increase, such as [0, 13, 26], "
            f"not {tuple(periods)!r}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class SplitRows:
    """Rows cut at the bounds of periods; arrays are of shape ``(r,)``."""

    size: int  # periods
    row: Counts  # of the durations
    period: Counts
    entry: Counts
    weeks: Counts
    observed: NDArray[np.bool_]

    def sizes(self, durations: Durations, period: int) -> Sizes:
        """Persons in a period and those who left in it, by arm."""
        here = self.period == period
        return sizes_by_arm(durations, self.row[here], self.row[here & self.observed])


def split_periods(durations: Durations, periods: Sequence[int]) -> SplitRows:
    """Cut follow-up at the bounds of periods; nothing but the order of rows depends on it."""
    weeks, left = durations.weeks, durations.cause > 0
    entry = np.full(len(weeks), -1) if durations.entry is None else durations.entry
    parts: list[tuple[NDArray[Any], ...]] = []
    for period, (low, high) in enumerate(pairwise(periods)):
        began, ended = np.maximum(entry, low if low else -1), np.minimum(weeks, high)
        row = np.flatnonzero(began < ended)
        seen = left[row] & (weeks[row] <= high)
        parts.append((row, np.full(len(row), period), began[row], ended[row], seen))
    row, period, began, ended, seen = (np.concatenate(part) for part in zip(*parts, strict=True))
    return SplitRows(len(parts), row, period, began, ended, seen.astype(bool))


def _fit_periods(
    split: SplitRows, durations: Durations, design: CoxDesign, groups: ErrorGroups, ties: SplitTies
) -> tuple[Floats, Floats, list[tuple[str, ...]]]:
    """Log hazard ratios of the ``K`` periods, their covariance, and why some are unknown."""
    size = split.size
    of_period = split.period == np.arange(size)[:, None]
    x = np.vstack([of_period * design.x[split.row, 0], design.x[split.row, 1:].T]).T
    if not split.observed.any():
        return np.full(size, math.nan), np.full((size, size), math.nan), [(NO_EXIT,)] * size
    stratum = durations.assignment.stratum[split.row]
    fit = fit_partial_likelihood(
        x, split.weeks, split.observed, stratum, entry=split.entry, ties=ties
    )
    vcov = fit.vcov
    if groups.robust:
        codes = np.arange(len(durations.weeks)) if groups.codes is None else groups.codes
        vcov = fit.robust_vcov(codes[split.row])
    exits = np.bincount(split.period[split.observed], minlength=size)
    notes = [_why_unknown(fit, k, int(exits[k])) for k in range(size)]
    return fit.coef[:size], vcov[:size, :size], notes


def _why_unknown(fit: CoxFit, period: int, exits: int) -> tuple[str, ...]:
    if not exits:
        return (NO_EXIT,)
    if not fit.seen[period]:
        return (ONE_ARM,)
    if not fit.converged:
        return (NO_MAXIMUM,)
    return (INFINITE,) if fit.infinite[period] else ()


def _equality(endpoint: str, coefs: Floats, vcov: Floats) -> HypothesisTest:
    """Wald's test that the known coefficients are one."""
    from scipy.special import chdtrc

    known = np.flatnonzero(np.diag(vcov) > 0)
    df, statistic, notes = max(len(known) - 1, 0), math.nan, list[str]()
    if len(known) < len(coefs):
        notes.append(f"{len(coefs) - len(known)} periods without an estimate take no part")
    if df:
        contrast = np.eye(df + 1)[1:] - np.eye(df + 1)[0]
        apart = contrast @ coefs[known]
        spread = contrast @ vcov[np.ix_(known, known)] @ contrast.T
        statistic = float(apart @ np.linalg.solve(spread, apart))
    else:
        notes.append("not estimable: fewer than two periods have an estimate")
    return HypothesisTest(
        name="equal hazard ratios in all periods",
        endpoint=endpoint,
        statistic=statistic,
        df=float(df),
        p_value=float(chdtrc(df, statistic)) if df else math.nan,
        notes=tuple(notes),
    )
