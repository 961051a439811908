"""Two real trials, through the same door as every other trial, against published numbers."""

import runpy
from pathlib import Path

import pytest

import jobeval as je

EXAMPLES = Path(__file__).parents[2] / "examples"


def evaluate(name, folder):
    prepare = runpy.run_path(str(EXAMPLES / name / "prepare.py"))
    prepare["main"](folder)
    return je.evaluate(je.read_trial(folder), look="final")


@pytest.fixture(scope="module")
def nsw(tmp_path_factory):
    return evaluate("nsw", tmp_path_factory.mktemp("nsw"))


@pytest.fixture(scope="module")
def tarp(tmp_path_factory):
    return evaluate("tarp", tmp_path_factory.mktemp("tarp"))


def test_nsw_difference_is_the_published_one(nsw):
    # Dehejia & Wahba (1999), Table 2: 1,794; with two decimals in LaLonde's data 1794.34.
    effect = nsw.effects.one(analysis="earnings")
    assert effect.estimate == pytest.approx(1794.342404, rel=1e-6)
    assert effect.std_error == pytest.approx(670.9965464, rel=1e-6)
    assert effect.df == pytest.approx(307.1324931, rel=1e-6)
    assert effect.p_value == pytest.approx(0.007892977715, rel=1e-5)
    assert (effect.n_treatment, effect.n_control) == (185, 260)
    assert effect.unit == "dollars"


def test_nsw_adjusted_effects(nsw):
    # ANCOVA and Lin with HC2, computed twice from the same data. The package stores earnings
    # in single precision, hence 1e-6.
    ancova = nsw.effects.one(analysis="earnings_ancova")
    assert ancova.estimate == pytest.approx(1676.342644, rel=1e-6)
    assert ancova.std_error == pytest.approx(677.0491477, rel=1e-6)
    lin = nsw.effects.one(analysis="earnings_lin")
    assert (lin.estimate, lin.std_error) == pytest.approx((1621.583101, 694.7215738), rel=1e-6)
    assert lin.df == 427


def test_tarp_adjusted_hazard_ratio_is_the_published_one(tarp):
    # Fox & Weisberg, Cox Proportional-Hazards Regression (appendix), Table: fin −0.379 (0.191).
    effect = tarp.effects.one(analysis="arrest_cox_adjusted")
    assert effect.estimate == pytest.approx(-0.379422, abs=1e-6)
    assert effect.std_error == pytest.approx(0.191379, abs=1e-6)
    assert effect.scale == "log_ratio"


def test_tarp_log_rank_and_curves(tarp):
    test = next(test for test in tarp.tests if test.analysis == "arrest_logrank")
    assert test.statistic == pytest.approx(3.837570, abs=1e-6)
    curves = tarp.curves.where(measure="survival")
    assert curves["no aid"].at(52) == pytest.approx(0.694444, abs=1e-6)
    assert curves["aid"].at(52) == pytest.approx(0.777778, abs=1e-6)
    assert curves["no aid"].at(20) == pytest.approx(0.902778, abs=1e-6)


def test_tarp_allocation_is_as_declared(tarp):
    assert tarp.checks["allocation"].passed is True
