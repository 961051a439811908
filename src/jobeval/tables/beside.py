"""Job centres side by side."""

from __future__ import annotations

from collections.abc import Mapping

from jobeval.disclosure.released import SUPPRESSED, Cell, ReleasedTable, require_released
from jobeval.tables.cells import bounds_cell, count_cell, number_cell, with_hidden_note
from jobeval.tables.table import Table
from jobeval.text import Words

Row = Mapping[str, Cell]
MEAN_DIGITS = 1


def tabulate_places(
    table: ReleasedTable, words: Words, *, caption: str, first_column: str, share: bool
) -> Table:
    """Expected and actual, and the difference from the others, as it is and shrunken.

    Places stand in the order of the table, which is none of size.

    Parameters
    ----------
    share
        Whether the outcome is a share, told in whole percent.
    """
    require_released(table, ReleasedTable)
    columns = ("persons", "observed", "expected", "others", "difference", "interval", "shrunken",
               "shrunken_interval")  # fmt: skip
    rows = tuple((str(r["site"]), *_cells(r, share, words)) for r in table.records())
    note = words.say("places.note_share" if share else "places.note")
    return Table(
        caption=caption,
        header=(first_column, *(words.say(f"places.column_{name}") for name in columns)),
        rows=rows,
        align="l" + "r" * len(columns),
        note=with_hidden_note(note, rows, words),
    )


def _cells(row: Row, share: bool, words: Words) -> tuple[str, ...]:
    persons = count_cell(row["n"], words)
    if row["observed"] is SUPPRESSED:
        return (persons, words.say("table.hidden"), *("",) * 6)
    scale, digits = (100.0, 0) if share else (1.0, MEAN_DIGITS)

    def level(name: str) -> str:
        cell = row[name]
        known = scale * cell if isinstance(cell, float) else cell
        return number_cell(known, digits, words)

    def difference(name: str) -> str:
        cell = row[name]
        known = isinstance(cell, float)
        return words.numbers.signed(scale * cell, digits) if known else words.say("table.none")

    return (
        persons, *map(level, ("observed", "expected", "others")), difference("difference"),
        bounds_cell(row["conf_low"], row["conf_high"], digits, words, scale),
        difference("shrunken"),
        bounds_cell(row["shrunken_low"], row["shrunken_high"], digits, words, scale),
    )  # fmt: skip
