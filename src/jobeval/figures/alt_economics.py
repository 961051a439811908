"""What the figures of money show, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.text import Words


def describe_waterfall(
    rows: Sequence[tuple[str, float]], net: tuple[str, float], words: Words
) -> str:
    """Every item's amount and the net."""
    told = [f"{label} {words.numbers.signed(amount, 0)}" for label, amount in (*rows, net)]
    return words.say("alt.waterfall", rows="; ".join(told))


def describe_scenarios(table: ReleasedTable, perspectives: Sequence[str], words: Words) -> str:
    """The net present value and its interval in every row."""
    told = [
        words.say(
            "alt.forest_row",
            row=f"{words.label('side', str(row['perspective']))}, "
            f"{words.say('scenario.' + str(row['scenario']))}",
            estimate=_amount(row["estimate"], words),
            interval=words.interval(_number(row["conf_low"]), _number(row["conf_high"]), 0),
        )
        for name in perspectives
        for row in table.records() if row["perspective"] == name
    ]  # fmt: skip
    return words.say("alt.forest", rows="; ".join(told))


def describe_value_path(
    table: ReleasedTable, perspectives: Sequence[str], pay_back: Mapping[str, float], words: Words
) -> str:
    """The value at the end of the data and at the horizon, and the month of pay-back."""
    panels = [
        words.say("alt.panel", panel=words.label("side", name), arms=_ends(table, name, words))
        for name in perspectives
    ]
    months = [
        words.say("alt.pay_back", panel=words.label("side", name), month=int(pay_back[name]))
        for name in perspectives if math.isfinite(pay_back.get(name, math.inf))
    ]  # fmt: skip
    return words.say("alt.value_path", panels="; ".join([*panels, *months]))


def _ends(table: ReleasedTable, perspective: str, words: Words) -> str:
    last = {
        str(row["scenario"]): row for row in table.records() if row["perspective"] == perspective
    }
    return ", ".join(
        words.say(
            "alt.value_end", scenario=words.say(f"scenario.{name}"),
            month=int(_number(row["month"])), value=_amount(row["estimate"], words),
        )
        for name, row in last.items()
    )  # fmt: skip


def describe_break_even(table: ReleasedTable, perspectives: Sequence[str], words: Words) -> str:
    """The hours at which each line crosses 0."""
    told = [
        words.say(
            "alt.break_even_row",
            row=f"{words.label('side', str(row['perspective']))}, "
            f"{words.say('scenario.' + str(row['scenario']))}",
            hours=words.quantity(_number(row["estimate"]), "hours_per_week", 2),
        )
        for row in table.records()
        if row["quantity"] == "hours" and row["perspective"] in perspectives
    ]
    return words.say("alt.break_even", rows="; ".join(told))


def _amount(cell: Cell, words: Words) -> str:
    return words.quantity(_number(cell), "dkk", 0)


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan
