"""Effects and tests on their way through the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from jobeval.disclosure.complement import hide_complements
from jobeval.disclosure.judging import COMPLEMENTARY, QUANTILE, Judged, level_of, place_of
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
    mean_decimals,
    round_count,
    round_share,
    round_significant,
)
from jobeval.results import OVER_SITES, Estimate, HypothesisTest

SHARE_DECIMALS = 3
OTHER_DECIMALS = 2
KEPT = (
    "analysis", "endpoint", "subgroup", "part", "estimator", "unit", "conf_level", "inference",
)  # fmt: skip
"""Names that pass the gate as they are."""
KEPT_OF_TEST = (
    "name", "endpoint", "subgroup", "analysis", "part", "inference", "draws", "exact",
)  # fmt: skip
QUANTILE_DECIMALS = 1


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
        if rule and e.p_value_adjusted >= 0 and not e.subgroup and e.part not in OVER_SITES
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


def _release_estimate(effect: Estimate, rule: str, policy: Policy) -> ReleasedEstimate:
    names = {name: getattr(effect, name) for name in KEPT}
    scale = "difference" if effect.scale == "difference" else "ratio"
    if rule:
        return ReleasedEstimate(token=gate_token(), suppressed=True, scale=scale, **names)
    point, low, high, error = _round_effect(effect, policy)
    control = _round_mean(effect, effect.mean_control, effect.n_control, policy)
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
        mean_treatment=_treatment_mean(effect, control, point, policy),
        detectable=_round_detectable(effect, policy),
        take_up=_release_take_up(effect, policy),
        notes=release_wordings(effect.notes),
    )


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


def _treatment_mean(effect: Estimate, control: float, point: float, policy: Policy) -> float:
    """The control mean plus the effect, so that the three agree; of rates the arm's own."""
    if effect.unit == "rate_ratio":
        return _round_mean(effect, effect.mean_treatment, effect.n_treatment, policy)
    return round(control + point, 6) if effect.scale == "difference" else math.nan


def _round_mean(effect: Estimate, mean: float, n: float, policy: Policy) -> float:
    if effect.unit == "share":
        return round_share(mean, n, policy.min_count)
    if not math.isfinite(mean):
        return math.nan
    if effect.part.startswith(QUANTILE):
        return round(mean, QUANTILE_DECIMALS)
    return round(mean, min(mean_decimals(n, policy.min_count), OTHER_DECIMALS))


def release_tests(
    tests: tuple[HypothesisTest, ...], judged: Judged, policy: Policy, ledger: Ledger
) -> tuple[ReleasedTest, ...]:
    """All tests: hidden where few persons left in an arm, else at the significant digits.

    A test over sites is hidden when no site is shown.
    """
    hidden = [_hides_test(test, judged, policy) for test in tests]
    levels = [
        level_of(test, _apart_of_test(test), hide) for test, hide in zip(tests, hidden, strict=True)
    ]
    complements = hide_complements(levels, policy.min_count)
    released: list[ReleasedTest] = []
    for test, hide in zip(tests, hidden, strict=True):
        told = (place_of(test), test.subgroup) in complements
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
    periods = judged.periods_shown(test.analysis, test.subgroup)
    if test.n_apart_treatment is None and periods:  # over the periods of one analysis
        return not all(periods)
    if test.n_apart_treatment is None and test.subgroup:  # over the levels of a column
        return not all(judged.levels_shown(test.analysis, test.subgroup))
    if test.n_apart_treatment is None and sites:  # a test over sites goes with the last of them
        return not any(sites)
    return not all(n >= policy.min_count for n in _apart_of_test(test))


def _release_test(test: HypothesisTest, hide: bool, policy: Policy) -> ReleasedTest:
    names = {name: getattr(test, name) for name in KEPT_OF_TEST}
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
