"""The lottery drawn again, exactly as it drew."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment

BLOCK = 500


def redraw_lottery(
    assignment: Assignment, draws: int, seed: np.random.SeedSequence
) -> Iterator[NDArray[np.int64]]:
    """Yield blocks of re-drawn assignments, each of shape ``(≤ 500, n)``.

    Within every stratum as many persons (or clusters, where those were drawn) are assigned
    to treatment as the real lottery assigned. Block ``b`` has its own random stream, so a
    draw does not depend on how many blocks are asked for.

    Parameters
    ----------
    assignment
        The real lottery of ``n`` persons.
    draws
        Number of re-drawn lotteries, at least 1.
    seed
        Origin of the random streams.

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
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    first_of_unit, unit = drawn_units(assignment)
    stratum = assignment.stratum[first_of_unit]
    treated = np.bincount(
        stratum, weights=assignment.assigned[first_of_unit], minlength=assignment.n_strata
    ).astype(np.int64)
    for index, start in enumerate(range(0, draws, BLOCK)):
        stream = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, index))
        rng = np.random.Generator(np.random.Philox(stream))
        size = min(BLOCK, draws - start)
        yield _draw_block(rng, stratum, treated)[:size][:, unit]


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


def _draw_block(
    rng: np.random.Generator, stratum: NDArray[np.int64], treated: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One block of draws: in each stratum the ``treated[s]`` smallest of random keys."""
    keys = rng.random((BLOCK, len(stratum)))
    drawn = np.zeros((BLOCK, len(stratum)), dtype=np.int64)
    for code, count in enumerate(treated):
        members = np.flatnonzero(stratum == code)
        order = np.argsort(keys[:, members], axis=1, kind="stable")
        np.put_along_axis(drawn, members[order[:, :count]], 1, axis=1)
    return drawn
