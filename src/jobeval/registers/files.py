"""Files of a trial folder into the engine: CSV, Parquet, SAS and Stata."""

import glob
from pathlib import Path
from typing import Any

import duckdb

from jobeval.errors import JobevalError
from jobeval.plan.files import InputFile
from jobeval.registers.columns import Dialect
from jobeval.registers.cpr import check_cpr_names
from jobeval.registers.delimited import read_delimited
from jobeval.registers.engine import fetch_count, fetch_row, literal, quoted
from jobeval.registers.findings import Findings
from jobeval.registers.frames import store_pandas

MAX_ROWS = 150_000_000
MAX_CELLS = 10_000_000_000
_EXPECTED = {"csv": "CSV text", "parquet": "Parquet", "sas": "a SAS file", "stata": "a Stata file"}
_MAGIC = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstd archive",
    b"<stata_dta>": "a Stata file",
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xea\x81\x60": "a SAS file",
    b"HEADER RECORD*******LIBRARY": "a SAS file",
}


def file_dialect(file: InputFile) -> Dialect:
    """How the texts of a file are written; only CSV has a dialect of its own."""
    if file.format == "csv":
        return Dialect(file.decimal, file.date_format, file.missing, file.columns)
    return Dialect(missing=file.missing, columns=file.columns)


def find_file(folder: Path, file: InputFile, table: str, findings: Findings) -> Path | None:
    """The path of a file that lies, links resolved, within the trial folder."""
    path = folder / file.path
    if not path.resolve().is_relative_to(folder.resolve()):
        findings.add("file-outside", table)
        return None
    if not path.is_file():
        findings.add("file-missing", table)
        return None
    return path


def read_file(
    con: duckdb.DuckDBPyConnection, table: str, path: Path, file: InputFile, findings: Findings
) -> bool:
    """Read a file into the table ``raw_<table>`` of the engine, as it stands.

    Returns whether that was possible; if not, ``findings`` say why. No message of the
    engine or of a reader is passed on, since they quote lines of the file.
    """
    check_cpr_names(table, [path.name], findings)
    _check_magic(path, table, file, findings)
    if findings.refuses(table):
        return False
    try:
        if file.format == "csv":
            read_delimited(con, table, path, file, findings)
        elif file.format == "parquet":
            _read_parquet(con, table, path, findings)
        else:
            store_pandas(con, table, _read_statistical(path, file))
    except JobevalError:
        raise
    except Exception:
        findings.add("file-unreadable", table, expected=_EXPECTED[file.format])
    if not findings.refuses(table):
        check_not_empty(con, table, findings)
    return not findings.refuses(table)


def check_not_empty(con: duckdb.DuckDBPyConnection, table: str, findings: Findings) -> None:
    """A table without rows is not a delivery."""
    rows = fetch_count(con, f"SELECT count(*) FROM {quoted('raw_' + table)}")
    findings.add("file-empty", table, count=int(rows == 0))


def _check_magic(path: Path, table: str, file: InputFile, findings: Findings) -> None:
    with path.open("rb") as stream:
        head = stream.read(32)
    if not head:
        findings.add("file-empty", table)
        return
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    expected = _EXPECTED[file.format]
    wrong = found is not None and found != expected
    if wrong or (file.format == "parquet" and found is None):
        findings.add("file-format", table, found=found or "something else", expected=expected)


def _read_parquet(
    con: duckdb.DuckDBPyConnection, table: str, path: Path, findings: Findings
) -> None:
    name = literal(glob.escape(str(path)))
    rows, width = fetch_row(
        con,
        f"SELECT sum(num_rows), (SELECT count(*) FROM (DESCRIBE FROM read_parquet({name}))) "
        f"FROM parquet_file_metadata({name})",
    )
    if rows > MAX_ROWS or rows * width > MAX_CELLS:
        findings.add("file-too-large", table, count=int(rows))
        return
    con.execute(f"CREATE OR REPLACE TABLE {quoted('raw_' + table)} AS FROM read_parquet({name})")


def _read_statistical(path: Path, file: InputFile) -> Any:
    import pyreadstat

    if file.format == "stata":
        return pyreadstat.read_dta(str(path))[0]
    if path.suffix.lower() in {".xpt", ".xport"}:
        return pyreadstat.read_xport(str(path))[0]
    return pyreadstat.read_sas7bdat(str(path))[0]
