"""The estimators against estimatr and clubSandwich."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.regression.least_squares import bell_mccaffrey_df, estimate_vcov
from jobeval.regression.lin import fit_lin

HERE = Path(__file__).parent

# --- frozen by effects_oracle.R -----------------------------------------------------------

ORACLE = json.loads((HERE / "effects_oracle.json").read_text())
STRATA = Lottery(arm="treated", treatment=1, control=0, strata="stratum")
PERSONS = Lottery(arm="treated", treatment=1, control=0)
CLUSTERS = Lottery(arm="treated", treatment=1, control=0, clusters="cluster")
HAJEK = Lottery(arm="treated", treatment=1, control=0, probability="probability")
BOTH = Lottery(arm="treated", treatment=1, control=0, clusters="cluster", probability="probability")
R_KIND = {"CR1": "stata"}
BLOCK = Term(column="stratum", type="category")


def cases() -> list:
    found = [
        ("welch", PERSONS, {}),
        ("blocked", STRATA, {}),
        ("ancova_strata", STRATA, {"covariates": ["age"], "adjustment": "ancova"}),
        ("cluster_lin_CR2", CLUSTERS, {"covariates": ["age"], "adjustment": "lin"}),
        ("club", CLUSTERS, {}),
        ("club_hajek", BOTH, {}),
    ]
    for kind in ("classical", "HC0", "HC1", "HC2", "HC3"):
        ancova = {"covariates": ["age", "weeks"], "adjustment": "ancova", "vcov": kind}
        within = {"covariates": ["age", "weeks"], "adjustment": "lin", "vcov": kind}
        found += [(f"ancova_{kind}", PERSONS, ancova), (f"lin_{kind}", STRATA, within)]
        block = {**within, "covariates": ["age", "weeks", BLOCK]}
        found += [(f"lin_{kind}", PERSONS, block)]
    found += [(f"hajek_{k}", HAJEK, {"vcov": k}) for k in ("HC0", "HC1", "HC2", "HC3")]
    for kind in ("CR0", "CR1", "CR2"):
        name = R_KIND.get(kind, kind)
        ancova = {"covariates": ["age", "weeks"], "adjustment": "ancova", "vcov": kind}
        found += [
            (f"cluster_{name}", CLUSTERS, {"vcov": kind}),
            (f"cluster_ancova_{name}", CLUSTERS, ancova),
            (f"cluster_hajek_{name}", BOTH, {"vcov": kind}),
        ]
    return found


@pytest.mark.parametrize("name, lottery, options", cases())
def test_equals_r(name: str, lottery: Lottery, options: dict) -> None:
    frame = pd.read_csv(HERE / "effects_oracle.csv")
    effect = estimate_itt(frame, "hours", lottery, **options)
    expected = ORACLE[name]
    assert effect.estimate == pytest.approx(expected["estimate"], rel=1e-10)
    assert effect.std_error == pytest.approx(expected["std_error"], rel=1e-10)
    assert effect.df == pytest.approx(expected["df"], rel=1e-8)


def test_lin_under_weights_is_centred_at_weighted_means() -> None:
    """estimatr's ``lm_lin`` with weights, written out with two weighted regressions."""
    frame = pd.read_csv(HERE / "effects_oracle.csv")
    assigned, weights = frame["treated"].to_numpy(), frame["age"].to_numpy(dtype=float)
    x, y = frame[["weeks"]].to_numpy(dtype=float), frame["hours"].to_numpy()
    fit = fit_lin(y, assigned, x, weights)
    predicted = []
    for arm in (0, 1):
        root = np.sqrt(weights[assigned == arm])[:, None]
        design = np.column_stack([np.ones(len(x)), x])[assigned == arm]
        coef = np.linalg.lstsq(root * design, root[:, 0] * y[assigned == arm], rcond=None)[0]
        predicted.append(coef @ [1, np.average(x[:, 0], weights=weights)])
    assert fit.coef[1] == pytest.approx(predicted[1] - predicted[0], rel=1e-12)


def test_duplicated_rows_under_cr0() -> None:
    """Every person twice, with the person as cluster: the error does not shrink."""
    frame = pd.read_csv(HERE / "effects_oracle.csv").assign(person=range(82))
    twice = pd.concat([frame, frame], ignore_index=True)
    fits = [
        fit_lin(f["hours"].to_numpy(), f["treated"].to_numpy(), f[["age"]].to_numpy(dtype=float))
        for f in (frame, twice)
    ]
    once = estimate_vcov(fits[0], "CR0", frame["person"].to_numpy())
    again = estimate_vcov(fits[1], "CR0", twice["person"].to_numpy())
    np.testing.assert_allclose(once, again, rtol=1e-10)
    assert bell_mccaffrey_df(fits[1], twice["person"].to_numpy(), np.eye(4)[1]) == pytest.approx(
        bell_mccaffrey_df(fits[0], frame["person"].to_numpy(), np.eye(4)[1])
    )
