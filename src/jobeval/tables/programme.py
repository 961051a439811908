"""Tables of what was done: indicators, waiting, gaps and contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.tables.cells import (
    bounds_cell,
    count_cell,
    number_cell,
    percent_cell,
    with_hidden_note,
)
from jobeval.tables.table import Table
from jobeval.text import Words

Names = Mapping[str, str]
"""What to call each indicator, or each population; in the order in which they are shown."""
Row = Mapping[str, Cell]


def tabulate_indicators(
    table: ReleasedTable, names: Names, populations: Names, words: Words
) -> Table:
    """Each indicator of everyone: a row a population, with its denominator and interval."""
    require_released(table, ReleasedTable)
    rows: list[tuple[str, ...]] = []
    groups: list[tuple[int, str]] = []
    for indicator, label in names.items():
        groups.append((len(rows), label))
        rows += [
            (name, count_cell(row["of"], words), percent_cell(row["share"], words),
             bounds_cell(row["conf_low"], row["conf_high"], 0, words, 100))
            for population, name in populations.items()
            for row in _of(table, indicator=indicator, population=population, group="all")
        ]  # fmt: skip
    columns = ("column_group", "column_of", "column_share", "column_interval")
    return Table(
        caption=words.say("programme.indicators_table"),
        header=tuple(words.say(f"programme.{name}") for name in columns),
        rows=tuple(rows),
        align="lrrr",
        note=with_hidden_note(words.say("programme.note_whole"), rows, words),
        groups=tuple(groups),
    )


def tabulate_levels(
    table: ReleasedTable, names: Names, group: str, words: Words, *, population: str,
    caption: str, first_column: str, label: Names | None = None,
) -> Table:  # fmt: skip
    """The indicators of a population by site or cohort; everyone stands first.

    A share of fewer persons than the first column of shares says how many in its cell.

    Parameters
    ----------
    group
        ``"site"`` or ``"cohort"``.
    label
        What to call the levels, where not as they are.
    """
    require_released(table, ReleasedTable)
    own = [r for r in _of(table, population=population) if r["group"] in ("all", group)]
    found = {(str(r["level"]), str(r["indicator"])): r for r in own}
    first = next(iter(names), "")
    levels = list(dict.fromkeys(level for level, _ in found))
    rows = [
        (
            (label or {}).get(level, level) or words.say("programme.all"),
            count_cell(found.get((level, first), {}).get("of"), words),
            *(_share_of(found, level, name, first, words) for name in names),
        )
        for level in levels
    ]
    return Table(
        caption=caption,
        header=(first_column, words.say("programme.column_persons"), *names.values()),
        rows=tuple(rows),
        align="lr" + "r" * len(names),
        note=with_hidden_note(_note_of(rows, words), rows, words),
        strong=(0,) if levels[:1] == [""] else (),
    )


def _note_of(rows: Sequence[tuple[str, ...]], words: Words) -> str:
    """What a share "of" so many means, where a cell says so."""
    mark = words.say("programme.share_of", share="", of="")
    told = any(mark in cell for _, *cells in rows for cell in cells)
    return words.say("programme.note_of") if told else ""


def _share_of(
    found: Mapping[tuple[str, str], Row], level: str, indicator: str, first: str, words: Words
) -> str:
    row = found.get((level, indicator))
    if row is None:
        return words.say("table.none")
    share = percent_cell(row["share"], words)
    if not isinstance(row["share"], float) or row["of"] == found[level, first]["of"]:
        return share
    return words.say("programme.share_of", share=share, of=count_cell(row["of"], words))


def tabulate_waiting(table: ReleasedTable, names: Names, populations: Names, words: Words) -> Table:
    """Days until each event for half of everyone, and the share it has come to so far."""
    require_released(table, ReleasedTable)
    rows: list[tuple[str, ...]] = []
    groups: list[tuple[int, str]] = []
    for indicator, label in names.items():
        groups.append((len(rows), label))
        rows += [
            (name, count_cell(row["of"], words), percent_cell(row["share"], words),
             *_days(row, words))
            for population, name in populations.items()
            for row in _of(table, indicator=indicator, population=population, group="all")
        ]  # fmt: skip
    columns = ("group", "of", "reached", "median", "interval")
    return Table(
        caption=words.say("programme.waiting_table"),
        header=tuple(words.say(f"programme.column_{name}") for name in columns),
        rows=tuple(rows),
        align="lrrrr",
        note=with_hidden_note(words.say("programme.waiting_note"), rows, words),
        groups=tuple(groups),
    )


def _days(row: Row, words: Words) -> tuple[str, str]:
    median = number_cell(row["median_days"], 0, words)
    return median, bounds_cell(row["conf_low"], row["conf_high"], 0, words)


def tabulate_waiting_by_site(
    table: ReleasedTable, names: Names, words: Words, *, population: str, first_column: str
) -> Table:
    """The median days until each event, a row a site; everyone stands first."""
    require_released(table, ReleasedTable)
    own = [r for r in _of(table, population=population) if r["group"] in ("all", "site")]
    days = {(str(r["level"]), str(r["indicator"])): r["median_days"] for r in own}
    sites = list(dict.fromkeys(level for level, _ in days))
    rows = [
        (site or words.say("programme.all"),
         *(number_cell(days.get((site, name)), 0, words) for name in names))
        for site in sites
    ]  # fmt: skip
    return Table(
        caption=words.say("programme.waiting_sites_table"),
        header=(first_column, *names.values()),
        rows=tuple(rows),
        align="l" + "r" * len(names),
        note=with_hidden_note(words.say("programme.waiting_note"), rows, words),
        strong=(0,) if sites[:1] == [""] else (),
    )


def tabulate_effort(
    gaps: ReleasedTable | None, contacts: ReleasedTable | None,
    rows: Sequence[tuple[str, str, str]], words: Words, *, groups: tuple[tuple[int, str], ...],
) -> Table:  # fmt: skip
    """Contacts, and the time in which nothing happened.

    Parameters
    ----------
    rows
        Label, population and site (empty for everyone) of each row.
    groups
        As for ``Table``.
    """
    columns: list[tuple[str, list[str]]] = []
    if contacts is not None:
        found = _by_place(contacts)
        own = [found.get((p, site), {}) for _, p, site in rows]
        columns += [
            ("contacts", [number_cell(r.get("per_13_weeks"), 1, words) for r in own]),
            ("interval", [bounds_cell(r.get("conf_low"), r.get("conf_high"), 1, words)
                          for r in own]),
        ]  # fmt: skip
    if gaps is not None:
        found = _by_place(gaps)
        own = [found.get((p, site), {}) for _, p, site in rows]
        columns += [
            ("gap_time", [percent_cell(r.get("share_of_time"), words) for r in own]),
            ("interval", [bounds_cell(r.get("conf_low"), r.get("conf_high"), 0, words, 100)
                          for r in own]),
            ("gap_weeks", [number_cell(r.get("mean_weeks"), 1, words) for r in own]),
        ]  # fmt: skip
    labels = tuple(label for label, _, _ in rows)
    cells = list(zip(labels, *(column for _, column in columns), strict=True))
    return Table(
        caption=words.say("programme.effort_table"),
        header=("", *(words.say(f"programme.column_{name}") for name, _ in columns)),
        rows=tuple(cells),
        align="l" + "r" * len(columns),
        note=with_hidden_note(words.say("programme.effort_note"), cells, words),
        groups=groups,
    )


def _by_place(table: ReleasedTable) -> dict[tuple[str, str], Row]:
    require_released(table, ReleasedTable)
    return {
        (str(r["population"]), str(r["level"])): r
        for r in table.records()
        if r["group"] in ("all", "site")
    }


def _of(table: ReleasedTable, **values: str) -> list[Row]:
    return [r for r in table.records() if all(r[name] == v for name, v in values.items())]
