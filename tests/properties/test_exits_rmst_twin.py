"""Restricted means and complier curves against plain programs, one person and week at a time."""

import math

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval import Lottery, estimate_complier_incidence, estimate_late_rmst, estimate_rmst
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.means.restricted_mean import restricted_mean, restricted_mean_influence

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
SWAPPED = Lottery(arm="arm", treatment="old", control="new", strata="site")
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(quick, max_examples=8)


@st.composite
def trials(draw, longest=9, censored=True, entries=False):
    """Two sites of unequal allocation, many ties, perhaps late entries; somebody takes part."""
    n = draw(st.integers(16, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    week = rng.integers(1, longest + 1, n)
    frame = pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 5 < 2, "new", "old"),
            "site": np.where(np.arange(n) % 3 == 0, "north", "south"),
            "week": week,
            "left": rng.random(n) < (0.6 if censored else 1.1),
            "x": rng.integers(0, 5, n),
        }
    )
    frame["from"] = [int(rng.integers(0, w)) if entries else 0 for w in week]
    frame["took"] = rng.random(n) < np.where(frame["arm"] == "new", 0.8, 0.2)
    return frame


def naive_mean(people, horizon, weight=None):
    """Area under Kaplan & Meier, week after week, persons counted by hand."""
    weight = np.ones(len(people)) if weight is None else weight
    survival, area = 1.0, 0.0
    for week in range(horizon):
        present = leaving = 0.0
        for (start, end, left), w in zip(people, weight, strict=True):
            if start < week <= end:
                present += w
                if left and end == week:
                    leaving += w
        if present == 0 and survival > 0 and any(start < week for start, _, _ in people):
            return math.nan
        if present:
            survival *= 1 - leaving / present
        area += survival
    return area


def rows(frame, entries):
    starts = frame["from"] if entries else np.full(len(frame), -1)
    return list(zip(starts, frame["week"], frame["left"], strict=True))


@quick
@given(trials(), st.integers(1, 12))
def test_means_of_an_arm(frame, horizon):
    effect = estimate_rmst(frame, "week", "left", PLAIN, horizon_weeks=horizon)
    for arm, mean in (("new", effect.mean_treatment), ("old", effect.mean_control)):
        naive = naive_mean(rows(frame[frame["arm"] == arm], entries=False), horizon)
        np.testing.assert_allclose(mean, naive, rtol=1e-12)


@quick
@given(trials(entries=True), st.integers(1, 9))
def test_means_with_late_entry(frame, horizon):
    effect = estimate_rmst(frame, "week", "left", PLAIN, horizon_weeks=horizon, entry="from")
    for arm, mean in (("new", effect.mean_treatment), ("old", effect.mean_control)):
        naive = naive_mean(rows(frame[frame["arm"] == arm], entries=True), horizon)
        np.testing.assert_allclose(mean, naive, rtol=1e-12)


@quick
@given(trials(), st.integers(1, 9))
def test_means_over_strata_are_weighted_by_everyone_drawn(frame, horizon):
    effect = estimate_rmst(frame, "week", "left", SITES, horizon_weeks=horizon)
    naive = 0.0
    for _, site in frame.groupby("site"):
        new, old = (
            naive_mean(rows(site[site["arm"] == arm], entries=False), horizon)
            for arm in ("new", "old")
        )
        naive += len(site) / len(frame) * (new - old)
    np.testing.assert_allclose(effect.estimate, naive, rtol=1e-9, atol=1e-12)


@quick
@given(trials(), st.integers(2, 9), st.booleans())
def test_influence_is_the_derivative_by_the_weight_of_a_person(frame, horizon, entries):
    people = rows(frame, entries)
    assume(not math.isnan(naive_mean(people, horizon)))
    durations = read_durations(frame, "week", "left", PLAIN, entry="from" if entries else None)
    grid = durations.grid(PLAIN)
    counts = (grid.at_risk.sum(axis=(0, 1)), grid.leavers.sum(axis=(0, 1)))
    table = restricted_mean_influence(*counts, horizon)
    influence = table.of((), durations.weeks, durations.cause > 0, durations.entry)
    assume(counts[1][:horizon].sum() < len(people))
    for person in range(0, len(people), 7):
        step = 1e-6 * (np.arange(len(people)) == person)
        up, down = (naive_mean(people, horizon, 1 + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(influence[person], (up - down) / 2e-6, atol=1e-6)
    if not entries:
        variance = restricted_mean(*counts, horizon).variance
        np.testing.assert_allclose((influence**2).sum(), variance, rtol=1e-9, atol=1e-12)


@quick
@given(trials(), st.integers(1, 8))
def test_pseudo_values_average_to_the_estimate(frame, horizon):
    durations = read_durations(frame, "week", "left", PLAIN)
    values = pseudo_values(durations, horizon)
    effect = estimate_rmst(frame, "week", "left", PLAIN, horizon_weeks=horizon)
    treated = durations.assignment.assigned == 1
    np.testing.assert_allclose(values[treated].mean(), effect.mean_treatment, rtol=1e-9)


def pseudo_values(durations, horizon):
    """The mean of the own arm, and so many times the own influence as it has persons."""
    grid, arm = durations.grid(PLAIN), durations.assignment.assigned
    cell = (arm, np.zeros_like(arm))
    counts = (grid.at_risk, grid.leavers)
    table = restricted_mean_influence(*counts, horizon)
    own = table.of(cell, durations.weeks, durations.cause > 0, durations.entry)
    return restricted_mean(*counts, horizon).values[cell] + grid.sizes[cell] * own


@quick
@given(trials(censored=False), st.integers(1, 12))
def test_without_censoring_all_is_the_mean_of_min_t_tau(frame, horizon):
    durations = read_durations(frame, "week", "left", PLAIN)
    group = durations.assignment.assigned
    weeks = np.minimum(durations.weeks, horizon)
    effect = estimate_rmst(frame, "week", "left", PLAIN, horizon_weeks=horizon)
    np.testing.assert_allclose(effect.mean_control, weeks[group == 0].mean())
    np.testing.assert_allclose(pseudo_values(durations, horizon), weeks)
    errors = [weeks[group == arm].var() / (group == arm).sum() for arm in (0, 1)]
    if min(errors) > 0:
        np.testing.assert_allclose(effect.std_error**2, sum(errors))


@quick
@given(trials(), st.sampled_from(["difference", "ratio", "lost_ratio"]), st.sampled_from(["x", ""]))
def test_swapping_the_arms_turns_the_sign(frame, measure, covariate):
    options = {"horizon_weeks": 5, "measure": measure, "covariates": [covariate] * bool(covariate)}
    one, other = (
        estimate_rmst(frame, "week", "left", lottery, **options) for lottery in (SITES, SWAPPED)
    )
    np.testing.assert_allclose(one.estimate, -other.estimate, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=1e-9)
    np.testing.assert_allclose(one.p_value, other.p_value, rtol=1e-9)


@quick
@given(trials())
def test_days_are_weeks_times_seven(frame):
    weeks = estimate_rmst(frame, "week", "left", SITES, horizon_weeks=5)
    days = estimate_rmst(frame.assign(week=frame["week"] * 7), "week", "left", SITES,
                         horizon_weeks=35)  # fmt: skip
    assume(not math.isnan(days.estimate))  # who is censored in week 4 is seen up to day 28 only
    np.testing.assert_allclose(days.estimate / 7, weeks.estimate, atol=1e-12)
    np.testing.assert_allclose(days.std_error / 7, weeks.std_error)


@quick
@given(trials(), st.integers(0, 99))
def test_the_order_of_persons_does_not_matter(frame, seed):
    shuffled = frame.sample(frac=1, random_state=seed)
    for options in ({}, {"covariates": ["x"]}, {"covariates": ["x"], "adjustment": "weighting"}):
        one, other = (
            estimate_rmst(f, "week", "left", SITES, horizon_weeks=4, **options)
            for f in (frame, shuffled)
        )
        np.testing.assert_allclose(one.estimate, other.estimate, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(one.std_error, other.std_error, rtol=1e-8)


@quick
@given(trials())
def test_a_cluster_of_each_person_is_a_small_step_from_persons(frame):
    """Squares count G / (G − 1) times, and nothing else changes."""
    frame["self"] = np.arange(len(frame))
    alone = Lottery(arm="arm", treatment="new", control="old", clusters="self")
    for measure, arm in (("treatment", "new"), ("control", "old")):
        one, other = (
            estimate_rmst(frame, "week", "left", lottery, horizon_weeks=4, measure=measure)
            for lottery in (PLAIN, alone)
        )
        n = (frame["arm"] == arm).sum()
        np.testing.assert_allclose(other.estimate, one.estimate)
        np.testing.assert_allclose(other.std_error**2, one.std_error**2 * n / (n - 1))


def naive_joint(frame, last):
    """P(T ≤ t, D = d) for d = 0, 1: each exit adds the share that had not left before."""
    joint, survival, curve = np.zeros(2), 1.0, []
    for week in range(last + 1):
        present = sum(end >= week for end in frame["week"])
        gone = [0, 0]
        for end, left, took in zip(frame["week"], frame["left"], frame["took"], strict=True):
            if left and end == week:
                gone[int(took)] += 1
        if present == 0:
            curve.append([math.nan if survival > 0 else one for one in joint])
            continue
        joint = joint + survival * np.array(gone) / present
        survival *= 1 - sum(gone) / present
        curve.append(list(joint))
    return np.array(curve)


def naive_compliers(frame):
    last, moved, taken = frame["week"].max(), 0.0, 0.0
    for _, site in frame.groupby("site"):
        new, old = site[site["arm"] == "new"], site[site["arm"] == "old"]
        weight = len(site) / len(frame)
        moved = moved + weight * (naive_joint(new, last) - naive_joint(old, last))
        taken = taken + weight * (new["took"].mean() - old["took"].mean())
    return moved[:, 1] / taken, -moved[:, 0] / taken, taken


@few
@given(trials())
def test_complier_curves(frame):
    taking, without, share = naive_compliers(frame)
    assume(abs(share) > 0.01)
    curves = estimate_complier_incidence(frame, "week", "left", SITES, treated="took")
    np.testing.assert_allclose(curves["new"].values, taking, atol=1e-10)
    np.testing.assert_allclose(curves["old"].values, without, atol=1e-10)
    np.testing.assert_allclose(curves["new - old"].values, taking - without, atol=1e-10)


@few
@given(trials(), st.integers(1, 9))
def test_weeks_of_compliers_are_areas_over_their_curves_and_the_ratio_of_effects(frame, horizon):
    *_, share = naive_compliers(frame)
    assume(abs(share) > 0.01)
    effect = estimate_late_rmst(frame, "week", "left", SITES, treated="took", horizon_weeks=horizon)
    whole = estimate_rmst(frame, "week", "left", SITES, horizon_weeks=horizon)
    np.testing.assert_allclose(effect.estimate, whole.estimate / share, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(
        effect.mean_treatment - effect.mean_control, effect.estimate, atol=1e-9
    )
    if whole.std_error > 0 and effect.std_error > 0:
        np.testing.assert_allclose(effect.p_value, whole.p_value, rtol=1e-6)
    curves = estimate_complier_incidence(frame, "week", "left", SITES, treated="took")
    if horizon <= len(curves["new"].values):
        area = horizon - curves["new"].values[:horizon].sum()
        np.testing.assert_allclose(effect.mean_treatment, area, atol=1e-9)


@few
@given(trials(), st.integers(2, 8))
def test_full_compliance_is_the_effect_of_the_lottery(frame, horizon):
    frame["took"] = frame["arm"] == "new"
    whole = estimate_rmst(frame, "week", "left", SITES, horizon_weeks=horizon)
    assume(not math.isnan(whole.estimate))
    for interval in ("anderson-rubin", "wald"):
        effect = estimate_late_rmst(
            frame, "week", "left", SITES, treated="took", horizon_weeks=horizon, interval=interval
        )
        for name in ("estimate", "mean_treatment", "mean_control"):
            np.testing.assert_allclose(getattr(effect, name), getattr(whole, name), atol=1e-10)
        if whole.std_error > 0:
            np.testing.assert_allclose(effect.std_error, whole.std_error, rtol=1e-8)
            np.testing.assert_allclose(
                effect.confidence_interval(), whole.confidence_interval(), rtol=1e-7, atol=1e-9
            )
