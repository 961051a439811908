"""What a delivery of suppliers must keep beyond the types of its columns."""

from collections.abc import Mapping

import pandas as pd

from jobeval.errors import did_you_mean
from jobeval.monitoring.contracts.frames import keys_written_otherwise
from jobeval.monitoring.contracts.money import is_whole_oere
from jobeval.monitoring.plan import MonitorPlan
from jobeval.registers.findings import Findings
from jobeval.schemas.tables import JOB_KINDS

TABLE = "participants"
_HOURS_APART = 1.0
"""Hours a week by which the paid hours of a row may differ from its hours a week."""
_COURSE = ["person_id", "supplier", "programme", "started_on"]


def check_delivery(
    plan: MonitorPlan, frames: Mapping[str, pd.DataFrame], findings: Findings
) -> None:
    """Hold the typed tables against each other and against the plan."""
    participants = frames.get(TABLE)
    if participants is not None:
        _check_courses(plan, participants, findings)
        _check_case_mix(plan, participants, findings)
        for table, frame in frames.items():
            if table != TABLE:
                _check_keys(table, set(frame["person_id"]), participants, findings)
        _check_hand_over(plan, participants, findings)
    if "jobs" in frames:
        _check_jobs(frames["jobs"], findings)
    if "invoices" in frames:
        _check_invoices(frames["invoices"], findings)


def select_programme(plan: MonitorPlan, participants: pd.DataFrame) -> pd.DataFrame:
    """The courses of the monitored programme; all where the plan names none."""
    if plan.programme is None:
        return participants
    return participants[participants["programme"] == plan.programme]


def _check_courses(plan: MonitorPlan, participants: pd.DataFrame, findings: Findings) -> None:
    early = participants["ended_on"] < participants["started_on"]
    findings.add("course-ends-before-start", TABLE, "ended_on", int(early.sum()))
    twice = participants.duplicated(_COURSE)
    findings.add("course-duplicated", TABLE, "started_on", int(twice.sum()))
    courses = select_programme(plan, participants)
    if courses.empty:
        known = sorted(participants["programme"].dropna().unique())
        hint = did_you_mean(plan.programme or "", known) or "Deliver the column programme."
        findings.add("programme-empty", TABLE, "programme", hint=hint)
        return
    _check_suppliers(plan, courses, findings)
    before = courses["started_on"] < pd.Timestamp(plan.begins)
    findings.add("course-before-period", TABLE, "started_on", int(before.sum()))
    findings.add("courses-at-once", TABLE, "started_on", _count_at_once(courses))


def _check_suppliers(plan: MonitorPlan, courses: pd.DataFrame, findings: Findings) -> None:
    unknown = courses.loc[~courses["supplier"].isin(plan.supplier_names), "supplier"]
    hints = sorted({did_you_mean(str(name), plan.supplier_names) for name in unknown.unique()})
    findings.add("supplier-unknown", TABLE, "supplier", len(unknown), hint=" ".join(hints))
    for name in plan.supplier_names:
        empty = not (courses["supplier"] == name).any()
        findings.add("supplier-empty", TABLE, "supplier", int(empty), supplier=name)


def _count_at_once(courses: pd.DataFrame) -> int:
    """Persons in courses of two suppliers on one day."""
    spells = courses.assign(ended_on=courses["ended_on"].fillna(pd.Timestamp.max))
    pairs = spells.merge(spells, on="person_id", suffixes=("", "_other"))
    both = pairs["supplier"] < pairs["supplier_other"]
    both &= pairs["started_on"] < pairs["ended_on_other"]
    both &= pairs["started_on_other"] < pairs["ended_on"]
    return int(pairs.loc[both, "person_id"].nunique())


def _check_case_mix(plan: MonitorPlan, participants: pd.DataFrame, findings: Findings) -> None:
    known = list(participants.columns)
    for term in plan.case_mix:
        column = participants.get(term.column)
        if column is None or column.isna().all():
            hint = did_you_mean(term.column, known)
            role = "a column of the case mix"
            findings.add("plan-column-missing", TABLE, term.column, role=role, hint=hint)


def _check_keys(
    table: str, persons: set[str], participants: pd.DataFrame, findings: Findings
) -> None:
    known = set(participants["person_id"])
    otherwise = keys_written_otherwise(persons, known)
    if otherwise:
        findings.add("keys-padding", table, "person_id", otherwise)
    elif not persons & known:
        findings.add("keys-without-course", table, "person_id")
    else:
        findings.add("person-without-course", table, "person_id", len(persons - known))


def _check_jobs(jobs: pd.DataFrame, findings: Findings) -> None:
    unknown = jobs.loc[~jobs["kind"].isin(JOB_KINDS), "kind"]
    hints = sorted({did_you_mean(str(kind), JOB_KINDS) for kind in unknown.unique()})
    findings.add("job-kind-unknown", "jobs", "kind", len(unknown), hint=" ".join(hints))
    days = (jobs["end"] - jobs["start"]).dt.days
    above = jobs["hours"] > 24 * days
    findings.add("job-hours-above-days", "jobs", "hours", int(above.sum()))
    weekly = (7 * jobs["hours"] / days).where(jobs["hours"] > 0, jobs["hours"])
    apart = (weekly - jobs["hours_per_week"]).abs() > _HOURS_APART
    findings.add("job-hours-disagree", "jobs", "hours_per_week", int(apart.sum()))


def _check_invoices(invoices: pd.DataFrame, findings: Findings) -> None:
    amounts = invoices["amount_dkk"]
    wrong = (amounts < 0) | ~amounts.map(is_whole_oere).astype(bool)
    findings.add("invoice-amount", "invoices", "amount_dkk", int(wrong.sum()))


def _check_hand_over(plan: MonitorPlan, participants: pd.DataFrame, findings: Findings) -> None:
    known = sorted(participants["programme"].dropna().unique())
    named = [name for step in plan.hand_over for name in (step.from_programme, step.to_programme)]
    for name in dict.fromkeys(named):
        hint = did_you_mean(name, known) or "Deliver the column programme."
        empty = name not in known
        findings.add("hand-over-empty", TABLE, "programme", int(empty), programme=name, hint=hint)
