"""Fidelity and effect: do places that follow the method more closely have larger effects?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.groups.site_effects import add_sizes, known_effects, read_site_effects
from jobeval.errors import DataError, DesignError, Problem
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.regression.random_effects import RandomEffects, fit_random_effects
from jobeval.results import EffectTable, Estimate

Floats = NDArray[np.float64]
NOT_CAUSAL = (
    "an association between places, not a causal effect: fidelity was not drawn by lot, and "
    "places that follow the method may differ in other ways"
)


def estimate_fidelity(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    site: str,
    fidelity: str | Mapping[Any, float],
    *,
    conf_level: float = 0.95,
) -> Estimate:
    """Regress the sites' effects on how faithfully each site delivered.

    Parameters
    ----------
    site
        Column of the site, without missing values.
    fidelity
        Column of the score, the same for all persons of a site, or the sites' scores by
        their name. A site without a score is left out, with a note.
    frame, outcome, lottery, conf_level
        As for ``estimate_itt``.

    Returns
    -------
    Estimate
        ``part`` ``"slope"``: the difference in effect that goes with one more unit of
        fidelity. It is an association between places and says so in its notes.

    Raises
    ------
    DataError
        When the score varies within a site, is no number, or names sites that are not there.
    DesignError
        With fewer than three sites, or the same score in all.

    Notes
    -----
    Mixed-effects meta-regression of the raw site effects: weights ``1 / (vᵢ + τ²)`` with
    ``τ²`` by REML, error by Knapp & Hartung (2003), t with ``k − 2`` degrees of freedom.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": ["c", "c", "t", "t"] * 3, "site": list("aaaabbbbcccc"),
    ...     "hours": [0, 2, 2, 4, 0, 2, 4, 6, 0, 2, 7, 9]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> found = estimate_fidelity(frame, "hours", lottery, "site", {"a": 1, "b": 2, "c": 3})
    >>> round(found.estimate, 9), found.df  # effects 2, 4 and 7
    (2.5, 1.0)
    """
    raw = read_site_effects(frame, outcome, lottery, site, conf_level)
    scores = _read_scores(frame, site, fidelity, raw)
    known, estimates, errors = known_effects(raw)
    used = known & ~np.isnan(scores)
    scored = used[known]
    found = _fit_slope(estimates[scored], errors[scored], scores[used])
    name = fidelity if isinstance(fidelity, str) else "fidelity"
    return _slope(raw, used, found, outcome, lottery, name, conf_level)


def _read_scores(
    frame: Any, site: str, fidelity: str | Mapping[Any, float], raw: EffectTable
) -> Floats:
    """The score of each site of ``raw``, shape ``(k,)``, ``nan`` where there is none."""
    labels = [effect.subgroup.removeprefix(f"{site}=") for effect in raw]
    if isinstance(fidelity, str):
        columns = read_columns(frame, (site, fidelity))
        given = _constant_scores(columns[site], columns[fidelity], fidelity)
    else:
        given = {_label(key): float(value) for key, value in fidelity.items()}
        strangers = len(set(given) - set(labels))
        if strangers:
            rule = f"{strangers} of the names are no site in column {site!r}."
            raise DataError("fidelity", [Problem("fidelity", rule, "Use the sites' own names.")])
    return np.array([given.get(label, math.nan) for label in labels])


def _constant_scores(sites: NDArray[Any], scores: NDArray[Any], name: str) -> dict[str, float]:
    place = f"column {name!r}"
    if scores.dtype.kind not in "biuf":
        problem = Problem(place, "is not a column of numbers.", "Deliver it as numbers.")
        raise DataError("fidelity", [problem])
    pairs = {(_label(s), float(v)) for s, v in zip(sites, scores, strict=True) if v == v}
    found = dict(pairs)
    if len(found) < len(pairs):
        rule = f"has more than one value in some of the {len(found)} sites."
        mend = "Fidelity belongs to a place: deliver one score a site."
        raise DataError("fidelity", [Problem(place, rule, mend)])
    return found


def _label(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, int | float | np.number) else str(value)


def _fit_slope(estimates: Floats, errors: Floats, scores: Floats) -> RandomEffects:
    if len(scores) < 3:
        raise DesignError(
            f"{len(scores)} sites have both an effect and a score, and a line with an error "
            "needs three. Mend: deliver more scores, or merge strata within the sites."
        )
    if np.ptp(scores) == 0:
        raise DesignError("all sites have the same fidelity, so there is nothing to compare.")
    return fit_random_effects(estimates, errors, np.column_stack([np.ones(len(scores)), scores]))


def _slope(
    raw: EffectTable,
    used: NDArray[np.bool_],
    found: RandomEffects,
    outcome: str,
    lottery: Lottery,
    name: str,
    conf_level: float,
) -> Estimate:
    sites = [effect for effect, stays in zip(raw, used, strict=True) if stays]
    error = float(found.scaled_error[1])
    exact = error <= 1e-12 * max(abs(float(found.coef[1])), float(found.std_error[1]))
    flat = ("not estimable: the sites' effects lie on the line exactly",) if exact else ()
    return Estimate(
        endpoint=outcome,
        estimand=f"slope of the effect on {name}",
        estimator="meta-regression (REML, Knapp-Hartung)",
        contrast=lottery.contrast,
        part="slope",
        estimate=float(found.coef[1]),
        std_error=math.nan if exact else error,
        df=float(found.df),
        **add_sizes(sites),
        conf_level=conf_level,
        notes=(NOT_CAUSAL, f"over {len(sites)} of {len(raw)} sites", *flat),
    )
