"""Models of the same exits, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import (
    Cell,
    ReleasedEstimate,
    ReleasedTable,
    require_all_released,
    require_released,
)
from jobeval.tables.cells import effect_cells, number_cell
from jobeval.tables.table import Table, group_rows
from jobeval.text import Words
from jobeval.text.numbers import RATIOS

COLUMNS = ("exits.column_ratio", "effects.column_interval", "effects.column_p", "models.column_aic",
           "models.column_distance")  # fmt: skip
DISTANCES = ("distance_control", "distance_treatment")


def tabulate_models(
    effects: Sequence[ReleasedEstimate], fits: ReleasedTable, words: Words, *, caption: str
) -> Table:
    """The effect by each model, its AIC, and how far its curves are from the observed ones.

    Models whose effect is the same kind of ratio stand together.
    """
    require_all_released(effects, ReleasedEstimate)
    require_released(fits, ReleasedTable)
    found = {str(row["distribution"]): row for row in fits.records()}
    kinds = [unit for unit in RATIOS if any(effect.unit == unit for effect in effects)]
    ordered = [effect for unit in kinds for effect in effects if effect.unit == unit]
    rows = [
        (
            words.label("distribution", effect.part),
            *effect_cells(effect, words)[2:],
            *_fit_cells(found.get(effect.part, {}), words),
        )
        for effect in ordered
    ]
    return Table(
        caption=caption,
        header=tuple(words.say(key) for key in ("models.column_model", *COLUMNS)),
        rows=tuple(rows),
        align="lrrrrr",
        note=words.say("models.note"),
        groups=group_rows([words.say(f"models.{effect.unit}") for effect in ordered]),
    )


def _fit_cells(fit: Mapping[str, Cell], words: Words) -> tuple[str, str]:
    """AIC, and the larger of the two arms' distances, in percentage points."""
    far = [cell for name in DISTANCES if isinstance(cell := fit.get(name), float)]
    distance = words.numbers.decimal_number(100 * max(far), 1) if far else words.say("table.none")
    return number_cell(fit.get("aic"), 0, words), distance
