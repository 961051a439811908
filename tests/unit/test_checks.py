"""Checks against hand calculations, exact enumeration and closed forms."""

from itertools import combinations

import numpy as np
import pytest

from jobeval.checks.allocation import check_allocation
from jobeval.checks.attrition import check_attrition
from jobeval.checks.balance import check_balance
from jobeval.checks.follow_up import check_follow_up
from jobeval.delivery.flow import count_flow
from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import redraw_lottery
from jobeval.results import CheckResult

ARMS = ("control", "treatment")


def lottery(assigned, stratum=None, cluster=None, probability=None):
    assigned = np.asarray(assigned)
    stratum = np.zeros(len(assigned), int) if stratum is None else np.asarray(stratum)
    labels = tuple(str(code) for code in range(stratum.max() + 1))
    return Assignment(
        np.ones(len(assigned), bool), assigned, stratum, labels,
        None if cluster is None else np.asarray(cluster),
        None if probability is None else np.full(len(assigned), probability),
    )  # fmt: skip


def test_allocation_statistic_by_hand():
    # 60 of 100 treated at p = 1/2: (60 − 50)² / 25 = 4, χ²(1) tail .0455.
    result = check_allocation(lottery([1] * 60 + [0] * 40, probability=0.5), ARMS)
    assert result.values["chi2"] == pytest.approx(4.0)
    assert result.values["p_value"] == pytest.approx(0.04550026, abs=1e-8)
    assert result.passed is True
    assert result.table["expected"].tolist() == [50.0, 50.0]


def test_allocation_sees_strata_that_cancel():
    # Two strata of 100 with 80 and 20 treated: right in total, wrong in each.
    assigned = [1] * 80 + [0] * 20 + [1] * 20 + [0] * 80
    result = check_allocation(lottery(assigned, [0] * 100 + [1] * 100, probability=0.5), ARMS)
    assert result.values["chi2"] == 0
    assert result.values["chi2_strata"] == pytest.approx(72.0)
    assert result.passed is False


def test_balance_of_one_covariate_is_the_squared_permutation_z():
    x = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    z = np.array([0, 0, 1, 0, 1, 1, 0, 1])
    n, n1 = 8, 4
    variance = n1 * (n - n1) / (n * (n - 1)) * ((x - x.mean()) ** 2).sum()
    expected = (x[z == 1].sum() - n1 * x.mean()) ** 2 / variance
    result = check_balance(lottery(z), ("x",), x[:, None])
    assert result.values["statistic"] == pytest.approx(expected)
    assert result.values["df"] == 1


def test_balance_p_value_agrees_with_all_seventy_lotteries():
    x = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    z = np.array([0, 0, 1, 0, 1, 1, 0, 1])
    observed = abs(x[z == 1].sum() - x.sum() / 2)
    sums = np.array([x[list(chosen)].sum() for chosen in combinations(range(8), 4)])
    exact = (np.abs(sums - x.sum() / 2) >= observed - 1e-9).mean()
    result = check_balance(lottery(z), ("x",), x[:, None], draws=20_000)
    assert result.values["p_value"] == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000))


def test_balance_standardised_difference_by_hand():
    # means 7 and 3, both standard deviations 2: (7 − 3) / 2 = 2.
    x = np.array([5.0, 7, 9, 1, 3, 5])
    result = check_balance(lottery([1, 1, 1, 0, 0, 0]), ("x",), x[:, None], draws=50)
    assert result.table["standardised_difference"].tolist() == [pytest.approx(2.0)]


def test_balance_ignores_collinear_columns_and_scale():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 2))
    z = rng.permutation(np.arange(60) % 2)
    once = check_balance(lottery(z), ("a", "b"), x, draws=200)
    twice = check_balance(
        lottery(z), ("a", "b", "c"), np.column_stack([x * 1e6, x.sum(axis=1)]), draws=200
    )
    assert twice.values["df"] == once.values["df"] == 2
    assert twice.values["statistic"] == pytest.approx(once.values["statistic"])
    assert twice.values["p_value"] == once.values["p_value"]


def test_balance_treats_unknown_as_a_value_of_its_own():
    x = np.array([1.0, 2, np.nan, 4, 5, np.nan])
    result = check_balance(lottery([0, 1, 0, 1, 0, 1]), ("x",), x[:, None], draws=50)
    assert result.table["covariate"].tolist() == ["x", "x (unknown)"]


def test_balance_statistic_of_clusters_is_that_of_their_totals():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(10), 3)
    z = np.repeat(np.arange(10) % 2, 3)
    x = rng.normal(size=30)
    totals = np.bincount(cluster, x)
    by_person = check_balance(lottery(z, cluster=cluster), ("x",), x[:, None], draws=100)
    by_total = check_balance(lottery(z[::3]), ("x",), totals[:, None], draws=100)
    assert by_person.values["statistic"] == pytest.approx(by_total.values["statistic"])
    assert by_person.values["p_value"] == by_total.values["p_value"]


def test_redraw_keeps_the_design_of_the_lottery():
    stratum = np.repeat([0, 1, 2], [10, 7, 23])
    z = np.concatenate([np.arange(10) < 3, np.arange(7) < 4, np.arange(23) < 11]).astype(int)
    blocks = list(redraw_lottery(lottery(z, stratum), 1201, np.random.SeedSequence(5)))
    draws = np.concatenate(blocks)
    assert [len(block) for block in blocks] == [64] * 18 + [49]
    for code, count in enumerate((3, 4, 11)):
        assert (draws[:, stratum == code].sum(axis=1) == count).all()
    share = draws.mean(axis=0)
    assert np.abs(share[stratum == 0] - 0.3).max() < 4 * np.sqrt(0.21 / 1201)


def test_redraw_does_not_depend_on_how_many_are_asked_for():
    real = lottery(np.arange(40) % 2)
    few = np.concatenate(list(redraw_lottery(real, 600, np.random.SeedSequence(5))))
    many = np.concatenate(list(redraw_lottery(real, 1500, np.random.SeedSequence(5))))
    assert (few == many[:600]).all()


def test_redraw_draws_clusters_as_a_whole():
    cluster = np.repeat(np.arange(6), 4)
    real = lottery(np.repeat([0, 1, 0, 1, 1, 0], 4), cluster=cluster)
    draws = np.concatenate(list(redraw_lottery(real, 100, np.random.SeedSequence(5))))
    by_cluster = draws.reshape(100, 6, 4)
    assert (by_cluster == by_cluster[:, :, :1]).all()
    assert (by_cluster[:, :, 0].sum(axis=1) == 3).all()


def test_attrition_statistic_equals_statsmodels_cmh():
    from statsmodels.stats.contingency_tables import StratifiedTable

    rng = np.random.default_rng(3)
    stratum = rng.integers(0, 3, 300)
    z = rng.integers(0, 2, 300)
    seen = rng.random(300) < 0.8 - 0.15 * z
    status = np.where(seen, "observed", "not_observed").astype(object)
    result = check_attrition(lottery(z, stratum), {"hours": status}, ARMS)
    cells = [[(z == arm) & (stratum == s) for arm in (1, 0)] for s in range(3)]
    tables = [[[(seen & cell).sum(), (~seen & cell).sum()] for cell in row] for row in cells]
    expected = StratifiedTable(np.array(tables).T.astype(float)).test_null_odds().pvalue
    assert result.values["p_value"] == pytest.approx(expected)
    assert result.passed is bool(expected >= 0.05)


def test_attrition_without_missing_has_no_p_value():
    status = np.array(["observed"] * 4, dtype=object)
    result = check_attrition(lottery([0, 1, 0, 1]), {"hours": status}, ARMS)
    assert np.isnan(result.values["p_value"])
    assert result.passed is True


def test_follow_up_counts_by_week():
    result = check_follow_up(lottery([0, 0, 1, 1]), np.array([3, 0, 2, 1]), ARMS)
    assert result.table.to_dict("list") == {
        "week": [0, 1, 2], "control": [1, 1, 1], "treatment": [2, 1, 0],
    }  # fmt: skip
    assert result.values == {"common_weeks": 0.0, "max_weeks": 3.0}


def test_flow_counts_thirteen_weeks_only_when_observed():
    flow = count_flow(
        lottery([1, 1, 1, 0]), ARMS, eligible=np.array([True, True, False, True]),
        started=np.array([True, True, False, False]),
        placed_week=np.array([2.0, 8.0, np.nan, np.nan]),
        followed_weeks=np.array([20, 20, 20, 20]), analysed=np.ones(4, bool),
    )  # fmt: skip
    treated = {step.name: step.counts["treatment"] for step in flow.steps}
    assert treated == {
        "drawn": 3, "eligible": 2, "started": 2,
        "in_placement": 2, "past_13_weeks": 1, "analysed": 3,
    }  # fmt: skip


def test_check_results_survive_json():
    import json

    result = check_follow_up(lottery([0, 1]), np.array([1, 2]), ARMS)
    again = CheckResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again.table.equals(result.table)
    assert again.values == result.values


def test_checks_of_a_cluster_lottery_hold_their_level():
    """Fair lotteries of 20 clusters: alarms are as rare as they say (a person count gives 47 %)."""
    rng = np.random.default_rng(11)
    cluster = np.repeat(np.arange(20), 50)
    mismatches, attritions = 0, 0
    for _ in range(300):
        assigned = np.repeat(rng.permutation(np.arange(20) % 2), 50)
        drawn = np.repeat((rng.random(20) < 0.5).astype(int), 50)
        seen = np.repeat(rng.random(20), 50) < rng.random(1000)
        status = np.where(seen, "observed", "not_observed").astype(object)
        if 0 < drawn.mean() < 1:
            fair = check_allocation(lottery(drawn, cluster=cluster, probability=0.5), ARMS)
            mismatches += fair.passed is False
        found = check_attrition(lottery(assigned, cluster=cluster), {"hours": status}, ARMS)
        attritions += found.passed is False
    assert mismatches <= 3
    assert attritions / 300 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
