"""Relations that hold for all money: transfers cancel, sums are sums, weights against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jobeval as je
from jobeval.economics.flows import ItemFlow, Weighing, sum_items
from jobeval.economics.mvpf import mvpf, mvpf_interval
from jobeval.economics.sides import PERSPECTIVES, SIDES, divide_amount, reimbursed_shares

amounts = st.floats(-1e5, 1e5)
shares = st.floats(0, 1)


@given(st.sampled_from(["benefit", "tax"]), amounts, shares, shares)
def test_transfers_cancel_in_society(kind, amount, state_share, displacement):
    sides = divide_amount(
        kind, np.array(amount), np.array(state_share * amount), displacement=displacement
    )
    assert sides.sum() == pytest.approx(0, abs=1e-6)


@given(amounts, shares, shares, st.floats(1, 2))
def test_society_keeps_what_is_new(amount, state_share, displacement, factor):
    options = {"displacement": displacement, "net_tax_factor": factor}
    part = np.array(state_share * amount)
    earned = divide_amount("earnings", np.array(amount), part, **options)
    paid = divide_amount("cost", np.array(amount), part, **options)
    assert earned.sum() == pytest.approx((1 - displacement) * factor * amount, abs=1e-6)
    assert paid.sum() == pytest.approx(-factor * amount, abs=1e-6)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 60))
def test_reimbursement_never_rises(on, before):
    ladder = ((4, 0.8), (26, 0.4), (52, 0.3))
    [share] = reimbursed_shares(np.array([on]), np.array([float(before)]), ladder, 0.2)
    assert (np.diff(share) <= 0).all()
    assert set(share) <= {0.8, 0.4, 0.3, 0.2}


@given(
    st.integers(0, 10_000),
    st.sampled_from(["ends", "fades", "lasts"]),
    st.sampled_from(sorted(PERSPECTIVES)),
    st.floats(0, 0.1),
    st.integers(1, 12),
)
def test_weights_against_a_loop_over_months(seed, fade_out, perspective, rate, month):
    rng = np.random.default_rng(seed)
    observed, horizon, level_months = 6, 12, 3
    once, recurring = rng.normal(size=(2, 4, 1, observed))
    weighing = Weighing(items=2, months=observed, horizon_months=horizon, discount_rate=rate)
    flows = sum_items([ItemFlow("cost", once, once=once), ItemFlow("pay", recurring)],
                      weighing.discount[:observed], level_months)  # fmt: skip
    total = 0.0
    for t in range(month):
        left = {"ends": 0.0, "lasts": 1.0, "fades": 1 - (t - observed + 0.5) / 6}[fade_out]
        for side, counts in zip(range(len(SIDES)), PERSPECTIVES[perspective], strict=True):
            if t < observed:
                flow = once[side, 0, t] + recurring[side, 0, t]
            else:
                flow = left * recurring[side, 0, -level_months:].mean()
            total += counts * flow / (1 + rate) ** (t / 12)
    asked = weighing.value(perspective, fade_out, month)
    assert (flows.to_matrix() @ asked)[0] == pytest.approx(total, abs=1e-9)


bearers = st.sampled_from(["citizen", "others", "state", "municipality", "public"])
by_bearer = st.dictionaries(bearers, st.lists(amounts, min_size=1, max_size=4), min_size=1)


@given(st.dictionaries(st.sampled_from("abc"), by_bearer, min_size=1), st.floats(0, 0.2))
def test_accounts_add_up(items, rate):
    account = je.cost_benefit(items, discount_rate=rate)
    sides = [account.net(name) for name in ("citizen", "others", "public")]
    assert account.net("society") == pytest.approx(sum(sides), abs=1e-6)
    frame = account.to_frame().set_index("item")
    for name in frame.columns:
        assert frame.loc["net", name] == pytest.approx(frame.drop("net")[name].sum(), abs=1e-6)
        assert account.path(name)[-1] == pytest.approx(account.net(name), abs=1e-6)


@given(st.floats(-100, 100), st.floats(0.5, 100), st.integers(0, 1000), st.floats(0.1, 40))
def test_interval_of_the_mvpf_holds_the_estimate(worth, cost, seed, spread):
    rng = np.random.default_rng(seed)
    error = rng.normal(scale=spread, size=(400, 2))
    error -= error.mean(axis=0)
    error = np.vstack([error, -error])  # as many to the left as to the right
    low, high = mvpf_interval(worth + error[:, 0], cost + error[:, 1], (worth, cost))
    assert low <= mvpf(worth, cost) <= high


@given(st.floats(-100, 100), st.floats(1, 100), st.floats(0.01, 100))
def test_the_currency_does_not_matter(worth, cost, rate):
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(2, 300)) * 5 + np.array([[worth], [cost]])
    here = mvpf_interval(*draws, (worth, cost))
    there = mvpf_interval(*(rate * draws), (rate * worth, rate * cost))
    assert here == pytest.approx(there)
