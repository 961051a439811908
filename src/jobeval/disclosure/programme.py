"""What was done, on its way through the gate: indicators, waiting, hours, gaps, fidelity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.percent import (
    INTERVAL,
    PERCENT_DECIMALS,
    Record,
    Row,
    Rule,
    Shares,
    enough,
    judged_rows,
    name_of,
    records_of,
    release_shares,
    released,
    released_number,
    released_size,
    share_cells,
)
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import SUPPRESSED, Cell, ReleasedTable
from jobeval.disclosure.rules import is_small, mean_decimals, merge_small_steps, round_count
from jobeval.results import CheckResult

MOST_DECIMALS = 2
DAYS_A_WEEK = 7
OTHER_STATE, OTHER_INDUSTRY = "other_states", "other"
LEVELS = ("population", "group", "level")
INDICATORS = Shares(
    "count", "of", "share", ("indicator", *LEVELS), "level", ("indicator", "population", "group")
)
WAITING = INDICATORS._replace(counted="reached")
GAPS = Shares(
    "share_of_time", "persons", "share_of_time", LEVELS, "level", LEVELS[:2], weighted=True
)
FIDELITY = Shares(
    "count", "of", "share", ("population", "site", "element"), "site", ("population", "element")
)
SCORES = Shares(
    "score", "persons", "score", ("population", "site"), "site", ("population",), weighted=True
)
TREND = FIDELITY._replace(keys=("population", "cohort", "element"), level="cohort")
REGISTRATION = Shares(
    "with_any", "persons", "share", ("population", "site"), "site", ("population",)
)


def _waiting(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Medians to whole weeks, where as many persons lie on each side of them; shares reached."""
    rows: list[Row] = []
    for record, rule in judged_rows(check, WAITING, policy, ledger):
        reached, of = WAITING.pair(record)
        days: Row = tuple(_whole_weeks(record[name]) for name in ("median_days", *INTERVAL))
        if of > 0 and (of < policy.min_at_risk or reached < policy.min_count):
            ledger.note(name_of(check), "few_beyond_quantile")
            days = (SUPPRESSED,) * 3
        share = released_number(reached / of, PERCENT_DECIMALS) if of > 0 else None
        size = released_size(of, policy)
        rows.append((*WAITING.named(record), size, SUPPRESSED if rule else share, *days))
    return released((*WAITING.keys, "of", "share", "median_days", *INTERVAL), rows)


def _whole_weeks(days: Any) -> Cell:
    known = released_number(days, 0)
    return float(round_count(known, DAYS_A_WEEK)) if isinstance(known, float) else None


def _ramp(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Mean hours by week as far as enough are followed; small losses are not told."""
    records = records_of(check)
    rows = [
        row
        for population in dict.fromkeys(str(record["population"]) for record in records)
        for row in _ramp_rows(
            [r for r in records if r["population"] == population], policy, ledger, name_of(check)
        )
    ]
    return released(("population", "week", "persons", "mean_hours", *INTERVAL), rows)


def _ramp_rows(
    records: list[dict[str, Any]], policy: Policy, ledger: Ledger, what: str
) -> list[Row]:
    exact = [int(record["persons"]) for record in records]
    persons, replaced = merge_small_steps(exact, policy.min_count)
    kept = next((i for i, n in enumerate(exact) if n < policy.min_at_risk), len(exact))
    ledger.note(what, "few_between_steps", replaced)
    ledger.note(what, "few_persons", len(exact) - kept)
    return [
        (
            str(record["population"]), int(record["week"]), released_size(n, policy),
            *_means(record, ("mean_hours", *INTERVAL), n, policy),
        )
        for record, n in zip(records[:kept], persons, strict=False)
    ]  # fmt: skip


def _means(record: Record, names: tuple[str, ...], n: float, policy: Policy) -> Row:
    """Means of ``n`` with the decimals that they may have."""
    decimals = min(MOST_DECIMALS, mean_decimals(n, policy.min_count))
    return tuple(released_number(record[name], decimals) for name in names)


def _gaps(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """The share of time in whole percent, and how long a gap is where there are enough."""
    rows: list[Row] = []
    for record, rule in judged_rows(check, GAPS, policy, ledger):
        gaps = float(record["gaps"])
        length = _means(record, ("mean_weeks",), gaps, policy)
        if rule or is_small(gaps, policy.min_count):
            length = (SUPPRESSED,)
        size = released_size(record["persons"], policy)
        rows.append((*GAPS.named(record), size, *share_cells(record, GAPS, rule), *length))
    return released((*LEVELS, "persons", "share_of_time", *INTERVAL, "mean_weeks"), rows)


def _contacts(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Contacts a person, with the decimals that a mean of so many may have."""
    names = ("per_13_weeks", *INTERVAL)
    rows: list[Row] = []
    for record in records_of(check):
        persons, contacts = float(record["persons"]), float(record["contacts"])
        shown = _means(record, names, persons, policy)
        if persons > 0 and min(persons, contacts) < policy.min_count:
            ledger.note(name_of(check), "few_persons")
            shown = (SUPPRESSED,) * len(names)
        rows.append((*(str(record[k]) for k in LEVELS), released_size(persons, policy), *shown))
    return released((*LEVELS, "persons", *names), rows)


def _registration(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Persons with anything registered, and how many of the spells name a company.

    That a company is named tells of the caseworker's records, not of a person: no remainder
    is hidden, only the share of few spells.
    """
    rows: list[Row] = []
    for record, rule in judged_rows(check, REGISTRATION, policy, ledger):
        company = released_number(record["share_company"], PERCENT_DECIMALS)
        if 0 < float(record["spells"]) < policy.min_at_risk:
            company = SUPPRESSED
            ledger.note(name_of(check), "few_persons")
        size = released_size(record["persons"], policy)
        shares = share_cells(record, REGISTRATION, rule)
        rows.append((*REGISTRATION.named(record), size, *shares, company))
    columns = (*REGISTRATION.keys, "persons", "share", *INTERVAL, "share_company")
    return released(columns, rows)


def merge_small(counts: Mapping[str, float], other: str, least: int) -> dict[str, float]:
    """Categories of few persons put together under ``other``, until these are no few.

    At least two categories are put together, so that what they are told of none of them.

    >>> merge_small({"retail": 40, "cars": 3, "hotels": 12, "other": 0}, "other", 5)
    {'retail': 40, 'other': 15}
    """
    kept = {name: n for name, n in counts.items() if n >= least}
    pool = {name: n for name, n in counts.items() if 0 < n < least}
    if other in kept:
        pool[other] = kept.pop(other)
    while kept and any(n < least for n in pool.values()):
        if len(pool) > 1 and sum(pool.values()) >= least:
            break
        smallest = min(kept, key=lambda name: (kept[name], name))
        pool[smallest] = kept.pop(smallest)
    return {**kept, other: sum(pool.values())} if pool else kept


def _merged(category: str, count: str, other: str, *keys: str) -> Rule:
    """The rule of a table that splits persons by category."""

    def release(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
        parts: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for record in records_of(check):
            parts.setdefault(tuple(str(record[k]) for k in keys), []).append(record)
        rows: list[Row] = []
        for place, records in parts.items():
            counts = {str(r[category]): float(r[count]) for r in records}
            merged = merge_small(counts, other, policy.min_count)
            small = {name for name, n in counts.items() if n > 0} - set(merged)
            ledger.note(name_of(check), "merged", len(small))
            exact = {str(r[category]): r for r in records if not small or r[category] != other}
            of = float(records[0]["of"])
            rows += [
                (*place, name, released_size(of, policy),
                 *_category_cells(n, of, exact.get(name, {}), policy))
                for name, n in merged.items()
            ]  # fmt: skip
        return released((*keys, category, "of", "share", *INTERVAL), rows)

    return release


def _category_cells(count: float, of: float, record: Record, policy: Policy) -> Row:
    """Share and interval; what was put together has no interval."""
    if not enough(count, of, policy):
        return (SUPPRESSED,) * (1 + len(INTERVAL))
    numbers = (count / of, *(record.get(name) for name in INTERVAL))
    return tuple(released_number(number, PERCENT_DECIMALS) for number in numbers)


PROGRAMME_RULES: Mapping[str, Rule] = {
    "indicators": release_shares(INDICATORS),
    "waiting": _waiting,
    "hours_ramp": _ramp,
    "gaps": _gaps,
    "contacts": _contacts,
    "industries": _merged("industry", "persons", OTHER_INDUSTRY, "kind", "population"),
    "placement_status": _merged("status", "count", OTHER_STATE, "population"),
    "fidelity": release_shares(FIDELITY, plain=("threshold",), of_share=("verdict",)),
    "fidelity_scores": release_shares(SCORES),
    "fidelity_trend": release_shares(TREND),
    "registration": _registration,
}
"""Kind of check → how its table is released."""
