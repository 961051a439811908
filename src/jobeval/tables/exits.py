"""Tables of exits: cumulative incidence by destination, and tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedCurve, ReleasedTest, require_all_released
from jobeval.tables.cells import share_cell
from jobeval.tables.table import Table
from jobeval.text import Words

SUP_T = "any effect (sup-t)"
"""A test that has no degrees of freedom of its own."""


def tabulate_incidence(
    pairs: Sequence[Sequence[ReleasedCurve]], labels: Mapping[str, str], words: Words
) -> Table:
    """The share of each arm that has left to every destination, at the end of follow-up.

    The last row is who has not left, unless a destination is hidden.
    """
    curves = [require_all_released(pair, ReleasedCurve) for pair in pairs]
    rows = [
        (words.state(pair[0].cause), *(share_cell(curve.values[-1], words) for curve in pair))
        for pair in curves
    ]
    remaining = [1 - sum(curve.values[-1] for curve in arm) for arm in zip(*curves, strict=True)]
    if all(map(math.isfinite, remaining)):
        cells = (share_cell(share, words) for share in remaining)
        rows.append((words.say("destinations.remaining"), *cells))
    week = max((curve.times[-1] for pair in curves for curve in pair), default=0)
    return Table(
        caption=words.say("exits.destinations_table", week=week),
        header=(words.say("exits.column_destination"), *labels.values()),
        rows=tuple(rows),
        align="l" + "r" * len(labels),
    )


def tabulate_tests(tests: Sequence[tuple[str, ReleasedTest]], words: Words) -> Table:
    """Tests without an effect size; each headed by the given label."""
    require_all_released([test for _, test in tests], ReleasedTest)
    rows = tuple((label, words.test(test.name), *_test_cells(test, words)) for label, test in tests)
    return Table(
        caption=words.say("appendix.tests_table"),
        header=(
            words.say("effects.column_outcome"),
            *(words.say(f"appendix.column_{name}") for name in ("test", "statistic", "df")),
            words.say("effects.column_p"),
        ),
        rows=rows,
        align="llrrr",
    )


def _test_cells(test: ReleasedTest, words: Words) -> tuple[str, str, str]:
    if test.suppressed:
        return words.say("table.hidden"), "", ""
    return (
        words.numbers.decimal_number(test.statistic, 2),
        words.numbers.unknown if test.name == SUP_T else words.numbers.integer(test.df),
        words.numbers.p_value(test.p_value),
    )
