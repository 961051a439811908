"""Job centres side by side, on their way through the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from jobeval.disclosure.complement import hide_more
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.percent import (
    COMPLEMENTARY,
    PERCENT_DECIMALS,
    Record,
    Row,
    Rule,
    name_of,
    records_of,
    released,
    released_number,
    released_size,
)
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import SUPPRESSED, ReleasedTable
from jobeval.disclosure.rules import mean_decimals, round_significant
from jobeval.results import CheckResult

FEWEST_HIDDEN = 3
"""Places hidden together: the average and the spread over all of them are given too."""
FEWEST_SHOWN = 3
MOST_DECIMALS = 1
VALUE_DIGITS = 3
OF_DESIGN = ("share", "n_sites", "by_chance")
NUMBERS = (
    "observed", "expected", "others", "difference", "conf_low", "conf_high", "shrunken",
    "shrunken_low", "shrunken_high",
)  # fmt: skip
VERDICTS = ("verdict", "verdict_adjusted")


def _places(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Places against each other, where enough persons of each have the outcome and have not."""
    records = records_of(check)
    sizes = np.array([float(r["n"]) for r in records])
    apart = np.array([_apart(r, check) for r in records]).reshape(-1, 2)
    least = policy.min_count - 1e-9
    few = np.array([not all(count >= least for count in pair) for pair in apart], dtype=bool)
    hidden = hide_more(few, sizes, apart, policy.min_count, FEWEST_HIDDEN)
    ledger.note(name_of(check), "few_without", int(few.sum()))
    ledger.note(name_of(check), COMPLEMENTARY, int((hidden & ~few).sum()))
    rows = [
        (str(r["site"]), released_size(r["n"], policy), *_cells(r, check, bool(hide), policy))
        for r, hide in zip(records, hidden, strict=True)
    ]
    return released(("site", "n", *NUMBERS, *VERDICTS), rows)


def _is_share(check: CheckResult) -> bool:
    return check.values.get("share", 0.0) == 1.0


def _apart(record: Record, check: CheckResult) -> tuple[float, float]:
    """Persons with and without the outcome; of a mean, those apart from its commonest value."""
    n = float(record["n"])
    if _is_share(check):
        count = float(record["observed"]) * n
        return count, n - count
    return float(record.get("n_apart", math.nan)), n


def _cells(record: Record, check: CheckResult, hide: bool, policy: Policy) -> Row:
    if hide:
        return (SUPPRESSED,) * len((*NUMBERS, *VERDICTS))
    of_mean = min(MOST_DECIMALS, mean_decimals(float(record["n"]), policy.min_count))
    decimals = PERCENT_DECIMALS if _is_share(check) else of_mean
    numbers = (released_number(record[name], decimals) for name in NUMBERS)
    return (*numbers, *(str(record[name]) for name in VERDICTS))


def _funnel(check: CheckResult, _: object, policy: Policy, ledger: Ledger) -> ReleasedTable:
    """Limits about the average: of design, they pass."""
    names = tuple(str(name) for name in check.table.columns if name != "n")
    rows = [
        (float(r["n"]), *(round_significant(float(r[name]), VALUE_DIGITS) for name in names))
        for r in records_of(check)
    ]
    return released(("n", *names), rows)


def release_place_values(check: CheckResult, table: ReleasedTable) -> dict[str, float]:
    """Numbers over all places at few digits, where enough places are shown."""
    numbers = {n: round_significant(float(v), VALUE_DIGITS) for n, v in check.values.items()}
    shown = sum(cell is not SUPPRESSED for cell in table.column(table.columns[-1]))
    return {n: v for n, v in numbers.items() if n in OF_DESIGN or shown >= FEWEST_SHOWN}


PLACE_RULES: Mapping[str, Rule] = {"places": _places, "funnel": _funnel}
"""Kind of check → how its table is released."""
