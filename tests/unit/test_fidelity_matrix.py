"""The matrix site × element against shares counted by hand, and the front door's refusals."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import ttest_1samp

import jobeval as je
from jobeval.delivery.fidelity_tables import tabulate_matrix, tabulate_scores
from jobeval.errors import DataError


def frame_of(**columns):
    return pd.DataFrame(columns)


def marks(n, of, unknown=0):
    return [1.0] * n + [0.0] * (of - n) + [None] * unknown


def test_shares_intervals_and_verdicts():
    """18, 14 and 2 of 20: Wilson intervals 0.699–0.972, 0.481–0.855 and 0.028–0.301."""
    frame = frame_of(
        site=["A"] * 20 + ["B"] * 20 + ["C"] * 22,
        plan=marks(18, 20) + marks(14, 20) + marks(2, 20, unknown=2),
    )
    table = je.score_fidelity(frame, ["plan"], site="site", thresholds=0.6).table
    assert list(table.columns) == [
        "site", "element", "count", "of", "share", "conf_low", "conf_high", "threshold", "verdict",
    ]  # fmt: skip
    assert table["count"].tolist() == [34, 18, 14, 2]
    assert table["of"].tolist() == [60, 20, 20, 20]
    assert table["verdict"].tolist() == ["uncertain", "above", "uncertain", "below"]
    assert table["conf_low"].round(3).tolist()[1:] == [0.699, 0.481, 0.028]
    assert table["conf_high"].round(3).tolist()[1:] == [0.972, 0.855, 0.301]


def test_each_element_has_its_own_threshold():
    frame = frame_of(site=["A"] * 20, plan=marks(18, 20), goal=marks(18, 20))
    result = je.score_fidelity(
        frame, ["plan", "goal"], site="site", thresholds={"goal": 0.99, "plan": 0.5}
    )
    everyone = result.table[result.table["site"] == ""]
    assert everyone["element"].tolist() == ["plan", "goal"]
    assert everyone["threshold"].tolist() == [0.5, 0.99]
    assert everyone["verdict"].tolist() == ["above", "below"]


def test_the_score_is_a_mean_with_the_interval_of_a_mean():
    frame = frame_of(
        site=["A"] * 5, plan=[1, 1, 0, 0, None], goal=[1, 0, 0, None, None], talk=[1, 1, 1, 1, None]
    )
    values = je.score_fidelity(
        frame, ["plan", "goal", "talk"], site="site", thresholds=0.5, conf_level=0.9
    ).values
    means = [1, 2 / 3, 1 / 3, 1 / 2]
    low, high = ttest_1samp(means, 0).confidence_interval(0.9)
    assert values["score"] == pytest.approx(np.mean(means))
    assert (values["conf_low"], values["conf_high"]) == pytest.approx((low, high))


@pytest.mark.parametrize(("plan", "score"), [([1, 1], 1.0), ([1, None], 1.0), ([None, None], None)])
def test_a_score_without_spread_has_no_interval(plan, score):
    frame = frame_of(site=["A", "A"], plan=pd.array(plan, dtype="Float64"))
    values = je.score_fidelity(frame, ["plan"], site="site", thresholds=0.5).values
    assert np.isnan(values["score"]) if score is None else values["score"] == score
    assert np.isnan(values["conf_low"])
    assert np.isnan(values["conf_high"])


def test_any_frame_and_any_code_of_one_and_zero():
    truth = je.score_fidelity(
        frame_of(site=["A", "A", "B"], plan=[1, 0, None]), ["plan"], site="site", thresholds=0.5
    ).table
    flags = frame_of(site=["A", "A", "B"], plan=[True, False, None])
    lazy = pl.LazyFrame({"site": ["A", "A", "B"], "plan": [1, 0, None]})
    for frame in (flags, lazy):
        table = je.score_fidelity(frame, ["plan"], site="site", thresholds=0.5).table
        pd.testing.assert_frame_equal(table, truth)


def test_everything_wrong_is_told_at_once_and_without_values():
    frame = frame_of(site=["A", None, "B"], plan=[1, 7131, 0], goal=["yes", "no", None])
    with pytest.raises(DataError) as refused:
        je.score_fidelity(frame, ["plan", "goal"], site="site", thresholds={"plan": 2, "goal": 0.5})
    message = str(refused.value)
    assert "thresholds['plan']: is no number between 0 and 1" in message
    assert "column 'plan': 1 rows hold neither 0 nor 1" in message
    assert "column 'goal': 2 rows hold neither 0 nor 1" in message
    assert "column 'site': 1 rows have no site" in message
    assert "7131" not in message
    assert "yes" not in message


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"plan": 0.5}, r"thresholds\['goal'\]: is missing"),
        ({"plan": 0.5, "goal": 80}, "no number between 0 and 1"),
        ({"plan": 0.5, "goal": float("nan")}, "no number between 0 and 1"),
        ({"plan": 0.5, "goal": "0.8"}, "no number between 0 and 1"),
        (None, "no number between 0 and 1"),
        ({"plan": 0.5, "goal": 0.5, "gaol": 0.5}, 'did you mean "goal"'),
        (1.0, "no number between 0 and 1"),
    ],
)
def test_thresholds_are_shares_of_the_named_elements(thresholds, said):
    frame = frame_of(site=["A"], plan=[1], goal=[0])
    with pytest.raises(DataError, match=said):
        je.score_fidelity(frame, ["plan", "goal"], site="site", thresholds=thresholds)


def test_columns_that_are_not_there_and_no_columns_at_all():
    frame = frame_of(site=["A"], plan=[1])
    with pytest.raises(DataError, match='did you mean "plan"'):
        je.score_fidelity(frame, ["plann"], site="site", thresholds=0.5)
    with pytest.raises(DataError, match="no element is named"):
        je.score_fidelity(frame, [], site="site", thresholds=0.5)


def test_a_site_without_a_name_is_not_mistaken_for_all_of_them():
    frame = frame_of(site=["", "A"], plan=[1, 0])
    with pytest.raises(DataError, match="column 'site': 1 rows have no site"):
        je.score_fidelity(frame, ["plan"], site="site", thresholds=0.5)


def test_an_element_that_is_named_twice_counts_once():
    frame = frame_of(site=["A", "A"], plan=[1, 1], goal=[0, 0])
    result = je.score_fidelity(frame, ["plan", "plan", "goal"], site="site", thresholds=0.5)
    assert result.values["score"] == 0.5
    assert result.table["element"].tolist() == ["plan", "goal"] * 2


def test_one_column_is_no_sequence_of_columns():
    frame = frame_of(site=["A"], plan=[1])
    with pytest.raises(ValueError, match=r'such as \["plan"\]'):
        je.score_fidelity(frame, "plan", site="site", thresholds=0.5)


def test_a_trial_without_sites_has_the_rows_of_everyone():
    scores = np.array([[1.0, np.nan], [0.0, np.nan]])
    table = tabulate_matrix(scores, None, ["plan", "goal"], np.array([0.5, 0.5]))
    assert table[["site", "count", "of"]].to_numpy().tolist() == [["", 1, 2], ["", 0, 0]]
    assert tabulate_scores(scores, None)["persons"].tolist() == [2]


def test_it_survives_a_round_trip():
    frame = frame_of(site=["A", "A", "B"], plan=[1, 0, None])
    result = je.score_fidelity(frame, ["plan"], site="site", thresholds=0.5)
    again = je.CheckResult.from_dict(result.to_dict())
    assert again.table["of"].tolist() == result.table["of"].tolist()
    assert result.passed is None
