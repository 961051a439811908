"""The monitoring carried out: plan and delivery to tables, on any day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from jobeval.monitoring.case_mix import compare_case_mix
from jobeval.monitoring.claims import tabulate_claims
from jobeval.monitoring.contract_tables import tabulate_contracts
from jobeval.monitoring.ended import tabulate_ended
from jobeval.monitoring.hand_over_table import tabulate_hand_over
from jobeval.monitoring.industries import tabulate_industries
from jobeval.monitoring.months import tabulate_months
from jobeval.monitoring.notes import write_notes
from jobeval.monitoring.plan import MonitorPlan, read_monitor_plan
from jobeval.monitoring.reading import SupplierDelivery, read_delivery_files, take_delivery
from jobeval.monitoring.result import MonitorResult
from jobeval.monitoring.retention import find_kept_days, tabulate_retention
from jobeval.monitoring.seen import see_delivery
from jobeval.monitoring.status import derive_statuses, tabulate_status
from jobeval.monitoring.waiting import tabulate_waiting


def read_monitor(folder: str | Path, *, as_of: dt.date | None = None) -> MonitorResult:
    """Read the folder of a monitoring, and carry its plan out.

    Parameters
    ----------
    folder
        With ``monitor.toml`` and the files that it names.
    as_of
        The last day that is seen; the plan's ``cut_off`` unless told.

    Raises
    ------
    PlanError
        For every problem of the plan.
    DataError
        For every finding that refuses the delivery, all tables together.
    ValueError
        ``as_of`` lies outside ``begins`` to ``cut_off``.
    """
    plan = read_monitor_plan(folder)
    return _carry_out(plan, take_delivery(plan, read_delivery_files(plan, folder)), as_of)


def monitor(
    plan: MonitorPlan,
    *,
    participants: Any = None,
    jobs: Any = None,
    hours: Any = None,
    activities: Any = None,
    benefits: Any = None,
    invoices: Any = None,
    as_of: dt.date | None = None,
) -> MonitorResult:
    """Follow suppliers: what their citizens have reached by a day. Never an effect.

    Parameters
    ----------
    plan
        The plan; see ``read_monitor_plan``.
    participants, jobs, hours, activities, benefits, invoices
        Each a pandas, Polars or PyArrow frame, any frame that narwhals takes, or the path of a
        Parquet file, with the columns of the data dictionary. Only participants are required;
        what is absent is not observed, and its tables are not made. Jobs come as spells
        (``jobs``) or as the months of BFL (``hours``).
    as_of
        The last day that is seen: nothing that began or was registered later counts, and ends
        that lie ahead are not known yet, so that the tables of any past day can be made again.
        The plan's ``cut_off`` unless told.

    Raises
    ------
    DataError
        For every finding that refuses the delivery; no value of a person is quoted.
    ValueError
        ``as_of`` lies outside ``begins`` to ``cut_off``, or jobs and hours are both given.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> name = {"da": "A", "en": "A"}
    >>> plan = MonitorPlan.model_validate({
    ...     "name": "example", "title": name, "municipality": "Holbæk",
    ...     "begins": dt.date(2019, 4, 1), "cut_off": dt.date(2019, 8, 15),
    ...     "suppliers": [{"name": "A", "label": name}]})
    >>> participants = pd.DataFrame({
    ...     "person_id": ["1", "2"], "supplier": ["A", "A"],
    ...     "started_on": pd.to_datetime(["2019-04-01", "2019-05-06"])})
    >>> jobs = pd.DataFrame({
    ...     "person_id": ["1"], "kind": ["ordinary"], "start": pd.to_datetime(["2019-06-03"]),
    ...     "end": pd.to_datetime([None]), "hours_per_week": [37.0]})
    >>> told = monitor(plan, participants=participants, jobs=jobs)
    >>> told
    MonitorResult(example on 2019-08-15: 1 supplier, 7 tables; monitoring, no control group, \
not an effect)
    >>> status = told.tables["status"].set_index("status")
    >>> [int(n) for n in status.loc["any_work", ["count", "of"]]]
    [1, 2]
    """
    given = {
        "participants": participants, "jobs": jobs, "hours": hours, "activities": activities,
        "benefits": benefits, "invoices": invoices,
    }  # fmt: skip
    return _carry_out(plan, take_delivery(plan, given), as_of)


def _carry_out(
    plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date | None
) -> MonitorResult:
    day = plan.cut_off if as_of is None else as_of
    if not plan.begins <= day <= plan.cut_off:
        raise ValueError(f"as_of must lie from {plan.begins} to {plan.cut_off}")
    tables, notes = _tell(plan, delivery, day)
    contracts = tabulate_contracts(plan, delivery, day)
    if plan.hand_over:
        tables["hand_over"] = tabulate_hand_over(plan, delivery, day)
    return MonitorResult(
        plan=plan,
        as_of=day,
        tables=tables | contracts.tables,
        findings=(*delivery.findings, *contracts.findings),
        notes=(*write_notes(plan, delivery, day), *notes, *contracts.notes),
        digest=delivery.digest,
    )


def _tell(
    plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """The tables about citizens, and notes."""
    seen = see_delivery(plan, delivery, as_of)
    courses, jobs, rows = seen.courses, seen.jobs, seen.rows
    statuses = derive_statuses(plan, seen, with_benefits=delivery.benefits is not None)
    status = tabulate_status(plan, courses, statuses)
    tables = {"status": status, "ended": tabulate_ended(plan, courses)}
    notes: tuple[str, ...] = ()
    if jobs is not None and rows is not None:
        kept = find_kept_days(plan, jobs, rows, as_of)
        tables["retention"] = tabulate_retention(plan, courses, kept, as_of)
        case_mix, notes = compare_case_mix(
            plan, courses, delivery.participants, statuses["any_work"], as_of
        )
        tables |= {} if case_mix is None else {"case_mix": case_mix}
    tables["waiting"] = tabulate_waiting(plan, seen, as_of)
    tables["industries"] = tabulate_industries(plan, seen)
    tables["months"] = tabulate_months(plan, seen, as_of)
    tables["claims"] = tabulate_claims(plan, status)
    return tables, notes
