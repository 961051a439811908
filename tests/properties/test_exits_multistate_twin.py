"""Multi-state kernels against a twin that goes through one person at a time, and identities."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobeval import Lottery, estimate_occupancy, estimate_occupancy_weeks, tabulate_transitions
from jobeval.exits.histories.arm_occupancy import estimate_arms_occupancy
from jobeval.exits.histories.histories import build_histories, read_histories
from jobeval.exits.histories.landmark import transition_probabilities_from_histories
from jobeval.exits.histories.occupancy import occupancy_from_histories
from jobeval.exits.histories.occupancy_weeks import occupancy_weeks_from_histories
from jobeval.exits.histories.sequences import group_sequences
from jobeval.exits.histories.transitions import transition_rates_from_histories

quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
LABELS = ("benefit", "hours", "work")
PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
SWAPPED = Lottery(arm="arm", treatment="old", control="new", strata="site")
GROUPS = Lottery(arm="arm", treatment="new", control="old", strata="site", clusters="cluster")
UNSEEN = 255
STEP = 1e-5


@st.composite
def trials(draw, censored=True, late=True, persons=(8, 40), longest=8):
    """Two sites, two arms and two clusters of each in both; states at random, with ties."""
    n, weeks = draw(st.integers(*persons)), draw(st.integers(1, longest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    states = rng.integers(0, 3, (n, weeks)).astype(np.uint8)
    begin = rng.integers(0, weeks, n) * (rng.random(n) < 0.2) * late
    end = rng.integers(begin + 1, weeks + 1) if censored else np.full(n, weeks)
    begin[:8], end[:8] = 0, weeks
    week = np.arange(weeks)
    states[(week < begin[:, None]) | (week >= end[:, None])] = UNSEEN
    columns = {
        "arm": np.where(np.arange(n) % 4 < 2, "new", "old").astype(object),
        "site": np.where(np.arange(n) % 2, "north", "south").astype(object),
        "cluster": np.array([f"{i % 4}{i // 4 % 2}" for i in range(n)], dtype=object),
    }
    return states, columns


def histories_of(trial, lottery):
    return build_histories(trial[0], LABELS, trial[1], lottery)


def to_spells(trial, cut=None) -> pd.DataFrame:
    """One row for each stretch of weeks in a state, cut anew where ``cut`` says so."""
    rows = []
    for i, path in enumerate(trial[0]):
        previous = None
        for week, code in enumerate(path):
            if code == UNSEEN:
                continue
            if previous == code and not (cut is not None and cut[i, week]):
                rows[-1]["stop"] = week + 1
            else:
                own = {name: values[i] for name, values in trial[1].items()}
                rows.append({**own, "id": i, "start": week, "stop": week + 1, "state": code})
            previous = code
    frame = pd.DataFrame(rows)
    frame["state"] = [LABELS[code] for code in frame["state"]]
    return frame


def naive_occupation(paths, weights, start=None, method="aalen-johansen") -> np.ndarray:
    """Persons one by one, each counted ``weight`` times."""
    weeks = len(paths[0])
    share, found = np.zeros(3), []
    for week in range(weeks):
        here, moves = np.zeros(3), np.zeros((3, 3))
        for path, weight in zip(paths, weights, strict=True):
            if path[week] == UNSEEN:
                continue
            here[path[week]] += weight
            if week and path[week - 1] != UNSEEN:
                moves[path[week - 1], path[week]] += weight
        if week == 0:
            share = here / here.sum() if start is None else np.eye(3)[start]
        elif method == "observed":
            share = here / here.sum()
        else:
            after = np.zeros(3)
            for origin in range(3):
                out = moves[origin].sum()
                after += share[origin] * (moves[origin] / out if out else np.eye(3)[origin])
            share = after
        found.append(share)
    return np.array(found)


def naive_influence(paths, units, function) -> np.ndarray:
    """Squared derivatives by the weights of units of persons, added up."""
    total = 0.0
    for unit in dict.fromkeys(units):
        own = np.array([STEP if of == unit else 0.0 for of in units])
        derivative = (function(paths, 1 + own) - function(paths, 1 - own)) / (2 * STEP)
        total = total + derivative**2
    return total


def cells_of(trial, lottery):
    """Label of the arm → (weight, paths, units) of each stratum."""
    states, columns = trial
    n = len(states)
    strata = columns["site"] if lottery.strata else np.full(n, "all")
    units = columns["cluster"] if lottery.clusters else np.arange(n)
    for arm in ("old", "new"):
        yield (
            arm,
            [
                ((strata == s).sum() / n, states[own], list(units[own]))
                for s in sorted(set(strata))
                for own in [(strata == s) & (columns["arm"] == arm)]
            ],
        )


@quick
@given(
    trials(),
    st.sampled_from([PLAIN, SITES, GROUPS]),
    st.sampled_from(["aalen-johansen", "observed"]),
)
def test_occupancy_and_weeks_are_those_of_the_twin(trial, lottery, method):
    histories = histories_of(trial, lottery)
    curves = occupancy_from_histories(histories, method=method, band=True)
    weeks = trial[0].shape[1]
    effects = occupancy_weeks_from_histories(histories, horizon_weeks=weeks, method=method)
    for arm, cells in cells_of(trial, lottery):

        def occupation(paths, weights):
            return naive_occupation(paths, weights, method=method)

        values = sum(w * occupation(paths, np.ones(len(paths))) for w, paths, _ in cells)
        variance = sum(
            w**2 * naive_influence(paths, units, occupation) for w, paths, units in cells
        )
        for code, label in enumerate(LABELS):
            curve = curves.one(arm=arm, cause=label)
            known = ~np.isnan(curve.values)
            np.testing.assert_allclose(curve.values[known], values[known, code], atol=1e-12)
            np.testing.assert_allclose(
                curve.std_error[known], variance[known, code] ** 0.5, rtol=1e-6, atol=1e-7
            )
            effect = effects.one(part=label)
            mean = effect.mean_treatment if arm == "new" else effect.mean_control
            assert np.isnan(mean) or mean == pytest.approx(values[:, code].sum())
    without = occupancy_from_histories(histories, method=method)
    for one, other in zip(without, curves, strict=True):
        np.testing.assert_allclose(one.std_error, other.std_error, atol=1e-9)
        assert np.isnan(one.band_low).all()
        inside = ~np.isnan(other.band_low)
        assert (other.band_low[inside] <= other.conf_low[inside] + 1e-12).all()


@quick
@given(trials(), st.sampled_from([PLAIN, SITES, GROUPS]))
def test_errors_of_weeks_are_those_of_the_twin(trial, lottery):
    weeks = trial[0].shape[1]
    arms = estimate_arms_occupancy(histories_of(trial, lottery))
    found = arms.area_variance(weeks)
    for row, (_, cells) in enumerate(cells_of(trial, lottery)):

        def area(paths, weights):
            return naive_occupation(paths, weights).sum(axis=0)

        variance = sum(w**2 * naive_influence(paths, units, area) for w, paths, units in cells)
        np.testing.assert_allclose(found[row], variance, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(np.einsum("akts->ak", arms.covariance()), found, atol=1e-12)


@quick
@given(
    trials(), st.integers(0, 2), st.integers(0, 3), st.sampled_from(["landmark", "aalen-johansen"])
)
def test_transition_probabilities_are_those_of_the_twin(trial, code, week, method):
    states, columns = trial
    week = min(week, states.shape[1] - 1)
    inside = states[:, week] == code
    if len(set(columns["arm"][inside])) < 2:
        return
    curves = transition_probabilities_from_histories(
        histories_of(trial, PLAIN), from_state=LABELS[code], landmark_week=week, method=method
    )
    for arm in ("old", "new"):
        own = (columns["arm"] == arm) & (inside | (method == "aalen-johansen"))
        paths, units = states[own, week:], list(np.flatnonzero(own))

        def occupation(paths, weights):
            return naive_occupation(paths, weights, start=code)

        values = occupation(paths, np.ones(len(paths)))
        variance = naive_influence(paths, units, occupation)
        for place, label in enumerate(LABELS):
            curve = curves.one(arm=arm, cause=label)
            known = ~np.isnan(curve.values)
            np.testing.assert_allclose(curve.values[known], values[known, place], atol=1e-12)
            np.testing.assert_allclose(
                curve.std_error[known], variance[known, place] ** 0.5, rtol=1e-6, atol=1e-7
            )


def naive_log_ratio(cells, weights, move) -> float:
    """``cells``: by stratum the paths of control and treatment; ``weights`` alike."""
    above = below = 0.0
    for paths, of in zip(cells, weights, strict=True):
        d, y = [0.0, 0.0], [0.0, 0.0]
        for arm in (0, 1):
            for path, weight in zip(paths[arm], of[arm], strict=True):
                for before, after in pairwise(path):
                    if before == move[0] and after != UNSEEN:
                        y[arm] += weight
                        d[arm] += weight * (after == move[1])
        if sum(y):
            above += d[1] * y[0] / sum(y)
            below += d[0] * y[1] / sum(y)
    return np.log(above / below) if above > 0 and below > 0 else np.nan


@quick
@given(trials(persons=(8, 16)), st.sampled_from([PLAIN, SITES, GROUPS]))
def test_rate_ratios_are_those_of_the_twin(trial, lottery):
    both = [cells for _, cells in cells_of(trial, lottery)]
    cells = [[both[arm][s][1] for arm in (0, 1)] for s in range(len(both[0]))]
    units = [[both[arm][s][2] for arm in (0, 1)] for s in range(len(both[0]))]
    for effect in transition_rates_from_histories(histories_of(trial, lottery)):
        move = tuple(LABELS.index(name) for name in effect.part.split(" -> "))
        ones = [[np.ones(len(paths)) for paths in pair] for pair in cells]
        expected = naive_log_ratio(cells, ones, move)
        assert effect.estimate == pytest.approx(expected, nan_ok=True, abs=1e-12)
        if np.isnan(expected):
            continue
        variance = 0.0
        for s, pair in enumerate(units):
            for arm in (0, 1):
                found = []
                for unit in dict.fromkeys(pair[arm]):
                    ratio = []
                    for sign in (1, -1):
                        weights = [[w.copy() for w in of] for of in ones]
                        weights[s][arm] += sign * STEP * np.array([u == unit for u in pair[arm]])
                        ratio.append(naive_log_ratio(cells, weights, move))
                    found.append((ratio[0] - ratio[1]) / (2 * STEP))
                variance += ((np.array(found) - np.mean(found)) ** 2).sum()
        if variance > 1e-12:
            assert effect.std_error == pytest.approx(variance**0.5, rel=1e-5)


@quick
@given(trials(censored=False, late=False), st.sampled_from([PLAIN, SITES]))
def test_without_censoring_occupancy_is_the_share(trial, lottery):
    states, weeks = trial[0], trial[0].shape[1]
    curves = occupancy_from_histories(histories_of(trial, lottery))
    effects = occupancy_weeks_from_histories(histories_of(trial, lottery), horizon_weeks=weeks)
    means = {}
    for arm, cells in cells_of(trial, lottery):
        for code, label in enumerate(LABELS):
            shares = [(paths == code).mean(axis=0) for _, paths, _ in cells]
            value = sum(w * p for (w, _, _), p in zip(cells, shares, strict=True))
            variance = sum(
                w**2 * p * (1 - p) / len(paths)
                for (w, paths, _), p in zip(cells, shares, strict=True)
            )
            curve = curves.one(arm=arm, cause=label)
            np.testing.assert_allclose(curve.values, value, atol=1e-12)
            np.testing.assert_allclose(curve.std_error, np.sqrt(variance), atol=1e-7)
            counts = [(paths == code).sum(axis=1) for _, paths, _ in cells]
            means[arm, label] = (
                sum(w * c.mean() for (w, _, _), c in zip(cells, counts, strict=True)),
                sum(w**2 * c.var() / len(c) for (w, _, _), c in zip(cells, counts, strict=True)),
            )
    for effect in effects:
        treated, control = means["new", effect.part], means["old", effect.part]
        assert effect.estimate == pytest.approx(treated[0] - control[0], abs=1e-10)
        if min(treated[1], control[1]) > 1e-12:
            assert effect.std_error == pytest.approx((treated[1] + control[1]) ** 0.5)
    assert (states != UNSEEN).all()


@quick
@given(trials())
def test_shares_add_up_to_one_and_differences_to_zero(trial):
    curves = occupancy_from_histories(histories_of(trial, SITES))
    for arm, total in (("old", 1.0), ("new", 1.0), ("new - old", 0.0)):
        added = np.sum([c.values for c in curves.where(arm=arm)], axis=0)
        assert np.allclose(added[~np.isnan(added)], total)
        assert not np.isnan(added[0])
    weeks = trial[0].shape[1]
    effects = occupancy_weeks_from_histories(histories_of(trial, SITES), horizon_weeks=weeks)
    total = sum(e.mean_control for e in effects), sum(e.mean_treatment for e in effects)
    if not np.isnan(total[0]):
        assert total == pytest.approx((weeks, weeks))
        assert sum(e.estimate for e in effects) == pytest.approx(0, abs=1e-10)


def answers(frame, lottery) -> np.ndarray:
    columns = ("id", "start", "stop", "state")
    curves = estimate_occupancy(frame, *columns, lottery, states=LABELS).to_frame()
    effects = estimate_occupancy_weeks(
        frame, *columns, lottery, states=LABELS, horizon_weeks=2
    ).to_frame()
    moves = tabulate_transitions(frame, *columns, lottery, states=LABELS)
    parts = (curves, effects.drop(columns="n_clusters", errors="ignore"), moves)
    return np.concatenate([p.select_dtypes("number").to_numpy(float).ravel() for p in parts])


@quick
@given(trials(), st.integers(0, 1000))
def test_order_names_and_cuts_of_spells_change_nothing(trial, seed):
    rng = np.random.default_rng(seed)
    frame = to_spells(trial)
    cut = to_spells(trial, rng.random(trial[0].shape) < 0.5)
    cut["id"] = "p" + (1000 - cut["id"]).astype(str)
    cut = cut.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(answers(cut, SITES), answers(frame, SITES), rtol=1e-7, atol=1e-9)
    read = read_histories(
        frame, person="id", start="start", stop="stop", state="state", lottery=SITES, states=LABELS
    )
    assert (read.states == trial[0]).all()


@quick
@given(trials())
def test_swapped_arms_turn_the_sign(trial):
    effects = occupancy_weeks_from_histories(histories_of(trial, SITES), horizon_weeks=1)
    swapped = occupancy_weeks_from_histories(histories_of(trial, SWAPPED), horizon_weeks=1)
    for one, other in zip(effects, swapped, strict=True):
        assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
        assert one.std_error == pytest.approx(other.std_error, nan_ok=True)
    rates = transition_rates_from_histories(histories_of(trial, SITES))
    turned = transition_rates_from_histories(histories_of(trial, SWAPPED))
    for one, other in zip(rates, turned, strict=True):
        assert one.estimate == pytest.approx(-other.estimate, nan_ok=True, abs=1e-12)


@quick
@given(trials(censored=False, late=False, persons=(12, 40)), st.integers(2, 6), st.integers(0, 99))
def test_groups_of_sequences_hide_persons_and_ignore_their_order(trial, size, seed):
    weeks = trial[0].shape[1]
    groups = group_sequences(histories_of(trial, PLAIN), size, by="work", horizon_weeks=weeks)
    assert (groups.sizes >= size).all() and groups.sizes.sum() == len(trial[0])
    assert (groups.counts <= groups.sizes[:, None]).all()
    assert (groups.counts * 3 >= groups.sizes[:, None]).all()
    order = np.random.default_rng(seed).permutation(len(trial[0]))
    shuffled = (trial[0][order], {name: values[order] for name, values in trial[1].items()})
    again = group_sequences(histories_of(shuffled, PLAIN), size, by="work", horizon_weeks=weeks)
    assert groups.to_frame().equals(again.to_frame())
