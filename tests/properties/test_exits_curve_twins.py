"""Curves on the grid against twins that look at one person after the other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval import Lottery, survival_curve
from jobeval.exits.curves.adjustment import adjust_curves
from jobeval.exits.curves.nelson_aalen import nelson_aalen
from jobeval.exits.curves.standardised import standardise_curves
from jobeval.exits.curves.survival import survival_curve_from_grid
from jobeval.exits.curves.survival_difference import (
    estimate_survival_difference,
    survival_difference_from_grid,
)
from jobeval.exits.grid.counting import count_exits
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.grid.strata import weigh_strata
from jobeval.inference.covariates import read_covariates
from jobeval.inference.kaplan_meier import kaplan_meier

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
CLUSTERS = Lottery(arm="arm", treatment="new", control="old", strata="site", clusters="office")
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def trials(draw, persons=(16, 50), longest=9):
    """Two sites, two arms in each, offices of two; many ties, some late entries, rare exits."""
    n = draw(st.integers(*persons))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    week = rng.integers(1, longest + 1, n)
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": np.where(np.arange(n) % 8 < 4, "north", "south"),
            "office": np.arange(n) // 2,
            "age": rng.integers(20, 60, n),
            "size": rng.normal(size=n),
            "week": week,
            "entry": rng.integers(0, week) * rng.integers(0, 2, n),
            "left": rng.random(n) < draw(st.sampled_from([0.0, 0.2, 0.7, 1.0])),
        }
    )


def at_risk_in(person, week) -> bool:
    return person.entry < week <= person.week


def naive_counts(persons, last):
    """At risk and exits week by week, one person after the other."""
    at_risk, exits = np.zeros(last + 1, dtype=int), np.zeros(last + 1, dtype=int)
    for person in persons.itertuples():
        for week in range(last + 1):
            at_risk[week] += at_risk_in(person, week)
        exits[person.week] += person.left
    return at_risk, exits


def naive_curves(at_risk, exits):
    """Survival, Greenwood's variance, hazard and its variance; nan from a gap on."""
    rows, survival, spread, hazard, error = [], 1.0, 0.0, 0.0, 0.0
    begun, lost, empty = False, False, False
    for week, (n, d) in enumerate(zip(at_risk, exits, strict=True)):
        begun = begun or n > 0
        empty = empty or (begun and n == 0) or not (begun or at_risk[week:].any())
        lost = lost or (empty and survival > 0)
        if n:
            spread = spread + (d / (n * (n - d)) if n > d else 0)
            survival, hazard = survival * (1 - d / n), hazard + d / n
            error += d * (n - d) / n**3
        rows.append(
            [np.nan if lost else survival, np.nan if lost else survival**2 * spread,
             np.nan if empty else hazard, np.nan if empty else error]
        )  # fmt: skip
    return np.array(rows).T


@quick
@given(trials())
def test_late_entries_by_the_naive_twin(frame):
    grid = count_exits(frame, "week", "left", SITES, entry="entry")
    last = int(frame["week"].max())
    for (arm, stratum), persons in frame.groupby(["arm", "site"]):
        place = (grid.arms.index(arm), grid.strata.index(stratum))
        at_risk, exits = naive_counts(persons, last)
        np.testing.assert_array_equal(grid.at_risk[place], at_risk)
        np.testing.assert_array_equal(grid.leavers[place], exits)
        expected = naive_curves(at_risk, exits)
        kernels = [*kaplan_meier(at_risk, exits), *nelson_aalen(at_risk, exits)]
        for mine, theirs in zip(kernels, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-13)


@settings(quick, max_examples=15)
@given(trials())
def test_the_front_door_and_the_grid_give_one_answer(frame):
    options = {"entry": "entry"}
    grid = count_exits(frame, "week", "left", SITES, **options)
    for measure in ("survival", "cumulative_hazard"):
        door = survival_curve(frame, "week", "left", SITES, measure=measure, **options)
        counted = survival_curve_from_grid(grid, endpoint="week", measure=measure)
        pd.testing.assert_frame_equal(door.to_frame(), counted.to_frame())
    door = estimate_survival_difference(frame, "week", "left", SITES, **options)
    counted = survival_difference_from_grid(grid, endpoint="week")
    pd.testing.assert_frame_equal(door.to_frame(), counted.to_frame())
    assert repr(door.tests) == repr(counted.tests)


@quick
@given(trials(), st.booleans())
def test_a_counted_table_is_the_persons(frame, late):
    keys = ["arm", "site", "week", "left", "entry"]
    table = frame.groupby(keys, as_index=False).size().sample(frac=1, random_state=3)
    entry = "entry" if late else None
    one = count_exits(frame, "week", "left", SITES, entry=entry)
    other = count_exits(table, "week", "left", SITES, entry=entry, count="size")
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())


def naive_influence(persons, n_all, weeks, measure):
    """The influence of each person of an arm and stratum on its curve: shape ``(n, T)``."""
    at_risk, exits = naive_counts(persons, weeks[-1])
    curve = naive_curves(at_risk, exits)[0 if measure == "survival" else 2]
    rows = []
    for person in persons.itertuples():
        sums, row = 0.0, []
        for week in weeks:
            n, d = at_risk[week], exits[week]
            if at_risk_in(person, week):
                beyond = float(person.left and person.week == week) - d / n
                sums += beyond / (max(n - d, 1) if measure == "survival" else n)
            row.append(-curve[week] * sums if measure == "survival" else sums)
        rows.append(row)
    return np.array(rows)


def naive_arm(frame, arm, weeks, measure):
    """Persons of the arm, and their influences on its standardised curve."""
    parts, influences, curves = [], [], []
    for _, everyone in frame.groupby("site"):
        persons, share = everyone[everyone["arm"] == arm], len(everyone) / len(frame)
        curve = naive_curves(*naive_counts(persons, weeks[-1]))[0 if measure == "survival" else 2]
        parts.append(persons)
        influences.append(share * naive_influence(persons, len(everyone), weeks, measure))
        curves.append((share, curve))
    if measure == "cumulative_hazard":
        mixed = [share * np.exp(-curve) for share, curve in curves]
        influences = [
            influence / share * part / sum(mixed)
            for influence, part, (share, _) in zip(influences, mixed, curves, strict=True)
        ]
    return pd.concat(parts), np.concatenate(influences)


@settings(quick, max_examples=15)
@given(trials(), st.sampled_from(["survival", "cumulative_hazard"]))
def test_covariances_are_sums_of_products_of_influences(frame, measure):
    """Over persons without late entry, over offices with it, too."""
    weeks = np.arange(frame["week"].max() + 1)
    for lottery, entry in ((SITES, None), (CLUSTERS, "entry")):
        used = frame if entry else frame.assign(entry=-1)
        durations = read_durations(used, "week", "left", lottery, entry=entry)
        curves = standardise_curves(weigh_strata(durations, lottery, None), measure)
        for place, arm in enumerate(("old", "new")):
            persons, influence = naive_arm(used, arm, weeks, measure)
            if entry:
                sums = pd.DataFrame(influence).groupby(persons["office"].to_numpy()).sum()
                influence = sums.to_numpy()
            known = np.flatnonzero(~np.isnan(curves.values[place]))
            expected = influence[:, known].T @ influence[:, known]
            np.testing.assert_allclose(curves.covariance(place, place, known), expected, atol=1e-12)
            errors = curves.std_errors()[place, known]
            inside = ~np.isnan(errors)
            np.testing.assert_allclose(errors[inside] ** 2, np.diag(expected)[inside], atol=1e-12)


@settings(quick, max_examples=15)
@given(trials(persons=(40, 60)), st.sampled_from([SITES, CLUSTERS]))
def test_adjusted_curves_by_regressing_influences_person_by_person(frame, lottery):
    """Persons without late entry: Γ is least squares of influences on mean influences."""
    frame = frame.assign(entry=-1)
    weeks = np.arange(frame["week"].max() + 1)
    durations = read_durations(frame, "week", "left", lottery, ("age",))
    curves = standardise_curves(
        weigh_strata(durations, lottery, None), "survival",
        read_covariates(durations.columns, ["age"], durations.assignment.rows),
    )  # fmt: skip
    known = np.flatnonzero(~np.isnan(curves.values).any(axis=0))
    assume(len(known) > 1)
    residuals, adjusted = {}, {}
    for place, arm in enumerate(("old", "new")):
        persons, influence = naive_arm(frame, arm, weeks, "survival")
        whole = pd.Series(0.0, index=frame.index)
        gap = 0.0
        for _, everyone in frame.groupby("site"):
            share = len(everyone) / len(frame)
            for other in ("old", "new"):
                own = everyone.loc[everyone["arm"] == other, "age"]
                weight = (other == arm) / len(own) - 1 / len(everyone)
                whole[own.index] = share * weight * (own - own.mean())
            mine = everyone.loc[everyone["arm"] == arm, "age"]
            gap += share * (mine.mean() - everyone["age"].mean())
        full = pd.DataFrame(0.0, index=frame.index, columns=weeks)
        full.loc[persons.index] = influence
        if lottery is CLUSTERS:
            full, whole = (table.groupby(frame["office"]).sum() for table in (full, whole))
        y = whole.to_numpy()
        slope = (full.to_numpy().T @ y) / (y @ y)
        residuals[place] = full.to_numpy() - np.outer(y, slope)
        plain = standardise_curves(weigh_strata(durations, lottery, None)).values[place]
        adjusted[place] = plain - slope * gap
    for one in (0, 1):
        np.testing.assert_allclose(curves.values[one, known], adjusted[one][known], atol=1e-12)
        for other in (0, 1):
            np.testing.assert_allclose(
                curves.covariance(one, other, known),
                (residuals[one].T @ residuals[other])[np.ix_(known, known)],
                atol=1e-12,
            )
    apart = (residuals[1] - residuals[0])[:, known]
    np.testing.assert_allclose(curves.difference_covariance(known), apart.T @ apart, atol=1e-12)


@quick
@given(trials(persons=(40, 60)))
def test_how_covariates_are_written_does_not_matter(frame):
    """Scale, origin, order and repetition of columns change nothing."""
    frame["days"] = 1000 - 7 * frame["age"]
    one = survival_curve(frame, "week", "left", SITES, covariates=["age", "size"])
    other = survival_curve(frame, "week", "left", SITES, covariates=["size", "days", "age"])
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first.values, second.values, atol=1e-9)
        np.testing.assert_allclose(first.std_error, second.std_error, atol=1e-9)


@quick
@given(trials(persons=(40, 60)))
def test_adjusting_never_adds_variance_and_keeps_balanced_curves(frame):
    durations = read_durations(frame, "week", "left", SITES, ("age",))
    strata = weigh_strata(durations, SITES, None)
    plain = standardise_curves(strata)
    coded = read_covariates(durations.columns, ["age"], durations.assignment.rows)
    adjusted = adjust_curves(strata, plain.expansion, plain.clustered, coded.values)
    for arm in (0, 1):
        change = adjusted.variance(arm)
        assert (change[~np.isnan(change)] <= 1e-15).all()
    # everybody twice, once in each arm: the ages are balanced, and nothing is corrected
    twins = pd.concat([frame.assign(arm="new"), frame.assign(arm="old", left=False)])
    one = survival_curve(twins, "week", "left", SITES, covariates=["age"])
    other = survival_curve(twins, "week", "left", SITES)
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first.values, second.values, atol=1e-12)


@quick
@given(trials())
def test_swapping_the_arms_turns_the_difference(frame):
    swapped = Lottery(arm="arm", treatment="old", control="new", strata="site")
    one, other = (
        estimate_survival_difference(frame, "week", "left", lottery) for lottery in (SITES, swapped)
    )
    (first,), (second,) = one, other
    np.testing.assert_allclose(first.values, -second.values, atol=1e-13)
    np.testing.assert_allclose(first.std_error, second.std_error, atol=1e-13)
    np.testing.assert_allclose(first.band_low, -second.band_high, atol=1e-6)
    assert one.tests[0].p_value == pytest.approx(other.tests[0].p_value, abs=1e-6, nan_ok=True)


@settings(quick, max_examples=8)
@given(trials())
def test_bands_are_wider_than_intervals(frame):
    for lottery in (PLAIN, SITES, CLUSTERS):
        for curve in survival_curve(frame, "week", "left", lottery, band="equal-precision"):
            known = ~np.isnan(curve.band_low)
            assert (curve.band_low[known] <= curve.conf_low[known] + 1e-12).all()
            assert (curve.band_high[known] >= curve.conf_high[known] - 1e-12).all()
