"""Tables of effects: outcome | treatment | control | difference | interval | p."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import effect_cells
from jobeval.tables.table import Table
from jobeval.text import Words
from jobeval.text.numbers import DIGITS

COLUMNS = ("treatment", "control", "difference", "interval", "p")


def tabulate_effects(
    rows: Sequence[tuple[str, ReleasedEstimate]],
    words: Words,
    *,
    caption: str,
    first_column: str = "effects.column_outcome",
    adjusted: bool = False,
    strong: Sequence[int] = (),
    notes: Sequence[str] = (),
) -> Table:
    """One row an effect, headed by the given label.

    Parameters
    ----------
    adjusted
        Add the p-value that is adjusted for its family of tests.
    strong
        Positions of the rows to be set in bold.
    notes
        Keys of sentences below the table.
    """
    effects = require_all_released([effect for _, effect in rows], ReleasedEstimate)
    header = [words.say(first_column), *(words.say(f"effects.column_{name}") for name in COLUMNS)]
    body = [[label, *effect_cells(effect, words)] for label, effect in rows]
    if adjusted:
        header.append(words.say("effects.column_p_adjusted"))
        for cells, effect in zip(body, effects, strict=True):
            cells.append(words.numbers.p_value(effect.p_value_adjusted))
    hidden = ("effects.note_hidden",) if any(effect.suppressed for effect in effects) else ()
    if any(not effect.suppressed and not effect.estimable for effect in effects):
        hidden = (*hidden, "effects.note_not_estimable")
    return Table(
        caption=caption,
        header=tuple(header),
        rows=tuple(tuple(cells) for cells in body),
        align="l" + "r" * (len(header) - 1),
        note=" ".join(words.say(key) for key in (*notes, *hidden)),
        strong=tuple(strong),
    )


def tabulate_ratios(rows: Sequence[tuple[str, ReleasedEstimate]], words: Words) -> Table:
    """Hazard ratios: one row a destination or group."""
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
            words.say("exits.column_destination"),
            words.say("exits.column_ratio"),
            words.say("effects.column_interval"),
            words.say("effects.column_p"),
        ),
        rows=tuple(body),
        align="lrrr",
        note=words.say("exits.cox_note"),
    )
