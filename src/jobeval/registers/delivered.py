"""What was delivered, a file or a frame, into the engine as it stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from jobeval.plan.files import InputFile
from jobeval.registers.columns import Dialect, read_sources
from jobeval.registers.cpr import check_cpr, check_cpr_names
from jobeval.registers.dream import is_wide
from jobeval.registers.files import check_not_empty, find_file, read_file
from jobeval.registers.findings import Findings
from jobeval.registers.frames import store_frame


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file of a delivery's folder, as the plan declares it."""

    folder: Path
    file: InputFile


def store_delivered(
    con: duckdb.DuckDBPyConnection, table: str, source: Any, findings: Findings
) -> bool:
    """Bring a delivery into ``raw_<table>``; False when it cannot be.

    ``source`` is a ``DeliveredFile``, the path of a Parquet file, or any frame. It is looked
    through for CPR numbers.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        source = DeliveredFile(path.parent, InputFile(path=path.name, format="parquet"))
    if isinstance(source, DeliveredFile):
        path = find_file(source.folder, source.file, table, findings)
        if path is None or not read_file(con, table, path, source.file, findings):
            return False
    elif not _store_frame(con, table, source, findings):
        return False
    sources = read_sources(con, f"raw_{table}")
    check_cpr_names(table, sources, findings)
    wide = table == "benefits" and is_wide(sources)
    looked_at = [s for name, s in sources.items() if not (wide and "_" in name)]
    check_cpr(con, table, looked_at, findings)
    return True


def _store_frame(
    con: duckdb.DuckDBPyConnection, table: str, frame: Any, findings: Findings
) -> bool:
    if isinstance(frame, pd.DataFrame):
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        names = ", ".join(f'"{name}"' for name in twice)
        findings.add("columns-duplicated", table, count=len(twice), names=names)
        if twice:
            return False
    store_frame(con, table, frame)
    check_not_empty(con, table, findings)
    return not findings.refuses(table)


def frame_dialect(con: duckdb.DuckDBPyConnection, table: str, file: InputFile | None) -> Dialect:
    """How a frame is to be read: names and missing texts as its file's, where one is declared."""
    if file is None:
        return Dialect()
    known = read_sources(con, f"raw_{table}")
    named = {name: column for name, column in file.columns.items() if column in known}
    return Dialect(missing=file.missing, columns=named)
