"""The released tables of a monitoring as files: a CSV a table, and one JSON of them all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jobeval.disclosure.monitoring import ReleasedMonitor
from jobeval.disclosure.released import ReleasedTable, plain, require_released
from jobeval.reports.report import slug
from jobeval.reports.writing import write_files, write_manifest
from jobeval.tables.table import csv_text


def write_released(results: ReleasedMonitor, folder: Path) -> tuple[Path, ...]:
    """Write ``<name>_supplier_<table>.csv`` of each table and ``<name>_supplier.json``.

    A hidden cell is ``suppressed``, a cell without a number is empty.
    """
    require_released(results, ReleasedMonitor)
    stem = f"{slug(results.plan.name)}_supplier"
    files = {
        folder / f"{stem}_{name}.csv": _csv(table).encode()
        for name, table in results.tables.items()
    }
    values = json.dumps(results.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
    files[folder / f"{stem}.json"] = f"{values}\n".encode()
    write_files(files)
    write_manifest(folder, files)
    return tuple(files)


def write_monitor_values(results: ReleasedMonitor) -> bytes:
    """All released numbers as JSON, one a line: committed, and compared for drift."""
    values = require_released(results, ReleasedMonitor).to_dict()
    del values["data_digest"]
    return f"{json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()


def _csv(table: ReleasedTable) -> str:
    return csv_text([table.columns, *([_text(cell) for cell in row] for row in table.rows)])


def _text(cell: Any) -> str:
    value = plain(cell)
    return "" if value is None else str(value)
