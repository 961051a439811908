"""Jobs kept: a twin that goes through persons one by one, and relations that must hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jobeval as je
from jobeval import Lottery
from jobeval.exits.grid.within_strata import compare_within_strata

SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
PLAIN = Lottery(arm="arm", treatment="new", control="old")
SWAPPED = Lottery(arm="arm", treatment="old", control="new", strata="site")
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def trials(draw, persons=(8, 60), longest=14, censored=True):
    """Two sites and two arms; weeks with many ties; some never start."""
    n = draw(st.integers(*persons))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    followed = rng.integers(0, longest + 1, n) if censored else np.full(n, longest)
    started = rng.integers(0, longest + 3, n)
    end = started + rng.integers(1, longest, n)
    has = started < followed
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": np.where(np.arange(n) % 2, "north", "south"),
            "started": np.where(has, started, np.nan),
            "kept": np.where(has, np.minimum(end, followed) - started, np.nan),
            "lost": has & (end < followed),
            "followed": followed,
        }
    )


def retention(frame, lottery=SITES, **options):
    columns = {"started": "started", "followed": "followed"}
    return je.estimate_retention(frame, "kept", "lost", lottery, **columns, **options)


def share_kept(persons, weeks, horizon) -> float:
    """Aalen and Johansen's share, week by week over the persons of one arm and site."""
    stay, share = 1.0, 0.0
    for week in range(horizon + 1):
        at_risk = kept = lost = 0
        for one in persons.itertuples():
            end, cause = one.followed, ""
            if not math.isnan(one.started):
                if one.kept >= weeks:
                    end, cause = one.started + weeks, "kept"
                elif one.lost:
                    end, cause = one.started + one.kept + 1, "lost"
            at_risk += end >= week
            kept += end == week and cause == "kept"
            lost += end == week and cause == "lost"
        if not at_risk:
            return share if stay < 1e-12 else math.nan
        share += stay * kept / at_risk
        stay *= 1 - (kept + lost) / at_risk
    return share


@quick
@given(trials(), st.integers(1, 5), st.integers(5, 15))
def test_everyone_drawn_agrees_with_a_twin(frame, weeks, horizon):
    effect = retention(frame, weeks=[weeks], horizon_weeks=horizon).one(estimand="itt")
    sites = frame["site"].value_counts(normalize=True)
    for arm, said in (("new", effect.mean_treatment), ("old", effect.mean_control)):
        shares = [
            weight
            * share_kept(frame[(frame["arm"] == arm) & (frame["site"] == site)], weeks, horizon)
            for site, weight in sites.items()
        ]
        np.testing.assert_allclose(said, sum(shares), atol=1e-12)


@quick
@given(trials(), st.integers(1, 5))
def test_among_starters_agrees_with_a_twin(frame, weeks):
    """Counted person by person; weights n₁ n₀ / n over the sites that have both arms."""
    total = np.zeros(3)
    for _, site in frame.groupby("site"):
        kept, eligible = {"new": 0, "old": 0}, {"new": 0, "old": 0}
        for one in site.itertuples():
            if not math.isnan(one.started) and one.followed - one.started >= weeks:
                eligible[one.arm] += 1
                kept[one.arm] += one.kept >= weeks
        if min(eligible.values()):
            weight = eligible["new"] * eligible["old"] / sum(eligible.values())
            total += weight * np.array(
                [1, kept["new"] / eligible["new"], kept["old"] / eligible["old"]]
            )
    effect = retention(frame, weeks=[weeks]).one(estimand="among_starters")
    expected = total[1:] / total[0] if total[0] else np.full(2, np.nan)
    np.testing.assert_allclose([effect.mean_treatment, effect.mean_control], expected, atol=1e-12)


@quick
@given(trials(persons=(16, 40)), st.booleans())
def test_its_error_is_that_of_a_regression_with_site_intercepts(frame, clustered):
    y = (frame["followed"] % 3 == 0).to_numpy(float)
    arm = (frame["arm"] == "new").to_numpy(int)
    site = (frame["site"] == "north").to_numpy(int)
    office = np.arange(len(frame)) // 8 if clustered else None
    means = compare_within_strata(y, arm, site, office)
    x = np.column_stack([arm, site, 1 - site]).astype(float)
    bread = np.linalg.inv(x.T @ x)
    coef = bread @ x.T @ y
    assert means.treatment - means.control == pytest.approx(coef[0], abs=1e-12)
    scores = x * (y - x @ coef)[:, None]
    if office is None:
        scores /= np.sqrt(1 - np.einsum("ij,jk,ik->i", x, bread, x))[:, None]
    else:
        scores = np.stack([scores[office == g].sum(axis=0) for g in np.unique(office)])
    variance = (bread @ scores.T @ scores @ bread)[0, 0]
    assert means.std_error == pytest.approx(math.sqrt(variance), abs=1e-10)


@quick
@given(trials(censored=False), st.integers(1, 5))
def test_without_censoring_the_share_is_counted(frame, weeks):
    horizon = int(frame["followed"].max())
    effect = retention(frame, PLAIN, weeks=[weeks], horizon_weeks=horizon).one(estimand="itt")
    kept = frame["kept"].fillna(0) >= weeks
    shares = kept.groupby(frame["arm"]).mean()
    sizes = frame["arm"].value_counts()
    np.testing.assert_allclose(effect.estimate, shares["new"] - shares["old"], atol=1e-12)
    variance = sum(shares[arm] * (1 - shares[arm]) / sizes[arm] for arm in ("new", "old"))
    if variance > 1e-12:
        np.testing.assert_allclose(effect.std_error, math.sqrt(variance), atol=1e-12)


@quick
@given(trials(), st.integers(0, 1000))
def test_swapping_arms_and_the_order_of_persons(frame, seed):
    options = {"weeks": [1, 3], "horizon_weeks": 9}
    for one, other, moved in zip(
        retention(frame, **options), retention(frame, SWAPPED, **options),
        retention(frame.sample(frac=1, random_state=seed), **options), strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(other.estimate, -one.estimate, atol=1e-12)
        np.testing.assert_allclose(other.std_error, one.std_error, atol=1e-12)
        np.testing.assert_allclose(
            [moved.estimate, moved.std_error], [one.estimate, one.std_error], atol=1e-12
        )


@quick
@given(trials(), st.integers(1, 4), st.integers(4, 12))
def test_the_curve_runs_through_the_estimates(frame, weeks, horizon):
    effect = retention(frame, weeks=[weeks], horizon_weeks=horizon).one(estimand="itt")
    curves = je.retention_curves(
        frame, "kept", "lost", SITES, started="started", followed="followed", weeks=[weeks]
    )
    new, old = (curves.one(cause=f"kept>={weeks}", arm=arm) for arm in ("new", "old"))
    if len(new.times) > horizon:
        np.testing.assert_allclose(effect.mean_treatment, new.at(horizon), atol=1e-12)
        error = math.hypot(new.std_error[horizon], old.std_error[horizon])
        np.testing.assert_allclose(effect.std_error, error or math.nan, atol=1e-12)
