"""The lottery drawn again, exactly as it drew.

Draw ``i`` of a lottery of ``u`` units uses the ``i``-th stretch of ``⌈u/8⌉`` counters of one
Philox stream (Salmon et al. 2011), so it does not depend on which draws are made before it,
together with it, or on which thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment
from jobeval.inference.scratch import Scratch

SEED = 20160301
"""Origin of the random stream unless told."""

TILE = 64
"""Draws that are made and computed together; arithmetic never depends on anything larger."""

_SCRATCH = Scratch()


@dataclass(frozen=True, slots=True, eq=False)
class Urn:
    """What a lottery draws from: ``u`` units, in the order of their strata.

    Attributes
    ----------
    assigned
        Shape ``(u,)``: what the real lottery gave, 0 for control.
    starts
        Shape ``(S + 1,)``: units ``starts[s]`` to ``starts[s + 1] - 1`` are those of stratum
        ``s``.
    unit
        Shape ``(n,)``: the unit of each person.
    counts
        Shape ``(S, K)``: units of each arm in each stratum.
    probability
        Shape ``(u,)`` where units were drawn one by one with different probabilities of
        treatment, else ``None``.
    """

    assigned: NDArray[np.int64]
    starts: NDArray[np.int64]
    unit: NDArray[np.int64]
    counts: NDArray[np.int64]
    probability: NDArray[np.float64] | None = None

    @property
    def size(self) -> int:
        return len(self.assigned)


def require_seed(seed: object) -> None:
    """Raise ``ValueError`` for what is no origin of a stream that can be drawn again."""
    if not isinstance(seed, Integral) or int(seed) < 0:
        raise ValueError(f"seed must be a whole number from 0, not {seed!r}")


def fill_urn(assignment: Assignment) -> Urn:
    """The urn of a lottery of two arms.

    Counts are fixed by stratum, unless the probability of treatment varies within strata:
    then units are drawn independently with their probabilities. (Where that variation comes
    from separate lotteries with fixed counts, name these as strata.)
    """
    urn = fill_arms_urn(assignment.assigned, assignment.stratum, assignment.cluster, n_arms=2)
    if not assignment.probability_varies or assignment.probability is None:
        return urn
    lowest = np.full(urn.size, np.inf)
    np.minimum.at(lowest, urn.unit, assignment.probability)
    if (assignment.probability - lowest[urn.unit] > 1e-12).any():
        raise DesignError(
            "the probability of treatment varies within clusters that were drawn as a whole. "
            "Mend: give each cluster one probability."
        )
    return Urn(urn.assigned, urn.starts, urn.unit, urn.counts, lowest)


def fill_arms_urn(
    arm: NDArray[np.int64],
    stratum: NDArray[np.int64],
    cluster: NDArray[np.int64] | None,
    n_arms: int,
) -> Urn:
    """The urn of a lottery of ``n_arms`` arms, from codes of shape ``(n,)``."""
    what = np.arange(len(arm)) if cluster is None else cluster
    _, first, unit = np.unique(what, return_index=True, return_inverse=True)
    order = np.argsort(stratum[first], kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    arm, stratum = arm[first][order], stratum[first][order]
    n_strata = int(stratum[-1]) + 1
    counts = np.bincount(stratum * n_arms + arm, minlength=n_strata * n_arms)
    starts = np.searchsorted(stratum, np.arange(n_strata + 1))
    return Urn(arm, starts, place[unit], counts.reshape(n_strata, n_arms))


def stream_key(seed: np.random.SeedSequence) -> NDArray[np.uint64]:
    """The key of the Philox stream of a seed, shape ``(2,)``."""
    return np.asarray(seed.generate_state(2, np.uint64), dtype=np.uint64)


def draw_arms(urn: Urn, key: NDArray[np.uint64], start: int, count: int) -> NDArray[np.int8]:
    """Draws ``start`` to ``start + count − 1``: the arm of each unit, shape ``(count, u)``."""
    drawn = np.empty((count, urn.size), dtype=np.int8)
    write_arms(urn, key, start, drawn)
    return drawn


def write_arms(urn: Urn, key: NDArray[np.uint64], start: int, out: NDArray[Any]) -> None:
    """Write draws ``start``, ``start + 1``, … into ``out``, shape ``(B, u)``.

    In each stratum the units with the smallest of random keys get the last arm, the next
    smallest the one before it, and so on. Equal keys count in the order of the units.
    """
    keys = _random_keys(urn.size, key, start, len(out))
    if urn.probability is not None:
        out[:] = keys < np.ldexp(urn.probability, 32)
        return
    lowest = np.cumsum(urn.counts[:, :0:-1], axis=1)
    parts = [slice(*edges) for edges in pairwise(urn.starts)]
    marked = _mark_smallest(keys, parts, lowest[:, 0])
    np.copyto(out, marked)
    for counts in lowest.T[1:]:
        out += _mark_smallest(keys, parts, counts)
    # equal keys at a threshold can only have marked too many
    for row in np.flatnonzero(out.sum(axis=1) != lowest.sum()):
        for part, counts in zip(parts, lowest, strict=True):
            out[row, part] = rank_arms(keys[row, part], counts)


def _random_keys(size: int, key: NDArray[np.uint64], start: int, count: int) -> NDArray[np.uint32]:
    """Keys of ``count`` draws, shape ``(count, size)``."""
    stride = -(-size // 8)  # one counter gives four words of 64 bits, eight keys
    stream = np.random.Philox(key=key, counter=start * stride)
    words = np.asarray(stream.random_raw(count * 4 * stride), dtype="<u8")
    return words.view("<u4").reshape(count, -1)[:, :size]


def _mark_smallest(
    keys: NDArray[np.uint32], parts: list[slice], counts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each key is among so many smallest of its stratum, in memory that is used again."""
    limits = _SCRATCH.array("limits", keys.shape, keys.dtype)
    np.copyto(limits, keys)
    for part, count in zip(parts, counts.tolist(), strict=True):
        if count:
            limit = limits[:, part]
            limit.partition(count - 1, axis=1)
            limit[:] = limit[:, count - 1 : count].copy()
    marked = _SCRATCH.array("marked", keys.shape, bool)
    np.less_equal(keys, limits, out=marked)
    for part in (part for part, count in zip(parts, counts, strict=True) if not count):
        marked[:, part] = False
    return marked


def rank_arms(keys: NDArray[np.uint32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The arms of one stratum by the full order of its keys, equal ones in their places.

    Parameters
    ----------
    keys
        Shape ``(n,)``.
    counts
        Ascending: how many get the last arm, at least the one before it, and so on.

    Examples
    --------
    >>> rank_arms(np.array([5, 5, 1, 5], dtype=np.uint32), np.array([2])).tolist()
    [1, 0, 1, 0]
    """
    place = np.argsort(np.argsort(keys, kind="stable"), kind="stable")
    return (place[:, None] < counts).sum(axis=1)


def redraw_lottery(
    assignment: Assignment, draws: int, seed: np.random.SeedSequence
) -> Iterator[NDArray[np.int64]]:
    """Yield blocks of re-drawn assignments, each of shape ``(≤ 64, n)``.

    Within every stratum as many persons (or clusters, where those were drawn) are assigned
    to treatment as the real lottery assigned; with probabilities that vary within strata,
    units are drawn independently.

    Parameters
    ----------
    assignment
        The real lottery of ``n`` persons.
    draws
        Number of re-drawn lotteries, at least 1.
    seed
        Origin of the random stream.

    Examples
    --------
    >>> from jobeval.inference.assignment import read_assignment
    >>> from jobeval.plan.lottery import Lottery
    >>> arm = np.array(["a", "b", "a", "b", "b"], dtype=object)
    >>> real = read_assignment({"arm": arm}, Lottery(arm="arm", treatment="a", control="b"))
    >>> block = next(redraw_lottery(real, 3, np.random.SeedSequence(1)))
    >>> block.shape, block.sum(axis=1).tolist()
    ((3, 5), [2, 2, 2])
    """
    yield from _redraw(fill_urn(assignment), draws, seed)


def redraw_arms(
    arm: NDArray[np.int64],
    draws: int,
    seed: np.random.SeedSequence,
    *,
    stratum: NDArray[np.int64] | None = None,
    cluster: NDArray[np.int64] | None = None,
) -> Iterator[NDArray[np.int64]]:
    """Yield blocks of a lottery of several arms, all arms re-drawn together.

    A contrast of two arms alone is re-drawn by ``redraw_lottery`` from the assignment of
    their persons: the lottery given who was drawn to neither.

    Parameters
    ----------
    arm
        Shape ``(n,)``, codes ``0 … K−1``.
    draws, seed
        As for ``redraw_lottery``.
    stratum, cluster
        Shape ``(n,)``, codes from 0, or ``None``.

    Examples
    --------
    >>> block = next(redraw_arms(np.array([0, 0, 1, 2, 2, 2]), 4, np.random.SeedSequence(1)))
    >>> np.sort(block, axis=1).tolist() == [[0, 0, 1, 2, 2, 2]] * 4
    True
    """
    stratum = np.zeros(len(arm), dtype=np.int64) if stratum is None else stratum
    yield from _redraw(fill_arms_urn(arm, stratum, cluster, int(arm.max()) + 1), draws, seed)


def _redraw(urn: Urn, draws: int, seed: np.random.SeedSequence) -> Iterator[NDArray[np.int64]]:
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    key = stream_key(seed)
    for start in range(0, draws, TILE):
        block = draw_arms(urn, key, start, min(TILE, draws - start))
        yield block[:, urn.unit].astype(np.int64)


def drawn_units(assignment: Assignment) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first person of each drawn unit, shape ``(u,)``, and each person's unit, ``(n,)``."""
    if assignment.cluster is None:
        everyone = np.arange(len(assignment.assigned))
        return everyone, everyone
    _, first, unit = np.unique(assignment.cluster, return_index=True, return_inverse=True)
    return first, unit


def aggregate_units(
    assignment: Assignment, values: NDArray[np.float64]
) -> tuple[Assignment, NDArray[np.float64]]:
    """What was drawn: persons as they are, or clusters with the totals of their persons.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons.
    values
        Shape ``(n, p)``.

    Returns
    -------
    The lottery of the ``u`` units, and their totals, shape ``(u, p)``.
    """
    first, unit = drawn_units(assignment)
    totals = np.zeros((len(first), values.shape[1]))
    np.add.at(totals, unit, values)
    drawn = Assignment(
        rows=np.ones(len(first), dtype=bool),
        assigned=assignment.assigned[first],
        stratum=assignment.stratum[first],
        stratum_labels=assignment.stratum_labels,
        probability=None if assignment.probability is None else assignment.probability[first],
    )
    return drawn, totals
