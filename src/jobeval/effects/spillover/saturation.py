"""Two-step lotteries: groups drawn to a saturation, then persons drawn within the groups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.inference.assignment import hint_arm
from jobeval.plan.lottery import Lottery

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Saturations:
    """The ``n`` persons of a two-step lottery, in ``G`` groups.

    Attributes
    ----------
    rows
        Shape ``(N,)``, boolean: the rows of the frame that are in one of the two arms.
    assigned
        Shape ``(n,)``, 1 for treatment and 0 for control.
    group
        Shape ``(n,)``, codes ``0 … G−1``.
    stratum
        Shape ``(n,)``, the stratum in which the person's group was drawn, codes from 0.
    share
        Shape ``(n,)``: the saturation of the person's group, 0 for pure control.
    notes
        One sentence where groups are far from the saturation they were drawn to.
    """

    rows: NDArray[np.bool_]
    assigned: Integers
    group: Integers
    stratum: Integers
    share: Floats
    notes: tuple[str, ...] = ()

    @property
    def levels(self) -> Floats:
        """The saturations above 0, ascending."""
        return np.unique(self.share[self.share > 0])

    def subset(self, keep: NDArray[np.bool_]) -> "Saturations":
        """The persons of ``keep``, shape ``(n,)``; codes stay as they are."""
        rows = self.rows.copy()
        rows[np.flatnonzero(self.rows)[~keep]] = False
        return Saturations(
            rows, self.assigned[keep], self.group[keep], self.stratum[keep], self.share[keep],
            self.notes,
        )  # fmt: skip


def read_saturations(
    columns: Mapping[str, NDArray[Any]], lottery: Lottery, group: str, saturation: str
) -> Saturations:
    """Turn the columns of a two-step lottery into ``Saturations``.

    Raises
    ------
    DataError
        With all problems at once: missing or unknown arms, groups, strata or saturations,
        saturations that are no shares or vary within a group, groups that lie in several
        strata, treated persons in pure-control groups, untreated ones at saturation 1, groups
        of one arm only at saturations between, fewer than two pure-control or treated groups.
    """
    arm = columns[lottery.arm]
    treated, control = (
        np.array([value == name for value in arm.tolist()], dtype=bool)
        for name in (lottery.treatment, lottery.control)
    )
    _raise([*_arm_problems(arm, treated, control, lottery)])
    rows = treated | control
    _raise([*_blank_problems(columns, (group, saturation, *lottery.strata), rows)])
    share = _read_share(columns[saturation][rows], saturation)
    codes = _codes([columns[group][rows]])
    stratum = _codes([columns[name][rows] for name in lottery.strata], int(rows.sum()))
    assigned = treated[rows].astype(np.int64)
    _raise([*_constant_problems(codes, share, stratum, group, saturation)])
    _raise([*_group_problems(codes, assigned, share, group)])
    notes = _share_notes(codes, assigned, share)
    return Saturations(rows, assigned, codes, stratum, share, notes)


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise DataError("lottery", problems)


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.array([v is None or v != v for v in values.tolist()], dtype=bool)


def _arm_problems(
    arm: NDArray[Any], treated: NDArray[np.bool_], control: NDArray[np.bool_], lottery: Lottery
) -> Iterator[Problem]:
    place, missing = f"column {lottery.arm!r}", _is_missing(arm)
    if missing.any():
        mend = "Everyone drawn has an arm; in pure-control groups it is the control arm."
        yield Problem(place, f"is missing in {int(missing.sum())} rows.", mend)
    known = set(arm[~missing].tolist())
    for role, value, found in (
        ("treatment", lottery.treatment, treated),
        ("control", lottery.control, control),
    ):
        if not found.any():
            yield Problem(place, f"nobody is in the {role} arm {value!r}.", hint_arm(value, known))


def _blank_problems(
    columns: Mapping[str, NDArray[Any]], names: tuple[str, ...], rows: NDArray[np.bool_]
) -> Iterator[Problem]:
    for name in names:
        blank = int(_is_missing(columns[name][rows]).sum())
        if blank:
            rule = f"is missing for {blank} persons in the lottery."
            yield Problem(f"column {name!r}", rule)


def _read_share(values: NDArray[Any], name: str) -> Floats:
    place = f"column {name!r}"
    mend = "Deliver the share of a group that was offered treatment, 0 for pure control."
    if values.dtype.kind not in "biuf":
        _raise([Problem(place, "is not a column of numbers.", mend)])
    share = values.astype(float)
    bad = int(((share < 0) | (share > 1)).sum())
    if bad:
        _raise([Problem(place, f"{bad} values are not between 0 and 1.", mend)])
    return share


def _codes(keys: list[NDArray[Any]], size: int = 0) -> Integers:
    """Codes of the combinations of ``keys``, in the order in which they are met."""
    if not keys:
        return np.zeros(size, dtype=np.int64)
    seen: dict[Any, int] = {}
    rows = zip(*(key.tolist() for key in keys), strict=True)
    return np.array([seen.setdefault(row, len(seen)) for row in rows], dtype=np.int64)


def _constant_problems(
    group: Integers, share: Floats, stratum: Integers, name: str, saturation: str
) -> Iterator[Problem]:
    groups = int(group.max()) + 1
    for place, values, what in (
        (f"column {saturation!r}", share, "differs within"),
        (f"column {name!r}", stratum, "lies in more than one stratum for"),
    ):
        pairs = np.unique(np.column_stack([group, values]), axis=0)[:, 0]
        several = int((np.bincount(pairs.astype(np.int64), minlength=groups) > 1).sum())
        if several:
            mend = "A group is drawn as a whole."
            yield Problem(place, f"{what} {several} of {groups} groups.", mend)


def _group_problems(
    group: Integers, assigned: Integers, share: Floats, name: str
) -> Iterator[Problem]:
    place = f"column {name!r}"
    size, treated, offered = _group_sums(group, assigned, share)
    for what, count in (
        ("pure-control groups hold treated persons", (offered == 0) & (treated > 0)),
        ("groups at saturation 1 hold untreated persons", (offered == 1) & (treated < size)),
    ):
        if count.any():
            mend = "Use the arm that was drawn, not what happened."
            yield Problem(place, f"{int(count.sum())} {what}.", mend)
    between = (offered > 0) & (offered < 1)
    lonely = int((between & ((treated == 0) | (treated == size))).sum())
    if lonely:
        rule = f"{lonely} groups with a saturation between 0 and 1 hold persons of one arm only."
        yield Problem(place, rule, "Merge them with a neighbour before the analysis.")
    for what, count in (("pure-control", offered == 0), ("treated", offered > 0)):
        if count.sum() < 2:
            rule = f"there are fewer than two {what} groups."
            yield Problem(place, rule, "No error can be estimated.")


def _share_notes(group: Integers, assigned: Integers, share: Floats) -> tuple[str, ...]:
    """Groups more than three standard errors of a Bernoulli draw, and one person, away."""
    size, treated, offered = _group_sums(group, assigned, share)
    room = np.maximum(1, 3 * np.sqrt(size * offered * (1 - offered)))
    far = int((np.abs(treated - size * offered) > room).sum())
    if not far:
        return ()
    return (f"the share drawn is far from the saturation in {far} of {len(size)} groups",)


def _group_sums(group: Integers, assigned: Integers, share: Floats) -> tuple[Floats, ...]:
    """Persons, treated persons and saturation of each group, shapes ``(G,)``."""
    size = np.bincount(group).astype(float)
    treated = np.bincount(group, assigned).astype(float)
    return size, treated, np.bincount(group, share).astype(float) / size
