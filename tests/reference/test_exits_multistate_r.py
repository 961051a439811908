"""Multi-state histories against R's survival (exits_multistate.R), and published counts.

R's numbers carry 14 digits and are compared at 1e-9. R carries a curve on when nobody is
observed in a state any more; here the weeks are those in which that concerns nobody or few.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    Lottery,
    estimate_occupancy,
    estimate_occupancy_weeks,
    estimate_transition_probabilities,
    tabulate_transitions,
)

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_multistate.json").read_text())
WEEKS = R["weeks"]
STATES = ("benefit", "hours", "work", "pension")
COLUMNS = ("id", "start", "stop", "state")
OPTIONS = {"states": STATES, "absorbing": ("pension",)}
PLAIN = Lottery(arm="arm", treatment=1, control=0)
CLUSTERED = Lottery(arm="arm", treatment=1, control=0, clusters="cluster")
STRATIFIED = Lottery(arm="arm", treatment=1, control=0, strata="site")
BOTH = Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="cluster")


@pytest.fixture(scope="module")
def spells() -> pd.DataFrame:
    return pd.read_csv(HERE / "exits_multistate.csv")


def arrays(curves, arm) -> tuple[np.ndarray, np.ndarray]:
    own = [curves.one(arm=str(arm), cause=state) for state in STATES]
    return np.array([c.values for c in own]).T, np.array([c.std_error for c in own]).T


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(("name", "lottery"), [("plain", PLAIN), ("cluster", CLUSTERED)])
def test_occupancy_with_late_entries_and_censoring(spells, arm, name, lottery):
    curves = estimate_occupancy(spells, *COLUMNS, lottery, horizon_weeks=WEEKS, **OPTIONS)
    values, errors = arrays(curves, arm)
    np.testing.assert_allclose(values, R[f"{name}_{arm}"]["values"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(errors, R[f"{name}_{arm}"]["std_error"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(("name", "lottery"), [("persons", STRATIFIED), ("clusters", BOTH)])
def test_standardised_occupancy_is_the_weighted_mean_of_the_sites(spells, arm, name, lottery):
    curves = estimate_occupancy(spells, *COLUMNS, lottery, horizon_weeks=WEEKS, **OPTIONS)
    values, errors = arrays(curves, arm)
    sites, known = R[f"sites_{arm}"], ~np.isnan(values[:, 0])
    assert known[:15].all()
    expected = sum(s["share"] * np.array(s[name]["values"]) for s in sites)
    variance = sum((s["share"] * np.array(s[name]["std_error"])) ** 2 for s in sites)
    np.testing.assert_allclose(values[known], expected[known], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(errors[known], variance[known] ** 0.5, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "lottery"), [("plain", PLAIN), ("cluster", CLUSTERED)])
def test_expected_weeks(spells, name, lottery):
    effects = estimate_occupancy_weeks(spells, *COLUMNS, lottery, horizon_weeks=WEEKS, **OPTIONS)
    control, treated = (R[f"{name}_{arm}"] for arm in (0, 1))
    for code, state in enumerate(STATES):
        effect = effects.one(part=state)
        assert effect.mean_control == pytest.approx(control["area"][code], rel=1e-9)
        assert effect.mean_treatment == pytest.approx(treated["area"][code], rel=1e-9)
        error = np.hypot(control["area_error"][code], treated["area_error"][code])
        assert effect.std_error == pytest.approx(error, rel=1e-9)
    assert sum(effect.estimate for effect in effects) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(
    ("name", "method"), [("landmark", "landmark"), ("markov", "aalen-johansen")]
)
def test_transition_probabilities_from_work_in_week_8(spells, arm, name, method):
    curves = estimate_transition_probabilities(
        spells, *COLUMNS, PLAIN, from_state="work", landmark_week=8, method=method,
        horizon_weeks=WEEKS + 1, **OPTIONS,
    )  # fmt: skip
    values, errors = arrays(curves, arm)
    assert curves.curves[0].times[0] == 8 and values[0].tolist() == [0, 0, 1, 0]
    r = R[f"{name}_{arm}"]
    known = np.flatnonzero(~np.isnan(values[:, 0]))[1:]
    assert len(known) >= 8
    for mine, theirs in ((values, r["values"]), (errors, r["std_error"])):
        np.testing.assert_allclose(mine[known], np.array(theirs)[known - 1], rtol=1e-9, atol=1e-12)


def test_numbers_of_moves(spells):
    table = tabulate_transitions(spells, *COLUMNS, PLAIN, **OPTIONS)
    for arm, name in enumerate(("control", "treatment")):
        counts = np.zeros((4, 4), dtype=int)
        rows = table["from_state"].map(STATES.index), table["to_state"].map(STATES.index)
        counts[rows] = table[f"moves_{name}"]
        assert counts.tolist() == R[f"moves_{arm}"]


@pytest.fixture(scope="module")
def mgus2() -> pd.DataFrame:
    """Spells in half months; the last state lasts one, in which nothing happens any more."""
    from survival.datasets import load_mgus2

    persons = pd.DataFrame(load_mgus2()).reset_index(names="person")
    ill = persons["pstat"] == 1
    turn = 2 * persons["ptime"] - (persons["ptime"] == persons["futime"])
    end = 2 * persons["futime"] + (persons["death"] == 0)
    rows = [
        persons.assign(start=0, stop=turn.where(ill, end), state="well"),
        persons.assign(start=turn, stop=end, state="pcm")[ill],
        persons.assign(start=end, stop=end + 1, state="dead")[persons["death"] == 1],
    ]
    return pd.concat(rows)[["person", "sex", "start", "stop", "state"]].astype(
        {"start": int, "stop": int}
    )


@pytest.mark.parametrize("sex", ["F", "M"])
def test_mgus2_by_sex(mgus2, sex):
    curves = estimate_occupancy(
        mgus2, "person", "start", "stop", "state", Lottery(arm="sex", treatment="F", control="M"),
        states=("well", "pcm", "dead"), absorbing=("dead",), horizon_weeks=481,
    )  # fmt: skip
    for code, state in enumerate(("well", "pcm", "dead")):
        curve = curves.one(arm=sex, cause=state)
        at = [120, 240, 480]
        r = {key: np.array(values)[:, code] for key, values in R["mgus2"][sex].items()}
        np.testing.assert_allclose(curve.values[at], r["values"], rtol=1e-9)
        np.testing.assert_allclose(curve.std_error[at], r["std_error"], rtol=1e-9)


def test_mgus2_of_both_sexes(mgus2):
    """Of 47 with a malignancy within 60 months, 22 are seen alive beyond: 1.6 % of 1,384."""
    twice = [mgus2.assign(arm=arm, person=mgus2["person"] + 5000 * arm) for arm in (0, 1)]
    curves = estimate_occupancy(
        pd.concat(twice), "person", "start", "stop", "state", PLAIN, absorbing=("dead",),
        horizon_weeks=481,
    )  # fmt: skip
    found = np.array([curves.one(arm="0", cause=s).values for s in ("well", "pcm", "dead")])
    expected = [
        [0.645529, 0.016007, 0.338464],
        [0.404460, 0.012052, 0.583488],
        [0.176158, 0.011498, 0.812344],
    ]
    np.testing.assert_allclose(found[:, [120, 240, 480]].T, expected, atol=5e-7)
    np.testing.assert_allclose(found[:, [120, 240, 480]].T, R["mgus2"]["all"]["values"], rtol=1e-9)
