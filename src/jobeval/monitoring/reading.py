"""The delivery of suppliers: read with the readers of the registers, checked, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from jobeval.monitoring.checking import check_delivery
from jobeval.monitoring.contracts.invoices import INVOICE_RULES
from jobeval.monitoring.plan import MonitorPlan
from jobeval.registers.day_tables import SCHEMAS, digest_frames, read_day_tables
from jobeval.registers.delivered import DeliveredFile
from jobeval.registers.findings import Finding, Findings, check_acknowledged


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupplierDelivery:
    """The tables of a delivery in days, each in the order in which its rows were delivered.

    ``jobs`` are spells, or the months of BFL (a column ``month``). What was not delivered is
    ``None``.
    """

    participants: pd.DataFrame
    jobs: pd.DataFrame | None
    activities: pd.DataFrame | None
    benefits: pd.DataFrame | None
    invoices: pd.DataFrame | None
    findings: tuple[Finding, ...]
    """Warnings that the plan has not acknowledged."""
    digest: str
    """sha256 of the content, in hex."""


def read_delivery_files(plan: MonitorPlan, folder: str | Path) -> dict[str, DeliveredFile]:
    """The files that the plan names, by table."""
    inside = Path(folder)
    inside = inside if inside.is_dir() else inside.parent
    files = _files(plan)
    return {name: DeliveredFile(inside, file) for name, file in files.items() if file is not None}


def take_delivery(plan: MonitorPlan, given: Mapping[str, Any]) -> SupplierDelivery:
    """Read and check the tables; ``DataError`` with every finding that refuses them.

    Parameters
    ----------
    given
        By name of the table: a ``DeliveredFile``, a path of Parquet, any frame, or ``None``.
    """
    if given.get("jobs") is not None and given.get("hours") is not None:
        raise ValueError("deliver jobs as spells (jobs) or as months (hours), not both")
    findings = Findings()
    check_acknowledged(set(plan.acknowledged) - set(INVOICE_RULES), findings)
    findings.add("file-missing", "participants", count=int(given.get("participants") is None))
    frames = read_day_tables(given, _files(plan), findings)
    check_delivery(plan, frames, findings)
    findings.raise_errors()
    return SupplierDelivery(
        participants=frames["participants"],
        jobs=frames.get("jobs", frames.get("hours")),
        activities=frames.get("activities"),
        benefits=frames.get("benefits"),
        invoices=frames.get("invoices"),
        findings=findings.warnings(plan.acknowledged),
        digest=digest_frames(frames),
    )


def _files(plan: MonitorPlan) -> dict[str, Any]:
    return {name: getattr(plan.files, name, None) for name in SCHEMAS}
