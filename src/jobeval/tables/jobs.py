"""Jobs that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import count_cell, effect_cells
from jobeval.tables.effects import COLUMNS
from jobeval.tables.table import Table
from jobeval.text import Words


def tabulate_retention(
    parts: Mapping[str, Sequence[tuple[str, ReleasedEstimate]]], words: Words
) -> Table:
    """Shares that have kept a job, with the persons they are shares of.

    ``parts`` maps a heading within the table to its rows.
    """
    rows: list[tuple[str, ...]] = []
    groups: list[tuple[int, str]] = []
    for heading, found in parts.items():
        require_all_released([effect for _, effect in found], ReleasedEstimate)
        groups.append((len(rows), heading))
        rows += [(name, _persons(e, words), *effect_cells(e, words)) for name, e in found]
    effects = [effect for found in parts.values() for _, effect in found]
    notes = ["jobs.note", "effects.note_units"]
    notes += ["effects.note_hidden"] if any(effect.suppressed for effect in effects) else []
    columns = ("jobs.column_kept", "jobs.column_persons", *(f"effects.column_{c}" for c in COLUMNS))
    return Table(
        caption=words.say("jobs.table"),
        header=tuple(map(words.say, columns)),
        rows=tuple(rows),
        align="lrrrrrr",
        note=" ".join(map(words.say, notes)),
        groups=tuple(groups),
    )


def _persons(effect: ReleasedEstimate, words: Words) -> str:
    """How many the shares are of, in both arms."""
    if effect.suppressed:
        return ""
    treatment, control = (count_cell(n, words) for n in (effect.n_treatment, effect.n_control))
    return words.say("jobs.persons", treatment=treatment, control=control)
