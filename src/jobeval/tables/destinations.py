"""The arms' shares that have left to each destination after some weeks, and their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import effect_cells
from jobeval.tables.effects import COLUMNS
from jobeval.tables.table import Table
from jobeval.text import Words

Rows = Sequence[tuple[str, ReleasedEstimate]]


def tabulate_destinations(weeks: Mapping[int, Rows], words: Words) -> Table:
    """One row a destination under each week; the last one is who has not left.

    Parameters
    ----------
    weeks
        Weeks since the lottery → the name of each destination and its difference. All the
        destinations of an endpoint: together with who has not left they add up to everyone.
    """
    rows: list[tuple[str, ...]] = []
    groups: list[tuple[int, str]] = []
    for week, found in weeks.items():
        groups.append((len(rows), words.say("destinations.after_weeks", week=week)))
        rows += _week_rows(found, words)
    effects = [effect for found in weeks.values() for _, effect in found]
    return Table(
        caption=words.say("destinations.table"),
        header=tuple(
            words.say(key)
            for key in ("exits.column_destination", *(f"effects.column_{c}" for c in COLUMNS))
        ),
        rows=tuple(rows),
        align="lrrrrr",
        note=" ".join(_notes(effects, words)),
        groups=tuple(groups),
    )


def _week_rows(found: Rows, words: Words) -> list[tuple[str, ...]]:
    effects = require_all_released([effect for _, effect in found], ReleasedEstimate)
    rows: list[tuple[str, ...]] = [(name, *effect_cells(effect, words)) for name, effect in found]
    if all(effect.estimable for effect in effects):
        rows.append((words.say("destinations.remaining"), *_remaining(effects, words)))
    return rows


def _remaining(effects: Sequence[ReleasedEstimate], words: Words) -> tuple[str, ...]:
    """What the destinations leave of each arm, and of the difference; their own interval is not
    that of their sum."""
    numbers = words.numbers
    treatment = 1 - sum(effect.mean_treatment for effect in effects)
    control = 1 - sum(effect.mean_control for effect in effects)
    difference = numbers.signed(100 * (treatment - control), 1)
    return numbers.percent(treatment), numbers.percent(control), difference, "", ""


def _notes(effects: Sequence[ReleasedEstimate], words: Words) -> list[str]:
    keys = {
        "destinations.note": True,
        "effects.note_units": True,
        "effects.note_hidden": any(effect.suppressed for effect in effects),
    }
    return [words.say(key) for key, holds in keys.items() if holds]
