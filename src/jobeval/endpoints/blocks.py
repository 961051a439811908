"""Person × week values in blocks of rows, for what counts per cell cannot tell.

The covariance of effects across weeks, clusters and weights need persons; a block at a time is
enough, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from jobeval.endpoints.weekly import followed_weeks, observed_weeks, weekly_value
from jobeval.panel.build import Panel
from jobeval.panel.engine import collect_frame
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.plan.parts import State

Floats = NDArray[np.float64]
ROWS = 25_000


class WeeklyBlocks:
    """Blocks of rows, shape ``(b, T)``, made anew in each iteration unless one holds all.

    Attributes
    ----------
    person_ids
        Shape ``(n,)``, ascending: the persons, in the order of the rows.
    weeks
        Shape ``(T,)``: ``0 … T−1``, to the last week in which any person of the panel is observed.
    """

    def __init__(self, values: nw.LazyFrame[Any], person_ids: NDArray[Any], weeks: int, rows: int):
        self.person_ids = person_ids
        self.weeks = np.arange(weeks)
        self._values, self._rows = values, rows
        self._only: Floats | None = None

    def __len__(self) -> int:
        """The number of blocks."""
        return -(-len(self.person_ids) // self._rows)

    def __iter__(self) -> Iterator[Floats]:
        if self._only is not None:
            yield self._only
            return
        for start in range(0, len(self.person_ids), self._rows):
            block = self._block(self.person_ids[start : start + self._rows])
            if len(self) == 1:
                self._only = block
            yield block

    def _block(self, ids: NDArray[Any]) -> Floats:
        person = nw.col("person_id")
        inside = self._values.filter(person >= ids[0].item(), person <= ids[-1].item())
        frame = collect_frame(inside)
        found = frame["person_id"].to_numpy(dtype=ids.dtype)
        wanted = np.isin(found, ids)
        block = np.full((len(ids), len(self.weeks)), np.nan)
        places = np.searchsorted(ids, found[wanted])
        week = frame["week"].to_numpy(dtype=np.int64)[wanted]
        block[places, week] = frame["value"].to_numpy(dtype=float)[wanted]
        return block


def collect_weekly(
    panel: Panel,
    endpoint: WindowEndpoint,
    person_ids: Sequence[Any] | None = None,
    *,
    rows: int = ROWS,
) -> WeeklyBlocks:
    """The endpoint's quantity of every person in each week.

    Parameters
    ----------
    panel
        What the look sees.
    endpoint
        Any kind but ``"longest_spell"``. The quantity is that of a single week, over all
        followed weeks; with ``on_leaving = "exclude"`` until the week of leaving.
    person_ids
        Ascending: whose rows are wanted; by default everyone in the panel.
    rows
        Persons a block.

    Returns
    -------
    WeeklyBlocks
        ``nan`` where a person is not observed. Each block is one query.

    Raises
    ------
    ValueError
        For ``"longest_spell"``, and for ids that do not ascend.
    """
    if endpoint.kind == "longest_spell":
        raise ValueError('"longest_spell" has no weekly quantity: ask for "weeks_in_state"')
    weeks = observed_weeks(panel, followed_weeks(panel, endpoint))
    if endpoint.on_leaving == "exclude":
        weeks = weeks.filter((nw.col("week") < nw.col("leaving_week")).fill_null(True))
    return _blocks(panel, weeks, weekly_value(endpoint), person_ids, rows)


def collect_weekly_state(
    panel: Panel, state: str, person_ids: Sequence[Any] | None = None, *, rows: int = ROWS
) -> WeeklyBlocks:
    """As ``collect_weekly``: 1 in weeks in the state, 0 in other observed weeks."""
    weeks = observed_weeks(panel, nw.col("followed_weeks_state"))
    inside = nw.when(nw.col("state") == state).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    return _blocks(panel, weeks, inside, person_ids, rows)


def collect_weekly_codes(
    panel: Panel,
    codes: Mapping[State, int],
    person_ids: Sequence[Any] | None = None,
    *,
    rows: int = ROWS,
) -> WeeklyBlocks:
    """As ``collect_weekly_state``: the code of the state of each observed week.

    ``codes`` names all states.
    """
    weeks = observed_weeks(panel, nw.col("followed_weeks_state"))
    value = nw.lit(None, nw.Float64)
    for state, code in codes.items():
        value = nw.when(nw.col("state") == state).then(nw.lit(float(code))).otherwise(value)
    return _blocks(panel, weeks, value, person_ids, rows)


def _blocks(
    panel: Panel,
    weeks: nw.LazyFrame[Any],
    value: nw.Expr,
    person_ids: Sequence[Any] | None,
    rows: int,
) -> WeeklyBlocks:
    if person_ids is None:
        ids = collect_frame(panel.persons.select("person_id"), "person_id")["person_id"].to_numpy()
    else:
        ids = np.asarray(person_ids)
    ids = ids.astype(str) if ids.dtype == object else ids
    if (ids[1:] <= ids[:-1]).any():
        raise ValueError("person_ids must ascend, each once")
    last = collect_frame(weeks.select(nw.col("week").max()))["week"].iloc[0]
    size = 0 if last != last or last is None else int(last) + 1
    return WeeklyBlocks(weeks.select("person_id", "week", value=value), ids, size, rows)
