"""What a trial could have found, and what it rules out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import difference_cell, interval_cell, shown_as
from jobeval.tables.table import Table
from jobeval.text import Words
from jobeval.text.numbers import RATIOS


def tabulate_detectable(rows: Sequence[tuple[str, ReleasedEstimate]], words: Words) -> Table:
    """The effect, its interval, the smallest effect that could be found, what is ruled out."""
    effects = require_all_released([effect for _, effect in rows], ReleasedEstimate)
    columns = ("effects.column_difference", "effects.column_interval", "sizes.column_detectable",
               "sizes.column_ruled_out")  # fmt: skip
    ratios = any(effect.unit in RATIOS for effect in effects)
    notes = {
        "sizes.note": True,
        "effects.note_units": any(effect.unit == "share" for effect in effects),
        "sizes.note_ratio": ratios,
        "effects.note_hidden": any(effect.suppressed for effect in effects),
    }
    return Table(
        caption=words.say("sizes.table"),
        header=(words.say("effects.column_outcome"), *map(words.say, columns)),
        rows=tuple((label, *_cells(effect, words)) for label, effect in rows),
        align="lrrrr",
        note=" ".join(words.say(key) for key, holds in notes.items() if holds),
    )


def _cells(effect: ReleasedEstimate, words: Words) -> tuple[str, str, str, str]:
    if effect.suppressed:
        return (words.say("table.hidden"), "", "", "")
    shown, numbers = shown_as(effect), words.numbers
    low, high = (
        numbers.decimal_number(shown.value(bound), shown.digits)
        for bound in (effect.conf_low, effect.conf_high)
    )
    detectable = numbers.decimal_number(shown.value(effect.detectable), shown.digits)
    finite = math.isfinite(effect.conf_low) and math.isfinite(effect.conf_high)
    return (
        difference_cell(effect, words),
        interval_cell(effect, words),
        detectable,
        words.say("sizes.ruled_out", low=low, high=high) if finite else numbers.unknown,
    )
