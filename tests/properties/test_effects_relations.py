"""Relations that hold for every trial: permutation, swap, scale, strata, weights."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval.effects.itt.itt import estimate_itt
from jobeval.plan.lottery import Lottery
from jobeval.results import Estimate

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PLAIN: dict[str, Any] = {}
ANCOVA = {"adjustment": "ancova", "covariates": ["age", "benefit"]}
LIN = {"adjustment": "lin", "covariates": ["age", "benefit"]}
SHAPES = [
    ("persons", PLAIN), ("strata", PLAIN), ("clusters", PLAIN), ("hajek", PLAIN),
    ("persons", ANCOVA), ("strata", ANCOVA), ("clusters", ANCOVA), ("hajek", ANCOVA),
    ("persons", LIN), ("strata", LIN), ("clusters", LIN), ("hajek", LIN),
]  # fmt: skip
every_shape = pytest.mark.parametrize("shape, options", SHAPES)
seeds = st.integers(0, 2**32 - 1)


def lottery(shape: str, treatment: str = "new", control: str = "old") -> Lottery:
    columns = {
        "persons": {},
        "strata": {"strata": "site"},
        "clusters": {"clusters": "office"},
        "hajek": {"strata": "site", "probability": "p_new" if treatment == "new" else "p_old"},
    }[shape]
    return Lottery(arm="arm", treatment=treatment, control=control, **columns)


def draw_trial(seed: int, n: int = 72) -> pd.DataFrame:
    """Zero-inflated hours, sites with unequal allocation, offices within arms."""
    rng = np.random.default_rng(seed)
    site = np.arange(n) % 3
    arm = np.where(rng.permuted(np.arange(n)) % 5 < site + 1, "new", "old")
    for s in range(3):  # at least six of each arm in a site
        arm[np.flatnonzero(site == s)[:12]] = np.repeat(["new", "old"], 6)
    hours = np.maximum(rng.normal(5 * site, 12), 0).round(1)
    p = np.choose(site, [0.3, 0.5, 0.7]) + rng.choice([-0.1, 0.1], n)
    benefit = np.array(["cash", "sickness", "resource"])[rng.permuted(np.arange(n)) % 3]
    office = np.char.add(arm, (np.arange(n) // 3 % 6).astype(str))
    return pd.DataFrame({
        "arm": arm, "site": site, "hours": hours, "age": rng.integers(20, 65, n),
        "benefit": benefit, "office": office, "p_new": p, "p_old": 1 - p,
    })  # fmt: skip


def assert_same(one: Estimate, two: Estimate, scale: float = 1.0, rel: float = 1e-7) -> None:
    assert two.estimate == pytest.approx(scale * one.estimate, rel=rel, abs=1e-8 * abs(scale))
    assert two.std_error == pytest.approx(abs(scale) * one.std_error, rel=rel)
    assert two.df == pytest.approx(one.df, rel=1e-6)


@every_shape
@QUICK
@given(seed=seeds)
def test_swapped_arms_flip_the_sign(shape: str, options: dict[str, Any], seed: int) -> None:
    frame = draw_trial(seed)
    one = estimate_itt(frame, "hours", lottery(shape), **options)
    two = estimate_itt(frame, "hours", lottery(shape, "old", "new"), **options)
    assert_same(one, two, scale=-1)
    assert two.p_value == pytest.approx(one.p_value, rel=1e-5, abs=1e-9)


@every_shape
@QUICK
@given(seed=seeds)
def test_the_order_of_rows_and_the_names_do_not_matter(
    shape: str, options: dict[str, Any], seed: int
) -> None:
    frame = draw_trial(seed)
    one = estimate_itt(frame, "hours", lottery(shape), **options)
    names = {0: "Ærø", 1: "Åbenrå", 2: "Brøndby"}
    other = frame.sample(frac=1, random_state=seed % 1000).assign(
        site=lambda f: f["site"].map(names), office=lambda f: "x" + f["office"]
    )
    assert_same(one, estimate_itt(other, "hours", lottery(shape), **options))


@every_shape
@QUICK
@given(seed=seeds, factor=st.sampled_from([-3.0, 0.01, 4.333]), shift=st.sampled_from([0, -50]))
def test_a_linear_change_of_the_outcome(
    shape: str, options: dict[str, Any], seed: int, factor: float, shift: float
) -> None:
    frame = draw_trial(seed)
    changed = frame.assign(hours=factor * frame["hours"] + shift)
    one = estimate_itt(frame, "hours", lottery(shape), **options)
    assert_same(one, estimate_itt(changed, "hours", lottery(shape), **options), scale=factor)


@pytest.mark.parametrize("options", [ANCOVA, LIN])
@QUICK
@given(seed=seeds)
def test_the_reference_and_the_unit_of_covariates_do_not_matter(
    options: dict[str, Any], seed: int
) -> None:
    frame = draw_trial(seed)
    recoded = frame.assign(
        benefit=frame["benefit"].map({"cash": "z", "sickness": "y", "resource": "x"}),
        age=1000 - 365.25 * frame["age"],
    )
    one = estimate_itt(frame, "hours", lottery("strata"), **options)
    assert_same(one, estimate_itt(recoded, "hours", lottery("strata"), **options))


@QUICK
@given(seed=seeds)
def test_one_stratum_is_no_stratum(seed: int) -> None:
    frame = draw_trial(seed).assign(site="only")
    for options in (PLAIN, ANCOVA, LIN):
        one = estimate_itt(frame, "hours", lottery("persons"), **options)
        assert_same(one, estimate_itt(frame, "hours", lottery("strata"), **options))


@QUICK
@given(seed=seeds)
def test_blocked_is_saturated_lin_and_weighted_ancova(seed: int) -> None:
    """Three ways to one estimate; Lin's HC2 is the blocked variance as well."""
    frame = draw_trial(seed)
    blocked = estimate_itt(frame, "hours", lottery("strata"))
    assert_same(blocked, estimate_itt(frame, "hours", lottery("strata"), adjustment="lin"))
    ancova = estimate_itt(frame, "hours", lottery("strata"), adjustment="ancova")
    assume(any("inverse" in note for note in ancova.notes))  # nearly always
    assert ancova.estimate == pytest.approx(blocked.estimate, rel=1e-9, abs=1e-9)


@QUICK
@given(seed=seeds)
def test_blocked_is_the_mean_of_its_strata(seed: int) -> None:
    frame = draw_trial(seed)
    blocked = estimate_itt(frame, "hours", lottery("strata"))
    parts = [estimate_itt(part, "hours", lottery("persons")) for _, part in frame.groupby("site")]
    shares = frame["site"].value_counts(normalize=True).sort_index().to_numpy()
    assert blocked.estimate == pytest.approx(
        float(shares @ [part.estimate for part in parts]), rel=1e-10, abs=1e-10
    )
    errors = np.square([part.std_error for part in parts])
    assert blocked.std_error == pytest.approx(float(np.sqrt(shares**2 @ errors)), rel=1e-10)


@QUICK
@given(seed=seeds)
def test_clusters_of_one_person_are_persons(seed: int) -> None:
    """CR2 is then HC2, and Bell and McCaffrey's degrees of freedom are Welch's or below."""
    frame = draw_trial(seed).assign(office=lambda f: np.arange(len(f)))
    persons = estimate_itt(frame, "hours", lottery("persons"))
    alone = estimate_itt(frame, "hours", lottery("clusters"))
    assert alone.estimate == pytest.approx(persons.estimate, rel=1e-10, abs=1e-10)
    assert alone.std_error == pytest.approx(persons.std_error, rel=1e-10)
    assert alone.df <= len(frame) - 2 + 1e-6


@QUICK
@given(seed=seeds, level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_interval_and_p_agree(seed: int, level: float) -> None:
    effect = estimate_itt(draw_trial(seed), "hours", lottery("strata"), conf_level=level)
    low, high = effect.confidence_interval()
    assert (effect.p_value < 1 - level) == (low > 0 or high < 0)
    assert high - effect.estimate == pytest.approx(effect.estimate - low)


@QUICK
@given(seed=seeds)
def test_adjusting_for_nothing_but_noise_keeps_the_means(seed: int) -> None:
    """The arm means are those of the unadjusted estimate, whatever the adjustment."""
    frame = draw_trial(seed)
    for shape in ("persons", "strata", "hajek"):
        plain = estimate_itt(frame, "hours", lottery(shape))
        assert plain.mean_treatment - plain.mean_control == pytest.approx(
            plain.estimate, rel=1e-9, abs=1e-9
        )
        lin = estimate_itt(frame, "hours", lottery(shape), **LIN)
        assert lin.mean_control == pytest.approx(plain.mean_control, rel=1e-12)
