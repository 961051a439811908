"""Aalen–Johansen curves and their areas against a twin that goes person by person.

The twin gives every person a weight and takes derivatives by a complex step, so the influence
of a person is what the definition says: what the estimate changes with the weight.
"""

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobeval import (
    Lottery,
    cumulative_incidence,
    estimate_incidence_difference,
    estimate_rmst,
    estimate_state_weeks,
)
from jobeval.exits.destinations.aalen_johansen import aalen_johansen, incidence_covariance
from jobeval.exits.destinations.incidence import (
    cumulative_incidence_from_grid,
    incidence_difference_from_grid,
)
from jobeval.exits.destinations.incidence_area import area_influence, state_areas
from jobeval.exits.destinations.state_weeks import state_weeks_from_grid
from jobeval.exits.grid.durations import read_destinations
from jobeval.exits.grid.grid import build_grid

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
SWAPPED = Lottery(arm="arm", treatment="old", control="new", strata="site")
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
STEP = 1e-30


@st.composite
def groups(draw, late=False):
    """Weeks, causes (0 = censored) and entries of a few persons of one group."""
    n = draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weeks = rng.integers(0, 9, n)
    cause = rng.choice([0, 1, 2], n, p=draw(st.sampled_from([(1, 0, 0), (0, 0.5, 0.5),
                                                             (0.3, 0.4, 0.3)])))  # fmt: skip
    entry = np.full(n, -1)
    if late:
        weeks = np.maximum(weeks, 1)
        entry = np.where(rng.random(n) < 0.5, rng.integers(-1, weeks), -1)
    return weeks, cause, entry


def grid_of(weeks, cause, entry):
    zero = np.zeros_like(weeks)
    grid = build_grid(weeks, cause, zero, zero, arms=("all",), strata=("all",),
                      causes=("a", "b"), entry=entry)  # fmt: skip
    return grid.at_risk[0, 0], grid.events[0, 0]


def naive_incidence(weeks, cause, entry, weight):
    """``F_1, F_2, S`` after each week, shape ``(T, 3)``, of persons with (complex) weights."""
    stay, gone, path = 1.0 + 0j, {1: 0j, 2: 0j}, []
    for week in range(int(weeks.max()) + 1):
        at_risk = sum(w for w, t, e in zip(weight, weeks, entry, strict=True) if e < week <= t)
        left = {
            k: sum(w for w, t, c in zip(weight, weeks, cause, strict=True) if t == week and c == k)
            for k in (1, 2)
        }
        if at_risk:
            for k in (1, 2):
                gone[k] += stay * left[k] / at_risk
            stay *= 1 - (left[1] + left[2]) / at_risk
        path.append([gone[1], gone[2], stay])
    return np.array(path)


def naive_influence(weeks, cause, entry):
    """Derivatives by the persons' weights, shape ``(n, T, 3)``."""
    bumps = np.ones(len(weeks)) + STEP * 1j * np.eye(len(weeks))
    return np.array([naive_incidence(weeks, cause, entry, w).imag / STEP for w in bumps])


@quick
@given(groups(late=True))
def test_values_with_late_entries(group):
    values, _ = aalen_johansen(*grid_of(*group))
    naive = naive_incidence(*group, np.ones(len(group[0]))).real[:, :2]
    known = ~np.isnan(values[:, 0])
    np.testing.assert_allclose(values[known], naive[known], atol=1e-13)


@quick
@given(groups())
def test_variance_and_covariance_are_the_jackknife_s(group):
    at_risk, events = grid_of(*group)
    values, variance = aalen_johansen(at_risk, events)
    influence = naive_influence(*group)[..., :2]
    known = ~np.isnan(values[:, 0])
    for cause in (0, 1):
        own = influence[:, known, cause]
        expected = own.T @ own
        np.testing.assert_allclose(variance[known, cause], np.diag(expected), atol=1e-12)
        found = incidence_covariance(at_risk, events, cause)
        np.testing.assert_allclose(found[np.ix_(known, known)], expected, atol=1e-12)


@quick
@given(groups(late=True))
def test_variance_with_late_entries_is_that_of_the_hazards(group):
    """The recursion of covariance matrices in Andersen et al. (1993), section IV.4.1.3."""
    at_risk, events = grid_of(*group)
    values, variance = aalen_johansen(at_risk, events)
    state, covariance = np.array([1.0, 0, 0]), np.zeros((3, 3))
    for week, (n, d) in enumerate(zip(at_risk, events, strict=True)):
        if n:
            share = d / n
            move = np.array([[1 - share.sum(), *share], [0, 1, 0], [0, 0, 1]])
            hazards = (np.diag(share) - np.outer(share, share)) / n
            noise = np.vstack([-hazards.sum(axis=0), hazards])
            noise = np.hstack([-noise.sum(axis=1, keepdims=True), noise])
            covariance = move.T @ covariance @ move + state[0] ** 2 * noise
            state = state @ move
        if not np.isnan(values[week, 0]):
            np.testing.assert_allclose(variance[week], np.diag(covariance)[1:], atol=1e-12)


@quick
@given(groups(), st.integers(1, 14))
def test_areas(group, horizon):
    at_risk, events = grid_of(*group)
    areas = state_areas(at_risk, events, horizon)
    paths = naive_incidence(*group, np.ones(len(group[0]))).real
    influence = naive_influence(*group)
    if np.isnan(areas.values).any():
        assert np.isnan(areas.values).all() and np.isnan(areas.variance).all()
        last = group[0].max()
        assert horizon > last + 1 and paths[-1, 2] > 1e-12  # somebody stays, unseen
        return
    extend = max(horizon - len(paths), 0)
    paths = np.pad(paths, [(0, extend), (0, 0)], mode="edge")[:horizon]
    influence = np.pad(influence, [(0, 0), (0, extend), (0, 0)], mode="edge")[:, :horizon]
    np.testing.assert_allclose(areas.values, paths.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(areas.values.sum(), horizon)
    own = influence.sum(axis=1)
    np.testing.assert_allclose(areas.variance, (own**2).sum(axis=0), atol=1e-11)


class Persons:
    """What an influence needs of ``Durations``."""

    def __init__(self, weeks, cause, entry):
        self.weeks, self.cause, self.entry = weeks, cause, entry


@quick
@given(groups(late=True), st.integers(1, 9))
def test_influence_on_areas_with_late_entries(group, horizon):
    at_risk, events = grid_of(*group)
    found = [
        one.of((), Persons(*group), state) for state, one in
        enumerate(area_influence(at_risk, events, horizon), start=1)
    ]  # fmt: skip
    if np.isnan(found).any():
        assert np.isnan(state_areas(at_risk, events, horizon).values).all()
        return
    influence = naive_influence(*group)
    extend = max(horizon - influence.shape[1], 0)
    influence = np.pad(influence, [(0, 0), (0, extend), (0, 0)], mode="edge")[:, :horizon]
    np.testing.assert_allclose(np.transpose(found), influence.sum(axis=1), atol=1e-11)
    np.testing.assert_allclose(np.sum(found, axis=0), 0, atol=1e-11)


@st.composite
def trials(draw, censored=True):
    """Two sites, two arms, both in each; destinations a and b; weeks with many ties."""
    n = draw(st.integers(8, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cause = rng.integers(0 if censored else 1, 3, n)
    weeks = rng.integers(1, 12, n)
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": np.where(np.arange(n) % 2, "north", "south"),
            "week": weeks,
            "entry": rng.integers(0, weeks),
            "to": np.array([None, "a", "b"], dtype=object)[cause],
        }
    )


def numbers(table):
    return np.array([[e.estimate, e.std_error, e.mean_treatment, e.mean_control] for e in table])


@quick
@given(trials(), st.integers(1, 12))
def test_weeks_add_up(frame, horizon):
    for lottery in (PLAIN, SITES):
        found = numbers(estimate_state_weeks(frame, "week", "to", lottery, horizon_weeks=horizon))
        known = ~np.isnan(found[:, 0])
        assert known.all() or not known.any()
        if known.all():
            np.testing.assert_allclose(found[:, 0].sum(), 0, atol=1e-11)
            np.testing.assert_allclose(found[:, 2:].sum(axis=0), horizon)


@quick
@given(trials(), st.integers(1, 12))
def test_the_remaining_are_restricted_means(frame, horizon):
    left = frame.assign(left=frame["to"].notna())
    for lottery in (PLAIN, SITES):
        *_, stay = estimate_state_weeks(frame, "week", "to", lottery, horizon_weeks=horizon)
        mean = estimate_rmst(left, "week", "left", lottery, horizon_weeks=horizon)
        for name in ("estimate", "std_error", "df", "mean_treatment", "mean_control"):
            np.testing.assert_allclose(getattr(stay, name), getattr(mean, name), rtol=1e-9)


@quick
@given(trials(), st.integers(1, 12))
def test_swapping_the_arms_turns_the_sign(frame, horizon):
    one, other = (
        numbers(estimate_state_weeks(frame, "week", "to", lottery, horizon_weeks=horizon))
        for lottery in (SITES, SWAPPED)
    )
    np.testing.assert_allclose(one, other[:, [0, 1, 3, 2]] * [-1, 1, 1, 1], atol=1e-11)


@quick
@given(trials(censored=False))
def test_without_censoring_weeks_are_means_over_persons(frame):
    horizon = 9
    table = estimate_state_weeks(frame, "week", "to", PLAIN, horizon_weeks=horizon)
    for effect in table:
        spent = np.maximum(horizon - frame["week"], 0).where(frame["to"] == effect.part, 0)
        if effect.part == "remaining":
            spent = np.minimum(frame["week"], horizon)
        for arm, mean in (("new", effect.mean_treatment), ("old", effect.mean_control)):
            np.testing.assert_allclose(mean, spent[frame["arm"] == arm].mean(), atol=1e-12)
        groups = [spent[frame["arm"] == arm].to_numpy() for arm in ("new", "old")]
        error = np.sqrt(sum(g.var() / len(g) for g in groups))
        if effect.std_error > 0:
            np.testing.assert_allclose(effect.std_error, error, atol=1e-12)


@quick
@given(trials())
def test_counts_are_enough(frame):
    grid = read_destinations(frame, "week", "to", SITES).grid(SITES)
    pairs = [
        (cumulative_incidence(frame, "week", "to", SITES, remaining=True),
         cumulative_incidence_from_grid(grid, endpoint="week", remaining=True)),
        (estimate_incidence_difference(frame, "week", "to", SITES, band=None),
         incidence_difference_from_grid(grid, endpoint="week", band=None)),
    ]  # fmt: skip
    for persons, counts in pairs:
        pd.testing.assert_frame_equal(persons.to_frame(), counts.to_frame())
    one = estimate_state_weeks(frame, "week", "to", SITES, horizon_weeks=6)
    other = state_weeks_from_grid(grid, endpoint="week", horizon_weeks=6)
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())


@quick
@given(trials(), st.integers(0, 1000))
def test_the_order_of_persons_does_not_matter(frame, seed):
    shuffled = frame.sample(frac=1, random_state=seed)
    one, other = (
        cumulative_incidence(f, "week", "to", SITES, entry="entry") for f in (frame, shuffled)
    )
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first.values, second.values, atol=1e-13)
        np.testing.assert_allclose(first.std_error, second.std_error, atol=1e-9)
