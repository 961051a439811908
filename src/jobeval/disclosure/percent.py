"""Shares in whole percent: of what was done, by place and cohort, on its way through the gate.

A share is given where at least ``min_count`` persons have the thing and as many have not; else
it is hidden, and other levels with it where the total would tell. The denominator is rounded,
the numerator never given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jobeval.disclosure.complement import hide_more
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import SUPPRESSED, Cell, ReleasedTable, gate_token
from jobeval.disclosure.rules import is_small, round_count
from jobeval.results import CheckResult

Record = Mapping[str, Any]
Row = tuple[Cell, ...]
Rule = Callable[[CheckResult, Mapping[str, int], Policy, Ledger], ReleasedTable]
"""Check, persons drawn by arm, policy and log → its table as released."""
INTERVAL = ("conf_low", "conf_high")
PERCENT_DECIMALS = 2
COMPLEMENTARY = "complementary"
INNER, OUTER = "participants", "treatment"
"""Those who started are among those who were drawn."""


class Shares(NamedTuple):
    """How a table tells shares: who is counted, out of whom, and what adds up to what."""

    counted: str
    of: str
    share: str
    keys: tuple[str, ...]
    """The columns that name a row."""
    level: str
    """The one of them whose levels add up to the total; empty in the row of the total."""
    within: tuple[str, ...]
    """Those within which they do."""
    weighted: bool = False
    """Whether ``counted`` is itself a mean from 0 to 1, told in persons by its denominator."""

    def pair(self, record: Record) -> tuple[float, float]:
        """Persons counted, and out of how many; ``nan`` where there is no number."""
        count, of = (float(record[name]) for name in (self.counted, self.of))
        return (count * of if self.weighted else count), of

    def place(self, record: Record) -> tuple[str, ...]:
        """What names the row, whoever is counted."""
        return tuple(str(record[name]) for name in self.keys if name != "population")

    def named(self, record: Record) -> Row:
        return tuple(str(record[name]) for name in self.keys)


def release_shares(form: Shares, *, plain: Sequence[str] = (), of_share: Sequence[str] = ()
                   ) -> Rule:  # fmt: skip
    """The rule of a table of shares.

    Parameters
    ----------
    plain
        Columns of numbers that the plan has, which pass.
    of_share
        Columns of words about the share, which pass where it is shown.
    """

    def release(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
        rows = [
            (
                *form.named(record),
                released_size(record[form.of], policy),
                *share_cells(record, form, rule),
                *(SUPPRESSED if rule else str(record[name]) for name in of_share),
                *(released_number(record[name], PERCENT_DECIMALS) for name in plain),
            )
            for record, rule in judged_rows(check, form, policy, ledger)
        ]
        return released((*form.keys, form.of, form.share, *INTERVAL, *of_share, *plain), rows)

    return release


def judged_rows(
    check: CheckResult, form: Shares, policy: Policy, ledger: Ledger
) -> list[tuple[Record, str]]:
    """Each row with the rule that hides its share; the rules are noted."""
    records = records_of(check)
    rules = judge_shares(records, form, policy)
    for rule in filter(None, rules):
        ledger.note(name_of(check), rule)
    return list(zip(records, rules, strict=True))


def judge_shares(records: Sequence[Record], form: Shares, policy: Policy) -> list[str]:
    """For each row the rule that hides its share, or an empty text.

    Rows that could not be estimated need none.
    """
    rules = [_own_rule(*form.pair(record), policy) for record in records]
    rules = _hide_between(records, form, rules, policy)
    return _hide_levels(records, form, rules, policy)


def share_cells(record: Record, form: Shares, rule: str) -> Row:
    """Share and interval in whole percent, hidden together."""
    names = (form.share, *INTERVAL)
    if rule:
        return (SUPPRESSED,) * len(names)
    return tuple(released_number(record[name], PERCENT_DECIMALS) for name in names)


def enough(count: float, of: float, policy: Policy) -> bool:
    """Whether enough persons have the thing, and enough have not."""
    return min(count, of - count) >= policy.min_count - 1e-9


def _own_rule(count: float, of: float, policy: Policy) -> str:
    if not of > 0 or math.isnan(count):
        return ""
    if of < policy.min_count:
        return "few_persons"
    return "" if enough(count, of, policy) else "few_without"


def _hide_between(
    records: Sequence[Record], form: Shares, rules: list[str], policy: Policy
) -> list[str]:
    """The rules, and one for those drawn, where few of them did not start and percents tell.

    Of many persons, one percent is itself a group that is not small.
    """
    inner = {form.place(r): form.pair(r) for r in records if r.get("population") == INNER}
    told = list(rules)
    for i, record in enumerate(records):
        known = inner.get(form.place(record)) if record.get("population") == OUTER else None
        count, of = form.pair(record)
        if told[i] or known is None or of >= 100 * policy.min_count:
            continue
        apart = (of - known[1],)
        if not form.weighted:
            apart = (abs(count - known[0]), abs((of - count) - (known[1] - known[0])))
        if any(is_small(persons, policy.min_count) for persons in apart):
            told[i] = "few_between_parts"
    return told


def _hide_levels(
    records: Sequence[Record], form: Shares, rules: list[str], policy: Policy
) -> list[str]:
    """The rules, and one for the levels that, with the total, would tell a hidden one."""
    columns: dict[tuple[str, ...], list[int]] = {}
    for i, record in enumerate(records):
        count, of = form.pair(record)
        if record[form.level] and of > 0 and not math.isnan(count):
            columns.setdefault(tuple(str(record[k]) for k in form.within), []).append(i)
    told = list(rules)
    for places in columns.values():
        hidden = np.array([bool(rules[i]) for i in places])
        pairs = np.array([form.pair(records[i]) for i in places])
        apart = np.column_stack([pairs[:, 0], pairs[:, 1] - pairs[:, 0]])
        more = hide_more(hidden, pairs[:, 1], apart, policy.min_count)
        for i, hide in zip(places, more, strict=True):
            told[i] = told[i] or (COMPLEMENTARY if hide else "")
    return told


def records_of(check: CheckResult) -> list[dict[str, Any]]:
    """The rows of a check's table."""
    return [{str(k): v for k, v in row.items()} for row in check.table.to_dict("records")]


def name_of(check: CheckResult) -> str:
    """The kind of check, and the analysis that it is about, as the log has it."""
    return f"checks: {check.name.replace(' ', ', ', 1)}"


def released(columns: Sequence[str], rows: Iterable[Row]) -> ReleasedTable:
    return ReleasedTable(token=gate_token(), columns=tuple(columns), rows=tuple(rows))


def released_number(value: Any, decimals: int) -> Cell:
    """So many decimals, never a negative zero; what could not be estimated stays missing."""
    number = math.nan if value is None else float(value)
    return round(number, decimals) + 0.0 if math.isfinite(number) else None


def released_size(value: Any, policy: Policy) -> Cell:
    """Persons as a denominator: rounded, hidden when few."""
    if value is None or math.isnan(float(value)):
        return None
    small = is_small(float(value), policy.min_count)
    return SUPPRESSED if small else round_count(float(value), policy.round_counts_to)
