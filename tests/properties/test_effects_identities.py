"""Numbers that are another estimator's, by any lottery, and p-values of draws and of families."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from effects_trials import WEEKS, Trial, trials
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jobeval as je

NAN = math.nan
ALL = "complete strata pairs clusters offices odds"
NO_PAIRS = "complete strata clusters offices odds"


def effect(trial: Trial, outcome: str = "hours", **options: Any) -> je.Estimate:
    return je.estimate_itt(trial.frame, outcome, trial.lottery, **options)


def wald(trial: Trial, **options: Any) -> je.Estimate:
    return je.estimate_late(trial.frame, "hours", trial.lottery, treated="started", **options)


def margin(trial: Trial, part: str) -> je.Estimate:
    return je.estimate_margins(trial.frame, "hours", trial.lottery, thresholds=(0,)).one(part=part)


def numbers(effect: je.Estimate) -> list[float]:
    return [effect.estimate, effect.std_error, effect.df]


def full(trial: Trial) -> Trial:
    """Everyone does as drawn."""
    return trial.assign(started=trial.frame["arm"].eq(trial.lottery.treatment).astype(int))


def welch(trial: Trial) -> list[float]:
    from scipy.stats import ttest_ind

    new, old = (trial.frame.loc[trial.frame["arm"] == arm, "hours"] for arm in ("new", "old"))
    found = ttest_ind(new, old, equal_var=False)
    difference = float(new.mean() - old.mean())
    return [difference, difference / found.statistic, found.df]


def post_stratified(trial: Trial) -> list[float]:
    """The mean of the strata's effects by their shares of the two arms."""
    own = trial.frame[trial.frame["arm"] != "third"]
    none = trial.drawn(strata=()).lottery
    parts = [
        (len(frame) / len(own), effect(Trial(frame, none, 0))) for _, frame in own.groupby("site")
    ]
    variance = sum((share * part.std_error) ** 2 for share, part in parts)
    estimate = sum(share * part.estimate for share, part in parts)
    return [estimate, math.sqrt(variance), len(own) - 2 * len(parts)]


def weighted_ancova(trial: Trial) -> list[float]:
    """By inverse allocation, which it uses where strata differ in that by more than rounding."""
    found = effect(trial, adjustment="ancova")
    assume(any("inverse" in note for note in found.notes))
    return [found.estimate]


def unadjusted_risks(trial: Trial) -> list[float]:
    """Newcombe's and g-computation's, without covariates, with Neyman's error."""
    found = [
        je.estimate_risk_difference(trial.frame, "any_hours", trial.lottery, method=method)
        for method in ("newcombe", "g-computation")
    ]
    logit = found[1]
    weighted = any("inverse" in note for note in logit.notes)
    assume("Firth" not in logit.estimator and (weighted or not trial.lottery.strata))
    return [number for one in found for number in (one.estimate, one.std_error)]


def mantel_haenszel(trial: Trial) -> je.Estimate:
    return je.estimate_risk_difference(
        trial.frame, "any_hours", trial.lottery, method="mantel-haenszel"
    )


def nobody_missing(trial: Trial) -> list[float]:
    lee = je.bound_attrition(trial.frame, "hours", trial.lottery)
    weighted = je.estimate_weighted_for_missing(
        trial.frame, "hours", trial.lottery, covariates=["age"]
    )
    return [lee.lower.estimate, lee.upper.estimate, weighted.estimate]


def arm_of_several(trial: Trial) -> je.Estimate:
    return je.estimate_arms(trial.frame, "hours", trial.lottery, treatments=["third", "new"])[1]


def variant(trial: Trial) -> je.Estimate:
    variants = [je.Variant(name="raw", outcome="hours")]
    return je.estimate_variants(trial.frame, trial.lottery, variants)[0]


def path(trial: Trial) -> list[float]:
    found = je.estimate_path(trial.frame, WEEKS, trial.lottery).curves[2]
    return [*found.values, *found.std_error]


def weeks_alone(trial: Trial) -> list[float]:
    effects = [effect(trial, week) for week in WEEKS]
    return [*(e.estimate for e in effects), *(e.std_error for e in effects)]


def some_hours(trial: Trial) -> je.Estimate:
    return effect(trial.assign(some=(trial.frame["hours"] > 0).astype(int)), "some")


Numbers = Callable[[Trial], list[float]]
IDENTITIES: dict[str, tuple[str, Numbers, Numbers]] = {
    "HC2 difference = Welch": ("complete", lambda t: numbers(effect(t)), welch),
    "blocked = post-stratified": ("strata", lambda t: numbers(effect(t)), post_stratified),
    "saturated Lin = blocked": (
        "strata",
        lambda t: numbers(effect(t, adjustment="lin")),
        lambda t: numbers(effect(t)),
    ),
    "saturated ANCOVA = blocked": (
        "strata",
        weighted_ancova,
        lambda t: [effect(t).estimate],
    ),
    "CR2 of clusters of one = HC2": (
        "complete strata",  # weights, as under odds, enter the two in their own ways
        lambda t: numbers(effect(t.drawn(clusters="id")))[:2],
        lambda t: numbers(effect(t))[:2],
    ),
    "equal weights = none": (
        NO_PAIRS,
        lambda t: numbers(effect(t.assign(weight=2.5), weights="weight"))[:2],
        lambda t: numbers(effect(t))[:2],
    ),
    "mean treatment - mean control = effect": (
        ALL,
        lambda t: [effect(t).mean_treatment - effect(t).mean_control],
        lambda t: [effect(t).estimate],
    ),
    "two parts = difference in means": (
        NO_PAIRS,
        lambda t: [margin(t, "through starting").estimate + margin(t, "through hours").estimate],
        lambda t: [margin(t, "mean").estimate],
    ),
    "exp(PPML) = ratio of means": (
        NO_PAIRS,
        lambda t: [margin(t, "ratio").ratio],
        lambda t: [effect(t).mean_treatment / effect(t).mean_control],
    ),
    "margins: mean, share above 0 = itt": (
        NO_PAIRS,
        lambda t: [*numbers(margin(t, "mean")), *numbers(margin(t, "hours>0"))],
        lambda t: [*numbers(effect(t)), *numbers(some_hours(t))],
    ),
    "risks without covariates = itt": (
        "complete strata",
        unadjusted_risks,
        lambda t: numbers(effect(t, "any_hours"))[:2] * 2,
    ),
    "Mantel-Haenszel without strata = itt": (
        "complete",
        lambda t: [mantel_haenszel(t).estimate],
        lambda t: [effect(t, "any_hours").estimate],
    ),
    "Wald = itt / first stage": (
        ALL,
        lambda t: [wald(t).estimate],
        lambda t: [effect(t).estimate / effect(t, "started").estimate],
    ),
    "full compliance: LATE = ITT": (
        ALL,
        lambda t: numbers(wald(full(t), interval="wald")),
        lambda t: numbers(effect(t)),
    ),
    "nobody missing: bounds = weighted = itt": (
        NO_PAIRS,
        nobody_missing,
        lambda t: [effect(t).estimate] * 3,
    ),
    "one arm of several = itt": (
        "complete strata pairs clusters offices",
        lambda t: numbers(arm_of_several(t)),
        lambda t: numbers(effect(t)),
    ),
    "one variant = itt": (ALL, lambda t: numbers(variant(t)), lambda t: numbers(effect(t))),
    "weeks of a path = itt": (NO_PAIRS, path, weeks_alone),
    "index of one outcome = itt in deviations of control": (
        ALL,
        lambda t: [je.estimate_index(t.frame, ["w0"], t.lottery).estimate],
        lambda t: [effect(t, "w0").estimate / t.frame.loc[t.frame["arm"] == "old", "w0"].std()],
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_identity(name: str) -> None:
    names, one, two = IDENTITIES[name]
    designs = names.split()

    @settings(max_examples=2 + 2 * len(designs), derandomize=True, deadline=None)
    @given(st.sampled_from(designs).flatmap(trials))
    def holds(trial: Trial) -> None:
        assert one(trial) == pytest.approx(two(trial), rel=1e-7, abs=1e-9, nan_ok=True)

    holds()


@settings(max_examples=8, derandomize=True, deadline=None)
@given(st.sampled_from(["strata", "offices"]).flatmap(trials), st.integers(3, 40))
def test_monte_carlo_p_values_have_the_one(trial: Trial, draws: int) -> None:
    """However far the effect is from chance."""
    drawn = {"draws": draws, "seed": trial.seed}
    far = trial.assign(hours=trial.frame["hours"] + 1e4 * trial.frame["arm"].eq("new"))
    family = je.estimate_family(far.frame, ["hours", "w0"], far.lottery, **drawn)
    p_values = [
        effect(far, inference="lottery", **drawn).p_value,
        je.randomisation_test(far.frame, "hours", far.lottery, **drawn).p_value,
        family[0].p_value,
        family[0].p_value_adjusted,
    ]
    if trial.lottery.clusters:
        p_values.append(effect(far, inference="wild", **drawn).p_value)
    assert all(p >= 1 / (1 + draws) for p in p_values)
    assert p_values[:3] == pytest.approx([1 / (1 + draws)] * 3)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(
    st.lists(st.floats(0, 1) | st.just(NAN), min_size=1, max_size=12),
    st.sampled_from(["holm", "bonferroni", "benjamini-hochberg", "sharpened-q"]),
    st.integers(0, 2**32 - 1),
)
def test_adjusted_p_values(p_values: list[float], method: Any, seed: int) -> None:
    """Never below the raw ones (sharpened q may be), in their order, and each with its own."""
    raw = np.array(p_values)
    found = je.adjust_p_values(raw, method)
    known = ~np.isnan(raw)
    assert (np.isnan(found) == np.isnan(raw)).all()
    assert method == "sharpened-q" or (found[known] >= raw[known]).all()
    assert (np.diff(found[known][np.argsort(raw[known])]) >= 0).all() and (found[known] <= 1).all()
    order = np.random.default_rng(seed).permutation(len(raw))
    assert je.adjust_p_values(raw[order], method) == pytest.approx(found[order], nan_ok=True)


@settings(max_examples=8, derandomize=True, deadline=None)
@given(st.sampled_from(NO_PAIRS.split()).flatmap(trials), st.integers(1, 12))
def test_sums_of_two_halves_are_the_whole(trial: Trial, cut: int) -> None:
    """A path comes from sums over blocks of persons."""
    from jobeval.effects.weekly.paths import estimate_path_from_blocks

    columns = {name: trial.frame[name].to_numpy() for name in trial.frame}
    hours = trial.frame[list(WEEKS)].to_numpy()
    whole, halves = (
        estimate_path_from_blocks(blocks, columns, trial.lottery, range(len(WEEKS))).curves[2]
        for blocks in (hours, [hours[:cut], hours[cut:]])
    )
    for name in ("values", "std_error", "conf_low", "band_high"):
        assert getattr(halves, name) == pytest.approx(
            getattr(whole, name), rel=1e-9, abs=1e-9, nan_ok=True
        )
