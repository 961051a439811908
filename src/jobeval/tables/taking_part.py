"""Tables of those who take part because of the lottery."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, ReleasedTakeUp, require_all_released
from jobeval.tables.table import Table, group_rows
from jobeval.text import Words


def tabulate_take_up(takes: Sequence[tuple[str, ReleasedTakeUp]], words: Words) -> Table:
    """The shares moved and not moved by the lottery, and how strongly it moved.

    Parameters
    ----------
    takes
        What each take-up belongs to; the heading is left out when there is one alone.
    """
    require_all_released([told for _, told in takes], ReleasedTakeUp)
    rows = [(name, row) for name, told in takes for row in _take_up_rows(told, words)]
    names = [name for name, _ in rows]
    return Table(
        caption=words.say("taking_part.shares_table"),
        header=(words.say("taking_part.column_group"), words.say("taking_part.column_share")),
        rows=tuple(row for _, row in rows),
        align="lr",
        note=words.say("taking_part.note_strength"),
        groups=group_rows(names) if len(takes) > 1 else (),
    )


def _take_up_rows(told: ReleasedTakeUp, words: Words) -> list[tuple[str, str]]:
    arms = (told.share_treatment, told.share_control)
    known = not any(map(math.isnan, arms))
    numbers = words.numbers

    def share(value: float) -> str:
        return numbers.percent(value) if known else words.say("table.hidden")

    return [
        (words.say("taking_part.row_takers"), share(abs(told.first_stage))),
        (words.say("taking_part.row_always"), share(min(arms))),
        (words.say("taking_part.row_never"), share(1 - max(arms))),
        (words.say("taking_part.row_strength"), numbers.decimal_number(told.f_statistic, 0)
         if told.f_statistic >= 100 else numbers.decimal_number(told.f_statistic, 1)),
    ]  # fmt: skip


def tabulate_profile(effect: ReleasedEstimate, words: Words) -> Table:
    """Means before the lottery of those who take part because of it, and of everyone."""
    [effect] = require_all_released([effect], ReleasedEstimate)
    profile = effect.take_up.profile if effect.take_up else ()
    return Table(
        caption=words.say("taking_part.profile_table"),
        header=(
            words.say("appendix.column_covariate"),
            words.say("taking_part.row_takers"),
            words.say("taking_part.column_everyone"),
        ),
        rows=tuple(
            (words.covariate(name), *(_trait(name, mean, words) for mean in means))
            for name, *means in profile
        ),
        align="lrr",
        note=words.say("taking_part.profile_note"),
    )


def _trait(name: str, mean: float, words: Words) -> str:
    """The share of a level, or the mean of a number."""
    if name.endswith("]"):
        return words.numbers.percent(mean, 0) if math.isfinite(mean) else words.numbers.unknown
    return words.numbers.decimal_number(mean, 1 if abs(mean) >= 10 else 2)
