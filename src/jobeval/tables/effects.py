"""Tables of effects: outcome | treatment | control | difference | interval | p."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import effect_cells, error_cell, released_notes
from jobeval.tables.table import Table
from jobeval.text import Words
from jobeval.text.numbers import RATIOS

ERROR_COLUMN = 4
COLUMNS = ("treatment", "control", "difference", "interval", "p")


def tabulate_effects(
    rows: Sequence[tuple[str, ReleasedEstimate]],
    words: Words,
    *,
    caption: str,
    first_column: str = "effects.column_outcome",
    adjusted: bool = False,
    errors: bool = False,
    strong: Sequence[int] = (),
    groups: tuple[tuple[int, str], ...] = (),
    notes: Sequence[str] = (),
    said: Sequence[str] = (),
    untested: Sequence[int] = (),
) -> Table:
    """One row an effect, headed by the given label.

    Parameters
    ----------
    adjusted
        Add the p-value that is adjusted for its family of tests.
    errors
        Add the standard error.
    strong
        Positions of the rows to be set in bold.
    groups
        Headings within the table, as of ``Table``.
    notes
        Keys of sentences below the table.
    said
        Sentences below the table, after these; those that the effects' notes say follow.
    untested
        Positions of the rows whose p-value tests no effect and is not shown.
    """
    effects = require_all_released([effect for _, effect in rows], ReleasedEstimate)
    header = [words.say(first_column), *(words.say(f"effects.column_{name}") for name in COLUMNS)]
    body = [[label, *effect_cells(effect, words)] for label, effect in rows]
    for position in untested:
        body[position][-1] = ""
    if adjusted:
        header.append(words.say("effects.column_p_adjusted"))
        for cells, effect in zip(body, effects, strict=True):
            cells.append(words.numbers.p_value(effect.p_value_adjusted))
    if errors:
        header.insert(ERROR_COLUMN, words.say("effects.column_error"))
        for cells, effect in zip(body, effects, strict=True):
            cells.insert(ERROR_COLUMN, error_cell(effect, words))
    return Table(
        caption=caption,
        header=tuple(header),
        rows=tuple(tuple(cells) for cells in body),
        align="l" + "r" * (len(header) - 1),
        note=" ".join((*map(words.say, notes), *said, *_notes(effects, words))),
        strong=tuple(strong),
        groups=groups,
    )


def _notes(effects: Sequence[ReleasedEstimate], words: Words) -> list[str]:
    """What the marks in the cells need to have explained, and what the effects carry."""
    marks = {
        "effects.note_units": any(e.unit == "share" and e.scale == "difference" for e in effects),
        "relative.note": any(e.scale == "ratio" and e.unit not in RATIOS for e in effects),
        "effects.note_hidden": any(e.suppressed for e in effects),
        "effects.note_not_estimable": any(not e.suppressed and not e.estimable for e in effects),
    }
    told = [words.say(key) for key, holds in marks.items() if holds]
    return told + released_notes(effects, words)


def tabulate_ratios(
    rows: Sequence[tuple[str, ReleasedEstimate]],
    first_column: str,
    words: Words,
    *,
    caption: str = "",
    note: str = "exits.cox_note",
    groups: tuple[tuple[int, str], ...] = (),
) -> Table:
    """Ratios of rates, times or odds: one row an event, group, period or adjustment.

    ``note`` is the key of the sentence below the table, ``caption`` a text: hazard ratios
    unless it is given.
    """
    effects = require_all_released([effect for _, effect in rows], ReleasedEstimate)
    columns = ("exits.column_ratio", "effects.column_interval", "effects.column_p")
    return Table(
        caption=caption or words.say("exits.cox_table"),
        header=tuple(words.say(key) for key in (first_column, *columns)),
        rows=tuple((label, *effect_cells(effect, words)[2:]) for label, effect in rows),
        align="lrrr",
        note=" ".join((words.say(note), *_notes(effects, words))),
        groups=groups,
    )
