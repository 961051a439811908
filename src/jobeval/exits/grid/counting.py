"""The front door of the grid: persons, or an engine's table of counts, by week of exit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.exits.grid.durations import Durations, read_destinations, read_durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.plan.lottery import Lottery


def count_exits(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    competing: bool = False,
    entry: str | None = None,
    cells: Sequence[str] = (),
    count: str | None = None,
) -> ExitGrid:
    """Count exits, censorings and late entries by arm, stratum and week.

    All that an unadjusted analysis of exits needs: every ``…_from_grid`` takes the answer.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person, or with ``count`` one row for all
        persons who are alike. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation to the exit or the end of follow-up.
    observed
        Column of true/false or 1/0, false being censored; with ``competing`` of texts, where
        the person went, missing being censored.
    lottery
        The names of the lottery's columns. Its clusters are not counted apart.
    competing
        Whether exits are told apart by where they lead to.
    entry
        Column of whole weeks after which observation began, below ``duration``.
    cells
        Columns that split the strata further, such as age groups: curves are then standardised
        over the cells, and tests stratified by them.
    count
        Column of whole numbers: the persons behind each row, as an engine counts them.

    Returns
    -------
    ExitGrid
        Arms in the order control, treatment; strata by their texts.

    Raises
    ------
    DataError
        For missing or broken durations, exits, counts or cells, and for a stratum or cell
        that holds one arm only.
    DesignError
        The chance of treatment differs within strata.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> grid = count_exits(frame, "week", "left", lottery)
    >>> grid
    ExitGrid(2 arms × 1 stratum × 10 weeks, 6 persons, 4 exits)
    >>> table = frame.groupby(["arm", "week", "left"], as_index=False).size()
    >>> count_exits(table, "week", "left", lottery, count="size").at_risk[1].tolist()
    [[3, 3, 1, 1, 1, 1, 1, 0, 0, 0]]
    """
    within = Lottery(
        arm=lottery.arm,
        treatment=lottery.treatment,
        control=lottery.control,
        strata=(*lottery.strata, *cells),
        probability=lottery.probability,
    )
    extra = () if count is None else (count,)
    read = read_destinations if competing else read_durations
    durations = read(frame, duration, observed, within, extra, entry=entry)
    if count is None:
        return durations.grid(within)
    return durations.grid(within, _read_counts(count, durations))


def _read_counts(name: str, durations: Durations) -> NDArray[np.int64]:
    counts = durations.columns[name][durations.assignment.rows]
    place, mend = f"column {name!r}", "Every row stands for a whole number of persons."
    if counts.dtype.kind not in "iuf":
        raise DataError("counts", [Problem(place, "does not hold numbers.", mend)])
    bad = int((~((counts >= 0) & (counts < 2**53) & (counts == np.floor(counts)))).sum())
    if bad:
        rule = f"{bad} values are missing, negative or not whole."
        raise DataError("counts", [Problem(place, rule, mend)])
    return counts.astype(np.int64)
