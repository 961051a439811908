"""The same analysis within each level of a baseline column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.analysed import Columns, read_analysed
from jobeval.effects.itt import columns_needed, estimate_from_columns, estimator_name
from jobeval.effects.least_squares import Vcov
from jobeval.effects.options import Adjustment, IttOptions, validate_options
from jobeval.errors import DataError, DesignError, Problem
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.results import EffectTable, Estimate


def estimate_subgroup_effects(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    column: str,
    *,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    vcov: Vcov | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate the effect in each level of a column.

    Parameters
    ----------
    column
        A column known before the draw, without missing values.
    frame, outcome, lottery, covariates, adjustment, vcov, conf_level
        As for ``estimate_itt``; the lottery's strata are kept within each level.

    Returns
    -------
    EffectTable
        One estimate a level, in the order of the levels' texts (numbers in theirs), with
        ``subgroup`` as ``"column=level"``. A level in which the analysis cannot be made has
        ``nan`` and a note.

    Raises
    ------
    DataError, ValueError
        As ``estimate_itt`` for the data as a whole, and when the column has missing values.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5],
    ...     "benefit": ["cash"] * 4 + ["sickness"] * 4})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> for effect in estimate_subgroup_effects(frame, "hours", lottery, "benefit"):
    ...     print(effect.subgroup, effect.estimate)
    benefit=cash 4.0
    benefit=sickness 5.0
    """
    options = validate_options(outcome, lottery, covariates, adjustment, vcov, conf_level)
    columns = read_columns(frame, (*columns_needed(outcome, lottery, options), column))
    return estimate_levels(columns, outcome, lottery, column, options)


def estimate_levels(
    columns: Columns, outcome: str, lottery: Lottery, column: str, options: IttOptions
) -> EffectTable:
    """``estimate_subgroup_effects`` on columns that have been read."""
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
