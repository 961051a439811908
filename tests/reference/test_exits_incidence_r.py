"""Competing exits in a stratified weekly trial with ties, against R (exits_incidence.R).

R's numbers carry 14 digits and are compared at 1e-9 unless said.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    Lottery,
    cumulative_incidence,
    estimate_incidence_difference,
    estimate_state_weeks,
    survival_curve,
)
from jobeval.exits.destinations.aalen_johansen import incidence_covariance
from jobeval.exits.grid.grid import build_grid

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_incidence.json").read_text())
PLAIN = Lottery(arm="arm", treatment=1, control=0)
SITES = Lottery(arm="arm", treatment=1, control=0, strata="site")
PERSONS = Lottery(arm="arm", treatment=1, control=0, clusters="person")
STATES = ("job", "pension", "school")


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "exits_incidence.csv")
    return frame.assign(to=frame["to"].where(frame["to"].notna(), None))


def compare(curves, arm: int, answer: dict, errors: bool = True) -> None:
    last = None
    for k, cause in enumerate(STATES):
        curve = curves.one(arm=str(arm), cause=cause)
        last = int(curve.times[~np.isnan(curve.values)][-1])
        rows = np.array(answer["values"], dtype=float)[: last + 1, k]
        np.testing.assert_allclose(curve.values[: last + 1], rows, rtol=1e-9, atol=1e-12)
        if errors:
            rows = np.array(answer["std_error"], dtype=float)[: last + 1, k]
            np.testing.assert_allclose(curve.std_error[: last + 1], rows, rtol=1e-9, atol=1e-8)
    assert last is not None and last > 15


@pytest.mark.parametrize("arm", [0, 1])
def test_incidence_and_jackknife_errors(trial, arm):
    compare(cumulative_incidence(trial, "week", "to", PLAIN), arm, R[f"aj_{arm}"])


@pytest.mark.parametrize("arm", [0, 1])
def test_late_entry(trial, arm):
    """R's errors are sums over persons, as ours are when each person is a cluster."""
    answer = R[f"late_{arm}"]
    plain = cumulative_incidence(trial, "week", "to", PLAIN, entry="entry")
    compare(plain, arm, answer, errors=False)
    summed = cumulative_incidence(trial, "week", "to", PERSONS, entry="entry")
    compare(summed, arm, answer)
    # without clusters the variance is that of the hazards: close, and the same without entries
    for curve, other in zip(plain, summed, strict=True):
        known = other.std_error > 0.005
        ratio = curve.std_error[known] / other.std_error[known]
        assert 0.9 < ratio.min() <= ratio.max() < 1.1


@pytest.mark.parametrize("arm", [0, 1])
def test_covariance_of_weeks(trial, arm):
    own = trial[trial["arm"] == arm]
    zero = np.zeros(len(own), dtype=np.int64)
    cause = own["to"].map({name: k for k, name in enumerate(STATES, 1)}).fillna(0)
    grid = build_grid(own["week"].to_numpy(), cause.to_numpy().astype(int), zero, zero,
                      arms=("all",), strata=("all",), causes=STATES)  # fmt: skip
    covariance = incidence_covariance(grid.at_risk[0, 0], grid.events[0, 0], cause=0)
    at = [3, 8, 14]
    np.testing.assert_allclose(covariance[np.ix_(at, at)], R[f"covariance_{arm}"], rtol=1e-9)


@pytest.mark.parametrize("arm", [0, 1])
def test_areas(trial, arm):
    table = estimate_state_weeks(trial, "week", "to", PLAIN, horizon_weeks=20)
    answer = R[f"areas_{arm}"]
    means = [e.mean_treatment if arm else e.mean_control for e in table]
    np.testing.assert_allclose(means, answer["values"], rtol=1e-9)
    both = np.hypot(R["areas_0"]["std_error"], R["areas_1"]["std_error"])
    np.testing.assert_allclose([e.std_error for e in table], both, rtol=1e-9)


def test_areas_standardised_over_sites(trial):
    table = estimate_state_weeks(trial, "week", "to", SITES, horizon_weeks=14)
    share = trial["site"].value_counts(normalize=True).sort_index().to_numpy()
    for arm in (0, 1):
        sites = np.array([site["values"] for site in R[f"sites_{arm}"]])
        means = [e.mean_treatment if arm else e.mean_control for e in table]
        np.testing.assert_allclose(means, share @ sites, rtol=1e-9)
    errors = np.array([[site["std_error"] for site in R[f"sites_{arm}"]] for arm in (0, 1)])
    expected = np.sqrt(np.einsum("s,ask->k", share**2, errors**2))
    np.testing.assert_allclose([e.std_error for e in table], expected, rtol=1e-9)


@pytest.mark.parametrize("arm", [0, 1])
def test_gray_s_variance_is_another(trial, arm):
    """``cuminc`` has the same values, and Aalen's variance, which counts ties otherwise."""
    curves = cumulative_incidence(trial, "week", "to", PLAIN)
    for cause in STATES:
        answer = R[f"cuminc_{arm}"][f"1 {cause}"]
        curve = curves.one(arm=str(arm), cause=cause)
        np.testing.assert_allclose(curve.values[:17], answer["values"], rtol=1e-9, atol=1e-12)
        ratio = curve.std_error[8:17] / np.array(answer["std_error"])[8:]
        assert (np.abs(ratio - 1) < 0.05).all()
        assert (np.abs(ratio - 1) > 1e-6).any()


def test_differences_of_both_arms(trial):
    curves = cumulative_incidence(trial, "week", "to", SITES, remaining=True)
    table = estimate_incidence_difference(trial, "week", "to", SITES, remaining=True)
    assert [(c.cause, c.measure) for c in table] == [
        *((name, "cumulative_incidence") for name in STATES),
        ("", "survival"),
    ]
    for difference in table:
        new, old = (
            curves.one(arm=arm, cause=difference.cause, measure=difference.measure)
            for arm in ("1", "0")
        )
        np.testing.assert_allclose(difference.values, new.values - old.values)
        np.testing.assert_allclose(difference.std_error, np.hypot(new.std_error, old.std_error))
        known = ~np.isnan(difference.conf_low)
        wider = (difference.band_high - difference.values)[known] / difference.std_error[known]
        assert wider.min() == pytest.approx(wider.max())
        assert 2.2 < wider.min() < 3.2
    total = np.sum([c.values for c in table], axis=0)
    np.testing.assert_allclose(total[~np.isnan(total)], 0, atol=1e-12)


def test_the_remaining_are_the_survival_curve(trial):
    for lottery in (PLAIN, SITES, PERSONS):
        left = trial.assign(left=trial["to"].notna())
        plain = survival_curve(left, "week", "left", lottery)
        table = cumulative_incidence(left, "week", "to", lottery, remaining=True)
        for arm in ("0", "1"):
            one, other = plain[arm], table.one(arm=arm, measure="survival")
            for name in ("values", "std_error", "conf_low", "conf_high"):
                np.testing.assert_allclose(
                    getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-9
                )
