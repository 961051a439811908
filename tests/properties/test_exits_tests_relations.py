"""Tests of exits against twins that look at one person at a time, and their relations."""

import math
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import jobeval as je
from jobeval.exits.drawn.drawn_counts import grid_table
from jobeval.exits.grid.durations import read_destinations, read_durations
from jobeval.exits.ranks.adjusted_logrank import adjusted_logrank, read_baseline
from jobeval.exits.ranks.gray import gray_test_from_grid
from jobeval.exits.ranks.gray_statistic import gray
from jobeval.exits.ranks.logrank import logrank_test_from_grid
from jobeval.exits.ranks.max_combo import POWERS
from jobeval.exits.ranks.weighted_logrank import fleming_harrington, logrank

PLAIN = je.Lottery(arm="arm", treatment="new", control="old")
SITES = je.Lottery(arm="arm", treatment="new", control="old", strata="site")
SWAPPED = je.Lottery(arm="arm", treatment="old", control="new", strata="site")
quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(quick, max_examples=7)


@st.composite
def trials(draw, persons=(6, 40), longest=7, late=False):
    """Two sites with both arms; many ties; perhaps nobody leaves, or nobody of one arm."""
    n = draw(st.integers(*persons))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arm = np.where(rng.random(n) < draw(st.sampled_from([0.2, 0.5])), "new", "old")
    arm[:4] = ["new", "old", "new", "old"]
    site = np.where(rng.random(n) < 0.6, "north", "south")
    site[:4] = ["north", "north", "south", "south"]
    cause = rng.choice(3, n, p=draw(st.sampled_from([[0.3, 0.4, 0.3], [0.9, 0.1, 0], [1, 0, 0]])))
    week = rng.integers(0, longest + 1, n)
    entry = np.where(rng.random(n) < 0.4, rng.integers(-1, longest, n), -1) if late else -1
    return pd.DataFrame(
        {"arm": arm, "site": site, "age": rng.integers(20, 60, n), "week": week,
         "left": cause > 0, "to": np.array([None, "job", "pension"], dtype=object)[cause],
         "entry": np.minimum(entry, week - 1)}
    )  # fmt: skip


def naive_logrank(persons: pd.DataFrame, rho=0.0, gamma=0.0, strata="site"):
    """``O − E`` and its variance, risk set after risk set."""
    difference = variance = 0.0
    for _, part in persons.groupby(strata):
        rows = list(part.itertuples())
        survival = 1.0
        for week in range(int(part["week"].max()) + 1):
            here = [p for p in rows if p.entry < week <= p.week]
            leaving = [p for p in here if p.left and p.week == week]
            if not leaving:
                continue
            n, d, n1 = len(here), len(leaving), sum(p.arm == "new" for p in here)
            weight = survival**rho * (1 - survival) ** gamma
            difference += weight * (sum(p.arm == "new" for p in leaving) - d * n1 / n)
            if n > 1:
                variance += weight**2 * d * n1 * (n - n1) * (n - d) / (n**2 * (n - 1))
            survival *= 1 - d / n
    return difference, variance


@quick
@given(trials(), st.sampled_from([(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 2)]), st.booleans())
def test_weighted_statistics_person_by_person(frame, powers, pooled):
    lottery = PLAIN if pooled else SITES
    difference, variance = naive_logrank(frame.assign(one=1), *powers, "one" if pooled else "site")
    test = je.logrank_test(frame, "week", "left", lottery, weights=powers)
    if variance < 1e-12:
        assert math.isnan(test.statistic)
        assert "not estimable" in test.notes[-1]
    else:
        assert test.statistic == pytest.approx(difference**2 / variance, rel=1e-9, abs=1e-12)


@quick
@given(trials(late=True), st.sampled_from([(0, 0), (1, 1)]))
def test_late_entries_person_by_person(frame, powers):
    frame = frame[frame["entry"] >= 0]
    assume((frame.groupby("site")["arm"].nunique() == 2).all() and len(frame) > 3)
    difference, variance = naive_logrank(frame, *powers)
    durations = read_durations(frame, "week", "left", SITES, entry="entry")
    grid = durations.grid(SITES)
    at_risk, events = grid.at_risk, grid.leavers
    weights = fleming_harrington(at_risk, events, np.array([powers], dtype=float))
    test = logrank(at_risk, events, weights)
    assert test.difference[0] == pytest.approx(difference, abs=1e-9)
    assert test.variance[0] == pytest.approx(variance, abs=1e-9)


def lotteries(frame: pd.DataFrame):
    """All ways to draw as many to treatment at each site."""
    sites = [np.flatnonzero(frame["site"] == site) for site in ("north", "south")]
    ways = [combinations(s, int((frame["arm"].to_numpy()[s] == "new").sum())) for s in sites]
    for drawn in product(*ways):
        arm = np.full(len(frame), "old")
        arm[[i for group in drawn for i in group]] = "new"
        yield frame.assign(arm=arm)


@few
@given(trials(persons=(6, 8), late=True), st.sampled_from([None, (0, 1), "max-combo"]))
def test_exact_p_values_lottery_by_lottery(frame, weights):
    powers = POWERS if weights == "max-combo" else [weights or (0, 0)]
    frame["entry"] = np.where(frame["week"] > 0, frame["entry"], -1)
    frame = frame[frame["week"] > 0].copy()
    frame["entry"] = frame["entry"].clip(lower=0)
    assume((frame.groupby("site")["arm"].nunique() == 2).reindex(["north", "south"]).all())
    drawn = np.array([[naive_logrank(one, *p)[0] for p in powers] for one in lotteries(frame)])
    test = je.logrank_test(
        frame, "week", "left", SITES, weights=weights, entry="entry", inference="lottery"
    )
    spread = drawn.std(axis=0)
    if (spread < 1e-9).all():
        assert math.isnan(test.p_value)
        return
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=1e-9)
    known = spread > 1e-9
    observed = [naive_logrank(frame, *p)[0] for p in np.array(powers)[known]]
    largest = np.abs(np.array(observed) / spread[known]).max()
    statistics = np.abs(drawn[:, known] / spread[known]).max(axis=1)
    assert test.exact
    assert test.draws == len(drawn)
    assert test.p_value == pytest.approx((statistics >= largest * (1 - 1e-9)).mean(), rel=1e-12)
    expected = largest if weights == "max-combo" else largest**2
    assert test.statistic == pytest.approx(expected, rel=1e-7, abs=1e-12)


def naive_gray(persons: pd.DataFrame, cause: str, rho: float):
    """Gray (1988), one week and one person after another, as his equations stand."""
    score = variance = 0.0
    for _, part in persons.groupby("site"):
        rows = list(part.itertuples())
        survival, incidence, pooled, c = (
            {"old": 1.0, "new": 1.0},
            {"old": 0.0, "new": 0.0},
            0.0,
            0.0,
        )
        steps = []
        for week in range(int(part["week"].max()) + 1):
            r = {a: sum(p.week >= week and p.arm == a for p in rows) for a in survival}
            d = {a: sum(p.week == week and p.arm == a and p.to == cause for p in rows) for a in r}
            e = {a: sum(p.week == week and p.arm == a and p.left for p in rows) - d[a] for a in r}
            if not any(d.values()) and not any(e.values()):
                continue
            h = {a: r[a] / survival[a] if r[a] else 0.0 for a in r}
            total, both = sum(h.values()), sum(d.values())
            staying = {a: h[a] * (1 - incidence[a]) for a in h}
            weight = (1 - pooled) ** rho
            if r["new"]:
                score += weight * (d["new"] - both * staying["new"] / sum(staying.values()))
            own = weight * h["new"] * h["old"] / total
            c += own * both / (total * (1 - pooled)) if both else 0.0
            after = pooled + both / total
            for a in r:
                if not r[a]:
                    continue
                stays = survival[a] * (r[a] - d[a] - e[a]) / r[a]
                tie = 1 - (both - 1) / (total * survival[a] - 1) if both > 1 else 1.0
                t4 = 1 - (1 - after) / stays if stays > 0 else 1.0
                steps.append((tie * survival[a] * both / (total * r[a]), own, t4, c))
                if stays > 0 and e[a]:
                    tie = 1 - (e[a] - 1) / (r[a] - 1) if e[a] > 1 else 1.0
                    size = tie * survival[a] ** 2 * e[a] / r[a] ** 2
                    steps.append((size, 0.0, -(1 - after) / stays, c))
            for a in r:
                if r[a]:
                    incidence[a] += survival[a] * d[a] / r[a]
                    survival[a] *= (r[a] - d[a] - e[a]) / r[a]
            pooled = after
        variance += sum(size * (own + t4 * (c - at)) ** 2 for size, own, t4, at in steps)
    return score, variance


@quick
@given(trials(), st.sampled_from([0, 1, 2.5]))
def test_gray_person_by_person(frame, rho):
    score, variance = naive_gray(frame, "job", rho)
    test = je.gray_test(frame, "week", "to", SITES, cause="job", rho=rho)
    if variance < 1e-12:
        assert math.isnan(test.statistic)
    else:
        assert test.statistic == pytest.approx(score**2 / variance, rel=1e-8, abs=1e-12)


@few
@given(trials(persons=(6, 8)))
def test_exact_p_values_of_gray(frame):
    assume("job" in set(frame["to"]))
    drawn = [
        je.gray_test(one, "week", "to", SITES, cause="job").statistic for one in lotteries(frame)
    ]
    test = je.gray_test(frame, "week", "to", SITES, cause="job", inference="lottery")
    if math.isnan(test.statistic):
        assert math.isnan(test.p_value)
        return
    hits = [not one < test.statistic * (1 - 1e-9) for one in drawn]
    assert test.exact
    assert test.p_value == pytest.approx(np.mean(hits), rel=1e-12)


def naive_ye_shao(frame: pd.DataFrame, shares: dict[str, float]):
    """Ye, Shao & Yi (2024): derived outcomes week by week, regressed on age and site."""
    outcomes = []
    for person in frame.itertuples():
        same = frame[frame["site"] == person.site]
        total = 0.0
        for week in range(person.week + 1):
            n1 = ((same["week"] >= week) & (same["arm"] == "new")).sum()
            n0 = ((same["week"] >= week) & (same["arm"] == "old")).sum()
            d = ((same["week"] == week) & same["left"]).sum()
            other = (n0 if person.arm == "new" else n1) / (n0 + n1)
            total += other * ((person.left and person.week == week) - d / (n0 + n1))
        outcomes.append(total)
    y, share = np.array(outcomes), frame["site"].map(shares).to_numpy()
    dummies = pd.get_dummies(frame["site"]).to_numpy(float)
    age = frame["age"].to_numpy(float)
    treated = (frame["arm"] == "new").to_numpy()
    slope = {}
    for arm, weight in ((True, 1 - share), (False, share)):
        keep = treated == arm
        root = np.sqrt(weight[keep])
        x = np.column_stack([age, dummies])[keep] * root[:, None]
        slope[arm] = np.linalg.lstsq(x, y[keep] * root, rcond=1e-10)[0][0]
    centred = age - frame.groupby("site")["age"].transform("mean").to_numpy()
    shift = (centred * np.where(treated, slope[True], -slope[False])).sum()
    saved = (
        sum(
            len(part) * shares[site] * (1 - shares[site]) * part["age"].var()
            for site, part in frame.groupby("site")
        )
        * (slope[True] + slope[False]) ** 2
    )
    difference, variance = naive_logrank(frame)
    return difference - shift, variance - saved


@few
@given(trials(persons=(12, 40)), st.sampled_from([None, 0.4]))
def test_the_adjusted_test_person_by_person(frame, chance):
    sizes = frame.groupby(["arm", "site"])["age"].agg(["size", "nunique"])
    assume((sizes["nunique"] >= 2).all())
    frame = frame.assign(entry=-1)
    shares = {s: float((p["arm"] == "new").mean()) for s, p in frame.groupby("site")}
    lottery = je.Lottery(
        arm="arm", treatment="new", control="old", strata="site", probability=chance
    )
    if chance is not None:
        shares = dict.fromkeys(shares, chance)
    difference, variance = naive_ye_shao(frame, shares)
    durations = read_durations(frame, "week", "left", lottery, ["age"])
    moments = adjusted_logrank(
        durations, durations.grid(lottery), read_baseline(durations, ["age"])
    )
    assert moments.difference[0] == pytest.approx(difference, rel=1e-7, abs=1e-9)
    assert moments.covariance[0, 0] == pytest.approx(variance, rel=1e-7, abs=1e-9)


def everything(frame: pd.DataFrame, lottery: je.Lottery) -> np.ndarray:
    """What all tests say, but for p-values of draws, which depend on the order of arms."""
    tests = [
        je.logrank_test(frame, "week", "left", lottery),
        je.logrank_test(frame, "week", "left", lottery, weights="max-combo"),
        je.logrank_test(frame, "week", "left", lottery, covariates=["age"]),
        je.logrank_test(frame, "week", "left", lottery, inference="lottery", draws=1),
        je.gray_test(frame, "week", "to", lottery, cause="job"),
    ]
    effect = je.estimate_adjusted_hazard_ratio(frame, "week", "left", lottery, covariates=["age"])
    found = [value for test in tests for value in (test.statistic, test.n_apart_treatment or 0)]
    return np.array([*found, effect.estimate, effect.std_error], dtype=float)


@few
@given(trials(persons=(20, 40)), st.integers(0, 1000))
def test_the_order_of_persons_does_not_matter(frame, seed):
    shuffled = frame.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(
        everything(shuffled, SITES), everything(frame, SITES), rtol=1e-6, atol=1e-8
    )
    for options in ({"weights": (1, 1)}, {}):
        said = [
            je.logrank_test(
                one, "week", "left", SITES, inference="lottery", draws=200, **options
            ).p_value
            for one in (frame, shuffled)
        ]
        np.testing.assert_equal(said[0], said[1])


@few
@given(trials(persons=(20, 40)))
def test_swapping_the_arms(frame):
    one, other = everything(frame, SITES), everything(frame, SWAPPED)
    statistics = [0, 2, 4, 6, 8]
    np.testing.assert_allclose(other[statistics], one[statistics], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other[-2], -one[-2], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other[-1], one[-1], rtol=1e-6, atol=1e-8)


@few
@given(trials(persons=(20, 40)))
def test_one_stratum_is_no_stratum(frame):
    frame = frame.assign(site="north")
    np.testing.assert_allclose(everything(frame, SITES), everything(frame, PLAIN), rtol=1e-9)


@few
@given(trials(persons=(20, 40)), st.integers(1, 5))
def test_persons_who_were_never_followed_change_nothing(frame, many):
    """Unless somebody leaves in week 0, in which they were at risk too."""
    frame = frame.assign(week=frame["week"].clip(lower=1))
    never = frame.assign(week=0, left=False, to=None).head(many)
    more = pd.concat([frame, never], ignore_index=True)
    for weights in (None, (0, 1), "max-combo"):
        said = [
            je.logrank_test(one, "week", "left", SITES, weights=weights).statistic
            for one in (frame, more)
        ]
        np.testing.assert_allclose(said[0], said[1], rtol=1e-9)


@few
@given(trials(persons=(20, 40)))
def test_counts_alone_say_the_same(frame):
    one = read_durations(frame, "week", "left", SITES).grid(SITES)
    two = read_destinations(frame, "week", "to", SITES).grid(SITES)
    for inference in ("model", "lottery"):
        options = {"inference": inference, "draws": 100}
        said = je.logrank_test(frame, "week", "left", SITES, weights=(1, 0), **options)
        counted = logrank_test_from_grid(one, endpoint="week", weights=(1, 0), **options)
        assert counted.to_dict() == said.to_dict()
        said = je.gray_test(frame, "week", "to", SITES, cause="job", **options)
        counted = gray_test_from_grid(two, endpoint="week", cause="job", **options)
        assert counted.to_dict() == said.to_dict()


@quick
@given(trials(persons=(20, 40)))
def test_draws_side_by_side_are_draws_one_by_one(frame):
    assume("job" in set(frame["to"]))
    table = grid_table(read_destinations(frame, "week", "to", SITES).grid(SITES))
    both = np.stack([table, table[::-1]])
    together = gray(both, 1)
    for place, one in enumerate((table, table[::-1])):
        np.testing.assert_allclose(together.score[place], gray(one, 1).score)
        np.testing.assert_allclose(together.variance[place], gray(one, 1).variance)
