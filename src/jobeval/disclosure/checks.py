"""Checks and the flow of persons on their way through the gate.

A check that has no rule here is withheld: its outcome is published, its table is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from typing import Any

from jobeval.disclosure.beside import PLACE_RULES, release_place_values
from jobeval.disclosure.economics import ECONOMICS_RULES
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.programme import PROGRAMME_RULES
from jobeval.disclosure.released import (
    SUPPRESSED,
    Cell,
    ReleasedCheck,
    ReleasedTable,
    gate_token,
)
from jobeval.disclosure.rules import (
    is_small,
    mean_decimals,
    merge_small_steps,
    round_count,
    round_share,
    round_significant,
)
from jobeval.results import CheckResult, Flow

Sizes = Mapping[str, int]
"""Persons drawn, by arm."""
VALUE_DIGITS = 3
DISTANCE_DECIMALS = 3
COUNT_COLUMNS = {"persons", "expected", "observed", "not_observed", "out_of_population", "started"}
WITHHELD = "no_rule"


def release_check(
    check: CheckResult,
    sizes: Sizes,
    policy: Policy,
    ledger: Ledger,
    hidden: Set[str] = frozenset(),
) -> ReleasedCheck:
    """One check, by the rule of its name. That of a ``hidden`` analysis has no table."""
    kind, _, analysis = check.name.partition(" ")
    rule = _TABLE_RULES.get(kind)
    if analysis in hidden:
        ledger.note(_name(check), "few_with_outcome", check.table.size)
        table, values = _table((), []), {}
    elif rule is None:
        ledger.note(_name(check), WITHHELD, check.table.size)
        table, values = _table((), []), {}
    else:
        table = rule(check, sizes, policy, ledger)
        values = _release_values(check, table, policy, ledger)
    return ReleasedCheck(
        token=gate_token(), name=check.name, passed=check.passed, values=values, table=table
    )


def _name(check: CheckResult) -> str:
    """The kind of check, and the analysis that it is about."""
    return f"checks: {check.name.replace(' ', ', ', 1)}"


def release_flow(flow: Flow, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """The flow of persons; steps that differ by a few persons are given as equal."""
    frame = flow.to_frame()
    arms = [str(name) for name in frame.columns if name != "step"]
    columns: dict[str, list[Cell]] = {}
    for arm in arms:
        merged, replaced = merge_small_steps([int(n) for n in frame[arm]], policy.min_count)
        ledger.note("flow", "few_between_steps", replaced)
        columns[arm] = [release_count(n, policy, ledger, "flow") for n in merged]
    steps = [step.name for step in flow.steps]
    cells = zip(steps, *columns.values(), strict=True)
    return _table(("step", *arms), [tuple(row) for row in cells])


def release_count(count: Any, policy: Policy, ledger: Ledger, what: str) -> Cell:
    """A count of persons: hidden when small, else rounded; missing stays missing."""
    if count is None or math.isnan(float(count)):
        return None
    if is_small(float(count), policy.min_count):
        ledger.note(what, "few_persons")
        return SUPPRESSED
    return round_count(float(count), policy.round_counts_to)


def _table(columns: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> ReleasedTable:
    return ReleasedTable(token=gate_token(), columns=columns, rows=tuple(rows))


def _release_values(
    check: CheckResult, table: ReleasedTable, policy: Policy, ledger: Ledger
) -> dict[str, float]:
    """Statistics at few digits; those that would tell of few persons are left out or retold."""
    kind = check.name.partition(" ")[0]
    if kind in PROGRAMME_RULES:  # shares stand in the table
        return {}
    if kind in PLACE_RULES:
        return release_place_values(check, table)
    numbers = {n: round_significant(float(v), VALUE_DIGITS) for n, v in check.values.items()}
    match check.name:
        case "take_up":  # rates stand in the table, derived from rounded counts
            return {}
        case "cost_benefit":  # a finer share of persons would tell of few
            return numbers | {"observed": round(float(check.values.get("observed", 1.0)), 2)}
        case "attrition" if _tells_few_missing(check, policy):
            ledger.note("checks: attrition", "few_with_outcome")
            return {name: numbers[name] for name in ("tested", "grade") if name in numbers}
        case "balance":  # the largest may stand in a hidden row
            shown = [abs(cell) for cell in table.column("standardised_difference")
                     if isinstance(cell, float)]  # fmt: skip
            return numbers | {"largest": max(shown, default=math.nan)}
        case "follow_up":  # the longest is that of single persons; the common weeks are design
            return {**numbers, "max_weeks": _followed_by_enough(table, policy)}
        case name if name.startswith("sequences "):  # groups differ by a few persons in size
            least = check.table["n"].min() if len(check.table) else 0
            return {"group_size": float(round_count(least, policy.round_counts_to))}
        case _:
            return numbers


def _tells_few_missing(check: CheckResult, policy: Policy) -> bool:
    """Whether an endpoint that some lack is lacked by few of an arm; its p-value would tell."""
    lacking = check.table.assign(lack=check.table["persons"] - check.table["observed"])
    groups = (part["lack"] for _, part in lacking.groupby("endpoint"))
    return any(lack.sum() > 0 and lack.min() < policy.min_count for lack in groups)


def _followed_by_enough(table: ReleasedTable, policy: Policy) -> float:
    """Weeks for which enough persons of each arm are followed."""
    rows = [row[1:] for row in table.rows]
    enough = [all(isinstance(n, int) and n >= policy.min_at_risk for n in row) for row in rows]
    return float(next((i for i, known in enumerate(enough) if not known), len(rows)))


def _counts(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Columns of counts are treated cell by cell, names pass."""
    counted = COUNT_COLUMNS | set(sizes)
    columns = tuple(str(name) for name in check.table.columns)
    what = _name(check)
    rows = [
        tuple(
            release_count(cell, policy, ledger, what) if name in counted else str(cell)
            for name, cell in zip(columns, row, strict=True)
        )
        for row in check.table.itertuples(index=False)
    ]
    return _table(columns, rows)


def _take_up(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Counts, and the share of each arm that started, from the rounded counts."""
    counts = _counts(check, sizes, policy, ledger)
    lacking = check.table["persons"] - check.table["started"]
    rows: list[tuple[Cell, ...]] = []
    for record, without in zip(counts.records(), lacking, strict=True):
        persons, started = record["persons"], record["started"]
        if without < policy.min_count:
            ledger.note("checks: take_up", "few_without")
            started = SUPPRESSED
        share: Cell = SUPPRESSED
        if isinstance(persons, int) and isinstance(started, int) and persons > 0:
            share = round(started / persons, 3)
        rows.append((record["arm"], persons, started, share))
    return _table(("arm", "persons", "started", "share"), rows)


def _follow_up(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Persons observed by week; weeks that differ by a few persons are given as equal."""
    arms = [str(name) for name in check.table.columns if name != "week"]
    columns: list[list[Cell]] = []
    for arm in arms:
        merged, replaced = merge_small_steps([int(n) for n in check.table[arm]], policy.min_count)
        ledger.note("checks: follow_up", "few_between_steps", replaced)
        columns.append([release_count(n, policy, ledger, "checks: follow_up") for n in merged])
    weeks = [int(week) for week in check.table["week"]]
    return _table(("week", *arms), list(zip(weeks, *columns, strict=True)))


def _balance(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Baseline means at few decimals; a covariate that few persons have is hidden."""
    columns = ("covariate", "mean_treatment", "mean_control", "standardised_difference")
    least = min(sizes.values(), default=0)
    decimals = min(2, mean_decimals(least, policy.min_count))
    rows: list[tuple[Cell, ...]] = []
    for record in check.table.to_dict("records"):
        means = [float(record[name]) for name in columns[1:3]]
        if any(_tells_few(mean, least, policy) for mean in means):
            ledger.note("checks: balance", "few_persons", 3)
            rows.append((str(record["covariate"]), *(SUPPRESSED,) * 3))
            continue
        shown = (_round_mean(mean, least, decimals, policy) for mean in means)
        rows.append((str(record["covariate"]), *shown, round(float(record[columns[3]]), 2)))
    return _table(columns, rows)


def _tells_few(mean: float, n: int, policy: Policy) -> bool:
    """Whether a mean is a share that few persons of ``n`` have, or lack."""
    lacked = 0 <= mean <= 1 and is_small((1 - mean) * n, policy.min_count)
    return lacked or is_small(mean * n, policy.min_count)


def _round_mean(mean: float, n: int, decimals: int, policy: Policy) -> float:
    """At so many decimals; a share, which these would blur, on the grid of shares."""
    return round_share(mean, n, policy.min_count) if 0 <= mean <= 1 else round(mean, decimals)


def _intensity(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Persons with at least one activity of a kind, and their share of the arm."""
    rows: list[tuple[Cell, ...]] = []
    for record in check.table.to_dict("records"):
        arm = str(record["arm"])
        size = sizes.get(arm, 0)
        share = float(record["share"])
        count = release_count(share * size, policy, ledger, "checks: intensity")
        if share > 0 and size - round(share * size) < policy.min_count:
            ledger.note("checks: intensity", "few_without")
            count = SUPPRESSED
        hidden = count is SUPPRESSED
        shown = SUPPRESSED if hidden else round_share(share, size, policy.min_count)
        rows.append((str(record["kind"]), arm, count, shown))
    return _table(("kind", "arm", "persons", "share"), rows)


def _models(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """How well each model fits: a statistic of everyone, and distances no finer than shares.

    A distance is that of a model from the exit curve in one week.
    """
    distances = [name for name in ("distance_control", "distance_treatment")
                 if name in check.table.columns]  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for record in check.table.to_dict("records"):
        aic = round_significant(float(record["aic"]), policy.significant_digits)
        apart = (round(float(record[name]), DISTANCE_DECIMALS) for name in distances)
        cells = (None if math.isnan(value) else value for value in (aic, *apart))
        rows.append((str(record["distribution"]), *cells))
    return _table(("distribution", "aic", *distances), rows)


def _sequences(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """The commonest state of each group of persons, where enough of them share it.

    No shares are given: everyone and hardly more than others look alike, so that nothing is
    told of the persons in other states, however few.
    """
    rows: list[tuple[Cell, ...]] = []
    for record in check.table.to_dict("records"):
        state: Cell = str(record["state"])
        if record["count"] < policy.min_count or record["n"] < policy.min_at_risk:
            ledger.note(_name(check), "few_persons")
            state = SUPPRESSED
        rows.append((str(record["arm"]), int(record["group"]), int(record["week"]), state))
    return _table(("arm", "group", "week", "state"), rows)


def _values_only(check: CheckResult, sizes: Sizes, policy: Policy, ledger: Ledger) -> ReleasedTable:
    return _table((), [])


_TABLE_RULES: Mapping[str, Callable[[CheckResult, Sizes, Policy, Ledger], ReleasedTable]] = {
    "allocation": _counts,
    "balance": _balance,
    "attrition": _counts,
    "follow_up": _follow_up,
    "take_up": _take_up,
    "inflow": _counts,
    "sites": _counts,
    "intensity": _intensity,
    "heterogeneity": _values_only,
    "models": _models,
    "sequences": _sequences,
    **PROGRAMME_RULES,
    **PLACE_RULES,
    **ECONOMICS_RULES,
}
