"""Notes on their way through the gate: wording passes, numbers do not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jobeval.disclosure.rules import is_small, round_count

WORDINGS = {
    "outcome missing and left out": "persons without the outcome are left out",
    "between-site variance by Paule and Mandel": "between-site variance by Paule and Mandel",
    "robust standard error (Lin–Wei)": "robust standard error (Lin–Wei)",
    "fewer than 10 clusters": "few clusters: confirm by re-drawing the lottery",
    "the probability of treatment varies within strata": (
        "the probability of treatment varies within strata: weighted by its inverse"
    ),
    "strata differ in allocation:": (
        "strata differ in allocation: weighted by its inverse, so that the effect is the "
        "average over everyone drawn"
    ),
    "covariate ": "covariates that add nothing are left out",
    "an association between places": (
        "an association between places, not a causal effect: fidelity was not drawn by lot"
    ),
    "the sites are more alike": (
        "the sites are more alike than chance makes them, so that the interval is narrow"
    ),
    "the strata of the lottery are left out": "the strata of the lottery are left out",
    "values above the ": "the largest values of both arms are set to one of their quantiles",
    "exploratory: the groups were found": (
        "exploratory: the groups were found in the data, each time in one half of it"
    ),
    "a sensitivity analysis: holds if missing": (
        "a sensitivity analysis: holds if missing depends on the covariates alone"
    ),
    "no outcome is missing": "no outcome is missing: the bounds are the effect",
    "fewer than 10 groups": "few groups: confirm by re-drawing the lottery",
    "the share drawn is far": "in some groups the share drawn is far from the saturation",
    "full compliance": "full compliance: the effect is that of the lottery",
    "one-sided non-compliance: nobody": (
        "one-sided non-compliance: nobody in the control arm took part"
    ),
    "one-sided non-compliance: everyone": (
        "one-sided non-compliance: everyone in the treatment arm took part"
    ),
    "two-sided non-compliance": "two-sided non-compliance: the effect is on compliers",
    "ratio of averages over everyone": "strata count by their compliers",
    "weak first stage": "weak first stage: only the Anderson-Rubin interval can be trusted",
    "the accepted effects are not connected": "the accepted effects are not connected",
    "the interval is unbounded": (
        "the interval is unbounded: the data do not tell that the lottery moved take-up"
    ),
    "the treatment arm took part less": (
        "the treatment arm took part less: compliers are those who stay away when drawn"
    ),
    "not causal": "not causal: the lottery does not protect the comparison",
    "strata differ in allocation and are weighted by Mantel": (
        "strata are weighted by Mantel and Haenszel, not by everyone drawn"
    ),
    "separation": "separation: penalised by Firth's method",
    "not testable": "not testable: everyone has the same outcome",
    "not an effect": "not an effect: those above zero in one arm are not those in the other",
    "capped at the ": "the largest values of both arms are set to one of their quantiles",
    "both quantiles are one value": "both quantiles are one value: no p-value",
    "the interval has no width": (
        "the interval has no width: chance does not reach the edge of equal outcomes"
    ),
    "too few persons lie beyond": ("too few persons lie beyond the quantile to close the interval"),
    "index of the outcomes that are known": (
        "who lacks some outcomes of the index counts by those that are known"
    ),
    "index weight below zero": "an outcome that the others imply counts below zero in the index",
    "not estimable": "not estimable",
    "standard error not estimable": "not estimable",
}
"""How a note of an estimate begins, and what is said of it outside."""

_NUMBER = re.compile(r"p < 0\.\d+|(?<!\w)\d+(?:,\d{3})*(?:\.\d+)?")


def release_wordings(notes: Iterable[str]) -> tuple[str, ...]:
    """Notes of an estimate without counts or statistics; unknown ones are left out.

    >>> release_wordings(["outcome missing and left out: 15 of 408 in the treatment arm", "3 t"])
    ('persons without the outcome are left out',)
    """
    said = (
        wording for note in notes for start, wording in WORDINGS.items() if note.startswith(start)
    )
    return tuple(dict.fromkeys(said))


def round_numbers(text: str, least: int, base: int) -> str:
    """A note on the data with its counts rounded, the small ones hidden.

    Percentages are treated alike, since they may be of few; thresholds (``p < 0.001``) stay.

    >>> round_numbers("1,204 rows, 3-4 late (week 2); 3. 6.1% of 38", 5, 5)
    '1205 rows, fewer than 5-fewer than 5 late (week fewer than 5); fewer than 5. 5% of 40'
    """

    def rounded(found: re.Match[str]) -> str:
        token = found.group()
        if token.startswith("p"):
            return token
        value = float(token.replace(",", ""))
        return f"fewer than {least}" if is_small(value, least) else str(round_count(value, base))

    return _NUMBER.sub(rounded, text)
