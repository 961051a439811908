"""Released cells and effects as text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from jobeval.disclosure.released import Cell, ReleasedEstimate, Suppressed
from jobeval.text import Words
from jobeval.text.numbers import RATIOS, digits_for


def count_cell(cell: Cell, words: Words) -> str:
    """A count, the mark of a hidden cell, or a dash."""
    if isinstance(cell, Suppressed):
        return words.say("table.hidden")
    if isinstance(cell, int | float):
        return words.numbers.integer(cell)
    return words.say("table.none")


def number_cell(cell: Cell, digits: int, words: Words) -> str:
    """A number with so many decimals, the mark of a hidden cell, or a dash."""
    if isinstance(cell, int | float):
        return words.numbers.decimal_number(float(cell), digits)
    return count_cell(cell, words)


def error_cell(effect: ReleasedEstimate, words: Words) -> str:
    """The standard error of a difference, as its interval is written."""
    scale = 100.0 if effect.unit == "share" else 1.0
    digits = digits_for(effect.unit, *effect.sizes)
    return words.numbers.decimal_number(scale * effect.std_error, digits + (digits > 0))


def digits_given(cells: Iterable[Cell], most: int) -> int:
    """How many decimals the numbers were rounded to, at most ``most``.

    >>> digits_given([24.2, 25.0], 2), digits_given([0.861, None], 2), digits_given([3], 2)
    (1, 2, 0)
    """
    numbers = [round(float(cell), most) for cell in cells if isinstance(cell, int | float)]
    return next((d for d in range(most) if all(round(n, d) == n for n in numbers)), most)


def share_cell(cell: Cell, words: Words) -> str:
    """A share as percent, the mark of a hidden cell, or a dash."""
    if isinstance(cell, float) and math.isfinite(cell):
        return words.numbers.percent(cell)
    return words.say("table.none" if cell is None else "table.hidden")


QUANTILE = "quantile="
QUANTILE_DIGITS = 1
"""Quantiles are released with one decimal."""


class Shown(NamedTuple):
    """How the numbers of an effect are written: shares and ratios in percent."""

    null: float
    scale: float
    digits: int

    def value(self, value: float) -> float:
        return self.scale * (value - self.null)


def shown_as(effect: ReleasedEstimate) -> Shown:
    """The effect's own way. A ratio is its distance from 1; those of ``RATIOS`` stay ratios."""
    digits = digits_for(effect.unit, *effect.sizes)
    if effect.part.startswith(QUANTILE):
        digits = min(digits, QUANTILE_DIGITS)
    if effect.scale == "ratio" and effect.unit not in RATIOS:
        return Shown(1.0, 100.0, 0)
    return Shown(0.0, 100.0 if effect.unit == "share" else 1.0, digits)


def interval_cell(effect: ReleasedEstimate, words: Words) -> str:
    """The interval as it stands in a table."""
    shown = shown_as(effect)
    low, high = (shown.value(bound) for bound in (effect.conf_low, effect.conf_high))
    return words.interval(low, high, shown.digits)


def difference_cell(effect: ReleasedEstimate, words: Words) -> str:
    """The effect with its sign; a ratio as percent, or as it is where ``RATIOS`` has it."""
    shown, numbers = shown_as(effect), words.numbers
    value = shown.value(effect.estimate)
    if effect.unit in RATIOS:
        return numbers.decimal_number(value, shown.digits)
    percent = numbers.percent_sign if shown.null and math.isfinite(value) else ""
    return numbers.signed(value, shown.digits) + percent


def level_cell(level: float, effect: ReleasedEstimate, words: Words) -> str:
    """The level of an arm, without its unit except percent; nothing where there is none."""
    shown = shown_as(effect)
    if shown.null or (effect.estimable and not math.isfinite(level)):
        return ""
    if effect.unit == "share" and math.isfinite(level):
        return words.numbers.percent(level, shown.digits)
    return words.numbers.decimal_number(level, shown.digits)


def effect_cells(effect: ReleasedEstimate, words: Words) -> tuple[str, str, str, str, str]:
    """Treatment, control, difference, interval and p-value of one effect."""
    if effect.suppressed:
        return ("", "", words.say("table.hidden"), "", "")
    levels = (
        level_cell(effect.mean_treatment, effect, words),
        level_cell(effect.mean_control, effect, words),
    )
    if effect.one_value:
        return (*levels, words.say("table.same"), "", "")
    return (
        *levels,
        difference_cell(effect, words),
        interval_cell(effect, words),
        words.numbers.p_value(effect.p_value),
    )


def released_notes(effects: Iterable[ReleasedEstimate], words: Words) -> list[str]:
    """What the effects' notes say to a reader, each once; the others are for analysts."""
    wordings = dict.fromkeys(note for effect in effects for note in effect.notes)
    return [words.say(key) for note in wordings if words.has(key := f"note.{note}")]


def percent_cell(cell: Cell, words: Words) -> str:
    """A share in whole percent, the mark of a hidden cell, or a dash."""
    if isinstance(cell, float) and math.isfinite(cell):
        return words.numbers.percent(cell, 0)
    return words.say("table.none" if cell is None else "table.hidden")


def bounds_cell(low: Cell, high: Cell, digits: int, words: Words, scale: float = 1.0) -> str:
    """An interval; nothing where it is hidden or unknown, and one end where the other is open."""
    if not isinstance(low, int | float):
        return ""
    top = float(high) if isinstance(high, int | float) else math.inf
    return words.interval(float(low), top, digits, scale)


def with_hidden_note(note: str, rows: Iterable[tuple[str, ...]], words: Words) -> str:
    """The note, and what the mark of a hidden cell means where there is one."""
    hidden = any(words.say("table.hidden") in row for row in rows)
    return f"{note} {words.say('programme.note_hidden')}".strip() if hidden else note
