"""Many draws of the treated of one stratum: multivariate hypergeometric, exactly and fast."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

GROUP = 40
"""Cells that are drawn together."""
SPARE = 1.4
"""How many more vectors are offered than taken."""


class BinomialTables(NamedTuple):
    """Values and chances of the treated of each cell, if each person were drawn alone."""

    values: tuple[Counts, ...]
    chances: tuple[Floats, ...]


def draw_stratum(
    persons: Counts,
    treated: int,
    draws: int,
    rng: np.random.Generator,
    *,
    tables: BinomialTables | None = None,
    scores: Floats | None = None,
) -> NDArray[Any]:
    """How many of each cell are among ``treated`` persons drawn from all, shape ``(C, draws)``.

    Parameters
    ----------
    persons
        Shape ``(C,)``: persons of each cell.
    tables
        ``tabulate_binomials(persons, treated / persons.sum())`` when they are at hand.
    scores
        Shape ``(C, m)``: asks for the sums of the scores of the treated, ``(m, draws)``, instead.

    Notes
    -----
    Given their sum, independent binomials of one probability are multivariate hypergeometric.
    So the sums of groups of cells are drawn as such; binomial vectors are offered to each
    group; and a draw takes an offered vector of its sum, each vector once. Whether a vector
    is taken depends on sums only, so the draws are independent and exact. Draws that find no
    vector are filled by halving the group. This takes about a fourth of the time
    of ``Generator.multivariate_hypergeometric``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> drawn = draw_stratum(np.array([5, 1, 4]), 4, 1000, rng)
    >>> drawn.shape, set(drawn.sum(axis=0).tolist()), int(drawn[1].max())
    ((3, 1000), {4}, 1)
    """
    everyone = int(persons.sum())
    if treated in (0, everyone):
        constant = np.repeat(persons[:, None] * (treated > 0), draws, axis=1)
        return constant if scores is None else scores.T @ constant
    tables = tables or tabulate_binomials(persons, treated / everyone)
    many = min(len(persons), max(2, -(-len(persons) // GROUP)))  # a sum that is given is rare
    groups = np.array_split(np.arange(len(persons)), many)
    sizes = [int(persons[group].sum()) for group in groups]
    totals = rng.multivariate_hypergeometric(sizes, treated, size=draws, method="marginals")
    drawn: list[NDArray[Any]] = []
    for group, total in zip(groups, totals.T, strict=True):
        where = slice(group[0], group[-1] + 1)
        part = BinomialTables(tables.values[where], tables.chances[where])
        own = None if scores is None else scores[where]
        drawn.append(_fill_group(persons[where], np.ascontiguousarray(total), part, rng, own))
    return np.concatenate(drawn) if scores is None else sum(drawn[1:], start=drawn[0])


def _fill_group(
    persons: Counts,
    totals: Counts,
    tables: BinomialTables,
    rng: np.random.Generator,
    scores: Floats | None,
) -> NDArray[Any]:
    """The treated of the cells of a group, which sum to ``totals``, or their scores."""
    sums, offered = _offer(tables, math.ceil(SPARE * len(totals)), rng, scores)
    wanted, taken = match_sums(totals, sums)
    left = np.ones(len(totals), dtype=bool)
    left[wanted] = False
    source = np.zeros(len(totals), dtype=np.int64)
    source[wanted] = taken
    drawn = offered[:, source]
    filled = fill_by_halves(persons, totals[left], rng)
    drawn[:, left] = filled if scores is None else scores.T @ filled
    return drawn


def _offer(
    tables: BinomialTables, many: int, rng: np.random.Generator, scores: Floats | None
) -> tuple[Counts, NDArray[Any]]:
    """Independent binomials of the cells: their sums, and themselves or their scores."""
    sums = np.zeros(many, dtype=np.int64)
    shape = len(tables.values) if scores is None else scores.shape[1]
    offered = np.zeros((shape, many), dtype=np.int64 if scores is None else np.float64)
    for cell, (values, chances) in enumerate(zip(*tables, strict=True)):
        row = np.repeat(values, rng.multinomial(many, chances))
        rng.shuffle(row)
        sums += row
        if scores is None:
            offered[cell] = row
        else:
            offered += scores[cell][:, None] * row
    return sums, offered


def match_sums(wanted: Counts, offered: Counts) -> tuple[Counts, Counts]:
    """Pairs of places with the same number in both, each place at most once.

    >>> match_sums(np.array([3, 5, 3, 7]), np.array([7, 3, 4, 3, 3]))
    (array([0, 2, 3]), array([1, 3, 0]))
    """
    low = min(wanted.min(), offered.min())
    many = int(max(wanted.max(), offered.max()) - low) + 1
    pairs = np.minimum(*(np.bincount(one - low, minlength=many) for one in (wanted, offered)))
    wanted_places, offered_places = (_first_of_each(one - low, pairs) for one in (wanted, offered))
    return wanted_places, offered_places


def _first_of_each(numbers: Counts, quota: Counts) -> Counts:
    """The places of the first ``quota[k]`` numbers ``k``, in the order of the numbers."""
    narrow = numbers.astype(np.uint16) if len(quota) <= 2**16 else numbers
    order = np.argsort(narrow, kind="stable")
    numbers = numbers[order]
    starts = np.searchsorted(numbers, np.arange(len(quota)))
    return order[np.arange(len(numbers)) - starts[numbers] < quota[numbers]]


def fill_by_halves(persons: Counts, totals: Counts, rng: np.random.Generator) -> Counts:
    """Draws of given sums, halving the cells until they are alone: shape ``(C, draws)``.

    >>> fill_by_halves(np.array([2, 0, 3]), np.array([5, 0]), np.random.default_rng(1)).tolist()
    [[2, 0], [0, 0], [3, 0]]
    """
    depth = (len(persons) - 1).bit_length()
    padded = np.pad(persons, (0, 2**depth - len(persons)))
    drawn = totals[:, None]
    for level in range(depth):
        halves = padded.reshape(2 ** (level + 1), -1).sum(axis=1)
        first = rng.hypergeometric(halves[0::2], halves[1::2], drawn)
        drawn = np.stack([first, drawn - first], axis=-1).reshape(-1, len(halves))
    return drawn[:, : len(persons)].T


def tabulate_binomials(persons: Counts, share: float) -> BinomialTables:
    """Binomial chances of each cell; what is left out has a chance below 1e-20.

    Of the share of a stratum with one arm only nothing is needed.
    """
    share = share if 0 < share < 1 else 0.5
    logs = np.log(np.arange(1, int(persons.max()) + 1))
    factorials = np.concatenate([[0.0], np.cumsum(logs)])
    tables = [_tabulate_one(size, share, factorials) for size in persons.tolist()]
    return BinomialTables(*(tuple(part) for part in zip(*tables, strict=True)))


def _tabulate_one(size: int, share: float, factorials: Floats) -> tuple[Counts, Floats]:
    """``factorials`` are logarithms, of shape ``(≥ size + 1,)``."""
    mean, spread = size * share, math.sqrt(size * share * (1 - share))
    reach = 10 * spread + 20
    low, high = max(0, math.floor(mean - reach)), min(size, math.ceil(mean + reach)) + 1
    values = np.arange(low, high)
    rest = factorials[size - high + 1 : size - low + 1][::-1]
    logs = values * math.log(share / (1 - share)) - factorials[low:high] - rest
    chances = np.exp(logs - logs.max())
    return values, chances / chances.sum()
