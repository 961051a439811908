"""Sorted group effects: honest, reproducible, and true to the lottery."""

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.groups.sorted_groups import estimate_sorted_groups
from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery

PERSONS = Lottery(arm="arm", treatment="t", control="c")
STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")
CLUSTERS = Lottery(arm="arm", treatment="t", control="c", clusters="office")
COMMON = {"covariates": ["age"], "groups": 3, "splits": 15, "seed": 4}


def draw(seed: int = 1, n: int = 900, slope: float = 0.5, noise: float = 1.0) -> pd.DataFrame:
    """Sites with shares .25, .5 and .75; the effect is ``slope`` for each year over 40."""
    rng = np.random.default_rng(seed)
    site = np.arange(n) % 3
    arm = rng.permuted(np.arange(n) // 3 % 4) < site + 1
    age = rng.uniform(30, 60, n)
    hours = 3.0 * site + slope * (age - 40) * arm + rng.normal(0, noise, n)
    office = np.where(arm, 100, 0) + rng.integers(0, 20, n)
    return pd.DataFrame(
        {"arm": np.where(arm, "t", "c"), "site": site, "age": age, "hours": hours,
         "office": office}
    )  # fmt: skip


@pytest.mark.parametrize("lottery", [STRATA, CLUSTERS], ids=["strata", "clusters"])
def test_groups_are_sorted_by_their_effect(lottery: Lottery) -> None:
    """Ages 35, 45 and 55 on average: effects −2.5, 2.5 and 7.5, though arms differ by site."""
    frame = draw()
    if lottery is CLUSTERS:  # a lottery of offices has no allocation by site
        frame["hours"] -= 3.0 * frame["site"]
    table = estimate_sorted_groups(frame, "hours", lottery, **COMMON)
    assert [effect.part for effect in table] == [
        "group 1 of 3", "group 2 of 3", "group 3 of 3", "group 3 - group 1",
    ]  # fmt: skip
    found = [effect.estimate for effect in table]
    assert found == pytest.approx([-2.5, 2.5, 7.5, 10], abs=0.8)
    for effect in table:
        low, high = effect.confidence_interval()
        assert low < effect.estimate < high
        assert "exploratory" in effect.notes[-1]
    assert table[3].p_value < 1e-6


def test_the_groups_average_to_the_effect_on_everyone() -> None:
    frame = draw(slope=0.0, noise=3.0)
    everyone = estimate_itt(frame, "hours", STRATA)
    table = estimate_sorted_groups(frame, "hours", STRATA, **COMMON)
    mean = np.mean([effect.estimate for effect in table.estimates[:3]])
    assert mean == pytest.approx(everyone.estimate, abs=1.5 * everyone.std_error)
    assert table[3].p_value > 0.05


def test_the_seed_says_all() -> None:
    frame = draw()
    one = estimate_sorted_groups(frame, "hours", STRATA, **COMMON)
    assert one == estimate_sorted_groups(frame, "hours", STRATA, **COMMON)
    other = estimate_sorted_groups(frame, "hours", STRATA, **{**COMMON, "seed": 5})
    assert other[0].estimate != one[0].estimate


def test_swapped_arms_reverse_the_groups() -> None:
    swapped = Lottery(arm="arm", treatment="c", control="t")
    frame = draw()
    frame["hours"] -= 3.0 * frame["site"]
    one = estimate_sorted_groups(frame, "hours", PERSONS, **COMMON)
    two = estimate_sorted_groups(frame, "hours", swapped, **COMMON)
    assert two[3].estimate == pytest.approx(one[3].estimate, rel=0.05)
    assert two[0].estimate == pytest.approx(-one[2].estimate, rel=0.05)


def test_a_linear_change_of_the_outcome() -> None:
    frame = draw()
    changed = frame.assign(hours=10 * frame["hours"] + 7)
    one = estimate_sorted_groups(frame, "hours", STRATA, **COMMON)
    two = estimate_sorted_groups(changed, "hours", STRATA, **COMMON)
    for a, b in zip(one, two, strict=True):
        assert b.estimate == pytest.approx(10 * a.estimate, rel=1e-7)
        assert b.p_value == pytest.approx(a.p_value, rel=1e-6, abs=1e-12)


def test_sizes_are_those_of_a_half() -> None:
    table = estimate_sorted_groups(draw(), "hours", STRATA, **COMMON)
    assert sum(e.n_treatment + e.n_control for e in table.estimates[:3]) == pytest.approx(
        450, abs=4
    )
    assert table[3].n_treatment == pytest.approx(table[0].n_treatment + table[2].n_treatment, abs=8)


def test_groups_without_an_arm_are_not_estimable() -> None:
    frame = draw(n=60)
    table = estimate_sorted_groups(frame, "hours", PERSONS, **{**COMMON, "groups": 15})
    assert all(np.isnan([e.estimate, e.p_value, *e.confidence_interval()]).all() for e in table)
    assert "not estimable" in table[0].notes[-1]


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({"groups": 1}, ValueError, "at least two groups"),
        ({"splits": 0}, ValueError, "one split"),
        ({"covariates": []}, ValueError, "one covariate"),
        ({"covariates": ["site", "age", "name"]}, DesignError, "too many to predict"),
    ],
)
def test_what_is_refused(options: dict, error: type[Exception], words: str) -> None:
    frame = draw(n=120).assign(name=[f"p{i}" for i in range(120)])
    with pytest.raises(error, match=words):
        estimate_sorted_groups(frame, "hours", PERSONS, **{**COMMON, **options})


def test_a_covariate_that_does_not_vary_predicts_nothing() -> None:
    with pytest.raises(DesignError, match="no covariate varies"):
        estimate_sorted_groups(draw().assign(age=40), "hours", PERSONS, **COMMON)
