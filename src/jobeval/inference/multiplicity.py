"""P-values of a family of tests, adjusted together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.results import EffectTable, with_adjusted_p

Method = Literal["holm", "bonferroni", "benjamini-hochberg"]
_STATSMODELS = {"holm": "holm", "bonferroni": "bonferroni", "benjamini-hochberg": "fdr_bh"}


def adjust_p_values(
    p_values: Sequence[float] | NDArray[Any], method: Method = "holm"
) -> NDArray[np.float64]:
    """Adjust the p-values of one family.

    Parameters
    ----------
    p_values
        Shape ``(m,)``. A ``nan`` is no test: it stays ``nan`` and does not count in ``m``.
    method
        ``"holm"`` (Holm 1979) and ``"bonferroni"`` hold the chance of any false rejection,
        ``"benjamini-hochberg"`` (1995) the expected share of false ones.

    Returns
    -------
    Shape ``(m,)``: reject at level α where the adjusted value is at most α.

    Raises
    ------
    ValueError
        For an unknown method, or a value outside 0 to 1.

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    """
    if method not in _STATSMODELS:
        raise ValueError(f"method {method!r} is unknown; known: {', '.join(_STATSMODELS)}")
    values = np.array(p_values, dtype=float)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("p-values lie between 0 and 1")
    if known.any():
        from statsmodels.stats.multitest import multipletests

        values[known] = multipletests(values[known], method=_STATSMODELS[method])[1]
    return values


def adjust_effects(table: EffectTable, method: Method = "holm") -> EffectTable:
    """Fill ``p_value_adjusted`` of estimates that form one family.

    Parameters
    ----------
    table
        The family; an estimate without a p-value stays out of it, with a note.
    method
        As for ``adjust_p_values``.

    Examples
    --------
    >>> adjust_effects(EffectTable(())).estimates
    ()
    """
    p_values = np.array([effect.p_value for effect in table])
    adjusted = with_adjusted_p(table, list(adjust_p_values(p_values, method)))
    note = "has no p-value and takes no part in its family of tests"
    return EffectTable(
        tuple(
            replace(effect, notes=(*effect.notes, note)) if np.isnan(p) else effect
            for effect, p in zip(adjusted, p_values, strict=True)
        )
    )
