"""The gate of monitoring: a ``MonitorResult`` in, what may leave the building out.

A municipality's statement about its own suppliers gives counts exactly, since contracts are
settled by them. Small ones are hidden, and with them what would tell them. No row of a person
passes: a table leaves only by its rule, and no rule names persons.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.monitor_cells import Treatment, collect_counts, is_rest
from jobeval.disclosure.monitor_sums import headline_keys, name_sums
from jobeval.disclosure.monitor_tables import RULES
from jobeval.disclosure.notes import round_numbers
from jobeval.disclosure.released import (
    Released,
    ReleasedTable,
    Suppression,
    gate_token,
    plain,
)
from jobeval.disclosure.sums import hide_small
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.result import WHAT, MonitorResult

LEAST = 5
OERE = 100
"""Øre of a krone."""


@dataclass(frozen=True, slots=True)
class MonitorPolicy:
    """The rules for counts about suppliers; they can only be tightened.

    Parameters
    ----------
    profile
        Name of the rules, printed in the report.
    min_count
        Smallest count that may be seen. Others are exact.

    Examples
    --------
    >>> MonitorPolicy(min_count=3)
    Traceback (most recent call last):
    ...
    ValueError: min_count = 3: the rules can only be tightened, 5 is the least
    """

    profile: str = "monitoring"
    min_count: int = LEAST

    def __post_init__(self) -> None:
        if self.min_count < LEAST:
            raise ValueError(
                f"min_count = {self.min_count}: the rules can only be tightened, "
                f"{LEAST} is the least"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReleasedMonitor(Released):
    """What may be shown of a monitoring: counts and sums of suppliers, never an effect."""

    GATE: ClassVar[str] = "jobeval.release_monitor(result)"

    plan: MonitorPlan
    as_of: dt.date
    data_digest: str
    """First 12 hex digits of the delivery's sha256."""
    policy: MonitorPolicy
    tables: Mapping[str, ReleasedTable]
    notes: tuple[str, ...]
    """Wording without numbers."""
    log: tuple[Suppression, ...]

    def to_dict(self) -> dict[str, Any]:
        """All released values as JSON values, without the plan."""
        left_out = {"plan", "policy"}
        values = {
            item.name: plain(getattr(self, item.name))
            for item in fields(self)
            if item.name not in left_out
        }
        name = {"kind": WHAT, "monitoring": self.plan.name, "profile": self.policy.profile}
        return {**name, **values}

    def __repr__(self) -> str:
        return (
            f"ReleasedMonitor({self.plan.name} on {self.as_of}: {len(self.tables)} tables, "
            f"{sum(item.cells for item in self.log)} cells treated; {WHAT})"
        )


def release_monitor(result: MonitorResult, policy: MonitorPolicy | None = None) -> ReleasedMonitor:
    """Apply the rules of disclosure control; the one way to a ``ReleasedMonitor``.

    Counts of 1 to ``min_count - 1`` are hidden, also of those whom a count leaves out of its
    denominator, and so is what would tell them through any sum of the tables. Shares, medians
    and amounts are hidden with the counts that they rest on. All other counts are exact;
    amounts are in whole kroner.

    Parameters
    ----------
    result
        The raw tables of a monitoring. It is not changed.
    policy
        The rules, by default five, or the plan's ``small_number`` where that is higher.

    Returns
    -------
    ReleasedMonitor
        Frozen; holds no hidden original. ``log`` tells what was treated, without values.
    """
    policy = _policy_of(result.plan) if policy is None else policy
    ledger = Ledger()
    counts = collect_counts(result.tables, policy.min_count)
    hidden = hide_small(
        counts,
        name_sums(counts, result.plan),
        policy.min_count,
        unpublished={key for key in counts if is_rest(key)},
        last=headline_keys(counts),
    )
    dearest = {terms.name: max(terms.prices) / OERE for terms in result.plan.contracts}
    treatment = Treatment(hidden, policy.min_count, ledger, dearest)
    tables = {
        name: treatment.release_table(name, result.tables[name])
        for name in RULES
        if name in result.tables
    }
    for name in sorted(set(result.tables) - set(RULES)):
        ledger.note(f"monitoring: {name}", "no_rule", result.tables[name].size)
    return ReleasedMonitor(
        token=gate_token(),
        plan=result.plan,
        as_of=result.as_of,
        data_digest=result.digest[:12],
        policy=policy,
        tables=tables,
        notes=_release_notes(result, policy.min_count),
        log=ledger.entries(),
    )


def _policy_of(plan: MonitorPlan) -> MonitorPolicy:
    return MonitorPolicy(min_count=max(LEAST, plan.small_number))


def _release_notes(result: MonitorResult, least: int) -> tuple[str, ...]:
    """How the delivery was read, and what was odd in it, with small numbers hidden."""
    told = [*result.notes, *(str(finding) for finding in result.findings)]
    return tuple(round_numbers(note, least, 1) for note in told)
