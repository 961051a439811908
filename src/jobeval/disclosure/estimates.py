"""Effects and tests on their way through the gate."""

from __future__ import annotations

import math

from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import ReleasedEstimate, ReleasedTest, gate_token
from jobeval.disclosure.rules import (
    hide_small_numbers,
    is_disclosive_share,
    is_small,
    mean_decimals,
    round_count,
    round_share,
    round_significant,
)
from jobeval.results import Estimate, HypothesisTest

SHARE_DECIMALS = 3
OTHER_DECIMALS = 2


def release_estimate(effect: Estimate, policy: Policy, ledger: Ledger) -> ReleasedEstimate:
    """One effect: hidden when a group or an outcome count is small, else rounded."""
    names = {
        name: getattr(effect, name)
        for name in ("analysis", "endpoint", "subgroup", "estimator", "unit", "conf_level")
    }
    scale = "difference" if effect.scale == "difference" else "ratio"
    rule = _hiding_rule(effect, policy)
    if rule:
        ledger.note(f"effects: {effect.analysis}", rule)
        return ReleasedEstimate(token=gate_token(), suppressed=True, scale=scale, **names)
    low, high = effect.confidence_interval()
    if scale == "ratio":
        digits = policy.significant_digits
        point, low, high = (
            round_significant(math.exp(value), digits) for value in (effect.estimate, low, high)
        )
        error = round_significant(effect.std_error, digits)
    else:
        point, low, high, error = (
            _round_difference(value, effect.unit)
            for value in (effect.estimate, low, high, effect.std_error)
        )
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
        notes=tuple(hide_small_numbers(note, policy.min_count) for note in effect.notes),
    )


def _hiding_rule(effect: Estimate, policy: Policy) -> str:
    """The rule that hides this effect, or an empty text."""
    arms = ((effect.mean_treatment, effect.n_treatment), (effect.mean_control, effect.n_control))
    if any(is_small(n, policy.min_count) for _, n in arms):
        return "few_persons"
    if effect.unit == "share" and any(
        math.isfinite(mean) and n > 0 and is_disclosive_share(mean, n, policy.min_count)
        for mean, n in arms
    ):
        return "few_with_outcome"
    return ""


def _round_difference(value: float, unit: str) -> float:
    return round(value, SHARE_DECIMALS if unit == "share" else OTHER_DECIMALS)


def _round_control_mean(effect: Estimate, policy: Policy) -> float:
    if effect.unit == "share":
        return round_share(effect.mean_control, effect.n_control, policy.min_count)
    if not math.isfinite(effect.mean_control):
        return math.nan
    decimals = mean_decimals(effect.n_control, policy.min_count)
    return round(effect.mean_control, min(decimals, OTHER_DECIMALS))


def release_test(test: HypothesisTest, policy: Policy) -> ReleasedTest:
    """One test, at the policy's significant digits."""
    digits = policy.significant_digits
    return ReleasedTest(
        token=gate_token(),
        name=test.name,
        endpoint=test.endpoint,
        subgroup=test.subgroup,
        analysis=test.analysis,
        statistic=round_significant(test.statistic, digits),
        df=test.df,
        p_value=round_significant(test.p_value, digits),
    )
