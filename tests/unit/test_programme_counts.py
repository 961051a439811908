"""Programme indicators of an evaluator's own frame, and the small kernels beneath them."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

import jobeval as je
from jobeval.delivery.averages import average_ratio
from jobeval.delivery.cohorts import months_of, name_cohorts
from jobeval.delivery.effort import UNSEEN, Effort, Jobs, shift_weeks
from jobeval.delivery.gaps import find_runs
from jobeval.delivery.industries import count_persons
from jobeval.delivery.marks import mark_indicators, mark_passive
from jobeval.delivery.placements import find_first, join_spells
from jobeval.delivery.populations import Population
from jobeval.delivery.ramp import hours_since_first
from jobeval.delivery.spells import Spells
from jobeval.delivery.waiting import find_waits, median_wait
from jobeval.errors import DataError, PlanError
from jobeval.evaluation.programme import TABLES
from jobeval.inference.proportions import wilson_interval
from jobeval.plan.parts import STATES
from jobeval.plan.programme import Programme
from jobeval.schemas.calendar import month_of_week
from jobeval.schemas.industries import SECTIONS, section_of, sections_of
from jobeval.schemas.tables import ACTIVITY_KINDS

FRAME = pd.DataFrame(
    {
        "tried": [1, 0, 1, 1, 0],
        "hours": [True, None, False, None, None],
        "site": ["b", "a", "b", "b", "a"],
        "year": [2016, 2016, 2017, 2017, 2017],
    }
)


def test_shares_by_group_stand_on_their_own_denominators():
    table = je.count_indicators(FRAME, ["tried", "hours"], by=["site", "year"])
    told = table.set_index(["indicator", "group", "level"])[["count", "of"]]
    assert dict(zip(told.index, told.itertuples(index=False, name=None), strict=True)) == {
        ("tried", "all", ""): (3, 5), ("hours", "all", ""): (1, 2),
        ("tried", "site", "a"): (0, 2), ("hours", "site", "a"): (0, 0),
        ("tried", "site", "b"): (3, 3), ("hours", "site", "b"): (1, 2),
        ("tried", "year", "2016"): (1, 2), ("hours", "year", "2016"): (1, 1),
        ("tried", "year", "2017"): (2, 3), ("hours", "year", "2017"): (0, 1),
    }  # fmt: skip
    empty = table[table["of"] == 0]
    assert empty[["share", "conf_low", "conf_high"]].isna().all(axis=None)


@pytest.mark.parametrize("make", [pl.DataFrame, pl.LazyFrame])
def test_any_frame_gives_the_same_table(make):
    expected = je.count_indicators(FRAME, ["tried", "hours"], by=["site"])
    found = je.count_indicators(make(FRAME.to_dict("list")), ["tried", "hours"], by=["site"])
    pd.testing.assert_frame_equal(found, expected)


def test_everything_wrong_with_a_frame_is_told_at_once():
    frame = pd.DataFrame({"a": [0, 2], "b": ["yes", None], "site": ["x", None]})
    with pytest.raises(DataError) as caught:
        je.count_indicators(frame, ["a", "b"], by=["site"])
    places = [problem.place for problem in caught.value.problems]
    assert places == ["column 'a'", "column 'b'", "column 'site'"]
    assert "yes" not in str(caught.value)
    with pytest.raises(DataError, match="sit"):
        je.count_indicators(frame, ["a"], by=["sit"])


def test_a_frame_without_persons_has_denominators_of_nobody():
    table = je.count_indicators(FRAME.iloc[:0].astype({"tried": float}), ["tried"], by=["site"])
    assert table[["count", "of"]].to_numpy().tolist() == [[0, 0]]


def test_levels_of_different_types_are_told_as_text():
    frame = pd.DataFrame({"a": [1, 0, 1], "site": [2, "b", "2"]})
    table = je.count_indicators(frame, ["a"], by=["site"])
    assert table[["level", "count", "of"]].to_numpy().tolist() == [
        ["", 2, 3], ["2", 2, 2], ["b", 0, 1],
    ]  # fmt: skip


@pytest.mark.parametrize("given", [{"indicators": "tried"}, {"by": "site"}])
def test_one_column_is_no_sequence_of_columns(given):
    with pytest.raises(ValueError, match=r'such as \["(tried|site)"\]'):
        je.count_indicators(FRAME, **({"indicators": ["tried"]} | given))


def test_the_confidence_level_is_used():
    wide, narrow = (
        je.count_indicators(FRAME, ["tried"], conf_level=level).iloc[0] for level in (0.99, 0.5)
    )
    assert wide["conf_low"] < narrow["conf_low"] < narrow["conf_high"] < wide["conf_high"]


@pytest.mark.parametrize(
    ("count", "of", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 0), (1, 5, 1)]
)
def test_what_is_no_share_has_no_interval(count, of, level):
    with pytest.raises(ValueError, match="between"):
        wilson_interval(count, of, level)


# Kernels --------------------------------------------------------------------------------------


def test_a_ratio_weighs_persons_by_their_time():
    """y = 1, 4 and t = 1, 2: r = 5/3, residuals -2/3 and 2/3, variance 2 × 8/9 / 9."""
    found = average_ratio([1, 4], [1, 2])
    half = 12.706204736 * math.sqrt(2 * 8 / 9 / 9)
    assert found == pytest.approx((5 / 3, 0, 5 / 3 + half))
    assert average_ratio([1, 4, 7], [1, 2, 0])[0] == pytest.approx(5 / 3)


@pytest.mark.parametrize(
    ("amounts", "times", "value"), [([], [], math.nan), ([3], [2], 1.5), ([2, 4], [1, 2], 2.0)]
)
def test_without_spread_there_is_no_interval(amounts, times, value):
    found = average_ratio(amounts, times)
    assert found.value == pytest.approx(value, nan_ok=True)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_months_are_those_of_the_calendar():
    weeks = np.arange(-3000, 4000, 7)
    assert months_of(weeks).tolist() == [month_of_week(int(week)) for week in weeks]
    assert name_cohorts(np.array([[2400], [2401]]), "month").tolist() == [["2015-12"], ["2016-01"]]


def test_weeks_before_the_lottery_are_unseen():
    shifted = shift_weeks(np.array([[1.0, 2.0, 3.0]]), np.array([-1]), np.nan)
    np.testing.assert_array_equal(shifted, [[np.nan, 1.0, 2.0]])


def test_median_wait_by_hand():
    """At 2, 4, 6 of five persons: survival 0.8, 0.6, 0.4; with four, 0.75, 0.5: the middle."""
    assert median_wait([2, 4, 6, 8, 9], [1, 1, 1, 0, 0]).time == 6
    assert median_wait([2, 4, 6, 8], [1, 1, 1, 0]).time == 5
    assert median_wait([2, 4, 8, 8], [1, 1, 0, 0]).time == 4
    assert all(math.isnan(number) for number in median_wait([5, 6, 7], [0, 0, 0]))
    assert all(math.isnan(number) for number in median_wait([], []))
    with pytest.raises(ValueError, match="less than nothing"):
        median_wait([-1], [True])


def test_ramps_need_a_first_hour():
    assert hours_since_first(np.zeros((2, 3)), 4).shape == (0, 4)
    assert hours_since_first(np.zeros((2, 0)), 4).shape == (0, 4)


def test_industries_of_nobody():
    assert count_persons(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object)) == ({}, 0)
    assert sections_of(["", None, "561010"]) == ["", None, "I"]


def test_sections_cover_the_divisions_once():
    divisions = [d for section in SECTIONS for d in range(section.first, section.last + 1)]
    assert len(divisions) == len(set(divisions)) == 88  # NACE rev. 2 has 88 divisions
    assert [section.letter for section in SECTIONS] == list("ABCDEFGHIJKLMNOPQRSTU")


@pytest.mark.parametrize("code", ["999999", "040000", "1234", "5610101", "56.10", "A56"])
def test_what_is_no_code_stays(code):
    assert section_of(code) == code


# The plan -------------------------------------------------------------------------------------


def test_the_kinds_of_a_programme_are_those_of_deliveries():
    kinds = {kind for key in ("tryout", "placement", "company", "contact", "active")
             for kind in getattr(Programme(), key)}  # fmt: skip
    assert kinds == set(ACTIVITY_KINDS)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('tryout = ["snusepraktk"]', "programme.tryout.1", "snusepraktik"),
        ("placement = []", "programme.placement", "at least 1"),
        ("course_weeks = 105", "programme.course_weeks", "horizon_weeks = 104"),
        ("placement_weeks = 40", "programme.placement_weeks", "course_weeks = 39"),
        ("gap_weeks = 0", "programme.gap_weeks", "at least 1"),
        ('cohort = "year"', "programme.cohort", "half_year"),
        ("weeks = 3", "programme.weeks", "unknown key"),
    ],
)
def test_each_fault_of_a_programme_is_told(tmp_path, committed_folder, text, place, said):
    plan = (committed_folder / "trial.toml").read_text("utf-8")
    key = text.split(" =")[0]
    start = plan.index("[programme]")
    before, table = plan[:start], plan[start:]
    lines = [line for line in table.splitlines() if line.split(" =")[0] != key]
    lines.insert(1, text)
    (tmp_path / "trial.toml").write_text(before + "\n".join(lines), "utf-8")
    with pytest.raises(PlanError) as caught:
        je.read_plan(tmp_path)
    [problem] = caught.value.problems
    assert problem.place == place
    assert said in f"{problem.rule} {problem.mend}"


# Nothing to tell ------------------------------------------------------------------------------


def make_effort(n=0, weeks=30, followed=0):
    none = np.zeros(0, dtype=np.int64)
    return Effort(
        origin=np.full(n, 2401),
        activities=Spells(none, none, none, none, none, n),
        industry=np.zeros(0, dtype=object),
        followed=np.full(n, followed),
        hours=np.full((n, weeks), np.nan),
        states=np.full((n, weeks), UNSEEN, dtype=np.uint8),
        jobs=Jobs(none, none, np.zeros(0, dtype=object)),
    )


@pytest.mark.parametrize(("n", "weeks"), [(0, 104), (2, 104), (2, 0), (2, 20)])
def test_tables_stand_where_nothing_is_seen(n, weeks):
    sites = np.array(["a"] * n, dtype=np.str_)
    population = Population("participants", make_effort(n, weeks), {"site": sites})
    tables = {t.name: t.table for t in (make([population], Programme()) for make in TABLES)}
    assert (tables["indicators"]["of"] == 0).all()
    assert (tables["waiting"]["of"] == 0).all()
    assert (tables["gaps"]["persons"] == 0).all()
    assert (tables["contacts"]["persons"] == 0).all()
    assert tables["hours_ramp"].empty
    assert tables["industries"].empty
    assert (tables["placement_status"]["of"] == 0).all()
    assert len(tables["placement_status"]) == len(STATES)


def test_activities_are_told_without_hours_and_benefits():
    effort = make_effort(3, followed=50)
    marks = mark_indicators(effort, Programme())
    assert marks["tried_company"].tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(marks["long_gap"]).all()
    assert np.isnan(marks["hours_in_course"]).all()
    assert not mark_passive(effort, Programme()).any()
    waits = find_waits(effort, Programme())
    assert waits["days_to_contact"].seen.all()
    assert not waits["days_to_paid_hour"].seen.any()


def test_no_spells_join_to_none():
    none = make_effort(2).activities
    assert len(join_spells(none).person) == 0
    assert not find_first(none).found.any()
    assert len(find_runs(np.zeros((2, 0), dtype=bool)).person) == 0
