"""Tables of effects: outcome | treatment | control | difference | interval | p."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import effect_cells, error_cell
from jobeval.tables.table import Table
from jobeval.text import Words
from jobeval.text.numbers import DIGITS

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
        Sentences below the table, after these.
    """
    effects = require_all_released([effect for _, effect in rows], ReleasedEstimate)
    header = [words.say(first_column), *(words.say(f"effects.column_{name}") for name in COLUMNS)]
    body = [[label, *effect_cells(effect, words)] for label, effect in rows]
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
        note=" ".join((*map(words.say, notes), *said, *map(words.say, _notes(effects)))),
        strong=tuple(strong),
        groups=groups,
    )


def _notes(effects: Sequence[ReleasedEstimate]) -> list[str]:
    """What the marks in the cells need to have explained."""
    notes = ["effects.note_units"] if any(e.unit == "share" for e in effects) else []
    notes += ["effects.note_hidden"] if any(effect.suppressed for effect in effects) else []
    missing = any(not effect.suppressed and not effect.estimable for effect in effects)
    return notes + (["effects.note_not_estimable"] if missing else [])


def tabulate_ratios(
    rows: Sequence[tuple[str, ReleasedEstimate]], first_column: str, words: Words
) -> Table:
    """Hazard ratios: one row an event, group or adjustment."""
    require_all_released([effect for _, effect in rows], ReleasedEstimate)
    numbers, digits = words.numbers, DIGITS["hazard_ratio"]
    body = [
        (
            label,
            numbers.decimal_number(effect.estimate, digits)
            if not effect.suppressed
            else words.say("table.hidden"),
            numbers.interval(effect.conf_low, effect.conf_high, digits),
            numbers.p_value(effect.p_value),
        )
        for label, effect in rows
    ]
    return Table(
        caption=words.say("exits.cox_table"),
        header=(
            words.say(first_column),
            words.say("exits.column_ratio"),
            words.say("effects.column_interval"),
            words.say("effects.column_p"),
        ),
        rows=tuple(body),
        align="lrrr",
        note=words.say("exits.cox_note"),
    )
