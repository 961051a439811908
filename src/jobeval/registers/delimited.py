"""CSV files: looked at as bytes first, then read as text only, never guessed at."""

import codecs
import csv
import glob
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from jobeval.plan.files import InputFile
from jobeval.registers.engine import fetch_row, literal, quoted
from jobeval.registers.findings import Findings
from jobeval.registers.frames import store_pandas

BLOCK = 1 << 22
_SEPARATORS = (";", ",", "\t", "|")
_MOJIBAKE = re.compile("Ã[\u0080-\u00bf†˜¥¦¸…]|â€|Â[\u00a0-\u00bf]")
_MOVED = re.compile(rb"[\x80-\x9f]")
"""Bytes on which cp1252 and latin-1 differ."""


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What a look at all bytes of a file tells."""

    nul: bool
    utf8: bool
    moved: bool
    mojibake: int


def read_delimited(
    con: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    file: InputFile,
    findings: Findings,
) -> bool:
    """Read a CSV file into ``raw_<table>``, every column as text; False when it cannot be.

    ``file`` declares separator, encoding and missing texts; nothing is sniffed except to
    explain what is wrong.
    """
    seen = _look_at(path, file.encoding)
    _check_bytes(table, seen, file, findings)
    if findings.refuses(table):
        return False
    header = _read_header(path, file)
    _check_header(table, header, file, findings)
    if findings.refuses(table):
        return False
    if seen.utf8 and file.encoding == "utf-8":
        _read_by_engine(con, table, path, header, file, findings)
    else:
        _read_by_row(con, table, path, header, file, findings)
    return not findings.refuses(table)


def _look_at(path: Path, encoding: str) -> _Bytes:
    utf8, nul, moved, mojibake = True, False, False, 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in _blocks(path):
        nul = nul or b"\0" in block
        moved = moved or bool(_MOVED.search(block))
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError:
            utf8, text = False, ""
            decoder.reset()
        if encoding != "utf-8":
            text = block.decode(encoding, errors="replace")
        if not text.isascii():
            mojibake += sum(bool(_MOJIBAKE.search(line)) for line in text.splitlines())
    return _Bytes(nul, utf8, moved, mojibake)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _check_bytes(table: str, seen: _Bytes, file: InputFile, findings: Findings) -> None:
    findings.add("csv-nul", table, count=int(seen.nul))
    if file.encoding == "utf-8" and not seen.utf8:
        suggestion = "cp1252"
        findings.add("csv-encoding", table, encoding=file.encoding, suggestion=suggestion)
    elif file.encoding != "utf-8" and seen.utf8 and seen.mojibake:
        findings.add("csv-encoding", table, encoding=file.encoding, suggestion="utf-8")
    elif file.encoding == "latin-1" and seen.moved:
        findings.add("csv-encoding", table, encoding=file.encoding, suggestion="cp1252")
    else:
        findings.add("csv-mojibake", table, count=seen.mojibake)


def _python_encoding(file: InputFile) -> str:
    return "utf-8-sig" if file.encoding == "utf-8" else file.encoding


def _read_header(path: Path, file: InputFile) -> list[str]:
    with path.open(encoding=_python_encoding(file), newline="", errors="replace") as stream:
        try:
            return next(csv.reader(stream, delimiter=file.separator), [])
        except csv.Error:
            return []


def _check_header(table: str, header: list[str], file: InputFile, findings: Findings) -> None:
    findings.add("file-empty", table, count=int(not header))
    twice = sorted(name for name, n in Counter(header).items() if n > 1 and name.strip())
    names = ", ".join(f'"{name}"' for name in twice[:10])
    findings.add("columns-duplicated", table, count=len(twice), names=names)
    findings.add("columns-unnamed", table, count=sum(not name.strip() for name in header))
    if len(header) == 1:
        others = [mark for mark in _SEPARATORS if mark != file.separator and mark in header[0]]
        if others:
            shown = "\\t" if others[0] == "\t" else others[0]
            findings.add("csv-separator", table, declared=file.separator, suggestion=shown)


def _read_by_engine(
    con: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    header: list[str],
    file: InputFile,
    findings: Findings,
) -> None:
    missing = ", ".join(literal(text) for text in file.missing) or "''"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    con.execute(
        f"CREATE OR REPLACE TABLE {quoted('raw_' + table)} AS SELECT * FROM read_csv("
        f"{literal(glob.escape(str(path)))}, delim = {literal(file.separator)}, quote = '\"', "
        f"escape = '\"', header = true, auto_detect = false, columns = {{{columns}}}, "
        f"nullstr = [{missing}], store_rejects = true, max_line_size = 16777216)"
    )
    ragged, broken = fetch_row(
        con,
        "SELECT count(DISTINCT line) FILTER (WHERE error_type IN "
        "('MISSING COLUMNS', 'TOO MANY COLUMNS')), count(DISTINCT line) FILTER (WHERE "
        "error_type NOT IN ('MISSING COLUMNS', 'TOO MANY COLUMNS')) FROM reject_errors",
    )
    con.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    findings.add("csv-ragged", table, count=ragged)
    findings.add("csv-quote", table, count=broken)


def _read_by_row(
    con: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    header: list[str],
    file: InputFile,
    findings: Findings,
) -> None:
    """Encodings that the engine does not read by itself go through Python's reader.

    Like the engine, it takes a separator after the last cell for the end of the line.
    """
    with io.TextIOWrapper(path.open("rb"), encoding=file.encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=file.separator, strict=True)
        try:
            rows = [_without_end_mark(row, len(header)) for row in reader if row][1:]
        except csv.Error:
            findings.add("csv-quote", table)
            return
        except UnicodeDecodeError:
            suggestion = "latin-1"
            findings.add("csv-encoding", table, encoding=file.encoding, suggestion=suggestion)
            return
    ragged = sum(len(row) != len(header) for row in rows)
    findings.add("csv-ragged", table, count=ragged)
    if not ragged:
        store_pandas(con, table, pd.DataFrame(rows, columns=pd.Index(header), dtype=object))


def _without_end_mark(row: list[str], width: int) -> list[str]:
    return row[:-1] if len(row) == width + 1 and not row[-1] else row
