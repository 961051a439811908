"""Tables of differences alone: variants, bounds, parts and slopes, which have no common levels."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.tables.cells import effect_cells
from jobeval.tables.table import Table
from jobeval.text import Words


def tabulate_differences(
    rows: Sequence[tuple[str, ReleasedEstimate]],
    words: Words,
    *,
    caption: str,
    first_column: str,
    p_values: bool = True,
    inference: bool = False,
    groups: tuple[tuple[int, str], ...] = (),
    strong: Sequence[int] = (),
    note: str = "",
) -> Table:
    """One row an effect: difference, interval, p-value, and where these come from.

    Parameters
    ----------
    first_column
        Key of what heads the labels of the rows.
    p_values
        Show them; bounds are no tests.
    inference
        Name the inference in a column of its own.
    groups, strong
        As for ``Table``.
    note
        A sentence below the table; what the cells' marks mean follows it.
    """
    effects = require_all_released([effect for _, effect in rows], ReleasedEstimate)
    names = ["difference", "interval", *(["p"] if p_values else [])]
    header = [words.say(first_column), *(words.say(f"effects.column_{name}") for name in names)]
    if inference:
        header.append(words.say("sensitivity.column_inference"))
    body = [
        (label, *_cells(effect, words, p_values), *([_inference(effect, words)] * inference))
        for label, effect in rows
    ]
    return Table(
        caption=caption,
        header=tuple(header),
        rows=tuple(body),
        align="l" + "r" * len(names) + "l" * inference,
        note=" ".join(filter(None, [note, *_marks(effects, words)])),
        groups=groups,
        strong=tuple(strong),
    )


def _cells(effect: ReleasedEstimate, words: Words, p_values: bool) -> tuple[str, ...]:
    _, _, *shown = effect_cells(effect, words)
    return tuple(shown if p_values else shown[:-1])


def _inference(effect: ReleasedEstimate, words: Words) -> str:
    return words.label("inference", effect.inference or "model")


def _marks(effects: Sequence[ReleasedEstimate], words: Words) -> list[str]:
    keys = ["sensitivity.note_points"] if any(e.unit == "share" for e in effects) else []
    keys += ["effects.note_hidden"] if any(effect.suppressed for effect in effects) else []
    return [words.say(key) for key in keys]
