"""Places side by side do not depend on rows, names or codes; a slow twin by hand agrees."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jobeval as je

NUMBERS = ["n", "observed", "expected", "others", "difference", "conf_low", "conf_high",
           "shrunken", "shrunken_low", "shrunken_high", "p_value", "p_value_adjusted"]  # fmt: skip
SMALL = settings(max_examples=12, deadline=None)


@st.composite
def trials(draw, share=None):
    """Persons of two to five places with a case mix; at least three of each place."""
    seed, places = draw(st.integers(0, 10_000)), draw(st.integers(2, 5))
    rng = np.random.default_rng(seed)
    site = np.concatenate([np.repeat(np.arange(places), 3), rng.integers(0, places, 40)])
    age = rng.integers(30, 60, len(site)).astype(float)
    outcome = rng.normal(0.05 * age + site, 2).round(1)
    if draw(st.booleans()) if share is None else share:
        outcome = (outcome > np.median(outcome)).astype(float)
    return pd.DataFrame({"site": [f"s{s}" for s in site], "age": age, "outcome": outcome})


def compare(frame, **options):
    return je.compare_places(frame, "outcome", "site", covariates=["age"], **options)


def assert_same(one, other, scale=1.0, shift=0.0):
    """The tables' numbers, those of the outcome's unit times ``scale``."""
    moved = one.table[NUMBERS].copy()
    moved[NUMBERS[1:10]] *= scale
    moved[["observed", "expected", "others"]] += shift
    np.testing.assert_allclose(other.table[NUMBERS], moved, rtol=1e-6, atol=1e-7 * abs(scale))
    assert other.table["verdict"].tolist() == one.table["verdict"].tolist()
    assert other.tau == pytest.approx(scale * one.tau, rel=1e-4, abs=1e-6 * abs(scale))


@given(trials(), st.randoms(use_true_random=False))
@SMALL
def test_order_of_rows(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    assert_same(compare(frame), compare(frame.iloc[order]))


@given(trials())
@SMALL
def test_names_of_places(frame):
    """Names in the opposite order turn the table around and change no number."""
    names = {name: f"x{9 - int(name[1:])}" for name in frame["site"].unique()}
    one, other = compare(frame), compare(frame.assign(site=frame["site"].map(names)))
    turned = other.table.iloc[::-1].reset_index(drop=True)
    np.testing.assert_allclose(turned[NUMBERS], one.table[NUMBERS], rtol=1e-6, atol=1e-8)
    pd.testing.assert_frame_equal(other.funnel, one.funnel)


@given(trials())
@SMALL
def test_units_of_the_case_mix(frame):
    assert_same(compare(frame), compare(frame.assign(age=2000 - 12 * frame["age"])))


@given(trials(share=False), st.sampled_from([0.01, 37.0, 1e4]), st.sampled_from([0.0, 5.0]))
@SMALL
def test_units_of_the_outcome(frame, scale, shift):
    other = compare(frame.assign(outcome=scale * frame["outcome"] + shift))
    assert_same(compare(frame), other, scale, shift)


@given(trials(share=True))
@SMALL
def test_yes_and_no_are_mirrored(frame):
    one, other = compare(frame), compare(frame.assign(outcome=1 - frame["outcome"]))
    for name in ("difference", "shrunken"):
        np.testing.assert_allclose(other.table[name], -one.table[name], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other.table["conf_low"], -one.table["conf_high"], atol=1e-8)
    np.testing.assert_allclose(other.table["observed"], 1 - one.table["observed"], atol=1e-12)


@given(trials())
@SMALL
def test_what_always_holds(frame):
    found = compare(frame)
    table = found.table
    assert (table["conf_low"] <= table["difference"]).all()
    assert (table["difference"] <= table["conf_high"]).all()
    assert (table["shrunken_low"] <= table["shrunken_high"]).all()
    n = table["n"]
    assert (n * table["expected"]).sum() == pytest.approx((n * table["observed"]).sum(), rel=1e-6)
    own = table["others"] + table["difference"]
    assert (n * own).sum() / n.sum() == pytest.approx(found.average)
    spread, left = (np.sqrt(np.square(table[c]).mean()) for c in ("difference", "shrunken"))
    assert left <= spread + 1e-9


@given(trials())
@SMALL
def test_adjusted_difference_by_demeaning(frame):
    """The slope from deviations within places, and means moved along it: no matrix at all."""
    within = frame[["age", "outcome"]] - frame.groupby("site")[["age", "outcome"]].transform("mean")
    slope = (within["age"] * within["outcome"]).sum() / (within["age"] ** 2).sum()
    moved = frame["outcome"] - slope * (frame["age"] - frame["age"].mean())
    for row in compare(frame).table.itertuples():
        own = frame["site"] == row.place
        assert row.difference == pytest.approx(moved[own].mean() - moved[~own].mean(), abs=1e-9)
