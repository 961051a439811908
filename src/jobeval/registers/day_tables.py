"""Tables of a delivery in days, as pandas frames: for monitoring, whose contracts count days.

A trial's registers become weeks in the engine (``intake``); here every row stays as it was
delivered, typed and checked, in the order of the delivery, so that its number can prove
something.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from jobeval.plan.files import BenefitsFile, HoursFile, InputFile
from jobeval.registers.columns import Dialect, build_typed, find_sources, read_sources
from jobeval.registers.delivered import DeliveredFile, frame_dialect, store_delivered
from jobeval.registers.dream import (
    build_wide_spells,
    check_codes_known,
    find_wide_columns,
    is_wide,
)
from jobeval.registers.engine import connect, fetch_count, quoted
from jobeval.registers.extras import check_labels, find_extras
from jobeval.registers.files import file_dialect
from jobeval.registers.findings import Findings
from jobeval.registers.hours import build_hours
from jobeval.registers.matching import check_copies
from jobeval.registers.spells import check_spells
from jobeval.schemas.calendar import EPOCH, weeks_of
from jobeval.schemas.tables import (
    ACTIVITIES,
    BENEFITS,
    BENEFITS_WIDE,
    HOURS,
    INVOICES,
    JOBS,
    PARTICIPANTS,
)

SCHEMAS = {
    "participants": PARTICIPANTS,
    "jobs": JOBS,
    "hours": HOURS,
    "activities": ACTIVITIES,
    "benefits": BENEFITS,
    "invoices": INVOICES,
}
_SPELLS = ("jobs", "activities", "benefits")


def read_day_tables(
    given: Mapping[str, Any], files: Mapping[str, InputFile | None], findings: Findings
) -> dict[str, pd.DataFrame]:
    """Type and check every table that was delivered.

    Parameters
    ----------
    given
        By name (``SCHEMAS``): a ``DeliveredFile``, a path of Parquet, any frame, or ``None``.
    files
        The dialects that the plan declares; for frames only names and missing texts count.
    findings
        All that is wrong or odd is added here.

    Returns
    -------
    The tables that could be typed, by name, also where ``findings`` refuse them, so that what
    else is wrong is told together. Canonical columns, dates as ``datetime64[ns]`` without
    a time, ``month`` as its first day, missing texts as ``None``. Columns of participants
    beyond the schema are kept. Spells of benefits are in days, also from wide DREAM.
    """
    con, frames = connect(), dict[str, pd.DataFrame]()
    for table, source in given.items():
        if source is None:
            continue
        try:
            frame = _read_one(con, table, source, files.get(table), findings)
        except duckdb.Error as error:  # its message may quote a value
            findings.add("table-refused", table, kind=type(error).__name__)
            continue
        if frame is not None:
            frames[table] = frame
    return frames


def digest_frames(frames: Mapping[str, pd.DataFrame]) -> str:
    """The sha256 of the content, whatever the format, and the order of rows and columns."""
    whole = hashlib.sha256()
    for table, frame in sorted(frames.items()):
        names = sorted(frame.columns)
        lines = frame[names].to_csv(index=False, header=False, lineterminator="\n").splitlines()
        whole.update("\n".join([f"{table}({','.join(names)})", *sorted(lines), ""]).encode())
    return whole.hexdigest()


def _read_one(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: Any,
    file: InputFile | None,
    findings: Findings,
) -> pd.DataFrame | None:
    if not store_delivered(con, table, source, findings):
        return None
    delivered = isinstance(source, DeliveredFile)
    dialect = file_dialect(source.file) if delivered else frame_dialect(con, table, file)
    if table == "benefits" and _is_wide(con, file if delivered else None):
        return _read_wide(con, dialect, findings)
    check_copies(con, table, findings)
    if not _build_typed(con, table, dialect, findings):
        return None
    if table in _SPELLS:
        check_spells(con, table, findings)
    if table == "hours":
        build_hours(con, file if isinstance(file, HoursFile) else HoursFile(path="-"), findings)
        return _with_month_days(_fetch(con, "job_hours"))
    frame = _fetch(con, f"typed_{table}")
    if table == "benefits":
        _check_codes(frame, findings)
    return frame


def _is_wide(con: duckdb.DuckDBPyConnection, file: InputFile | None) -> bool:
    declared = isinstance(file, BenefitsFile) and file.layout == "wide"
    return declared or is_wide(read_sources(con, "raw_benefits"))


def _build_typed(
    con: duckdb.DuckDBPyConnection, table: str, dialect: Dialect, findings: Findings
) -> bool:
    schema = SCHEMAS[table]
    if not schema.open:
        return build_typed(con, table, schema, dialect, findings)
    sources = read_sources(con, f"raw_{table}")
    held = find_sources(schema, sources, dialect, Findings())
    extras = find_extras(con, table, sources, held, dialect, findings)
    built = build_typed(con, table, schema, dialect, findings, extras)
    if built:
        check_labels(con, table, findings)
    return built


def _fetch(con: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    frame = con.execute(f"FROM {quoted(table)}").df()
    dated = [name for name, kind in frame.dtypes.items() if kind.kind == "M"]
    return frame.astype(dict.fromkeys(dated, "datetime64[ns]"))


def _with_month_days(hours: pd.DataFrame) -> pd.DataFrame:
    months = hours["month"].to_numpy() - 12 * 1970
    return hours.assign(month=months.astype("datetime64[M]").astype("datetime64[ns]"))


def _read_wide(
    con: duckdb.DuckDBPyConnection, dialect: Dialect, findings: Findings
) -> pd.DataFrame | None:
    """Wide DREAM as spells in days, from Monday on; what holds in the last week is open."""
    columns = find_wide_columns(read_sources(con, "raw_benefits").values(), findings)
    if not columns.weeks:
        hint = 'Deliver the weekly columns of DREAM, or set layout = "spells" in [files].'
        findings.add("columns-missing", "benefits", "y_YYWW", hint=hint)
        return None
    if not build_typed(con, "benefits", replace(BENEFITS_WIDE, name="benefits"), dialect, findings):
        return None
    twice = "SELECT count(*) - count(DISTINCT person_id) FROM typed_benefits"
    findings.add("person-duplicated", "benefits", "person_id", fetch_count(con, twice))
    spells = build_wide_spells(con, columns, dialect, findings)
    codes, first, end = (spells[name].to_numpy() for name in ("code", "start_week", "end_week"))
    check_codes_known(codes, first, end, findings)
    keys = con.execute("SELECT person_id FROM typed_benefits").fetchnumpy()["person_id"]
    persons = np.asarray(keys, dtype=object)[spells["raw_row"].to_numpy()]
    last = np.where(end == columns.end_week, np.datetime64("NaT"), _mondays(end))
    return pd.DataFrame(
        {"person_id": persons, "start": _mondays(first), "end": last, "code": codes}
    )


def _mondays(weeks: Any) -> Any:
    return np.datetime64(EPOCH, "ns") + (7 * weeks - 3).astype("timedelta64[D]")


def _check_codes(frame: pd.DataFrame, findings: Findings) -> None:
    start = weeks_of(frame["start"].to_numpy())
    days = frame["end"].to_numpy() - np.timedelta64(1, "D")
    end = weeks_of(np.where(np.isnat(days), frame["start"].to_numpy(), days)) + 1
    check_codes_known(frame["code"].to_numpy(), start, end, findings)
