"""Effects in groups sorted by their predicted effect, with honest splits. Exploratory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import stratum_indicators
from jobeval.effects.itt.analysed import Analysed, read_analysed, require_both_arms
from jobeval.effects.itt.itt import columns_needed, count_apart
from jobeval.effects.itt.options import validate_options
from jobeval.errors import DesignError
from jobeval.inference.redraw import drawn_units, require_seed
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import (
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
    independent_columns,
)
from jobeval.results import EffectTable, Estimate, Interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
EXPLORATORY = "exploratory: the groups were found in the data, each time in one half of it"


def estimate_sorted_groups(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term],
    seed: int,
    groups: int = 5,
    splits: int = 101,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate the effect on those predicted to gain least, …, most (GATES).

    In each of many random splits one half of the persons predicts the effects, by least
    squares with covariates that interact with treatment, and the other half is sorted by
    them into groups, in which the effect is estimated. What is told are medians over the
    splits (Chernozhukov, Demirer, Duflo & Fernández-Val 2018, NBER 24678).

    Parameters
    ----------
    covariates
        Columns known before the draw that may foretell the effect.
    seed
        Of the splits, and of the order of persons with the same prediction.
    groups
        Number of groups, at least 2, of equal size.
    splits
        Number of splits; an odd one, so that each median is one of its values.
    frame, outcome, lottery, conf_level
        As for ``estimate_itt``.

    Returns
    -------
    EffectTable
        ``part`` ``"group 1 of 5"`` (lowest predicted effect) to ``"group 5 of 5"``, and
        ``"group 5 - group 1"``. ``inference`` is ``"median over splits"``; sizes are medians.

    Raises
    ------
    DesignError
        When half the persons are too few for the prediction.
    DataError, ValueError
        As ``estimate_itt``, and for fewer than two groups, or no splits or covariates.

    Notes
    -----
    Halves keep strata and arms, and clusters stay whole. In the sorted half the effects are
    the coefficients of ``(D − p)`` in each group, weighted by ``1 / (p(1 − p))``, beside the
    covariates and the strata, ``p`` being the probability with which the lottery drew: each
    is the mean effect in its group whatever the predictions are worth. Errors are HC2, or
    CR2 with Bell–McCaffrey degrees of freedom where clusters were drawn.

    The interval is the median of the splits' bounds at ``1 − α/2``, the p-value twice the
    median p-value: both account for the splitting and are conservative. A group that is not
    really different has an interval for ``group 5 - group 1`` with 0 in it more often than
    ``conf_level`` says.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> rng = np.random.default_rng(1)
    >>> age, arm = rng.uniform(20, 60, 400), np.arange(400) % 2
    >>> frame = pd.DataFrame({"arm": arm, "age": age,
    ...     "hours": arm * age / 5 + rng.normal(0, 0.5, 400)})
    >>> lottery = Lottery(arm="arm", treatment=1, control=0)
    >>> table = estimate_sorted_groups(
    ...     frame, "hours", lottery, covariates=["age"], seed=1, groups=2, splits=11)
    >>> [(effect.part, round(effect.estimate)) for effect in table]
    [('group 1 of 2', 6), ('group 2 of 2', 10), ('group 2 - group 1', 4)]
    """
    if groups < 2 or splits < 1 or not covariates:
        raise ValueError("sorted groups need at least two groups, one split and one covariate")
    require_seed(seed)
    options = validate_options(outcome, lottery, covariates, "lin", None, conf_level)
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    data = read_analysed(columns, outcome, lottery, options)
    require_both_arms(data)
    _require_persons(data)
    found = [_estimate_split(data, groups, _stream(seed, split)) for split in range(splits)]
    labels = [f"group {k + 1} of {groups}" for k in range(groups)]
    labels.append(f"group {groups} - group 1")
    return EffectTable(
        tuple(
            _median([split.of(place) for split in found], label, data, outcome, lottery, conf_level)
            for place, label in enumerate(labels)
        )
    )


class _Found(NamedTuple):
    """One contrast in one split; ``n`` and ``apart`` count persons of control, treatment."""

    estimate: float
    std_error: float
    df: float
    n: Floats
    apart: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """The groups and their difference in one split, shape ``(K + 1,)``; the last ``(K + 1, 2)``."""

    estimate: Floats
    std_error: Floats
    df: Floats
    n: Floats
    apart: Floats

    def of(self, place: int) -> _Found:
        estimate, error, df = (float(v[place]) for v in (self.estimate, self.std_error, self.df))
        return _Found(estimate, error, df, self.n[place], self.apart[place])


def _require_persons(data: Analysed) -> None:
    columns, half = 2 * (data.covariates.values.shape[1] + 1), len(data.outcome) // 2
    if 2 * columns > half:
        raise DesignError(
            f"{columns} coefficients are too many to predict effects from half of "
            f"{len(data.outcome)} persons. Mend: name fewer covariates."
        )
    if not data.covariates.values.shape[1]:
        raise DesignError("no covariate varies, so that no effect can be predicted from them.")


def _stream(seed: int, split: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(split,)))


def _estimate_split(data: Analysed, groups: int, rng: np.random.Generator) -> _Split:
    main = _main_half(data, rng)
    group = _sort_into_groups(_predict_effects(data, ~main)[main], groups, rng)
    return _estimate_groups(data.subset(main), group, groups, _chance(data)[main])


def _main_half(data: Analysed, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Half of the persons or clusters of each stratum and arm, shape ``(n,)``."""
    first, unit = drawn_units(data.assignment)
    cell = data.assignment.stratum[first] * 2 + data.assignment.assigned[first]
    order = np.lexsort((rng.random(len(first)), cell))
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell))[:-1]])
    place = np.empty(len(first), dtype=np.int64)
    place[order] = np.arange(len(first)) - starts[cell[order]]
    odd = rng.integers(0, 2, len(starts))  # which half gets the odd one out
    return ((place + odd[cell]) % 2 == 0)[unit]


def _chance(data: Analysed) -> Floats:
    """Each person's probability of treatment, as the lottery drew."""
    drawn = data.assignment
    if drawn.probability is not None:
        return drawn.probability
    sizes = drawn.stratum_sizes()
    return (sizes[:, 1] / sizes.sum(axis=1))[drawn.stratum]


def _predict_effects(data: Analysed, auxiliary: NDArray[np.bool_]) -> Floats:
    """Everyone's effect as the auxiliary half predicts it, shape ``(n,)``."""
    centred = data.covariates.values - data.covariates.values[auxiliary].mean(axis=0)
    own = np.column_stack([np.ones(len(centred)), centred])
    design = np.hstack([own, data.assignment.assigned[:, None] * own])[auxiliary]
    keep = independent_columns(design)
    coef = np.zeros(design.shape[1])
    coef[keep] = fit_least_squares(design[:, keep], data.outcome[auxiliary]).coef
    return own @ coef[own.shape[1] :]


def _sort_into_groups(effect: Floats, groups: int, rng: np.random.Generator) -> Integers:
    """Codes ``0 … K−1`` of equal groups by predicted effect; lots decide between equal ones."""
    order = np.lexsort((rng.random(len(effect)), effect))
    group = np.empty(len(effect), dtype=np.int64)
    group[order] = np.arange(len(effect)) * groups // len(effect)
    return group


def _estimate_groups(half: Analysed, group: Integers, groups: int, chance: Floats) -> _Split:
    drawn = half.assignment
    contrasts = np.vstack([np.eye(groups), np.eye(groups)[-1] - np.eye(groups)[0]])
    sizes = np.bincount(group * 2 + drawn.assigned, minlength=2 * groups).reshape(-1, 2)
    members_of = [group == k for k in range(groups)]
    apart = np.array([count_apart(half.outcome[of], drawn.assigned[of]) for of in members_of])
    counts = [np.abs(contrasts) @ counted.astype(float) for counted in (sizes, apart)]
    if (sizes < 2).any():
        nothing = np.full(groups + 1, np.nan)
        return _Split(nothing, nothing, nothing, *counts)
    members = np.column_stack(members_of) * (drawn.assigned - chance)[:, None]
    covariates = half.covariates.values - half.covariates.values.mean(axis=0)
    beside = [np.ones(len(group)), stratum_indicators(drawn), covariates]
    design = np.column_stack([members, *beside])
    design = design[:, independent_columns(design)]
    fit = fit_least_squares(design, half.outcome, 1 / (chance * (1 - chance)))
    rows = np.hstack([contrasts, np.zeros((groups + 1, design.shape[1] - groups))])
    vcov = estimate_vcov(fit, "HC2" if drawn.cluster is None else "CR2", drawn.cluster)
    variance = np.einsum("ck,kl,cl->c", rows, vcov, rows)
    df = np.full(groups + 1, float(fit.df_resid))
    if drawn.cluster is not None:
        df = np.array([bell_mccaffrey_df(fit, drawn.cluster, row) for row in rows])
    flat = np.sqrt(variance) <= 1e-13 * np.abs(half.outcome).max()
    return _Split(rows @ fit.coef, np.where(flat, np.nan, np.sqrt(variance)), df, *counts)


def _median(
    found: list[_Found],
    part: str,
    data: Analysed,
    outcome: str,
    lottery: Lottery,
    conf_level: float,
) -> Estimate:
    """Medians over the splits; the interval from bounds at half the error."""
    from scipy.special import stdtr, stdtrit

    estimate, error, df = (
        np.array([getattr(f, name) for f in found]) for name in _Found._fields[:3]
    )
    broken = int((~(error > 0)).sum())
    why = (
        f"not estimable: in {broken} of {len(found)} splits a group has too few of an arm, or "
        "an outcome that does not vary"
    )
    half = stdtrit(df, 1 - (1 - conf_level) / 4) * error
    p_value = 2 * stdtr(df, -np.abs(estimate / np.where(error > 0, error, np.nan)))
    low, high = np.median(estimate - half), np.median(estimate + half)
    n, apart = (np.median([getattr(f, name) for f in found], axis=0) for name in ("n", "apart"))
    values = [np.nan] * 4 if broken else [np.median(v) for v in (estimate, error, df, p_value)]
    return Estimate(
        endpoint=outcome,
        estimand="sorted group effect",
        estimator="GATES, least squares prediction",
        contrast=lottery.contrast,
        part=part,
        estimate=float(values[0]),
        std_error=float(values[1]),
        df=float(values[2]),
        inference="median over splits",
        given_p_value=min(1.0, 2 * float(values[3])) if not broken else math.nan,
        given_interval=Interval(float(low), float(high)) if not broken else None,
        n_treatment=int(n[1]),
        n_control=int(n[0]),
        n_clusters=data.assignment.n_clusters,
        conf_level=conf_level,
        n_apart_treatment=int(apart[1]),
        n_apart_control=int(apart[0]),
        notes=(*data.notes, *data.covariates.notes, EXPLORATORY, *((why,) if broken else ())),
    )
