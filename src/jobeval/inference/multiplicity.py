"""P-values of a family of tests, adjusted together: the front door."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import did_you_mean
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.step_down import step_down_max_t, step_down_min_p
from jobeval.results import EffectTable, with_adjusted_p

Floats = NDArray[np.float64]
Method = Literal[
    "holm", "bonferroni", "benjamini-hochberg", "sharpened-q", "westfall-young", "romano-wolf"
]
_STATSMODELS = {"bonferroni": "bonferroni", "benjamini-hochberg": "fdr_bh"}
STEP_DOWN = {"westfall-young": step_down_min_p, "romano-wolf": step_down_max_t}
"""The methods that need the family's statistics in the re-drawn lottery."""


@overload
def adjust_p_values(
    table_or_p_values: EffectTable, method: Method = "holm", *, redrawn: Redrawn | None = None
) -> EffectTable: ...


@overload
def adjust_p_values(
    table_or_p_values: Sequence[float] | NDArray[Any],
    method: Method = "holm",
    *,
    redrawn: Redrawn | None = None,
) -> Floats: ...


def adjust_p_values(
    table_or_p_values: EffectTable | Sequence[float] | NDArray[Any],
    method: Method = "holm",
    *,
    redrawn: Redrawn | None = None,
) -> EffectTable | Floats:
    """Adjust the p-values of one family of tests.

    Parameters
    ----------
    table_or_p_values
        Estimates that form one family, or ``m`` p-values. A ``nan`` is no test: it stays
        ``nan``, does not count, and gets a note in a table.
    method
        ``"holm"`` (Holm 1979) and ``"bonferroni"`` hold the chance of any false rejection,
        ``"benjamini-hochberg"`` (1995) the expected share of false ones, and ``"sharpened-q"``
        too, more sharply where many nulls are false (Benjamini, Krieger & Yekutieli 2006 as in
        Anderson 2008). ``"romano-wolf"`` (2005, 2016) and ``"westfall-young"`` (1993, on the
        smallest p-value) hold the chance of any false rejection, and gain power from tests
        that go together: they need ``redrawn``.
    redrawn
        The family's statistics in the re-drawn lottery, one column a test in the same order.
        The adjusted p-values come from these alone.

    Returns
    -------
    EffectTable or array of shape ``(m,)``
        Of what was given: a table with ``p_value_adjusted``, or adjusted p-values. Reject at
        level α where the adjusted value is at most α. No adjusted value is below the raw one,
        except for sharpened q, which may be when most nulls are rejected.

    Raises
    ------
    ValueError
        For an unknown method, a value outside 0 to 1, or draws that are missing, superfluous,
        or of another family.

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    >>> adjust_p_values([0.001, 0.01, 0.02, 0.5], "sharpened-q").round(4).tolist()
    [0.004, 0.0152, 0.0204, 0.1429]
    """
    _validate(method, redrawn)
    if isinstance(table_or_p_values, EffectTable):
        return _adjust_table(table_or_p_values, method, redrawn)
    values = np.array(table_or_p_values, dtype=float)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("p-values lie between 0 and 1")
    if redrawn is not None:
        return _adjust_by_draws(known, method, redrawn)
    values[known] = _adjust_known(values[known], method)
    return values


def validate_method(method: str) -> None:
    """Raise ``ValueError`` for a method that is not known."""
    if method not in get_args(Method):
        hint = did_you_mean(str(method), get_args(Method))
        raise ValueError(f"method {method!r} is unknown; {hint}")


def _validate(method: str, redrawn: Redrawn | None) -> None:
    validate_method(method)
    if method in STEP_DOWN and redrawn is None:
        raise ValueError(
            f'method="{method}" needs the family\'s statistics in the re-drawn lottery: give '
            'them as redrawn=, use estimate_family, or take method="holm"'
        )
    if method not in STEP_DOWN and redrawn is not None:
        raise ValueError(
            f'method="{method}" uses p-values alone: leave out redrawn, or take '
            'method="romano-wolf"'
        )


def _adjust_table(table: EffectTable, method: Method, redrawn: Redrawn | None) -> EffectTable:
    p_values = np.array([effect.p_value for effect in table])
    adjusted = adjust_p_values(p_values, method, redrawn=redrawn)
    note = "has no p-value and takes no part in its family of tests"
    return EffectTable(
        tuple(
            replace(effect, notes=(*effect.notes, note)) if np.isnan(p) else effect
            for effect, p in zip(with_adjusted_p(table, list(adjusted)), p_values, strict=True)
        )
    )


def _adjust_by_draws(known: NDArray[np.bool_], method: str, redrawn: Redrawn) -> Floats:
    if len(redrawn.observed) != len(known):
        raise ValueError(
            f"redrawn holds {len(redrawn.observed)} tests and the family {len(known)}: draw "
            "the same tests in the same order"
        )
    observed = np.where(known, redrawn.observed, np.nan)
    return STEP_DOWN[method](observed, redrawn.drawn, exact=redrawn.exact)


def _adjust_known(p_values: Floats, method: str) -> Floats:
    if not len(p_values):
        return p_values
    if method == "sharpened-q":
        return _sharpened_q(p_values)
    if method == "holm":
        return _holm(p_values)
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(p_values, method=_STATSMODELS[method])[1], dtype=float)


def _holm(p_values: Floats) -> Floats:
    """The smallest p-value times ``m``, the next times ``m − 1``, and so on, never falling."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def _sharpened_q(p_values: Floats) -> Floats:
    """The smallest q at which the two-stage procedure rejects each test.

    With ``u = q / (1 + q)``, stage one rejects the ``k`` tests whose Benjamini–Hochberg value
    ``b`` is at most ``u``, and stage two those with ``b (m − k) / m ≤ u`` (Benjamini, Krieger &
    Yekutieli 2006, definition 6; Anderson 2008, JASA 103, searches ``q`` in steps of .001). So
    while stage one rejects ``k``, a test is rejected from ``max(b₍ₖ₎, b (m − k) / m)`` on.
    """
    values = _adjust_known(p_values, "benjamini-hochberg")
    m = len(values)
    starts = np.concatenate([[0.0], np.sort(values)])
    ends = np.append(starts[1:], np.inf)
    share_left = 1 - np.arange(m + 1) / m
    threshold = np.maximum(starts, values[:, None] * share_left)
    smallest = np.where(threshold < ends, threshold, np.inf).min(axis=1)
    u = np.minimum(smallest, 0.5)
    return u / (1 - u)
