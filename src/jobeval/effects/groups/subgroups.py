"""The same analysis within each level of a baseline column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.groups.interaction import interacted_f_test, welch_f_test
from jobeval.effects.itt.analysed import Analysed, Columns, read_analysed
from jobeval.effects.itt.itt import columns_needed, estimate_from_columns, estimator_name
from jobeval.effects.itt.options import Adjustment, IttOptions, validate_options
from jobeval.effects.itt.small_blocks import small_strata
from jobeval.errors import DataError, DesignError, Problem
from jobeval.inference.multiplicity import Method, adjust_p_values
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.regression.wald import FTest
from jobeval.results import EffectTable, Estimate, HypothesisTest, html_table


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupEffects:
    """The effect in each level of a column, and the test that it is the same in all.

    Attributes
    ----------
    column
        Its name.
    effects
        One estimate a level, with ``p_value_adjusted`` over the levels.
    interaction
        The joint test of one effect; read this and not the levels' p-values side by side.
    """

    column: str
    effects: EffectTable
    interaction: HypothesisTest

    def _repr_html_(self) -> str:
        shown = [*EffectTable.SHOWN]
        shown.insert(shown.index("p_value") + 1, "p_value_adjusted")
        test = f"<p>{escape(repr(self.interaction))}</p>"
        return html_table(self.effects.to_frame()[shown]) + test


def estimate_subgroups(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    column: str,
    *,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    vcov: Vcov | None = None,
    method: Method = "holm",
    conf_level: float = 0.95,
) -> SubgroupEffects:
    """Estimate the effect in each level of a column, and test whether it is the same.

    Parameters
    ----------
    column
        A column known before the draw, without missing values.
    method
        How ``p_value_adjusted`` is adjusted over the levels: as for ``adjust_p_values``.
    frame, outcome, lottery, covariates, adjustment, vcov, conf_level
        As for ``estimate_itt``; the lottery's strata are kept within each level.

    Returns
    -------
    SubgroupEffects
        One estimate a level, in the order of the levels' texts (numbers in theirs), with
        ``subgroup`` as ``"column=level"``. A level in which the analysis cannot be made has
        ``nan`` and a note, and takes no part in the test.

    Raises
    ------
    DataError, ValueError
        As ``estimate_itt`` for the data as a whole, and when the column has missing values.

    Notes
    -----
    The interaction is an F test. Where persons were drawn, the levels' estimates are
    independent and it is Welch's (1951) with the levels' degrees of freedom. Where clusters
    were drawn, which may span levels, it comes from the interacted regression: HTZ under CR2
    (Pustejovsky & Tipton 2018), else clusters − 1 degrees of freedom in the denominator.
    ``interaction.df`` is the numerator's, a note tells the denominator's.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5],
    ...     "benefit": ["cash"] * 4 + ["sickness"] * 4})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> found = estimate_subgroups(frame, "hours", lottery, "benefit")
    >>> for effect in found.effects:
    ...     print(effect.subgroup, effect.estimate)
    benefit=cash 4.0
    benefit=sickness 5.0
    >>> round(found.interaction.statistic, 6), found.interaction.df  # 1² / (2 + 5)
    (0.142857, 1.0)
    """
    options = validate_options(outcome, lottery, covariates, adjustment, vcov, conf_level)
    columns = read_columns(frame, (*columns_needed(outcome, lottery, options), column))
    effects = estimate_levels(columns, outcome, lottery, column, options)
    return SubgroupEffects(
        column=column,
        effects=adjust_p_values(effects, method),
        interaction=_interaction(columns, outcome, lottery, column, options, effects),
    )


def estimate_levels(
    columns: Columns, outcome: str, lottery: Lottery, column: str, options: IttOptions
) -> EffectTable:
    """The effects of ``estimate_subgroups``, not adjusted, on columns that have been read."""
    if column in {outcome, lottery.arm}:
        raise ValueError(f"{column!r} is the outcome or the arm: group by what was known before")
    analysed = read_analysed(columns, outcome, lottery, options)  # what is wrong in all, raises
    levels = _levels(columns[column], analysed.assignment.rows, column)
    return EffectTable(
        tuple(
            _estimate_level(
                {name: values[rows] for name, values in columns.items()},
                outcome,
                lottery,
                options,
                f"{column}={label}",
            )
            for label, rows in levels
        )
    )


def _levels(
    values: NDArray[Any], rows: NDArray[np.bool_], column: str
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Label and rows, shape ``(N,)``, of each level among the analysed ``rows``."""
    if values.dtype == object:
        missing = np.array([value is None for value in values])
        values = np.array([str(value) for value in values], dtype=object)
    else:
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    blank = int((missing & rows).sum())
    if blank:
        mend = "Make missing a level of its own before the analysis."
        problem = Problem(f"column {column!r}", f"is missing for {blank} persons.", mend)
        raise DataError("subgroups", [problem])
    for level in np.unique(values[rows]):
        label = f"{level:.15g}" if isinstance(level, np.number) else str(level)
        yield label, (values == level) & ~missing


def _estimate_level(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions, subgroup: str
) -> Estimate:
    try:
        return estimate_from_columns(columns, outcome, lottery, options, subgroup)
    except DataError as error:
        reason = " ".join(problem.rule for problem in error.problems)
    except DesignError as error:
        reason = str(error)
    arm = columns[lottery.arm]
    strata = 2 if lottery.strata else 1
    return Estimate(
        endpoint=outcome,
        estimand="itt",
        estimator=estimator_name(strata, options.adjustment),
        contrast=lottery.contrast,
        estimate=math.nan,
        std_error=math.nan,
        df=math.nan,
        n_treatment=int((arm == lottery.treatment).sum()),
        n_control=int((arm == lottery.control).sum()),
        conf_level=options.conf_level,
        subgroup=subgroup,
        notes=(f"not estimable: {reason}",),
    )


def _interaction(
    columns: Columns,
    outcome: str,
    lottery: Lottery,
    column: str,
    options: IttOptions,
    effects: EffectTable,
) -> HypothesisTest:
    """The joint test over the levels whose effect and error are known."""
    known = [effect for effect in effects if effect.std_error > 0]
    left_out = len(effects) - len(known)
    notes = (f"{left_out} levels without an estimate take no part",) if left_out else ()
    if len(known) < 2:
        found = FTest(math.nan, max(len(known) - 1, 0), math.nan)
        notes += ("not estimable: fewer than two levels have an estimate",)
    elif lottery.clusters is None:
        triples = [(effect.estimate, effect.std_error, effect.df) for effect in known]
        found = welch_f_test(*np.array(triples).T)
    else:
        labels = {effect.subgroup for effect in known}
        found = _across_clusters(columns, outcome, lottery, column, options, labels)
        if math.isnan(found.statistic):
            notes += ("not estimable: too few clusters, or one only in an arm of a stratum",)
    if not math.isnan(found.df_denominator):
        notes += (f"F with {found.df:g} and {found.df_denominator:.4g} degrees of freedom",)
    return HypothesisTest(
        name=f"interaction with {column}",
        endpoint=outcome,
        statistic=found.statistic,
        df=float(found.df),
        p_value=found.p_value,
        notes=notes,
    )


def _across_clusters(
    columns: Columns,
    outcome: str,
    lottery: Lottery,
    column: str,
    options: IttOptions,
    labels: set[str],
) -> FTest:
    whole = read_analysed(columns, outcome, lottery, options).assignment
    assert whole.cluster is not None
    codes = np.full(len(whole.rows), -1)
    codes[whole.rows] = whole.cluster
    levels: list[Analysed] = []
    clusters: list[NDArray[np.int64]] = []
    for label, rows in _levels(columns[column], whole.rows, column):
        if f"{column}={label}" in labels:
            within = {name: values[rows] for name, values in columns.items()}
            level = read_analysed(within, outcome, lottery, options)
            levels.append(level)
            clusters.append(codes[rows][level.assignment.rows])
    if any(options.adjustment == "none" and small_strata(e.assignment).any() for e in levels):
        return FTest(math.nan, len(levels) - 1, math.nan)  # no residuals behind their errors
    return interacted_f_test(levels, clusters, options)
