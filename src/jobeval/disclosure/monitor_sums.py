"""How the counts of monitoring add up, within tables and from one table to the next.

Each function names totals and parts that may add up; whether they do is asked of the counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from jobeval.disclosure.monitor_tables import EVERYONE, RULES
from jobeval.disclosure.sums import Key, Sum
from jobeval.monitoring.plan import MonitorPlan

REST = "rest"
"""The column of those of a denominator who are not counted; never published."""
WORK = ("ordinary", "flexjob", "hours_beside_benefit")
HEADLINES = ("intake", "any_work", "education", "work_or_education", "placement")


def name_sums(counts: Mapping[Key, int], plan: MonitorPlan) -> list[Sum]:
    """All sums that may hold between these counts."""
    keys = sorted(counts)
    suppliers = [supplier.name for supplier in plan.suppliers]
    told = [EVERYONE, *suppliers]
    return [
        *_of_statuses(told),
        *_of_rows(keys, told),
        *_of_months(keys, told),
        *_of_hand_over(keys),
        *_of_milestones(keys),
        *_of_retention(plan),
        *_of_claims(plan),
        *_of_rests(keys),
        *_of_suppliers(keys, suppliers),
    ]


def rest_key(key: Key) -> Key:
    """Those of a row's denominator whom the count in ``key`` leaves out."""
    return (*key, REST)


def headline_keys(counts: Mapping[Key, int]) -> set[Key]:
    """The counts of the front page."""
    return {key for key in counts if key[0] == "status" and key[2] in HEADLINES}


def status_key(supplier: str, status: str) -> Key:
    """The count of a status."""
    return ("status", supplier, status, "count")


def _of_statuses(suppliers: Sequence[str]) -> Iterator[Sum]:
    for supplier in suppliers:
        count = {name: status_key(supplier, name) for name in (*WORK, *HEADLINES)}
        active, ended = status_key(supplier, "active"), status_key(supplier, "ended")
        yield Sum(count["intake"], (active, ended))
        yield Sum(count["any_work"], tuple(count[name] for name in WORK))
        yield Sum(count["work_or_education"], (count["any_work"], count["education"]))


def _of_rows(keys: Sequence[Key], suppliers: Sequence[str]) -> Iterator[Sum]:
    """Rows of a table that are the parts of a status, and denominators that are one."""
    for supplier in suppliers:
        ended = [key for key in keys if key[0] == "ended" and key[1] == supplier]
        yield Sum(status_key(supplier, "ended"), tuple(ended))
        for kind in ("job", "placement"):
            found = [key for key in keys if key[:3] == ("industries", supplier, kind)]
            for status in ("any_work", "ordinary", "placement"):
                yield Sum(status_key(supplier, status), tuple(found))
    for key in keys:
        if key[-1] == "of" and key[0] in {"status", "waiting"}:
            for status in HEADLINES:
                yield Sum(status_key(key[1], status), (key,))
        if key[0] == "case_mix" or (key[0] == "waiting" and key[-1] == "reached"):
            for status in (*HEADLINES, "ordinary"):
                yield Sum(status_key(key[1], status), (key,))


def _of_months(keys: Sequence[Key], suppliers: Sequence[str]) -> Iterator[Sum]:
    """Months add up to the whole, and a month goes on from the one before."""
    for supplier in suppliers:
        own = [key for key in keys if key[:2] == ("months", supplier)]
        months = sorted({key[2] for key in own})
        cell = {(key[2], key[3]): key for key in own}
        if not months:
            continue
        yield Sum(status_key(supplier, "intake"), tuple(cell[m, "intake"] for m in months))
        yield Sum(status_key(supplier, "active"), (cell[months[-1], "active"],))
        yield Sum(cell[months[0], "active"], (cell[months[0], "intake"],))
        for before, month in pairwise(months):
            yield Sum(cell[month, "active"], (cell[before, "active"], cell[month, "intake"]))
        for month in months:
            for column in ("active", "intake"):
                yield Sum(cell[month, "persons"], (cell[month, column],))
        jobs = tuple(key for key in own if key[3] == "job_starts")  # none without jobs delivered
        for status in ("any_work", "ordinary") if jobs else ():
            yield Sum(status_key(supplier, status), jobs)


def _of_hand_over(keys: Sequence[Key]) -> Iterator[Sum]:
    for key in keys:
        if key[0] == "hand_over" and key[-1] == "left":
            arrived, waiting, lost, both = (
                (*key[:-1], column) for column in ("arrived", "waiting", "lost", "both")
            )
            yield Sum(key, (arrived, waiting, lost))
            yield Sum(key, (arrived, waiting, lost, both))


def _of_milestones(keys: Sequence[Key]) -> Iterator[Sum]:
    """What is reached is due, invoiced or clawed back; a start is an intake."""
    states = ("due", "invoiced", "clawed_back")
    for key in keys:
        if key[0] == "milestones" and key[-1] == "reached":
            cells = [(*key[:-1], state) for state in states]
            yield Sum(key, tuple(cells))
            yield Sum(key, tuple(cells[:2]))
            yield from (Sum(key, (cell,)) for cell in cells[:2])
            yield Sum(status_key(key[2], "intake"), (key,))
            yield Sum(status_key(key[2], "any_work"), (key,))


def _of_retention(plan: MonitorPlan) -> Iterator[Sum]:
    """A milestone of weeks kept may count those who have kept a job for as long."""
    for terms in plan.contracts:
        for one in terms.milestones:
            if one.weeks is not None:
                reached: Key = ("milestones", terms.name, terms.supplier, one.name, "reached")
                yield Sum(("retention", terms.supplier, str(one.weeks), "kept"), (reached,))


def _of_claims(plan: MonitorPlan) -> Iterator[Sum]:
    for place, claim in enumerate(plan.claims):
        if claim.status is not None:
            count: Key = ("claims", str(place), "count")
            yield Sum(status_key(claim.supplier, claim.status), (count,))
        yield Sum(status_key(claim.supplier, claim.of), (("claims", str(place), "of"),))


def _of_rests(keys: Sequence[Key]) -> Iterator[Sum]:
    for key in keys:
        if key[-1] == REST:
            whole = RULES[key[0]].rest.get(key[-2], "n")
            yield Sum((*key[:-2], whole), (key[:-1], key))


def _of_suppliers(keys: Sequence[Key], suppliers: Sequence[str]) -> Iterator[Sum]:
    """The same cell of all suppliers adds up to that of everyone."""
    places = {table: rule.names.index("supplier") + 1 for table, rule in RULES.items()
              if "supplier" in rule.names}  # fmt: skip
    alike: dict[Key, list[Key]] = defaultdict(list)
    for key in keys:
        at = places.get(key[0])
        if at is not None and key[at] in suppliers:
            alike[(*key[:at], EVERYONE, *key[at + 1 :])].append(key)
    for total, parts in alike.items():
        yield Sum(total, tuple(parts))
