"""Effects and tests on their way through the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from jobeval.disclosure.complement import Level, hide_complements
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.notes import release_wordings
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import (
    ReleasedEstimate,
    ReleasedTakeUp,
    ReleasedTest,
    gate_token,
)
from jobeval.disclosure.rules import (
    is_disclosive_share,
    is_small,
    mean_decimals,
    round_count,
    round_share,
    round_significant,
)
from jobeval.results import OVER_SITES, Estimate, HypothesisTest

SHARE_DECIMALS = 3
OTHER_DECIMALS = 2
SHRUNKEN = "empirical Bayes"
COMPLEMENTARY = "complementary"
KEPT = (
    "analysis", "endpoint", "subgroup", "part", "estimator", "unit", "conf_level", "inference",
)  # fmt: skip
"""Names that pass the gate as they are."""
FEWEST_SITES = 3
FEWEST_SITES_HIDDEN = 4
"""Seven numbers tell of all sites at once, and each hidden site has two unknowns."""
TIED = ("direct", "spillover", "treated vs pure control", "total", "group ")
"""How parts begin that add up to each other, so that a hidden one takes the others along."""
QUANTILE = "quantile="
QUANTILE_DECIMALS = 1


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
        _level(effect, persons_apart(effect), bool(rule) or math.isnan(effect.estimate))
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


def release_effects(
    judged: Judged, families: Mapping[str, str], policy: Policy, ledger: Ledger
) -> tuple[ReleasedEstimate, ...]:
    """All effects: hidden or rounded. ``families`` names the family of each analysis.

    An adjusted p-value is a function of all p-values of its family, so that a hidden one
    takes the others' adjustment along.
    """
    pairs = list(zip(judged.effects, judged.rules, strict=True))
    broken = {
        families.get(e.analysis, "")
        for e, rule in pairs
        if rule and not e.subgroup and e.part not in OVER_SITES
    } - {""}
    released: list[ReleasedEstimate] = []
    for effect, rule in pairs:
        if rule:
            ledger.note(f"effects: {effect.analysis}", rule)
        elif families.get(effect.analysis) in broken and effect.p_value_adjusted >= 0:
            ledger.note(f"effects: {effect.analysis}", "family_with_hidden")
            effect = replace(effect, p_value_adjusted=math.nan)
        released.append(_release_estimate(effect, rule, policy))
    return tuple(released)


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


def _release_estimate(effect: Estimate, rule: str, policy: Policy) -> ReleasedEstimate:
    names = {name: getattr(effect, name) for name in KEPT}
    scale = "difference" if effect.scale == "difference" else "ratio"
    if rule:
        return ReleasedEstimate(token=gate_token(), suppressed=True, scale=scale, **names)
    point, low, high, error = _round_effect(effect, policy)
    control = _round_control_mean(effect, policy)
    return ReleasedEstimate(
        token=gate_token(),
        suppressed=False,
        scale=scale,
        **names,
        n_treatment=round_count(effect.n_treatment, policy.round_counts_to),
        n_control=round_count(effect.n_control, policy.round_counts_to),
        estimate=point,
        std_error=error,
        conf_low=low,
        conf_high=high,
        p_value=round_significant(effect.p_value, policy.significant_digits),
        p_value_adjusted=round_significant(effect.p_value_adjusted, policy.significant_digits),
        mean_control=control,
        mean_treatment=round(control + point, 6) if scale == "difference" else math.nan,
        detectable=_round_detectable(effect, policy),
        take_up=_release_take_up(effect, policy),
        notes=release_wordings(effect.notes),
    )


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


def _level(item: Estimate | HypothesisTest, apart: tuple[float, float], hidden: bool) -> Level:
    size = item.n_treatment + item.n_control if isinstance(item, Estimate) else sum(apart)
    pooled = isinstance(item, Estimate) and item.estimator == SHRUNKEN
    return Level(_analysis(item), item.subgroup, size, apart, not hidden, pooled)


def _round_effect(effect: Estimate, policy: Policy) -> tuple[float, float, float, float]:
    """The effect, the bounds of its interval and its standard error."""
    low, high = effect.confidence_interval()
    if effect.part.startswith(QUANTILE):
        point, low, high, error = (
            round(value, QUANTILE_DECIMALS)
            for value in (effect.estimate, low, high, effect.std_error)
        )
        return point, low, high, error
    if effect.scale == "difference":
        point, low, high, error = (
            _round_difference(value, effect.unit)
            for value in (effect.estimate, low, high, effect.std_error)
        )
        return point, low, high, error
    digits = policy.significant_digits
    point, low, high = (
        round_significant(math.exp(value), digits) for value in (effect.estimate, low, high)
    )
    return point, low, high, round_significant(effect.std_error, digits)


def _round_detectable(effect: Estimate, policy: Policy) -> float:
    """On the scale on which the effect is told."""
    detectable = effect.detectable_effect()
    if effect.scale == "log_ratio":
        return round_significant(math.exp(detectable), policy.significant_digits)
    return _round_difference(detectable, effect.unit)


def _release_take_up(effect: Estimate, policy: Policy) -> ReleasedTakeUp | None:
    """Shares on the grid of shares; those of few persons, or of all but few, are hidden."""
    told = effect.take_up
    if told is None:
        return None
    shares = [
        math.nan if is_disclosive_share(share, n, policy.min_count) and 0 < share < 1
        else round_share(share, n, policy.min_count)
        for share, n in (
            (told.share_treatment, effect.n_treatment), (told.share_control, effect.n_control)
        )
    ]  # fmt: skip
    return ReleasedTakeUp(
        token=gate_token(),
        share_treatment=shares[0],
        share_control=shares[1],
        first_stage=round(shares[0] - shares[1], SHARE_DECIMALS),
        f_statistic=round_significant(told.f_statistic, policy.significant_digits - 1),
        profile=tuple((name, round(own, 2), round(all_, 2)) for name, own, all_ in told.profile),
    )


def _round_difference(value: float, unit: str) -> float:
    return round(value, SHARE_DECIMALS if unit == "share" else OTHER_DECIMALS)


def _round_control_mean(effect: Estimate, policy: Policy) -> float:
    if effect.unit == "share":
        return round_share(effect.mean_control, effect.n_control, policy.min_count)
    if not math.isfinite(effect.mean_control):
        return math.nan
    if effect.part.startswith(QUANTILE):
        return round(effect.mean_control, QUANTILE_DECIMALS)
    decimals = mean_decimals(effect.n_control, policy.min_count)
    return round(effect.mean_control, min(decimals, OTHER_DECIMALS))


def release_tests(
    tests: tuple[HypothesisTest, ...], judged: Judged, policy: Policy, ledger: Ledger
) -> tuple[ReleasedTest, ...]:
    """All tests: hidden where few persons left in an arm, else at the significant digits.

    A test over sites is hidden when no site is shown.
    """
    hidden = [_hides_test(test, judged, policy) for test in tests]
    levels = [
        _level(test, _apart_of_test(test), hide) for test, hide in zip(tests, hidden, strict=True)
    ]
    complements = hide_complements(levels, policy.min_count)
    released: list[ReleasedTest] = []
    for test, hide in zip(tests, hidden, strict=True):
        told = (test.analysis, test.subgroup) in complements
        if hide or told:
            ledger.note(f"tests: {test.analysis}", "few_with_outcome" if hide else COMPLEMENTARY)
        released.append(_release_test(test, hide or told, policy))
    return tuple(released)


def _apart_of_test(test: HypothesisTest) -> tuple[float, float]:
    treatment, control = (
        math.nan if n is None else float(n) for n in (test.n_apart_treatment, test.n_apart_control)
    )
    return treatment, control


def _hides_test(test: HypothesisTest, judged: Judged, policy: Policy) -> bool:
    sites = judged.sites_shown(test.analysis)
    if test.n_apart_treatment is None and test.subgroup:  # over the levels of a column
        return not all(judged.levels_shown(test.analysis, test.subgroup))
    if test.n_apart_treatment is None and sites:  # a test over sites goes with the last of them
        return not any(sites)
    return not all(n >= policy.min_count for n in _apart_of_test(test))


def _release_test(test: HypothesisTest, hide: bool, policy: Policy) -> ReleasedTest:
    names = {name: getattr(test, name) for name in ("name", "endpoint", "subgroup", "analysis")}
    if hide:
        return ReleasedTest(token=gate_token(), suppressed=True, **names)
    digits = policy.significant_digits
    return ReleasedTest(
        token=gate_token(),
        **names,
        statistic=round_significant(test.statistic, digits),
        df=test.df,
        p_value=round_significant(test.p_value, digits),
    )
