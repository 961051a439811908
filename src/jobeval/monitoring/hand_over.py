"""Citizens who go from one programme to the next: linked, so that nobody is lost in between.

It tells who arrived, not whether the next programme did them any good.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import Problem
from jobeval.monitoring.contracts.frames import (
    FOREVER,
    LONG_AGO,
    FrameReader,
    dates_of,
    day_number,
    raise_problems,
)
from jobeval.results import CheckResult

LINK_COLUMNS = (
    "person_id",
    "from",
    "to",
    "status",
    "left_on",
    "arrived_on",
    "gap_days",
    "both",
)
LEFT = ("arrived", "waiting", "lost")
"""What became of those who left the first programme, and were to go on."""
HAND_OVER_COLUMNS = ("from", "to", "left", "arrived", "gap_median_weeks", "waiting", "lost", "both")


def link_cohorts(
    first: pd.DataFrame,
    then: pd.DataFrame,
    *,
    gap_days: int = 182,
    as_of: dt.date,
    seen: pd.DataFrame | None = None,
    end_reasons: Sequence[str] | None = None,
    names: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Link two programmes by person, each person once.

    Of several courses in the first programme the last is looked at, and in the next one the
    first that had not ended before the person left.

    Parameters
    ----------
    first, then
        Participants of each: person_id, started_on, and optionally ended_on (the last day),
        end_reason, programme.
    gap_days
        Who left longer ago than that, and has not arrived, is lost; not used with ``seen``.
    as_of
        The last day that is seen.
    seen
        Rows of registers, such as benefits: person_id, start, end (the day after the last;
        missing while it goes on), and optionally registered_on. Who has left and not arrived
        waits while a row covers ``as_of``, and is lost else.
    end_reasons
        Ends of the first programme that are hand-overs; left out, all are.
    names
        What the programmes are called in the result; left out, as in the column programme,
        where it holds one name.

    Returns
    -------
    pandas.DataFrame
        person_id, from, to, status, left_on, arrived_on, gap_days (days in neither programme;
        0 where they meet), both (whether the person was in both on more than the day of the
        hand-over). ``status`` is ``"still"`` in the first programme, ``"arrived"``,
        ``"waiting"`` or ``"lost"`` of those who left, ``"elsewhere"`` for another reason than
        ``end_reasons``, or ``"new"``: only in the next programme.

    Raises
    ------
    DataError
        For frames that cannot be read, with every problem.

    Examples
    --------
    >>> first = pd.DataFrame({"person_id": ["a", "b", "c"], "started_on": "2017-01-02",
    ...     "ended_on": ["2017-12-31", "2017-12-31", None], "programme": "JobFirst"})
    >>> then = pd.DataFrame({"person_id": ["a", "d"], "started_on": "2018-01-15",
    ...     "programme": "Flere skal med"})
    >>> links = link_cohorts(first, then, gap_days=91, as_of=dt.date(2018, 3, 1))
    >>> links[["person_id", "status", "gap_days"]].to_records(index=False).tolist()
    [('a', 'arrived', 14.0), ('b', 'waiting', nan), ('c', 'still', nan), ('d', 'new', nan)]
    """
    problems: list[Problem] = []
    day = day_number(as_of)
    before = _courses("first", first, problems, day)
    after = _courses("then", then, problems, day)
    shown = None if seen is None else _shown(seen, problems, day)
    raise_problems("the programmes", problems)
    last = before.sort_values(["start", "end"]).drop_duplicates("person_id", keep="last")
    linked = last.merge(_arrivals(last, after), how="left", on="person_id")
    linked["both"] = linked["person_id"].isin(_in_both(before, after))
    waits = day - linked["end"] <= gap_days if shown is None else linked["person_id"].isin(shown)
    linked["status"] = _statuses(linked, waits, end_reasons)
    new = pd.DataFrame({"person_id": sorted(set(after["person_id"]) - set(last["person_id"]))})
    everyone = pd.concat([linked, new.assign(status="new", both=False)], ignore_index=True)
    return _links(everyone, names or (_name(first, "first"), _name(then, "then")))


def summarise_hand_over(links: pd.DataFrame) -> pd.DataFrame:
    """How many left the first programme, and what became of them.

    Returns
    -------
    pandas.DataFrame
        One row for each pair of programmes of ``link_cohorts``: from, to, left, arrived,
        gap_median_weeks (of those who arrived), waiting, lost, both. Those who left are those
        who arrived, wait or are lost.
    """
    rows = [
        {
            "from": names[0],
            "to": names[1],
            "left": int(group["status"].isin(LEFT).sum()),
            "arrived": int((group["status"] == "arrived").sum()),
            "gap_median_weeks": group.loc[group["status"] == "arrived", "gap_days"].median() / 7,
            "waiting": int((group["status"] == "waiting").sum()),
            "lost": int((group["status"] == "lost").sum()),
            "both": int(group["both"].sum()),
        }
        for names, group in links.groupby(["from", "to"], sort=False)
    ]
    return pd.DataFrame(rows, columns=list(HAND_OVER_COLUMNS))


def check_hand_over(
    links: pd.DataFrame, first: pd.DataFrame, then: pd.DataFrame, *, as_of: dt.date
) -> CheckResult:
    """Whether links hold every person of both programmes once, counted from the programmes.

    The check counts anew from the frames: who had begun, and who had ended all courses of the
    first programme.
    """
    day = pd.Timestamp(as_of)
    begun = [frame[pd.to_datetime(frame["started_on"]) <= day] for frame in (first, then)]
    persons = set(begun[0]["person_id"].astype(str)) | set(begun[1]["person_id"].astype(str))
    told = links["person_id"].tolist()
    doubled, missing = len(told) - len(set(told)), len(persons - set(told))
    strange = len(set(told) - persons)
    of_first = int((links["status"] != "new").sum()) - begun[0]["person_id"].nunique()
    values = {
        "persons": float(len(persons)),
        "doubled": float(doubled),
        "missing": float(missing),
        "strange": float(strange),
        "first_off_by": float(of_first),
    }
    passed = not (doubled or missing or strange or of_first)
    sentence = f"All {len(persons)} persons of the two programmes are in the links once."
    if not passed:
        sentence = (
            f"Of {len(persons)} persons {missing} are missing in the links, {doubled} stand "
            f"there twice, and {strange} belong to neither programme."
        )
    return CheckResult(
        name="hand_over",
        passed=passed,
        sentence=sentence,
        values=values,
        table=summarise_hand_over(links),
    )


def _courses(name: str, frame: pd.DataFrame, problems: list[Problem], as_of: int) -> pd.DataFrame:
    """The courses that had begun; an end that lies ahead is not known."""
    reader = FrameReader(name, frame, problems)
    reader.require(("person_id", "started_on"))
    start, end = reader.days("started_on"), reader.days("ended_on", missing=FOREVER)
    reader.refuse("ended_on", end < start, "before started_on", "Correct the dates.")
    read = pd.DataFrame(
        {
            "person_id": reader.texts("person_id"),
            "start": start,
            "end": np.where(end > as_of, FOREVER, end),
            "reason": reader.texts("end_reason", empty=True),
        }
    )
    return read[read["start"] <= as_of].reset_index(drop=True)


def _arrivals(last: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The first course of each person in the next programme that had not ended before."""
    both = after.merge(last[["person_id", "end"]], on="person_id", suffixes=("", "_first"))
    later = both[both["end"] >= both["end_first"]]
    arrived = later.sort_values("start").drop_duplicates("person_id")
    return arrived[["person_id", "start"]].rename(columns={"start": "arrived"})


def _in_both(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series[str]:
    """Persons with courses that overlap by more than the day of a hand-over."""
    pairs = before.merge(after, on="person_id", suffixes=("", "_then"))
    start = pairs[["start", "start_then"]].max(axis=1)
    return pairs.loc[pairs[["end", "end_then"]].min(axis=1) > start, "person_id"]


def _shown(seen: pd.DataFrame, problems: list[Problem], as_of: int) -> set[str]:
    """Persons of whom a row covers the day."""
    reader = FrameReader("seen", seen, problems)
    reader.require(("person_id", "start", "end"))
    person = reader.texts("person_id")
    covers = (reader.days("start") <= as_of) & (as_of < reader.days("end", missing=FOREVER))
    known = reader.days("registered_on", missing=LONG_AGO) <= as_of
    return set(person[covers & known].tolist())


def _statuses(
    linked: pd.DataFrame, waits: pd.Series[bool], end_reasons: Sequence[str] | None
) -> NDArray[np.str_]:
    meant = pd.Series(True, index=linked.index)
    if end_reasons is not None:
        meant = linked["reason"].isin(list(end_reasons))
    return np.select(
        [linked["end"] == FOREVER, linked["arrived"].notna(), ~meant, waits],
        ["still", "arrived", "elsewhere", "waiting"],
        "lost",
    )


def _links(everyone: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    ordered = everyone.sort_values("person_id", ignore_index=True)
    left = ordered["end"].where(ordered["status"].isin([*LEFT, "elsewhere"]))
    arrived = ordered["arrived"].where(ordered["status"] == "arrived")
    gaps = (arrived - left - 1).clip(lower=0)
    columns = {
        "person_id": ordered["person_id"],
        "from": names[0],
        "to": names[1],
        "status": ordered["status"],
        "left_on": dates_of([None if pd.isna(day) else int(day) for day in left]),
        "arrived_on": dates_of([None if pd.isna(day) else int(day) for day in arrived]),
        "gap_days": gaps.astype(float),
        "both": ordered["both"].astype(bool),
    }
    return pd.DataFrame(columns, columns=list(LINK_COLUMNS))


def _name(frame: pd.DataFrame, otherwise: str) -> str:
    """The programme that all rows are of."""
    names = frame["programme"].dropna().unique() if "programme" in frame else []
    return str(names[0]) if len(names) == 1 else otherwise
