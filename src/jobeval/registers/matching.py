"""Do the registers and the roster speak of the same persons?"""

import duckdb

from jobeval.registers.engine import fetch_count, fetch_row
from jobeval.registers.findings import Findings

MIN_SHARE = 0.95
_FOLDED = "ltrim(lower(trim({0})), '0')"


def check_match(
    con: duckdb.DuckDBPyConnection, table: str, rows: str, findings: Findings, *, everyone: bool
) -> None:
    """Compare the persons of a register with those drawn.

    Parameters
    ----------
    rows
        Table of the engine with a column ``person_id``.
    everyone
        Whether the register has a row for every resident (wide DREAM), so that a low match
        can only be a fault of the key.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE keys AS SELECT DISTINCT person_id FROM {rows}")
    drawn, delivered, matched, folded = fetch_row(
        con,
        "SELECT (SELECT count(*) FROM persons), (SELECT count(*) FROM keys), "
        "(SELECT count(*) FROM keys JOIN persons USING (person_id)), "
        "(SELECT count(DISTINCT p.person_id) FROM persons p JOIN keys k ON "
        f"{_FOLDED.format('p.person_id')} = {_FOLDED.format('k.person_id')})",
    )
    if folded > matched:
        findings.add("keys-padding", table, "person_id", folded - matched)
    elif matched == 0 or (everyone and matched < MIN_SHARE * drawn):
        share = f"{100 * matched / drawn:.0f}"
        findings.add("keys-do-not-match", table, "person_id", share=share)
    findings.add("register-without-roster", table, "person_id", delivered - matched)
    findings.add("roster-without-register", table, "person_id", drawn - matched)


def check_after_death(
    con: duckdb.DuckDBPyConnection, findings: Findings, *, with_hours: bool
) -> None:
    """Nobody gets a benefit or works in a month after the week of death."""
    died = (
        "(SELECT person_id, min(start_week) AS week FROM benefits WHERE code = 999 "
        "GROUP BY person_id)"
    )
    later = (
        f"SELECT count(DISTINCT b.person_id) FROM benefits b JOIN {died} d USING (person_id) "
        "WHERE b.code <> 999 AND b.end_week > d.week + 1"
    )
    findings.add("event-after-death", "benefits", "", fetch_count(con, later))
    if with_hours:
        thursday = "(DATE '1970-01-01' + 7 * CAST(d.week AS INTEGER))"
        later = (
            f"SELECT count(DISTINCT h.person_id) FROM hours h JOIN {died} d USING (person_id) "
            f"WHERE h.hours > 0 AND h.month > 12 * year({thursday}) + month({thursday})"
        )
        findings.add("event-after-death", "hours", "", fetch_count(con, later))


def check_copies(con: duckdb.DuckDBPyConnection, table: str, findings: Findings) -> None:
    """Rows of ``raw_<table>`` that are equal in every column were delivered twice."""
    copies = (
        f"SELECT (SELECT count(*) FROM raw_{table}) - "
        f"(SELECT count(*) FROM (SELECT DISTINCT * FROM raw_{table}))"
    )
    findings.add("rows-duplicated", table, "", fetch_count(con, copies))
