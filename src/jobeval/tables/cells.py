"""Released cells and effects as text."""

from __future__ import annotations

import math
from collections.abc import Iterable

from jobeval.disclosure.released import Cell, ReleasedEstimate, Suppressed
from jobeval.text import Words
from jobeval.text.numbers import digits_for


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


def effect_cells(effect: ReleasedEstimate, words: Words) -> tuple[str, str, str, str, str]:
    """Treatment, control, difference, interval and p-value of one effect."""
    if effect.suppressed:
        return ("",) * 2 + (words.say("table.hidden"),) + ("",) * 2  # type: ignore[return-value]
    digits = digits_for(effect.unit, *effect.sizes)
    share = effect.unit == "share"
    scale = 100.0 if share else 1.0
    numbers = words.numbers
    levels = [
        numbers.percent(mean, digits) if share else numbers.decimal_number(mean, digits)
        for mean in (effect.mean_treatment, effect.mean_control)
    ]
    return (
        levels[0] if math.isfinite(effect.mean_treatment) else numbers.unknown,
        levels[1] if math.isfinite(effect.mean_control) else numbers.unknown,
        numbers.signed(scale * effect.estimate, digits),
        numbers.interval(effect.conf_low, effect.conf_high, digits, scale),
        numbers.p_value(effect.p_value),
    )
