"""Who took part, as a column of a frame, and what must be said of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.inference.instrument import RatioFit

Columns = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
WEAK = 10.0
"""First-stage F below which the Wald interval misleads (Staiger & Stock 1997)."""


def read_treated(columns: Columns, name: str, rows: NDArray[np.bool_]) -> Floats:
    """Who took part, 0 or 1, of the ``n`` persons in ``rows`` (shape ``(N,)``).

    Raises
    ------
    DataError
        When it is unknown for anybody, or is no column of 0 and 1.

    Examples
    --------
    >>> read_treated({"started": np.array([True, False])}, "started", np.full(2, True)).tolist()
    [1.0, 0.0]
    """
    values, place = columns[name][rows], f"take-up {name!r}"
    if values.dtype.kind not in "biuf":
        problem = Problem(place, "is not a column of 0 and 1.", "Deliver it as numbers.")
        raise DataError("take-up", [problem])
    numbers = values.astype(float)
    missing = np.isnan(numbers)
    problems: list[Problem] = []
    if missing.any():
        mend = "Deliver it for everyone drawn; who surely never took part is 0."
        problems.append(Problem(place, f"is missing for {int(missing.sum())} persons.", mend))
    other = int((~missing & (numbers != 0) & (numbers != 1)).sum())
    if other:
        mend = "Say by a rule made before the data who took part: 1, else 0."
        problems.append(Problem(place, f"is neither 0 nor 1 for {other} persons.", mend))
    if problems:
        raise DataError("take-up", problems)
    return numbers


def describe_compliance(treated: Floats, assigned: NDArray[np.int64]) -> str:
    """Who did not do as drawn.

    >>> describe_compliance(np.array([0.0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    'one-sided non-compliance: nobody in the control arm took part'
    """
    none_of_control = not treated[assigned == 0].any()
    all_of_treatment = bool(treated[assigned == 1].all())
    if none_of_control and all_of_treatment:
        return "full compliance: the effect is that of the lottery"
    if none_of_control:
        return "one-sided non-compliance: nobody in the control arm took part"
    if all_of_treatment:
        return "one-sided non-compliance: everyone in the treatment arm took part"
    return (
        "two-sided non-compliance: the effect is on compliers, provided that nobody takes "
        "part only when drawn to control"
    )


def describe_first_stage(fit: RatioFit) -> Iterator[str]:
    """What weakens or turns the effect of the lottery on taking part."""
    if fit.f_statistic < WEAK:
        yield "weak first stage (F below 10): only the Anderson-Rubin interval can be trusted"
    if fit.first_stage < 0:
        yield "the treatment arm took part less: the compliers are those who stay away when drawn"
