"""Families of tests: the worked example of 1995, and what has no p-value."""

import math

import numpy as np
import pytest

from jobeval.inference.multiplicity import adjust_effects, adjust_p_values
from jobeval.results import EffectTable, Estimate

BH_1995 = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719,
           .6528, .7590, 1]  # fmt: skip


@pytest.mark.parametrize("method, rejected", [("bonferroni", 3), ("benjamini-hochberg", 4)])
def test_benjamini_hochberg_1995(method: str, rejected: int) -> None:
    assert (adjust_p_values(BH_1995, method) <= 0.05).sum() == rejected


def test_holm_by_hand() -> None:
    found = adjust_p_values([0.01, 0.04, 0.03, 0.005])
    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("method", ["holm", "bonferroni", "benjamini-hochberg"])
def test_adjusted_is_never_below_raw(method: str) -> None:
    p = np.random.default_rng(1).uniform(size=50) ** 3
    adjusted = adjust_p_values(p, method)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()


def test_nan_is_no_test() -> None:
    found = adjust_p_values([0.01, math.nan, 0.04], "bonferroni")
    assert found.tolist() == pytest.approx([0.02, math.nan, 0.08], nan_ok=True)
    assert np.isnan(adjust_p_values([math.nan])).all()
    assert adjust_p_values([]).shape == (0,)


@pytest.mark.parametrize("p", [[1.1], [-0.1, math.nan]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_p_values(p)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="known: holm"):
        adjust_p_values([0.1], "hochberg")  # type: ignore[arg-type]


def effect(std_error: float) -> Estimate:
    return Estimate(
        endpoint="hours",
        estimand="itt",
        estimator="ANCOVA",
        contrast="b - a",
        estimate=2.0,
        std_error=std_error,
        n_treatment=5,
        n_control=5,
    )


def test_effects_of_one_family() -> None:
    table = adjust_effects(EffectTable((effect(1.0), effect(math.nan), effect(0.5))))
    first, gap, last = table
    assert last.p_value_adjusted == pytest.approx(2 * last.p_value)
    assert first.p_value_adjusted == pytest.approx(first.p_value)
    assert math.isnan(gap.p_value_adjusted)
    assert gap.notes == ("has no p-value and takes no part in its family of tests",)
    assert first.notes == ()
