"""Which effects may not leave the building, and what would tell of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jobeval.disclosure.complement import Level, hide_complements, hide_more
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.rules import is_small
from jobeval.results import OVER_SITES, Estimate, HypothesisTest

SHRUNKEN = "empirical Bayes"
COMPLEMENTARY = "complementary"
FEW_BETWEEN = "few_between_parts"
FEWEST_SITES = 3
FEWEST_SITES_HIDDEN = 4
"""Seven numbers tell of all sites at once, and each hidden site has two unknowns."""
TIED = ("direct", "spillover", "treated vs pure control", "total", "group ")
"""How parts begin that add up to each other, so that a hidden one takes the others along."""
SUMS = ("area under", "expected weeks")
"""How estimators of weeks in states begin: over the states, differences add up to 0."""
PERIOD = "weeks "
"""How parts for periods begin; weighted, they make up the ratio for all weeks."""
QUANTILE = "quantile="
TWIN_DECIMALS = 6
_HEIGHT = re.compile(r"(week=|>=|>)\d+(\.\d+)?")
"""What tells apart parts of which the persons of one are among those of the next."""


class Judged(NamedTuple):
    """The effects of an evaluation, and for each the rule that hides it, or an empty text."""

    effects: tuple[Estimate, ...]
    rules: tuple[str, ...]

    def sites_shown(self, analysis: str) -> list[bool]:
        """Whether each site's shrunken effect in this analysis is shown."""
        return [
            not rule
            for effect, rule in zip(self.effects, self.rules, strict=True)
            if effect.analysis == analysis and effect.estimator == SHRUNKEN
        ]

    def with_sites_hidden(self) -> Judged:
        """The same, without what would tell of the sites that are not shown."""
        rules = [
            rule or (_rule_over_sites(self.sites_shown(effect.analysis))
                     if effect.part in OVER_SITES else "")
            for effect, rule in zip(self.effects, self.rules, strict=True)
        ]  # fmt: skip
        return Judged(self.effects, tuple(rules))

    def levels_shown(self, analysis: str, column: str) -> list[bool]:
        """Whether each level's effect in this analysis is shown; one ``False`` for none."""
        return [
            not rule
            for effect, rule in zip(self.effects, self.rules, strict=True)
            if effect.analysis == analysis and effect.subgroup.startswith(f"{column}=")
        ] or [False]

    def periods_shown(self, analysis: str, subgroup: str) -> list[bool]:
        """Whether each period's ratio in this analysis and subgroup is shown."""
        return [
            not rule
            for effect, rule in zip(self.effects, self.rules, strict=True)
            if (effect.analysis, effect.subgroup) == (analysis, subgroup)
            and effect.part.startswith(PERIOD)
        ]

    def few_left(self) -> frozenset[tuple[str, str]]:
        """Endpoints and subgroups that have a hidden ratio of rates over all weeks."""
        return frozenset(
            (effect.endpoint, effect.subgroup)
            for effect, rule in zip(self.effects, self.rules, strict=True)
            if rule and effect.unit == "hazard_ratio" and not effect.part
        )

    def analyses_hidden(self) -> frozenset[str]:
        """Analyses of which no effect is shown."""
        shown = {e.analysis for e, rule in zip(self.effects, self.rules, strict=True) if not rule}
        return frozenset(e.analysis for e in self.effects) - shown


def judge_effects(effects: tuple[Estimate, ...], policy: Policy) -> Judged:
    """Decide which effects are hidden, those that would tell hidden ones included."""
    rules = _hide_nested(effects, [_hiding_rule(effect, policy) for effect in effects], policy)
    known: list[str] = []
    while known != rules:
        known = rules
        for hide in (_hide_levels, _hide_sums):
            rules = hide(effects, rules, policy)
        rules = _hide_tied(effects, rules)
    return Judged(effects, tuple(rules)).with_sites_hidden()


def _hide_levels(effects: Sequence[Estimate], rules: list[str], policy: Policy) -> list[str]:
    """The rules, and one for the levels that would tell a hidden level of their column."""
    levels = [
        level_of(effect, persons_apart(effect), bool(rule) or math.isnan(effect.estimate))
        for effect, rule in zip(effects, rules, strict=True)
    ]
    complements = hide_complements(levels, policy.min_count)
    return [
        rule or (COMPLEMENTARY if (place_of(effect), effect.subgroup) in complements else "")
        for effect, rule in zip(effects, rules, strict=True)
    ]


def _hide_sums(effects: Sequence[Estimate], rules: list[str], policy: Policy) -> list[str]:
    """The rules, and one for the parts that would tell a hidden part by what all add up to.

    A part that another analysis tells as well is of no use, and hidden last.
    """
    told, elsewhere = list(rules), _told_twice(effects)
    for places in _together(effects, _sum_of):
        hidden = np.array([bool(rules[i]) for i in places])
        apart = np.array([persons_apart(effects[i]) for i in places])
        sizes = np.nan_to_num(apart).sum(axis=1)
        sizes[[i in elsewhere for i in places]] += sizes.sum()
        for i, hide in zip(places, hide_more(hidden, sizes, apart, policy.min_count), strict=True):
            told[i] = told[i] or (COMPLEMENTARY if hide else "")
    return told


def _told_twice(effects: Sequence[Estimate]) -> set[int]:
    """Positions of differences that another analysis has too: weeks in work, and until work."""
    found: dict[tuple[str, str, float], list[int]] = {}
    for position, effect in enumerate(effects):
        if effect.estimate != 0 and math.isfinite(effect.estimate):
            size = round(abs(effect.estimate), TWIN_DECIMALS)
            found.setdefault((effect.subgroup, effect.unit, size), []).append(position)
    return {
        position
        for places in found.values()
        if len({effects[i].analysis for i in places}) > 1
        for position in places
    }


def _sum_of(effect: Estimate) -> str:
    if effect.part.startswith(PERIOD):
        return PERIOD
    return effect.estimator if effect.part and effect.estimator.startswith(SUMS) else ""


def _hide_nested(effects: Sequence[Estimate], rules: list[str], policy: Policy) -> list[str]:
    """The rules, and one for parts that few persons tell from a shown part around them."""
    told = list(rules)
    for places in _together(effects, _nest_of):
        shown: list[tuple[float, float]] = []
        for i in sorted(places, key=lambda i: -sum(persons_apart(effects[i]))):
            own = _persons_with(effects[i])
            if not told[i] and any(
                is_small(abs(mine - others), policy.min_count)
                for around in shown
                for mine, others in zip(own, around, strict=True)
            ):
                told[i] = FEW_BETWEEN
            elif not told[i]:
                shown.append(own)
    return told


def _nest_of(effect: Estimate) -> str:
    """The part without its height; of those who are the same persons at each height."""
    base, found = _HEIGHT.subn("", effect.part)
    return f"{base} of {effect.n_treatment} and {effect.n_control}" if found else ""


def _persons_with(effect: Estimate) -> tuple[float, float]:
    """Persons with the outcome, where ``n_apart`` may count those without."""
    counts = (
        min((apart, n - apart), key=lambda count: abs(count - mean * n))
        for apart, mean, n in zip(
            persons_apart(effect),
            (effect.mean_treatment, effect.mean_control),
            (effect.n_treatment, effect.n_control),
            strict=True,
        )
    )
    treatment, control = counts
    return treatment, control


def _together(effects: Sequence[Estimate], key: Callable[[Estimate], str]) -> Iterable[list[int]]:
    """Positions of the effects of one analysis, subgroup and key; those without are left out."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for position, effect in enumerate(effects):
        if name := key(effect):
            found.setdefault((effect.analysis, effect.subgroup, name), []).append(position)
    return found.values()


def _hide_tied(effects: Sequence[Estimate], rules: list[str]) -> list[str]:
    """The rules, and one for the parts that would tell a hidden part of their analysis."""
    pairs = list(zip(effects, rules, strict=True))
    broken = {e.analysis for e, rule in pairs if rule and e.part.startswith(TIED)}
    return [
        rule or (COMPLEMENTARY if e.analysis in broken and e.part.startswith(TIED) else "")
        for e, rule in pairs
    ]


def _rule_over_sites(shown: list[bool]) -> str:
    if sum(shown) < FEWEST_SITES:
        return "few_sites"
    hidden = len(shown) - sum(shown)
    return COMPLEMENTARY if 0 < hidden < FEWEST_SITES_HIDDEN else ""


def place_of(item: Estimate | HypothesisTest) -> str:
    """What levels of one column belong to: the analysis, and the part of it."""
    return f"{item.analysis} {item.part}" if item.part else item.analysis


def persons_apart(effect: Estimate) -> tuple[float, float]:
    """Persons of treatment and control on whom the effect rests; ``nan`` where unknown.

    A share tells of itself: those who have the outcome or those who lack it, the fewer.
    """
    counted = (effect.n_apart_treatment, effect.n_apart_control)
    arms = ((effect.mean_treatment, effect.n_treatment), (effect.mean_control, effect.n_control))
    told = tuple(
        round(min(mean, 1 - mean) * n, 6) if effect.unit == "share" else math.nan
        for mean, n in arms
    )
    treatment, control = (
        share if count is None else float(count) for count, share in zip(counted, told, strict=True)
    )
    return treatment, control


def _hiding_rule(effect: Estimate, policy: Policy) -> str:
    """The rule that hides this effect on its own account, or an empty text.

    Where it is unknown on how many persons a number rests, there is no number.
    """
    if any(is_small(n, policy.min_count) for n in (effect.n_treatment, effect.n_control)):
        return "few_persons"
    if _tells_an_extreme(effect, policy):
        return "few_beyond_quantile"
    unknown = (effect.n_apart_treatment, effect.n_apart_control) == (None, None)
    if unknown and math.isnan(effect.estimate) and math.isnan(effect.mean_control):
        return ""
    rests_on = persons_apart(effect)
    return "" if all(n >= policy.min_count for n in rests_on) else "few_with_outcome"


def _tells_an_extreme(effect: Estimate, policy: Policy) -> bool:
    """Whether fewer persons of an arm than the policy asks for lie beyond a quantile."""
    if not effect.part.startswith(QUANTILE):
        return False
    quantile = float(effect.part.removeprefix(QUANTILE))
    beyond = min(quantile, 1 - quantile) * min(effect.n_treatment, effect.n_control)
    return beyond < policy.min_count


def level_of(item: Estimate | HypothesisTest, apart: tuple[float, float], hidden: bool) -> Level:
    size = item.n_treatment + item.n_control if isinstance(item, Estimate) else sum(apart)
    pooled = isinstance(item, Estimate) and item.estimator == SHRUNKEN
    return Level(place_of(item), item.subgroup, size, apart, not hidden, pooled)
