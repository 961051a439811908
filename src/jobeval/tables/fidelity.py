"""Tables of whether the method was followed, and of how well that is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.tables.cells import bounds_cell, count_cell, percent_cell, with_hidden_note
from jobeval.tables.table import Table
from jobeval.text import Words

Row = Mapping[str, Cell]


def tabulate_adherence(
    table: ReleasedTable, elements: Mapping[str, str], words: Words, *, population: str, other: str
) -> Table:
    """Each element of everyone: participants against the threshold, and the control group.

    Parameters
    ----------
    population
        Who is told of as participants.
    other
        What to call the control group.
    """
    require_released(table, ReleasedTable)
    found = {(str(r["population"]), str(r["element"])): r for r in table.records() if not r["site"]}
    rows: list[tuple[str, ...]] = []
    for element, label in elements.items():
        own, control = (found.get((p, element), {}) for p in (population, "control"))
        verdict = own.get("verdict")
        told = f"core.verdict_{verdict}" if isinstance(verdict, str) else "table.hidden"
        rows.append((
            label, percent_cell(own.get("threshold"), words), *_share(own, words),
            words.say(told), percent_cell(control.get("share"), words),
        ))  # fmt: skip
    columns = ("element", "threshold", "participants", "interval", "verdict")
    return Table(
        caption=words.say("core.adherence_table"),
        header=(*(words.say(f"core.column_{name}") for name in columns), other),
        rows=tuple(rows),
        align="lrrrlr",
        note=with_hidden_note(words.say("core.adherence_note"), rows, words),
    )


def tabulate_registration(
    table: ReleasedTable, rows: Sequence[tuple[str, str, str]], words: Words, *,
    groups: tuple[tuple[int, str], ...],
) -> Table:  # fmt: skip
    """How many have anything registered, and how often a company is named.

    Parameters
    ----------
    rows
        Label, population and site (empty for everyone) of each row.
    groups
        As for ``Table``.
    """
    require_released(table, ReleasedTable)
    found = {(str(r["population"]), str(r["site"])): r for r in table.records()}
    records = [(label, found.get((population, site), {})) for label, population, site in rows]
    body = tuple(
        (label, count_cell(row.get("persons"), words), *_share(row, words),
         percent_cell(row.get("share_company"), words))
        for label, row in records
    )  # fmt: skip
    columns = ("persons", "with_any", "interval", "with_company")
    return Table(
        caption=words.say("core.registration_table"),
        header=("", *(words.say(f"core.column_{name}") for name in columns)),
        rows=body,
        align="lrrrr",
        note=with_hidden_note("", body, words),
        groups=groups,
    )


def _share(row: Row, words: Words) -> tuple[str, str]:
    bounds = bounds_cell(row.get("conf_low"), row.get("conf_high"), 0, words, 100)
    return percent_cell(row.get("share"), words), bounds
