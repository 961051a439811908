"""From the raw tables of monitoring to counts by cell, and from hidden cells to released tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

import pandas as pd

from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.monitor_sums import REST, rest_key
from jobeval.disclosure.monitor_tables import (
    CASE_MIX,
    CLAIMS,
    FORECAST,
    RULES,
    SHARE_DECIMALS,
    TableRule,
)
from jobeval.disclosure.released import SUPPRESSED, Cell, ReleasedTable, gate_token
from jobeval.disclosure.rules import is_small
from jobeval.disclosure.sums import Key

Row = Mapping[str, Any]


def collect_counts(tables: Mapping[str, pd.DataFrame], least: int) -> dict[Key, int]:
    """Every count by its place, and the small rests of denominators."""
    counts: dict[Key, int] = {}
    for name, rule in RULES.items():
        for place, row in enumerate(_rows(tables.get(name))):
            for column in rule.counts:
                if _is_known(row.get(column)):
                    counts[_key(name, place, row, column)] = int(row[column])
            for column, whole in rule.rest.items():
                if _is_known(row.get(column)) and _is_known(row.get(whole)):
                    rest = int(row[whole]) - int(row[column])
                    if is_small(rest, least):
                        counts[rest_key(_key(name, place, row, column))] = rest
    counts.update(_counts_of_shares(tables.get(CASE_MIX), least))
    return counts


def _counts_of_shares(frame: pd.DataFrame | None, least: int) -> Iterator[tuple[Key, int]]:
    """The counts that the shares of suppliers side by side give back."""
    for place, row in enumerate(_rows(frame)):
        if _is_known(row["observed"]) and 0 <= row["observed"] <= 1:
            key = _key(CASE_MIX, place, row, "observed")
            count = round(row["observed"] * row["n"])
            yield key, count
            if is_small(rest := int(row["n"]) - count, least):
                yield rest_key(key), rest


def is_rest(key: Key) -> bool:
    """Whether the cell is not published, but follows from two that are."""
    return key[-1] == REST


class Treatment(NamedTuple):
    """Which cells are hidden, and the log that tells how many and why."""

    hidden: Set[Key]
    least: int
    ledger: Ledger
    dearest: Mapping[str, float]
    """Contract → the highest of its prices, in DKK."""

    def release_table(self, name: str, frame: pd.DataFrame) -> ReleasedTable:
        """One table by its rule; a column that the rule does not name stays inside."""
        rule = RULES[name]
        columns = tuple(column for column in rule.columns if column in frame)
        # The average of the others would tell a supplier that is hidden.
        withheld = name == CASE_MIX and any(key[0] == CASE_MIX for key in self.hidden)
        rows: list[tuple[Cell, ...]] = []
        for place, row in enumerate(_rows(frame)):
            cells = {
                **{column: _name_cell(row[column]) for column in rule.names if column in row},
                **{c: self._count(name, place, row, c) for c in rule.counts if c in row},
            }
            for column in rule.follows:
                if column in row:
                    cells[column] = self._number(name, rule, column, row, cells, withheld)
            rows.append(tuple(cells[column] for column in columns))
        told = _hidden_last(rows) if rule.by_size else rows
        return ReleasedTable(token=gate_token(), columns=columns, rows=tuple(told))

    def _count(self, name: str, place: int, row: Row, column: str) -> Cell:
        if not _is_known(row[column]):
            return None
        key = _key(name, place, row, column)
        if key not in self.hidden:
            return int(row[column])
        small = is_small(int(row[column]), self.least)
        self.ledger.note(f"monitoring: {name}", "few_counted" if small else "complementary")
        return SUPPRESSED

    def _number(
        self, name: str, rule: TableRule, column: str, row: Row, cells: Mapping[str, Cell],
        withheld: bool,
    ) -> Cell:  # fmt: skip
        """What follows from counts: hidden with them, and where too few stand behind it."""
        if not _is_known(row[column]):
            return None
        if any(cells.get(count) is SUPPRESSED for count in rule.follows[column]):
            return SUPPRESSED
        behind = rule.enough.get(column)
        few = behind is not None and is_small(row[behind], self._enough(column))
        if few or withheld or (name == FORECAST and self._pays_few(row)):
            self.ledger.note(f"monitoring: {name}", "few_behind")
            return SUPPRESSED
        return _shown(row[column], rule, column)

    def _pays_few(self, row: Row) -> bool:
        """Whether a month is sure to cost what few milestones cost: the price tells how many."""
        sure = row["conf_low"] == row["conf_high"]
        return sure and 0 < row["expected_dkk"] < self.least * self.dearest[str(row["contract"])]

    def _enough(self, column: str) -> int:
        """A median needs the smallest group on each side of it."""
        return self.least if column.startswith("mean") else 2 * self.least


def _hidden_last(rows: list[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    """Hidden rows last within their group, by the alphabet."""
    groups = list(dict.fromkeys(row[:-2] for row in rows))

    def place(row: tuple[Cell, ...]) -> tuple[int, bool, str]:
        hidden = row[-1] is SUPPRESSED
        return groups.index(row[:-2]), hidden, str(row[-2]) if hidden else ""

    return sorted(rows, key=place)


def _shown(value: Any, rule: TableRule, column: str) -> Cell:
    if isinstance(value, str):
        return value
    if column in rule.money:
        return math.floor(float(value) + 0.5)
    if column in rule.flags:
        return int(bool(value))
    return round(float(value), rule.decimals.get(column, SHARE_DECIMALS))


def _rows(frame: pd.DataFrame | None) -> Iterator[Row]:
    rows: list[Any] = [] if frame is None else frame.to_dict("records")
    return iter(rows)


def _key(table: str, place: int, row: Row, column: str) -> Key:
    """The place of a cell; claims have no other names than their position."""
    if table == CLAIMS:
        return table, str(place), column
    names = RULES[table].names
    return (table, *(str(_name_cell(row.get(name))) for name in names), column)


def _name_cell(value: Any) -> Cell:
    """A name as it is, a missing one as none."""
    if isinstance(value, str):
        return value
    if not _is_known(value):
        return None
    return int(value) if float(value) == int(value) else float(value)


def _is_known(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return value is not None
    return math.isfinite(float(value))
