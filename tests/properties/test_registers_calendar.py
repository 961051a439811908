"""Dates to weeks over every date, and spells that may be cut in any way."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.registers.dream import spells_of, week_of_column
from jobeval.registers.spells import merged_sql, week_sql
from jobeval.schemas.calendar import (
    iso_week,
    monday_of,
    month_of,
    month_of_week,
    week_of,
    weeks_of,
)

DAYS = [dt.date(1990, 1, 1) + dt.timedelta(days=i) for i in range(51 * 365 + 13)]


def test_weeks_are_those_of_the_iso_calendar_1990_to_2040() -> None:
    assert DAYS[-1] == dt.date(2040, 12, 31)
    weeks = weeks_of(np.array(DAYS, dtype="datetime64[D]"))
    for day, week in zip(DAYS, weeks.tolist(), strict=True):
        iso = day.isocalendar()
        assert week == week_of(day) == iso_week(iso.year, iso.week)
        assert monday_of(week) == day - dt.timedelta(days=iso.weekday - 1)
        thursday = day + dt.timedelta(days=4 - iso.weekday)
        assert month_of_week(week) == month_of(thursday)


def test_the_engine_counts_weeks_like_python() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(DAYS)})
    with duckdb.connect() as con:
        con.register("days", frame)
        found = con.sql(f"SELECT {week_sql('CAST(day AS DATE)')} AS w FROM days").fetchnumpy()["w"]
    assert found.tolist() == [week_of(day) for day in DAYS]


def test_weekly_columns_name_every_week_once() -> None:
    weeks = range(week_of(dt.date(1991, 8, 5)), week_of(dt.date(2040, 1, 2)))
    names = [f"y_{iso.year % 100:02d}{iso.week:02d}" for iso in map(_iso, weeks)]
    assert [week_of_column(name) for name in names] == list(weeks)
    long_years = {2009, 2015, 2020, 2026, 2032}
    for year in range(2000, 2040):
        known = week_of_column(f"y_{year % 100:02d}53") is not None
        assert known == (year in long_years | {2004, 2037})


def _iso(week: int) -> dt.date:
    return monday_of(week).isocalendar()


@given(st.lists(st.lists(st.sampled_from([0, 730, 890]), min_size=9, max_size=9), min_size=1))
@settings(max_examples=80, deadline=None)
def test_runs_of_codes_give_the_weeks_back(rows: list[list[int]]) -> None:
    codes = np.array(rows, dtype=np.int16)
    row, start, end, code = spells_of(codes)
    back = np.zeros_like(codes)
    for r, s, e, c in zip(row, start, end, code, strict=True):
        assert s < e
        assert s == 0 or codes[r, s - 1] != c
        assert e == codes.shape[1] or codes[r, e] != c
        back[r, s:e] = c
    assert np.array_equal(back, codes)


SPELL = st.tuples(
    st.sampled_from(["a", "b"]),
    st.integers(0, 30),
    st.integers(1, 12),
    st.sampled_from([730, 890]),
)


def _merge(
    con: duckdb.DuckDBPyConnection, rows: list[tuple[str, int, int, int]]
) -> list[tuple[str, int, int, int]]:
    con.register("s", pd.DataFrame(rows, columns=["person_id", "start_week", "end_week", "code"]))
    return con.sql(merged_sql("FROM s")).fetchall()


@given(st.lists(SPELL, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_cutting_spells_changes_nothing(rows, random) -> None:
    whole = [(person, start, start + length, code) for person, start, length, code in rows]
    cut = []
    for person, start, end, code in whole:
        at = random.randint(start, end)
        parts = [(start, at), (at, end)] if start < at < end else [(start, end)]
        cut += [(person, *part, code) for part in parts]
        cut += [(person, start, end, code)] * random.randint(0, 1)
    random.shuffle(cut)
    with duckdb.connect() as con:
        merged = _merge(con, whole)
        assert _merge(con, cut) == merged
    weeks = {(p, w, c) for p, s, e, c in whole for w in range(s, e)}
    assert sorted((p, w, c) for p, s, e, c in merged for w in range(s, e)) == sorted(weeks)
