"""Which effects may not leave the building, and what would tell of them."""

from __future__ import annotations

import math
from typing import NamedTuple

from jobeval.disclosure.complement import Level, hide_complements
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.rules import is_small
from jobeval.results import OVER_SITES, Estimate, HypothesisTest

SHRUNKEN = "empirical Bayes"
COMPLEMENTARY = "complementary"
FEWEST_SITES = 3
FEWEST_SITES_HIDDEN = 4
"""Seven numbers tell of all sites at once, and each hidden site has two unknowns."""
TIED = ("direct", "spillover", "treated vs pure control", "total", "group ")
"""How parts begin that add up to each other, so that a hidden one takes the others along."""
QUANTILE = "quantile="


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


def judge_effects(effects: tuple[Estimate, ...], policy: Policy) -> Judged:
    """Decide which effects are hidden, those that would tell hidden ones included."""
    rules = [_hiding_rule(effect, policy) for effect in effects]
    levels = [
        level_of(effect, persons_apart(effect), bool(rule) or math.isnan(effect.estimate))
        for effect, rule in zip(effects, rules, strict=True)
    ]
    complements = hide_complements(levels, policy.min_count)
    for position, effect in enumerate(effects):
        if (_analysis(effect), effect.subgroup) in complements and not rules[position]:
            rules[position] = COMPLEMENTARY
    return Judged(effects, tuple(_hide_tied(effects, rules))).with_sites_hidden()


def _hide_tied(effects: tuple[Estimate, ...], rules: list[str]) -> list[str]:
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


def _analysis(item: Estimate | HypothesisTest) -> str:
    """What levels of one column belong to: the analysis, and the part of it."""
    part = item.part if isinstance(item, Estimate) else ""
    return f"{item.analysis} {part}" if part else item.analysis


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
    return Level(_analysis(item), item.subgroup, size, apart, not hidden, pooled)
