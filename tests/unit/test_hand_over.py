"""Programmes linked by person: who arrived, who waits, who is lost, and that counts add up."""

import datetime as dt
import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.errors import DataError
from jobeval.monitoring.hand_over import check_hand_over, link_cohorts, summarise_hand_over

AS_OF = dt.date(2018, 12, 31)


def cohort(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["person_id", "started_on", "ended_on"])


def link(first: pd.DataFrame, then: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return link_cohorts(first, then, **{"as_of": AS_OF, "gap_days": 90, **options}).set_index(
        "person_id"
    )


def test_each_fate_by_hand() -> None:
    first = cohort(
        ("next day", "2018-01-01", "2018-03-31"),
        ("after a gap", "2018-01-01", "2018-03-31"),
        ("overlap", "2018-01-01", "2018-03-31"),
        ("same day", "2018-01-01", "2018-03-31"),
        ("still there", "2018-01-01", None),
        ("ends later", "2018-01-01", "2019-01-01"),
        ("left lately", "2018-01-01", "2018-10-02"),
        ("left long ago", "2018-01-01", "2018-10-01"),
        ("not yet begun", "2019-01-01", None),
    )
    then = cohort(
        ("next day", "2018-04-01", None),
        ("after a gap", "2018-04-11", "2018-05-01"),
        ("overlap", "2018-03-01", None),
        ("same day", "2018-03-31", None),
        ("left lately", "2019-01-01", None),
        ("only here", "2018-06-01", None),
    )
    links = link(first, then)
    assert links["status"].to_dict() == {
        "next day": "arrived",
        "after a gap": "arrived",
        "overlap": "arrived",
        "same day": "arrived",
        "still there": "still",
        "ends later": "still",
        "left lately": "waiting",
        "left long ago": "lost",
        "only here": "new",
    }
    arrived = links[links["status"] == "arrived"]
    assert arrived["gap_days"].to_dict() == {
        "next day": 0.0,
        "after a gap": 10.0,
        "overlap": 0.0,
        "same day": 0.0,
    }
    assert links.index[links["both"]].tolist() == ["overlap"]


def test_the_table_adds_up() -> None:
    """Gaps of 13 and 27 days: a median of 20 days, 20 / 7 weeks."""
    first = cohort(
        ("a", "2018-01-01", "2018-03-31"),
        ("b", "2018-01-01", "2018-03-31"),
        ("c", "2018-01-01", "2018-12-01"),
        ("d", "2018-01-01", "2018-02-01"),
        ("e", "2018-01-01", None),
    ).assign(programme="JobFirst")
    then = cohort(("a", "2018-04-14", None), ("b", "2018-04-28", None), ("f", "2018-04-28", None))
    links = link_cohorts(first, then.assign(programme="FSM"), gap_days=90, as_of=AS_OF)
    [row] = summarise_hand_over(links).to_dict("records")
    assert row == {
        "from": "JobFirst",
        "to": "FSM",
        "left": 4,
        "arrived": 2,
        "gap_median_weeks": pytest.approx(20 / 7),
        "waiting": 1,
        "lost": 1,
        "both": 0,
    }
    assert check_hand_over(links, first, then, as_of=AS_OF).passed


def test_who_comes_back_is_counted_once_by_the_last_course() -> None:
    first = cohort(("a", "2018-01-01", "2018-02-01"), ("a", "2018-06-01", "2018-08-31"))
    then = cohort(("a", "2018-02-15", "2018-05-01"), ("a", "2018-09-10", None))
    [only] = link(first, then).to_dict("records")
    assert (only["status"], only["gap_days"]) == ("arrived", 9.0)


def test_registers_tell_who_is_still_seen() -> None:
    first = cohort(("on benefit", "2018-01-01", "2018-02-01"), ("gone", "2018-01-01", "2018-12-01"))
    seen = pd.DataFrame(
        {
            "person_id": ["on benefit", "gone"],
            "start": "2016-01-01",
            "end": [None, "2018-12-31"],
        }
    )
    links = link(first, cohort(), seen=seen)
    assert links["status"].to_dict() == {"gone": "lost", "on benefit": "waiting"}
    unknown = link(first, cohort(), seen=seen.assign(registered_on="2019-01-05"))
    assert set(unknown["status"]) == {"lost"}


def test_only_some_ends_are_hand_overs() -> None:
    first = cohort(("a", "2018-01-01", "2018-02-01"), ("b", "2018-01-01", "2018-02-01"))
    links = link(
        first.assign(end_reason=["job", "handed over"]), cohort(), end_reasons=["handed over"]
    )
    assert links["status"].to_dict() == {"a": "elsewhere", "b": "lost"}


def test_nobody_arrived_has_no_median() -> None:
    links = link_cohorts(cohort(("a", "2018-01-01", "2018-02-01")), cohort(), as_of=AS_OF)
    assert math.isnan(summarise_hand_over(links)["gap_median_weeks"].item())


def test_the_check_finds_who_is_missing_or_doubled() -> None:
    first, then = cohort(("a", "2018-01-01", None)), cohort(("b", "2018-01-01", None))
    links = link_cohorts(first, then, as_of=AS_OF)
    assert check_hand_over(links, first, then, as_of=AS_OF).passed
    missing = check_hand_over(links.iloc[:1], first, then, as_of=AS_OF)
    assert (missing.passed, missing.values["missing"]) == (False, 1.0)
    doubled = pd.concat([links, links.iloc[:1]], ignore_index=True)
    assert check_hand_over(doubled, first, then, as_of=AS_OF).values["doubled"] == 1.0


def test_problems_of_both_programmes_are_told() -> None:
    first = cohort(("canary", "2018-03-01", "2018-02-01"))
    with pytest.raises(DataError) as caught:
        link_cohorts(first, first.drop(columns="started_on"), as_of=AS_OF)
    told = str(caught.value)
    assert "first.ended_on" in told
    assert "then.started_on" in told
    assert "canary" not in told


DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2019, 6, 30))
COHORTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), DAYS, st.none() | st.integers(0, 200)), max_size=8
).map(
    lambda rows: pd.DataFrame(
        [
            (person, start, None if days is None else start + dt.timedelta(days=days))
            for person, start, days in rows
        ],
        columns=["person_id", "started_on", "ended_on"],
    )
)


@settings(max_examples=50, deadline=None)
@given(COHORTS, COHORTS, DAYS)
def test_everybody_is_there_once_whatever_the_courses(
    first: pd.DataFrame, then: pd.DataFrame, as_of: dt.date
) -> None:
    links = link_cohorts(first, then, as_of=as_of)
    assert check_hand_over(links, first, then, as_of=as_of).passed
    begun = [set(c.loc[c["started_on"] <= as_of, "person_id"]) for c in (first, then)]
    assert sorted(links["person_id"]) == sorted(begun[0] | begun[1])
    for row in links.to_dict("records"):
        courses = first[(first["person_id"] == row["person_id"]) & (first["started_on"] <= as_of)]
        open_ = courses["ended_on"].isna() | (courses["ended_on"] > as_of)
        if row["status"] in {"arrived", "waiting", "lost"}:
            assert row["person_id"] in begun[0]
            assert not open_[courses["started_on"] == courses["started_on"].max()].any()
        if row["status"] == "new":
            assert row["person_id"] not in begun[0]
