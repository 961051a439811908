"""The roster: who was drawn, into which arm, and what stood before the draw."""

import datetime as dt
import math

import duckdb

from jobeval.errors import did_you_mean
from jobeval.plan.model import TrialPlan
from jobeval.registers.columns import Dialect, build_typed, find_sources, read_sources
from jobeval.registers.engine import fetch_count, fetch_row, literal, quoted
from jobeval.registers.extras import check_labels, find_extras
from jobeval.registers.findings import Findings
from jobeval.registers.spells import week_sql
from jobeval.schemas.tables import PERSONS

RESERVED = (
    "randomised_week",
    "started_week",
    "leaving_week",
    "followed_weeks",
    "followed_weeks_benefits",
    "followed_weeks_hours",
    "followed_weeks_state",
)
DATED = "randomised_on"
_P_ALLOCATION = 0.001


def build_persons(
    con: duckdb.DuckDBPyConnection, plan: TrialPlan, dialect: Dialect, findings: Findings
) -> bool:
    """Make the canonical table ``persons`` from ``raw_persons``; False when it is refused."""
    known = read_sources(con, "raw_persons")
    delivered = find_sources(PERSONS, known, dialect, Findings())
    extras = find_extras(con, "persons", known, delivered, dialect, findings)
    for name in extras:
        findings.add("column-reserved", "persons", name, int(name in RESERVED))
    _check_plan_columns(plan, [*delivered, *extras], findings)
    if not build_typed(con, "persons", PERSONS, dialect, findings, extras):
        return False
    _check_once(con, findings)
    _check_arms(con, plan, findings)
    if DATED in delivered:
        _check_dates(con, plan, findings)
        if "started_on" in delivered:
            early = "SELECT count(*) FROM typed_persons WHERE started_on < randomised_on"
            count = fetch_count(con, early)
            findings.add("started-before-lottery", "persons", "started_on", count)
    check_labels(con, "persons", findings)
    if findings.refuses("persons"):
        return False
    moved = {DATED, "started_on"}
    kept = [quoted(name) for name in [*delivered, *extras] if name not in moved]
    if DATED in delivered:
        kept += [DATED, f"{week_sql(DATED)} AS randomised_week"]
    if "started_on" in delivered:
        kept.append(f"{week_sql('started_on')} AS started_week")
    con.execute(
        f"CREATE OR REPLACE TABLE persons AS SELECT {', '.join(kept)} "
        "FROM typed_persons ORDER BY person_id"
    )
    _check_allocation(con, plan, findings)
    return True


def _check_once(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    row = fetch_row(
        con,
        "SELECT count(*) FILTER (WHERE arms = 1), count(*) FILTER (WHERE arms > 1) FROM "
        "(SELECT count(DISTINCT arm) AS arms FROM typed_persons GROUP BY person_id "
        "HAVING count(*) > 1)",
    )
    findings.add("person-duplicated", "persons", "person_id", row[0])
    findings.add("person-in-both-arms", "persons", "person_id", row[1])


def _check_arms(con: duckdb.DuckDBPyConnection, plan: TrialPlan, findings: Findings) -> None:
    sizes: dict[str, int] = dict(
        con.execute("SELECT arm, count(*) FROM typed_persons GROUP BY arm").fetchall()
    )
    arms = [arm.name for arm in plan.arms]
    unknown = {arm: n for arm, n in sizes.items() if arm not in arms}
    hints = sorted({did_you_mean(arm, arms) for arm in unknown})
    findings.add("arm-unknown", "persons", "arm", sum(unknown.values()), hint=" ".join(hints))
    for arm in arms:
        findings.add("arm-empty", "persons", "arm", int(arm not in sizes), arm=arm)


def _check_dates(con: duckdb.DuckDBPyConnection, plan: TrialPlan, findings: Findings) -> None:
    last = max(look.cut_off for look in plan.looks.values())
    today = dt.datetime.now(tz=dt.UTC).date()
    row = fetch_row(
        con,
        "SELECT count(*) FILTER (WHERE randomised_on > $today), "
        "count(*) FILTER (WHERE randomised_on > $last), "
        "count(*) FILTER (WHERE birth_year > year(randomised_on)) FROM typed_persons",
        {"today": today, "last": last},
    )
    findings.add("randomised-in-future", "persons", "randomised_on", row[0])
    findings.add("randomised-after-cut-off", "persons", "randomised_on", row[1])
    findings.add("born-after-lottery", "persons", "birth_year", row[2])


def _check_plan_columns(plan: TrialPlan, known: list[str], findings: Findings) -> None:
    lottery = plan.lottery
    named = [(name, "a stratum of the lottery") for name in lottery.strata]
    if lottery.clusters is not None:
        named.append((lottery.clusters, "the cluster of the lottery"))
    if isinstance(lottery.probability, str):
        named.append((lottery.probability, "the probability of treatment"))
    if plan.sites is not None:
        named.append((plan.sites.column, "the site"))
    if plan.fidelity is not None:
        named += [(name, "a core element of the method") for name in plan.fidelity.columns]
    for name, role in named:
        if name not in known:
            hint = did_you_mean(name, known)
            findings.add("plan-column-missing", "persons", name, role=role, hint=hint)


def _check_allocation(con: duckdb.DuckDBPyConnection, plan: TrialPlan, findings: Findings) -> None:
    """Compare the size of the treatment arm with the planned probabilities, by a z test."""
    planned = plan.lottery.probability
    if planned is None:  # as with several treatment arms
        return
    p = quoted(planned) if isinstance(planned, str) else f"CAST({planned} AS DOUBLE)"
    treated = f"count(*) FILTER (WHERE arm = {literal(plan.treatment.name)})"
    difference, variance = fetch_row(
        con, f"SELECT {treated} - sum({p}), sum({p} * (1 - {p})) FROM persons"
    )
    if variance and variance > 0:
        p_value = math.erfc(abs(difference) / math.sqrt(2 * variance))
        findings.add("allocation", "persons", "arm", int(p_value < _P_ALLOCATION))
