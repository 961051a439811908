"""What a monitoring says: tables of suppliers, never of effects."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, ClassVar

import pandas as pd

from jobeval.monitoring.plan import MonitorPlan
from jobeval.registers.findings import Finding
from jobeval.results.json import counted, html_table, plain

WHAT = "monitoring, no control group, not an effect"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonitorResult:
    """All tables of a monitoring on one day: raw numbers, not yet released.

    Nothing here may be shown outside the building; ``jobeval.release_monitor`` is the way out.
    There is no control group, so no number here is an effect of a supplier.
    """

    SHOWN: ClassVar[tuple[str, ...]] = ("supplier", "status", "count", "of", "share", "small")

    plan: MonitorPlan
    as_of: dt.date
    """Last day that was seen."""
    tables: Mapping[str, pd.DataFrame]
    """``status``, ``ended``, ``retention``, ``waiting``, ``industries``, ``months``,
    ``case_mix``, ``claims``, and what contracts and hand-overs add; a table that could not be
    made is absent, and a note tells why."""
    findings: tuple[Finding, ...] = ()
    """Warnings of the delivery that the plan has not acknowledged."""
    notes: tuple[str, ...] = ()
    """How the delivery was understood, in English."""
    digest: str = ""
    """sha256 of the delivery, in hex."""

    def to_dict(self) -> dict[str, Any]:
        """All tables as JSON values."""
        return {
            "kind": WHAT,
            "plan": self.plan.model_dump(mode="json"),
            "as_of": self.as_of.isoformat(),
            "tables": {name: plain(table) for name, table in self.tables.items()},
            "findings": [asdict(finding) for finding in self.findings],
            "notes": list(self.notes),
            "digest": self.digest,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MonitorResult:
        """The inverse of ``to_dict``."""
        return cls(
            plan=MonitorPlan.model_validate_json(json.dumps(values["plan"])),
            as_of=dt.date.fromisoformat(values["as_of"]),
            tables={name: _read_table(table) for name, table in values["tables"].items()},
            findings=tuple(Finding(**finding) for finding in values["findings"]),
            notes=tuple(values["notes"]),
            digest=values["digest"],
        )

    def __repr__(self) -> str:
        return (
            f"MonitorResult({self.plan.name} on {self.as_of}: "
            f"{counted(len(self.plan.suppliers), 'supplier')}, "
            f"{counted(len(self.tables), 'table')}; {WHAT})"
        )

    def _repr_html_(self) -> str:
        shown = "".join(
            html_table(table[[name for name in self.SHOWN if name in table]])
            for name, table in self.tables.items()
            if name == "status"
        )
        return f"<p>{escape(repr(self))}</p>" + shown


def _read_table(table: Mapping[str, Any]) -> pd.DataFrame:
    """A table from JSON; a column that is empty or holds numbers reads ``null`` as ``nan``."""
    frame = pd.DataFrame(table["rows"], columns=table["columns"])
    for name in frame:
        filled = frame[name].dropna()
        if len(filled) < len(frame) and not filled.map(lambda value: isinstance(value, str)).any():
            frame[name] = frame[name].astype(float)
    return frame
