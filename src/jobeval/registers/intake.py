"""The door: whatever was delivered becomes canonical tables of one engine, or is refused."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pandas as pd

from jobeval.plan.files import BenefitsFile, HoursFile
from jobeval.plan.model import TrialPlan
from jobeval.registers.columns import Dialect, build_typed, read_sources
from jobeval.registers.delivered import DeliveredFile, frame_dialect, store_delivered
from jobeval.registers.dream import (
    build_industries,
    build_wide_spells,
    check_codes_known,
    find_wide_columns,
    is_wide,
)
from jobeval.registers.engine import fetch_count, fetch_row, quoted
from jobeval.registers.files import file_dialect
from jobeval.registers.findings import Findings
from jobeval.registers.hours import build_hours
from jobeval.registers.matching import check_after_death, check_copies, check_match
from jobeval.registers.persons import DATED, build_persons
from jobeval.registers.spells import (
    check_spells,
    count_overlaps,
    merged_sql,
    week_sql,
    weekly_spells_sql,
)
from jobeval.schemas.calendar import month_of, week_of
from jobeval.schemas.tables import (
    ACTIVITIES,
    ACTIVITY_KINDS,
    BENEFITS,
    BENEFITS_WIDE,
    HOURS,
    TableSchema,
)

TABLES = ("persons", "benefits", "hours", "activities")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Integer weeks (benefits, activities) and months (hours) delivered, as ``[first, end)``."""

    benefits: Span | None = None
    hours: Span | None = None
    activities: Span | None = None


class Intake:
    """Takes the tables of one delivery in, one after the other.

    The canonical tables are ``persons``, ``benefits``, ``industries``, ``hours`` and
    ``activities`` of the connection, as far as they were delivered without errors.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, plan: TrialPlan, findings: Findings) -> None:
        self.con = con
        self.plan = plan
        self.findings = findings
        self._coverage = Coverage()
        self._built: set[str] = set()

    def take(self, delivered: Mapping[str, Any]) -> Coverage:
        """Take in what was delivered, by name of the table; ``None`` is not delivered."""
        for table in TABLES:
            if delivered.get(table) is None:
                self.findings.add("file-missing", table, count=int(table == "persons"))
                continue
            try:
                self._take_one(table, delivered[table])
            except duckdb.Error as error:  # its message may quote a value
                self.findings.add("table-refused", table, kind=type(error).__name__)
        if "persons" in self._built and any(delivered.get(name) is not None for name in TABLES[1:]):
            self._require_dates()
        if {"persons", "benefits"} <= self._built:
            check_after_death(self.con, self.findings, with_hours="hours" in self._built)
        return self._coverage

    def _require_dates(self) -> None:
        """Registers run by the calendar, so they need the day of each person's lottery."""
        undated = DATED not in read_sources(self.con, "persons")
        hint = "Deliver it: weeks are counted from the lottery."
        self.findings.add("columns-missing", "persons", DATED, int(undated), hint=hint)

    def _take_one(self, table: str, source: Any) -> None:
        if store_delivered(self.con, table, source, self.findings):
            takers: dict[str, Callable[[Dialect], None]] = {
                "persons": self._take_persons,
                "benefits": self._take_benefits,
                "hours": self._take_hours,
                "activities": self._take_activities,
            }
            takers[table](self._dialect(table, source))
            self.con.execute(f"DROP TABLE IF EXISTS raw_{table}")

    def _file(self, table: str) -> Any:
        return getattr(self.plan.files, table) if self.plan.files is not None else None

    def _dialect(self, table: str, source: Any) -> Dialect:
        if isinstance(source, DeliveredFile):
            return file_dialect(source.file)
        return frame_dialect(self.con, table, self._file(table))

    def _extracted_on(self, table: str) -> dt.date | None:
        file = self._file(table)
        return file.extracted_on if file is not None else None

    def _typed(self, table: str, schema: TableSchema, dialect: Dialect) -> bool:
        check_copies(self.con, table, self.findings)
        return build_typed(self.con, table, schema, dialect, self.findings)

    def _add_count(self, rule: str, table: str, column: str, query: str) -> None:
        self.findings.add(rule, table, column, fetch_count(self.con, query))

    def _create(self, table: str, query: str) -> None:
        """The canonical table: persons of the roster only, in canonical order."""
        if "persons" in self._built:
            query = f"SELECT r.* FROM ({query}) r SEMI JOIN persons USING (person_id)"
        self.con.execute(f"CREATE OR REPLACE TABLE {table} AS FROM ({query}) ORDER BY ALL")
        self._built.add(table)

    def _match(self, table: str, rows: str, *, everyone: bool = False) -> None:
        if "persons" in self._built:
            check_match(self.con, table, rows, self.findings, everyone=everyone)

    def _take_persons(self, dialect: Dialect) -> None:
        if build_persons(self.con, self.plan, dialect, self.findings):
            self._built.add("persons")

    def _take_benefits(self, dialect: Dialect) -> None:
        wide = is_wide(read_sources(self.con, "raw_benefits"))
        file = self._file("benefits") or BenefitsFile(path="-", layout="spells")
        if wide or file.layout == "wide":
            self._take_wide(dialect)
        else:
            self._take_spells(dialect)

    def _take_wide(self, dialect: Dialect) -> None:
        sources = read_sources(self.con, "raw_benefits")
        columns = find_wide_columns(sources.values(), self.findings)
        if not columns.weeks:
            hint = 'Deliver the weekly columns of DREAM, or set layout = "spells" in [files].'
            self.findings.add("columns-missing", "benefits", "y_YYWW", hint=hint)
            return
        keyed = replace(BENEFITS_WIDE, name="benefits")
        if not build_typed(self.con, "benefits", keyed, dialect, self.findings):
            return
        twice = "SELECT count(*) - count(DISTINCT person_id) FROM typed_benefits"
        self._add_count("person-duplicated", "benefits", "person_id", twice)
        spells = build_wide_spells(self.con, columns, dialect, self.findings)
        self._check_codes(spells)
        self._match("benefits", "typed_benefits", everyone=True)
        keys = self.con.execute("SELECT person_id FROM typed_benefits").fetchnumpy()["person_id"]
        self._create_from("benefits", spells, keys)
        industries = build_industries(self.con, columns, dialect)
        if industries is not None:
            self._create_from("industries", industries, keys)
        self._cover(benefits=(columns.first_week, columns.end_week))

    def _create_from(self, table: str, frame: pd.DataFrame, keys: Any) -> None:
        person = pd.DataFrame({"person_id": keys[frame["raw_row"].to_numpy()]})
        whole = pd.concat([person, frame.drop(columns="raw_row")], axis=1)
        self.con.register("incoming", whole)
        sizes = {"code": "SMALLINT", "person_id": "VARCHAR"}
        columns = ", ".join(
            f"CAST({name} AS {sizes.get(name, 'INTEGER')}) AS {name}" for name in whole.columns
        )
        self._create(table, f"SELECT {columns} FROM incoming")
        self.con.unregister("incoming")

    def _check_codes(self, spells: pd.DataFrame) -> None:
        codes, start, end = (spells[name].to_numpy() for name in ("code", "start_week", "end_week"))
        check_codes_known(codes, start, end, self.findings)

    def _take_spells(self, dialect: Dialect) -> None:
        if not self._typed("benefits", BENEFITS, dialect):
            return
        check_spells(self.con, "benefits", self.findings)
        count_overlaps(self.con, self.findings)
        span = self._spell_span("benefits")
        weekly = weekly_spells_sql("benefits", span[1], "code")
        self._match("benefits", "typed_benefits")
        self._check_codes(self.con.execute(weekly).df())
        self._create("benefits", merged_sql(weekly))
        self._cover(benefits=span)

    def _take_hours(self, dialect: Dialect) -> None:
        if not self._typed("hours", HOURS, dialect):
            return
        file = self._file("hours") or HoursFile(path="-")
        build_hours(self.con, file, self.findings)
        first, end = fetch_row(self.con, "SELECT min(month), max(month) + 1 FROM job_hours")
        extracted = self._extracted_on("hours")
        if extracted is not None:
            late = f"SELECT count(*) FROM job_hours WHERE month > {month_of(extracted)}"
            self._add_count("event-after-extraction", "hours", "month", late)
            end = month_of(extracted + dt.timedelta(days=1))
        self._match("hours", "job_hours")
        self._create("hours", "FROM job_hours")
        self._cover(hours=(first, end))

    def _take_activities(self, dialect: Dialect) -> None:
        if not self._typed("activities", ACTIVITIES, dialect):
            return
        check_spells(self.con, "activities", self.findings)
        known = ", ".join(f"'{kind}'" for kind in ACTIVITY_KINDS)
        unknown = f"SELECT count(*) FROM typed_activities WHERE kind NOT IN ({known})"
        self._add_count("activity-unknown", "activities", "kind", unknown)
        none = f"SELECT CAST(NOT bool_or(kind IN ({known})) AS INTEGER) FROM typed_activities"
        self._add_count("activities-all-unknown", "activities", "kind", none)
        span = self._spell_span("activities")
        moved = {"person_id", "start", "end"}
        kept = ", ".join(quoted(name) for name in ACTIVITIES.names if name not in moved)
        self._match("activities", "typed_activities")
        self._create("activities", weekly_spells_sql("activities", span[1], kept))
        self._cover(activities=span)

    def _cover(self, **spans: Span) -> None:
        self._coverage = replace(self._coverage, **spans)

    def _spell_span(self, table: str) -> Span:
        """Weeks that a delivery of spells covers: up to its extraction, where declared.

        Else up to the last week it speaks of: the last start, or an end that lies before
        the last cut-off of the plan. Ends beyond that may be plans, not observations.
        Weeks without activities tell as much as others: those reach to the last cut-off.
        """
        start, end = week_sql("start"), week_sql('"end" - 1')
        extracted = self._extracted_on(table)
        if extracted is not None:
            late = f"SELECT count(*) FROM typed_{table} WHERE start > DATE '{extracted}'"
            self._add_count("event-after-extraction", table, "start", late)
            last = week_of(extracted + dt.timedelta(days=1))
            return fetch_row(self.con, f"SELECT min({start}) FROM typed_{table}")[0], last
        last = week_of(max(look.cut_off for look in self.plan.looks.values()))
        query = f"SELECT min({start}), max({start}) + 1, max({end}) + 1 FROM typed_{table}"
        first, started, ended = fetch_row(self.con, query)
        spoken = last + 1 if table == "activities" else min(ended or started, last + 1)
        return first, max(started, spoken)
