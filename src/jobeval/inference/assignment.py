"""The lottery of a data frame as integer arrays, validated once for every estimator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.plan.lottery import Lottery

MANY_ARMS = 12


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who was drawn to what, for the ``n`` persons of the two arms that are compared.

    Attributes
    ----------
    rows
        Shape ``(N,)``, boolean: the rows of the frame that are in one of the two arms.
    assigned
        Shape ``(n,)``, 1 for treatment and 0 for control.
    stratum
        Shape ``(n,)``, codes ``0 … S−1`` in the order of ``stratum_labels``.
    cluster
        Shape ``(n,)``, codes ``0 … G−1``, or ``None``.
    probability
        Shape ``(n,)``, the probability of treatment, or ``None``.
    """

    rows: NDArray[np.bool_]
    assigned: NDArray[np.int64]
    stratum: NDArray[np.int64]
    stratum_labels: tuple[str, ...]
    cluster: NDArray[np.int64] | None = None
    probability: NDArray[np.float64] | None = None

    def select(self, column: NDArray[Any]) -> NDArray[Any]:
        """The values of the ``n`` persons, from a column of shape ``(N,)``; not always a copy."""
        return column if self.rows.all() else column[self.rows]

    @property
    def n_strata(self) -> int:
        return len(self.stratum_labels)

    @property
    def n_clusters(self) -> int | None:
        return None if self.cluster is None else int(self.cluster.max()) + 1

    @property
    def probability_varies(self) -> bool:
        """Whether persons of one stratum had different probabilities of treatment."""
        if self.probability is None:
            return False
        highest, lowest = (np.full(self.n_strata, edge) for edge in (0.0, 1.0))
        np.maximum.at(highest, self.stratum, self.probability)
        np.minimum.at(lowest, self.stratum, self.probability)
        return bool((highest - lowest > 1e-12).any())

    def stratum_sizes(self) -> NDArray[np.int64]:
        """Persons by stratum and arm, shape ``(S, 2)``: control, treatment."""
        cells = np.bincount(self.stratum * 2 + self.assigned, minlength=2 * self.n_strata)
        return cells.reshape(self.n_strata, 2)

    def subset(self, keep: NDArray[np.bool_]) -> "Assignment":
        """The persons of ``keep`` (shape ``(n,)``), with strata and clusters renumbered."""
        codes, stratum = np.unique(self.stratum[keep], return_inverse=True)
        rows = self.rows.copy()
        rows[np.flatnonzero(self.rows)[~keep]] = False
        cluster = None
        if self.cluster is not None:
            cluster = np.unique(self.cluster[keep], return_inverse=True)[1].astype(np.int64)
        return Assignment(
            rows=rows,
            assigned=self.assigned[keep],
            stratum=stratum.astype(np.int64),
            stratum_labels=tuple(self.stratum_labels[code] for code in codes),
            cluster=cluster,
            probability=None if self.probability is None else self.probability[keep],
        )


def read_assignment(columns: Mapping[str, NDArray[Any]], lottery: Lottery) -> Assignment:
    """Turn the lottery's columns into an ``Assignment``.

    Raises ``DataError`` with all problems at once: missing or unknown arms, missing strata,
    strata or clusters that break the lottery, probabilities outside (0, 1).
    """
    arm = columns[lottery.arm]
    missing, treatment, control = _find_arms(arm, lottery)
    _raise(list(_arm_problems(arm, missing, treatment, control, lottery)))

    rows = np.asarray(treatment | control, dtype=bool)
    everyone = bool(rows.all())
    assigned = (treatment if everyone else treatment[rows]).astype(np.int64)
    names = (*lottery.strata, *((lottery.clusters,) if lottery.clusters else ()))
    keys = {name: columns[name] if everyone else columns[name][rows] for name in names}
    problems: list[Problem] = []
    for name, key in keys.items():
        blank = int(_is_missing(key).sum())
        if blank:
            problems.append(
                Problem(f"column {name!r}", f"is missing for {blank} persons in the lottery.")
            )
    _raise(problems)

    labels, stratum = _codes([keys[name] for name in lottery.strata], len(assigned))
    cluster = None
    if lottery.clusters:
        cluster = _codes([keys[lottery.clusters]], len(assigned))[1]
        problems += _cluster_problems(cluster, assigned, stratum, lottery.clusters)
    problems += _stratum_problems(assigned, stratum, labels)
    probability = _probability(columns, lottery, rows, problems)
    _raise(problems)
    return Assignment(rows, assigned, stratum, labels, cluster, probability)


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise DataError("lottery", problems)


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.asarray(pd.isna(values), dtype=bool)
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.zeros(len(values), dtype=bool)


def _find_arms(arm: NDArray[Any], lottery: Lottery) -> tuple[NDArray[np.bool_], ...]:
    """The rows without an arm, and those of treatment and control."""
    if arm.dtype != object:
        return _is_missing(arm), arm == lottery.treatment, arm == lottery.control
    codes, values = pd.factorize(arm)
    wanted = (
        np.array([*(bool(value == one) for value in values.tolist()), False])  # last: missing
        for one in (lottery.treatment, lottery.control)
    )
    return codes < 0, *(found[codes] for found in wanted)


def _arm_problems(
    arm: NDArray[Any],
    missing: NDArray[np.bool_],
    treatment: NDArray[np.bool_],
    control: NDArray[np.bool_],
    lottery: Lottery,
) -> list[Problem]:
    place = f"column {lottery.arm!r}"
    problems: list[Problem] = []
    if missing.any():
        mend = "Everyone drawn has an arm; leave out rows that were never drawn."
        problems.append(Problem(place, f"is missing in {int(missing.sum())} rows.", mend))
    absent = not (np.any(treatment) and np.any(control))
    known: set[Any] = set(arm[~missing].tolist()) if absent else set()
    for role, value, found in (
        ("treatment", lottery.treatment, treatment),
        ("control", lottery.control, control),
    ):
        if not np.any(found):
            rule = f"nobody is in the {role} arm {value!r}."
            problems.append(Problem(place, rule, hint_arm(value, known)))
    return problems


def hint_arm(value: object, known: set[Any]) -> str:
    """What may have been meant by an arm that nobody is in.

    A column of many different values holds no arms, and perhaps values of persons: they are
    not told.

    >>> hint_arm("jobfrst", {"jobfirst", "ordinary"}), hint_arm("1", {0, 1})
    ('did you mean "jobfirst"?', "write 1, which is int, and not '1'.")
    """
    if len(known) > MANY_ARMS:
        return f"the column holds {len(known)} different values: name the column of the drawn arm."
    alike = [one for one in known if str(one) == str(value)]
    if alike:
        return f"write {alike[0]!r}, which is {type(alike[0]).__name__}, and not {value!r}."
    return did_you_mean(str(value), sorted(str(one) for one in known))


def _codes(keys: list[NDArray[Any]], size: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Labels and codes of the combinations of ``keys``, in the order of their texts."""
    if not keys:
        return ("all",), np.zeros(size, dtype=np.int64)
    parts, levels = zip(*(pd.factorize(key) for key in keys), strict=True)
    shape = tuple(len(values) for values in levels)
    cell, present = parts[0], np.arange(shape[0])
    if len(keys) > 1:
        cell, present = pd.factorize(np.asarray(np.ravel_multi_index(parts, shape)))
    texts = [[str(value) for value in values.tolist()] for values in levels]
    places = np.transpose(np.unravel_index(present, shape))
    names = [
        " × ".join(own[place] for own, place in zip(texts, row, strict=True)) for row in places
    ]
    labels, order = np.unique(names, return_inverse=True)
    return tuple(str(label) for label in labels), order[cell].astype(np.int64, copy=False)


def _stratum_problems(
    assigned: NDArray[np.int64], stratum: NDArray[np.int64], labels: tuple[str, ...]
) -> list[Problem]:
    cells = np.bincount(stratum * 2 + assigned, minlength=2 * len(labels)).reshape(-1, 2)
    lonely = int((cells == 0).any(axis=1).sum())
    if not lonely:
        return []
    rule = f"{lonely} of {len(labels)} strata hold persons of one arm only."
    mend = "Nothing can be compared there: merge them with a neighbour before the analysis."
    return [Problem("strata", rule, mend)]


def _cluster_problems(
    cluster: NDArray[np.int64], assigned: NDArray[np.int64], stratum: NDArray[np.int64], name: str
) -> list[Problem]:
    problems: list[Problem] = []
    groups = int(cluster.max()) + 1
    for what, codes in (("arms", assigned), ("strata", stratum)):
        home = np.zeros(groups, dtype=np.int64)
        home[cluster] = codes
        torn = len(np.unique(cluster[home[cluster] != codes]))
        if torn:
            rule = f"{torn} clusters lie in more than one of the {what}."
            problems.append(Problem(f"column {name!r}", rule, "A cluster is drawn as a whole."))
    for role, code in (("control", 0), ("treatment", 1)):
        if np.count_nonzero(np.bincount(cluster[assigned == code])) < 2:
            rule = f"the {role} arm has fewer than two clusters."
            problems.append(Problem(f"column {name!r}", rule, "No error can be estimated."))
    return problems


def _probability(
    columns: Mapping[str, NDArray[Any]],
    lottery: Lottery,
    rows: NDArray[np.bool_],
    problems: list[Problem],
) -> NDArray[np.float64] | None:
    if lottery.probability is None:
        return None
    if not isinstance(lottery.probability, str):
        return np.full(int(rows.sum()), float(lottery.probability))
    try:
        values = columns[lottery.probability][rows].astype(np.float64)
    except (TypeError, ValueError):
        place, rule = f"column {lottery.probability!r}", "must hold numbers between 0 and 1."
        problems.append(Problem(place, rule))
        return None
    bad = int((~((values > 0) & (values < 1))).sum())
    if bad:
        rule = f"{bad} values are missing or not between 0 and 1."
        problems.append(Problem(f"column {lottery.probability!r}", rule))
    return values
