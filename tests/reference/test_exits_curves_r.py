"""Curves of a weekly trial with ties against R's survival (exits_curves.R), at 1e-9.

R carries a curve on where nobody is at risk; here it is unknown from there on.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, survival_curve
from jobeval.exits.curves.quantiles import survival_quantile

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_curves.json").read_text())
PLAIN = Lottery(arm="arm", treatment=1, control=0)
CLUSTERED = Lottery(arm="arm", treatment=1, control=0, clusters="cluster")


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    return pd.read_csv(HERE / "exits_weekly.csv")


def numbers(values) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in values], dtype=float)


def last_week(trial: pd.DataFrame, arm: int) -> int:
    return int(trial.loc[trial["arm"] == arm, "week"].max())


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(("interval", "name"), [("linear", "plain"), ("log", "log")])
def test_intervals_of_other_types(trial, arm, interval, name):
    curve = survival_curve(trial, "week", "left", PLAIN, interval=interval)[str(arm)]
    r, known = R[f"{name}_{arm}"], slice(0, last_week(trial, arm) + 1)
    inside = numbers(r["values"]) < 1  # R's interval is a point where nobody has left
    for mine, theirs in ((curve.conf_low, "low"), (curve.conf_high, "high")):
        np.testing.assert_allclose(mine[known][inside], numbers(r[theirs])[inside], rtol=1e-9)
        assert np.isnan(mine[known][~inside]).all()


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(("lottery", "name"), [(PLAIN, "persons"), (CLUSTERED, "clusters")])
def test_cumulative_hazard(trial, arm, lottery, name):
    curves = survival_curve(trial, "week", "left", lottery, measure="cumulative_hazard")
    curve, r = curves[str(arm)], R[f"{name}_{arm}"]
    known = slice(0, last_week(trial, arm) + 1)
    np.testing.assert_allclose(curve.values[known], numbers(r["hazard"]), rtol=1e-9)
    np.testing.assert_allclose(curve.std_error[known], numbers(r["hazard_error"]), rtol=1e-9)
    assert curve.unit == "cumulative hazard"


def test_r_takes_no_account_of_ties_unless_asked(trial):
    """R's default variance of the hazard is Σ d/n²; its robust one is ours."""
    default, robust = (numbers(R[f"{name}_1"]["hazard_error"])[1:] for name in ("plain", "persons"))
    assert (default > 1.02 * robust).all()


@pytest.mark.parametrize("arm", [0, 1])
def test_late_entry(trial, arm):
    trial = trial.assign(entry=(np.arange(len(trial)) + 1) % 7)
    late = trial[trial["entry"] < trial["week"]]
    curve = survival_curve(late, "week", "left", PLAIN, entry="entry")[str(arm)]
    r, known = R[f"late_{arm}"], slice(0, last_week(late, arm) + 1)
    inside = numbers(r["values"]) < 1
    for mine, theirs in (
        (curve.values, "values"),
        (curve.std_error, "std_error"),
        (curve.conf_low, "low"),
        (curve.conf_high, "high"),
    ):
        np.testing.assert_allclose(mine[known][inside], numbers(r[theirs])[inside], rtol=1e-9)
    at = np.flatnonzero(r["events"])
    np.testing.assert_array_equal(curve.at_risk[at], np.array(r["at_risk"])[at])
    mine = [survival_quantile(curve, probability) for probability in (0.1, 0.25, 0.5)]
    for index, bound in enumerate(["quantile", "lower", "upper"]):
        expected = numbers(R[f"late_quantiles_{arm}"][bound])
        np.testing.assert_allclose([quantile[index] for quantile in mine], expected)


GAP = pd.DataFrame({"entry": [0, 0, 5, 5, 5], "week": [2, 3, 6, 7, 9], "left": [1, 1, 1, 0, 1]})


def curve_of_gap(frame: pd.DataFrame):
    both = pd.concat([frame.assign(arm=1), frame.assign(arm=0)])
    return survival_curve(both, "week", "left", PLAIN, entry="entry")["1"]


def test_everybody_leaves_before_others_enter():
    """The curve falls to 0 for good, as in R, and says so."""
    curve = curve_of_gap(GAP)
    np.testing.assert_allclose(curve.values, R["emptied"]["values"])
    assert any("stays at 0" in note for note in curve.notes)
    assert any("had not left before week 1" in note for note in curve.notes)


def test_nobody_at_risk_between_two_entries():
    """R carries the curve over the weeks that nobody saw; here it is unknown after them."""
    curve = curve_of_gap(GAP.assign(left=[1, 0, 1, 0, 1]))
    assert curve.values[:4].tolist() == R["gap"]["values"][:4]
    assert np.isnan(curve.values[4:]).all()
    assert R["gap"]["values"][9] == 0
    assert any("unknown from week 4 on" in note for note in curve.notes)
