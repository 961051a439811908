"""How often persons move between states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import difference_cell, digits_given, interval_cell, number_cell
from jobeval.tables.table import Table, group_rows
from jobeval.text import Words

RATE_DIGITS = 2
"""The most decimals of a rate; it is given with as many as it was released with."""


def tabulate_moves(
    moves: Sequence[tuple[str, str, ReleasedEstimate]], labels: Mapping[str, str], words: Words
) -> Table:
    """Moves per 100 person-weeks of each arm, and their ratio; no p-values: it is no effect.

    Parameters
    ----------
    moves
        From which state, to which, and the ratio of rates; in the order of the states left.
    labels
        What to call each arm, control first.
    """
    effects = require_all_released([effect for *_, effect in moves], ReleasedEstimate)
    control, treatment = labels.values()
    notes = ["ways.moves_note", *(["effects.note_hidden"] if _any_hidden(effects) else [])]
    return Table(
        caption=words.say("ways.moves_table"),
        header=(
            words.say("ways.column_to"), treatment, control, words.say("ways.column_ratio"),
            words.say("effects.column_interval"),
        ),
        rows=tuple((target, *_cells(effect, words)) for _, target, effect in moves),
        align="lrrrr",
        groups=group_rows([words.say("ways.from", state=origin) for origin, *_ in moves]),
        note=" ".join(map(words.say, notes)),
    )  # fmt: skip


def _cells(effect: ReleasedEstimate, words: Words) -> tuple[str, str, str, str]:
    if effect.suppressed:
        return ("", "", words.say("table.hidden"), "")
    rates = (effect.mean_treatment, effect.mean_control)
    digits = digits_given(rates, RATE_DIGITS)
    treatment, control = (number_cell(rate, digits, words) for rate in rates)
    return treatment, control, difference_cell(effect, words), interval_cell(effect, words)


def _any_hidden(effects: Sequence[ReleasedEstimate]) -> bool:
    return any(effect.suppressed for effect in effects)
