"""The same delivery from any source, in any order, is the same trial."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyreadstat
import pytest

from jobeval.errors import DataError
from jobeval.plan.model import TrialPlan
from jobeval.registers.delivered import DeliveredFile
from jobeval.registers.trial import Trial
from jobeval.schemas.calendar import iso_week

LABEL = {"da": "Navn", "en": "Name"}
TABLES = ("persons", "benefits", "hours", "activities")
Frames = dict[str, pd.DataFrame]


@pytest.fixture
def plan() -> TrialPlan:
    arms = [("control", "control"), ("offer", "treatment")]
    return TrialPlan.model_validate(
        {
            "name": "small",
            "title": LABEL,
            "arms": [{"name": name, "role": role, "label": LABEL} for name, role in arms],
            "lottery": {},
            "follow_up": {"horizon_weeks": 52},
            "looks": {"final": {"cut_off": dt.date(2017, 12, 31)}},
            "endpoints": {"work": {"kind": "any_hours", "label": LABEL, "window_weeks": [0, 26]}},
            "analyses": [
                {"name": "itt", "endpoint": "work", "estimator": "difference", "looks": ["final"]}
            ],
        }
    )


@pytest.fixture
def frames() -> Frames:
    """Six persons; ids are text with leading zeros."""
    ids = [f"00{i}" for i in range(6)]
    persons = pd.DataFrame(
        {
            "person_id": ids,
            "arm": ["control", "offer"] * 3,
            "randomised_on": pd.to_datetime(["2016-03-02", "2016-03-07"] * 3),
            "eligible": [1, 1, 1, 1, 1, 0],
            "started_on": pd.to_datetime([None, "2016-04-04"] * 3),
            "score": [0.5, 1.0, 2.0, None, 4.0, 5.5],
            "municipality": [101, 147, 101, 147, 101, 147],
        }
    )
    benefits = pd.DataFrame({"person_id": ids})
    for week, code in zip(range(9, 15), (730, 730, None, 730, 890, 999), strict=True):
        benefits[f"y_16{week:02d}"] = pd.Series([code] * 6, dtype="float")
    benefits["branche_2016_03"] = ["4711", None] * 3
    hours = pd.DataFrame(
        {
            "person_id": ids[:3] + ids[:1],
            "employer_id": ["a", "b", "c", "b"],
            "month": pd.to_datetime(["2016-03-01"] * 3 + ["2016-04-01"]),
            "hours": [8.25, 16.0, 37.5, 4.0],
            "supported": [0, 1, 0, 0],
        }
    )
    activities = pd.DataFrame(
        {
            "person_id": ids[:2],
            "kind": ["mentor", "snusepraktik"],
            "start": pd.to_datetime(["2016-03-07", "2016-03-09"]),
            "end": pd.to_datetime(["2016-03-14", "2016-03-15"]),
        }
    )
    return dict(zip(TABLES, (persons, benefits, hours, activities), strict=True))


def shuffled(frames: Frames) -> Frames:
    return {name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}


def columns_turned(frames: Frames) -> Frames:
    return {name: frame[list(frame.columns[::-1])] for name, frame in frames.items()}


def as_polars(frames: Frames) -> dict[str, pl.DataFrame]:
    return {
        name: pl.DataFrame(
            {
                column: [None if pd.isna(v) else v for v in frame[column].tolist()]
                for column in frame.columns
            }
        )
        for name, frame in frames.items()
    }


def as_lazy(frames: Frames) -> dict[str, nw.LazyFrame]:
    return {name: nw.from_native(frame.lazy()) for name, frame in as_polars(frames).items()}


def as_texts(frames: Frames) -> Frames:
    """As a CSV without a schema would give them."""
    return {name: frame.astype(object).map(_text) for name, frame in frames.items()}


def _text(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return None if pd.isna(value) else str(value)


@pytest.mark.parametrize(
    "change", [shuffled, columns_turned, as_polars, as_lazy, as_texts], ids=lambda f: f.__name__
)
def test_any_frame_is_the_same_trial(
    plan: TrialPlan, frames: Frames, change: Callable[[Frames], dict]
) -> None:
    assert Trial(plan=plan, **change(frames)).digest == Trial(plan=plan, **frames).digest


def connected(frames: Frames) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for name, frame in frames.items():
        con.register("incoming", frame)
        con.execute(f"CREATE TABLE {name} AS FROM incoming")
    return con


def test_duckdb_and_parquet_are_the_same_trial(
    plan: TrialPlan, frames: Frames, tmp_path: Path
) -> None:
    expected = Trial(plan=plan, **frames).digest
    con = connected(frames)
    assert Trial(plan=plan, connection=con).digest == expected
    assert Trial(plan=plan, **{name: con.table(name) for name in TABLES}).digest == expected
    paths = {name: tmp_path / f"{name}.parquet" for name in TABLES}
    for name, path in paths.items():
        con.execute(f"COPY {name} TO '{path}'")
    assert Trial(plan=plan, **paths).digest == expected


@pytest.mark.parametrize("ending", ["dta", "xpt"])
def test_stata_and_sas_are_the_same_trial(
    plan: TrialPlan, frames: Frames, tmp_path: Path, ending: str
) -> None:
    hours = frames["hours"].assign(month=frames["hours"]["month"].dt.strftime("%Y-%m"))
    if ending == "dta":
        pyreadstat.write_dta(hours, str(tmp_path / "hours.dta"))
    else:
        renamed = hours.rename(columns={"employer_id": "SENR", "person_id": "PNR"})
        pyreadstat.write_xport(renamed, str(tmp_path / "hours.xpt"))
    kind = {"dta": "stata", "xpt": "sas"}[ending]
    frames["persons"].to_csv(tmp_path / "persons.csv", index=False)
    files = {
        "persons": {"path": "persons.csv"},
        "hours": {"path": f"hours.{ending}", "format": kind},
    }
    with_files = plan.model_validate({**plan.model_dump(), "files": files})
    given = {name: DeliveredFile(tmp_path, getattr(with_files.files, name)) for name in files}
    expected = Trial(plan=plan, persons=frames["persons"], hours=frames["hours"])
    assert Trial(plan=plan, **given).digest == expected.digest


def test_canonical_columns_and_values(plan: TrialPlan, frames: Frames) -> None:
    trial = Trial(plan=plan, **frames)
    persons = trial.persons.collect("pandas").to_native()
    assert persons["person_id"].tolist() == [f"00{i}" for i in range(6)]
    assert persons["randomised_week"].tolist() == [iso_week(2016, 9), iso_week(2016, 10)] * 3
    assert persons["started_week"].dropna().tolist() == [iso_week(2016, 14)] * 3
    assert persons["eligible"].tolist() == [True] * 5 + [False]
    assert persons["municipality"].tolist() == [101, 147] * 3
    assert trial.benefits is not None
    first = trial.benefits.filter(nw.col("person_id") == "000").collect("pandas").to_native()
    nine = iso_week(2016, 9)
    assert first[["start_week", "end_week", "code"]].to_numpy().tolist() == [
        [nine, nine + 2, 730],
        [nine + 3, nine + 4, 730],
        [nine + 4, nine + 5, 890],
        [nine + 5, nine + 6, 999],
    ]
    assert trial.industries is not None
    industries = trial.industries.collect("pandas").to_native()
    assert industries["month"].tolist() == [12 * 2016 + 2] * 3
    assert industries["person_id"].tolist() == ["000", "002", "004"]
    assert trial.activities is not None
    weeks = trial.activities.collect("pandas").to_native()[["start_week", "end_week"]]
    # the second ends on 14 March, a Monday: that week counts
    assert weeks.to_numpy().tolist() == [[nine + 1, nine + 2], [nine + 1, nine + 3]]
    assert trial.coverage.benefits == (nine, nine + 6)
    assert trial.coverage.hours == (12 * 2016 + 2, 12 * 2016 + 4)


def test_spells_give_the_weeks_of_wide_dream(plan: TrialPlan, frames: Frames) -> None:
    """A benefit of one day sets its week; adjacent spells are one."""
    dates = [
        ("2016-03-06", "2016-03-10", 730),  # Sunday of week 9 to Wednesday of week 10
        ("2016-03-10", "2016-03-14", 730),
        ("2016-03-27", "2016-03-28", 730),  # the Sunday of week 12
        ("2016-03-28", "2016-04-02", 890),
        ("2016-04-04", None, 999),
    ]
    spells = pd.DataFrame(
        [(f"00{i}", *row) for i in range(6) for row in dates],
        columns=["person_id", "start", "end", "code"],
    )
    for name in ("start", "end"):
        spells[name] = pd.to_datetime(spells[name])
    wide = Trial(plan=plan, persons=frames["persons"], benefits=frames["benefits"])
    narrow = Trial(plan=plan, persons=frames["persons"], benefits=spells)
    assert wide.benefits is not None
    assert narrow.benefits is not None
    assert wide.coverage == narrow.coverage
    expected = wide.benefits.collect("pandas").to_native()
    pd.testing.assert_frame_equal(narrow.benefits.collect("pandas").to_native(), expected)


@pytest.mark.parametrize(("unit", "factor"), [("minutes", 60), ("full_time_share", 12 / 37 / 52)])
def test_hours_come_in_other_units(
    plan: TrialPlan, frames: Frames, unit: str, factor: float
) -> None:
    files = {"persons": {"path": "p.csv"}, "hours": {"path": "h.csv", "unit": unit}}
    with_unit = plan.model_validate({**plan.model_dump(), "files": files})
    hours = frames["hours"].assign(hours=frames["hours"]["hours"] * factor)
    trial = Trial(plan=with_unit, persons=frames["persons"], hours=hours)
    assert trial.hours is not None
    found = trial.hours.collect("pandas").to_native()["hours"].tolist()
    assert found == pytest.approx([8.25, 4.0, 16.0, 37.5])


def test_declared_corrections_are_added_up(plan: TrialPlan, frames: Frames) -> None:
    files = {"persons": {"path": "p.csv"}, "hours": {"path": "h.csv", "corrections": True}}
    correcting = plan.model_validate({**plan.model_dump(), "files": files})
    correction = frames["hours"].iloc[:1].assign(hours=-3.25)
    hours = pd.concat([frames["hours"], correction])
    trial = Trial(plan=correcting, persons=frames["persons"], hours=hours)
    assert trial.hours is not None
    found = trial.hours.collect("pandas").to_native()["hours"].tolist()
    assert found == pytest.approx([5.0, 4.0, 16.0, 37.5])


def test_a_change_of_one_value_changes_the_digest(plan: TrialPlan, frames: Frames) -> None:
    before = Trial(plan=plan, **frames).digest
    frames["hours"].loc[0, "hours"] = 8.5
    assert Trial(plan=plan, **frames).digest != before


def test_a_trial_is_frozen_and_leaves_its_input_alone(plan: TrialPlan, frames: Frames) -> None:
    copies = {name: frame.copy(deep=True) for name, frame in frames.items()}
    trial = Trial(plan=plan, **frames)
    with pytest.raises(AttributeError):
        trial.persons = None  # type: ignore[misc]  # that it cannot be set is the test
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, copies[name])
    assert repr(trial) == "Trial('small': 6 persons; 2 warnings)"


def test_frames_are_checked_like_files(plan: TrialPlan, frames: Frames) -> None:
    twice = pd.concat([frames["persons"], frames["persons"]["arm"]], axis=1)
    zoned = frames["activities"].assign(start=frames["activities"]["start"].dt.tz_localize("UTC"))
    with pytest.raises(DataError) as caught:
        Trial(plan=plan, persons=twice, hours=frames["hours"].iloc[:0], activities=zoned)
    said = str(caught.value)
    for rule in ("columns-duplicated", "file-empty", "date-time"):
        assert f"[{rule}]" in said


def test_persons_are_required(plan: TrialPlan) -> None:
    with pytest.raises(DataError, match="persons: "):
        Trial(plan=plan)
