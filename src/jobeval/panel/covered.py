"""Spells of benefits and activities as marks of person × week."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.panel.engine import collect_frame
from jobeval.panel.sight import Delivery, derive_sight
from jobeval.panel.traits import classify_benefits
from jobeval.plan.parts import LookName

Bools = NDArray[np.bool_]


def collect_benefit_spells(trial: Delivery, look: LookName) -> pd.DataFrame:
    """Benefit spells in weeks since randomisation: ``person_id, group, rank, start, stop``.

    Only what the look sees; no rows where no benefits were delivered. ``group`` is that of the
    code list, which is finer than the panel's states; ``rank`` is that of the state.
    """
    span = derive_sight(trial, look).benefits
    if trial.benefits is None or span is None:
        return _nothing("group", "rank")
    spells = classify_benefits(trial.benefits, span.stop, trial.plan.states.priority)
    return _since_randomisation(trial, spells, "group", "rank")


def collect_activity_spells(trial: Delivery, look: LookName) -> pd.DataFrame:
    """Activities in weeks since randomisation: ``person_id, kind, start, stop``.

    As ``collect_benefit_spells``; an activity that still runs ends where the look's sight does.
    """
    span = derive_sight(trial, look).activities
    if trial.activities is None or span is None:
        return _nothing("kind")
    spells = trial.activities.filter(nw.col("start_week") < span.stop).with_columns(
        end_week=nw.min_horizontal(nw.col("end_week").fill_null(span.stop), nw.lit(span.stop))
    )
    return _since_randomisation(trial, spells, "kind")


def mark_weeks(
    spells: pd.DataFrame, what: str, names: Collection[str], person_ids: Sequence[Any], weeks: int
) -> Bools:
    """The weeks of each person in which a spell of one of these names runs.

    Parameters
    ----------
    spells
        Of ``collect_benefit_spells`` or ``collect_activity_spells``.
    what, names
        The column that names spells, and the names that count.
    person_ids
        Ascending, each once: the rows wanted.
    weeks
        Weeks since randomisation, ``0 … weeks − 1``.

    Returns
    -------
    array of shape ``(n, weeks)``

    Examples
    --------
    >>> spells = pd.DataFrame({"person_id": ["a", "a", "b"], "kind": ["mentor", "mentor", "su"],
    ...                        "start": [-2, 1, 0], "stop": [1, 3, 9]})
    >>> mark_weeks(spells, "kind", {"mentor"}, ["a", "b"], 4).astype(int).tolist()
    [[1, 1, 1, 0], [0, 0, 0, 0]]
    """
    ids = pd.Index(person_ids)
    own = spells[spells[what].isin(list(names)) & spells["person_id"].isin(ids)]
    row = ids.get_indexer(pd.Index(own["person_id"]))
    begun = np.zeros((len(ids), weeks + 1), dtype=np.int32)
    start, stop = (own[name].to_numpy(dtype=np.int64).clip(0, weeks) for name in ("start", "stop"))
    np.add.at(begun, (row, start), 1)
    np.add.at(begun, (row, np.maximum(start, stop)), -1)
    return np.cumsum(begun, axis=1)[:, :weeks] > 0


def mark_first(spells: pd.DataFrame, person_ids: Sequence[Any], weeks: int) -> dict[str, Bools]:
    """Of several benefits in a week the one whose state ranks first: group → its weeks.

    As in the panel's states; of groups of one state the first by name.

    Parameters
    ----------
    spells
        Of ``collect_benefit_spells``.
    person_ids, weeks
        As of ``mark_weeks``, which counts every spell.

    Examples
    --------
    >>> spells = pd.DataFrame({"person_id": ["a", "a"], "group": ["flexjob", "sickness"],
    ...                        "rank": [1, 2], "start": [0, 1], "stop": [2, 3]})
    >>> {group: rows.astype(int).tolist() for group, rows in mark_first(spells, ["a"], 4).items()}
    {'flexjob': [[1, 1, 0, 0]], 'sickness': [[0, 0, 1, 0]]}
    """
    taken = np.zeros((len(person_ids), weeks), dtype=bool)
    found = {name: taken.copy() for name in sorted(set(spells["group"]))}
    for (_, name), own in spells.groupby(["rank", "group"], sort=True):
        marked = mark_weeks(own, "group", {str(name)}, person_ids, weeks) & ~taken
        found[str(name)] |= marked
        taken |= marked
    return found


def _since_randomisation(trial: Delivery, spells: nw.LazyFrame[Any], *what: str) -> pd.DataFrame:
    origin = nw.col("randomised_week")
    drawn = trial.persons.select("person_id", "randomised_week")
    relative = spells.join(drawn, on="person_id", how="inner").select(
        "person_id", *what, start=nw.col("start_week") - origin, stop=nw.col("end_week") - origin
    )
    return collect_frame(relative.filter(nw.col("stop") > 0), "person_id", *what, "start", "stop")


def _nothing(*what: str) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("person_id", *what, "start", "stop")})
