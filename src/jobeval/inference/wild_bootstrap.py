"""The wild cluster bootstrap of one coefficient, for many outcomes at once.

The notation is that of ``cluster_loads``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import did_you_mean
from jobeval.inference.cluster_loads import ClusterLoads, cluster_loads
from jobeval.inference.redrawn import TIE

Floats = NDArray[np.float64]
WildWeights = Literal["rademacher", "webb"]

BLOCK = 2_048
FEW_CLUSTERS = 12
SHARPNESS = 1e-9
"""The bounds of an interval are found to this share of their distance from the estimate."""

FURTHEST = 2.0**20
"""A bound that is more standard errors away is infinite; beyond, rounding would undo ties."""

_POINTS = {
    "rademacher": np.array([1.0, -1.0]),
    "webb": np.sqrt([1.5, 1.0, 0.5, 1.5, 1.0, 0.5]) * [1, 1, 1, -1, -1, -1],
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WildClusterTest:
    """The coefficient of one column in the regressions of ``m`` outcomes.

    Attributes
    ----------
    estimate, std_error
        Shape ``(m,)``; the error is CR1 with Stata's factor ``G/(G−1) · (n−1)/(n−k)``.
    p_value
        Shape ``(m,)``, two-sided and symmetric: the share of draws with ``|t*| ≥ |t|``, with
        ``+ 1`` unless all draws were made. Weights are symmetric about zero, so that an
        equal-tailed p-value differs by simulation noise only.
    conf_low, conf_high
        Shape ``(m,)``: the values next to the estimate at which the test begins to reject at
        ``1 − conf_level``; infinite where it never does.
    weights
        ``"rademacher"`` or ``"webb"``.
    draws, exact
        Number of vectors of weights, and whether these are all there are.
    n_clusters
        ``G``.
    """

    estimate: Floats
    std_error: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    weights: WildWeights
    draws: int
    exact: bool
    n_clusters: int


def wild_cluster_test(
    design: NDArray[Any],
    outcomes: NDArray[Any],
    cluster: NDArray[Any],
    column: int,
    *,
    weights: WildWeights | None = None,
    impose_null: bool = True,
    draws: int = 99_999,
    seed: int = 1,
    conf_level: float = 0.95,
) -> WildClusterTest:
    """Test and interval of one coefficient where clusters are few.

    Cameron, Gelbach & Miller (2008, Review of Economics and Statistics 90), with residuals
    under the null, studentised by CR1, and the interval by inverting the test.

    Parameters
    ----------
    design
        Shape ``(n, k)``, of full rank. For weighted least squares give ``W^½ X`` and ``W^½ y``.
    outcomes
        Shape ``(n,)`` or ``(n, m)``, finite.
    cluster
        Shape ``(n,)``: any codes.
    column
        Place of the coefficient in the design.
    weights
        ``"rademacher"`` (±1) or ``"webb"`` (±√½, ±1, ±√1½, each by one in six; Webb 2014).
        ``None`` for Webb under 12 clusters, where there are too few vectors of signs.
    impose_null
        Whether the residuals are those under the null (recommended), or the unrestricted.
    draws
        Vectors of weights to draw. All there are (``2^G`` or ``6^G``) are taken instead where
        they are no more than that.
    seed
        Of the draws; not used where all are taken.
    conf_level
        Level of the interval.

    Returns
    -------
    WildClusterTest
        ``nan`` for an outcome without residual variation between clusters.

    Raises
    ------
    DesignError
        With fewer than two clusters, or a coefficient that is not identified.
    ValueError
        For shapes or options that do not fit.

    Notes
    -----
    With one treated cluster, or two, the test hardly ever rejects (MacKinnon & Webb 2017):
    re-draw the lottery instead. The work of a draw grows with ``m G²``, whatever ``n``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> cluster = np.repeat(np.arange(8), 5)
    >>> design = np.column_stack([np.ones(40), cluster % 2])
    >>> outcome = design[:, 1] + rng.normal(size=8)[cluster] + rng.normal(size=40)
    >>> found = wild_cluster_test(design, outcome, cluster, 1, weights="rademacher")
    >>> found.draws, found.exact, bool(found.conf_low[0] < found.estimate[0])
    (256, True, True)
    """
    _validate(design, outcomes, cluster, draws, conf_level)
    many = np.asarray(outcomes, dtype=float).reshape(len(outcomes), -1)
    loads = cluster_loads(np.asarray(design, dtype=float), many, cluster, column)
    kind = _choose_weights(weights, len(loads.a))
    exact = len(_POINTS[kind]) ** len(loads.a) <= draws
    drawn = _bootstrap(loads, _weight_blocks(kind, len(loads.a), draws, seed, exact))
    tests = [_inversion(loads, drawn, j, impose_null, exact) for j in range(len(loads.estimate))]
    low, high = (np.array([t.bound(side, 1 - conf_level) for t in tests]) for side in (-1, 1))
    return WildClusterTest(
        estimate=loads.estimate,
        std_error=np.sqrt(loads.cr1_factor * loads.squares) / loads.length,
        p_value=np.array([t.p_value(-b) for t, b in zip(tests, loads.estimate, strict=True)]),
        conf_low=loads.estimate + low,
        conf_high=loads.estimate + high,
        conf_level=conf_level,
        weights=kind,
        draws=len(_POINTS[kind]) ** len(loads.a) if exact else draws,
        exact=exact,
        n_clusters=len(loads.a),
    )


def _validate(
    design: NDArray[Any],
    outcomes: NDArray[Any],
    cluster: NDArray[Any],
    draws: int,
    conf_level: float,
) -> None:
    if not len(design) == len(outcomes) == len(cluster):
        raise ValueError("design, outcomes and cluster must have one row a person each")
    if not np.isfinite(outcomes).all():
        raise ValueError("outcomes must be finite: leave out persons whose outcome is missing")
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level!r}")


def _choose_weights(weights: WildWeights | None, n_clusters: int) -> WildWeights:
    if weights is None:
        return "webb" if n_clusters < FEW_CLUSTERS else "rademacher"
    if weights not in get_args(WildWeights):
        hint = did_you_mean(str(weights), get_args(WildWeights))
        raise ValueError(f"weights {weights!r} is unknown; {hint}")
    return weights


def _weight_blocks(
    kind: WildWeights, n_clusters: int, draws: int, seed: int, exact: bool
) -> Iterator[Floats]:
    """Blocks of vectors of weights, each of shape ``(≤ 2048, G)``.

    ``v`` and ``−v`` give the same ``|t*|``: where all are taken, the first cluster's weight is
    positive. Block ``b`` has a random stream of its own.
    """
    points = _POINTS[kind]
    total = len(points) ** n_clusters // 2 if exact else draws
    for index, start in enumerate(range(0, total, BLOCK)):
        if exact:
            number = np.arange(start, min(start + BLOCK, total))
            picked = _digits(number, len(points), n_clusters)
        else:
            stream = np.random.SeedSequence(seed, spawn_key=(index,))
            rng = np.random.Generator(np.random.Philox(stream))
            picked = rng.integers(len(points), size=(BLOCK, n_clusters))[: total - start]
        yield points[picked]


def _digits(number: NDArray[np.int64], base: int, places: int) -> NDArray[np.int64]:
    """Shape ``(len(number), places)``, the highest place first."""
    return number[:, None] // base ** np.arange(places)[::-1] % base


class _Drawn(NamedTuple):
    """Shape ``(m + 1, R)``: ``a'v``, ``|Av|²``, and the product of ``Av`` with that of ``x``."""

    top: Floats
    squares: Floats
    products: Floats


def _bootstrap(loads: ClusterLoads, blocks: Iterator[Floats]) -> _Drawn:
    columns, clusters, _ = loads.scores.shape
    every = loads.scores.transpose(2, 0, 1).reshape(clusters, -1)
    parts: list[tuple[Floats, Floats, Floats]] = []
    for vectors in blocks:
        scores = (vectors @ every).reshape(-1, columns, clusters)
        squares = np.einsum("rjg,rjg->jr", scores, scores)
        products = np.einsum("rjg,rg->jr", scores, scores[:, -1])
        parts.append(((vectors @ loads.a).T, squares, products))
    return _Drawn(*(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class _Inversion:
    """The test of one outcome at the value ``estimate + shift`` of its coefficient.

    ``t*² ≥ t²`` is ``(a'v)² ≥ λ |Av|²``, where ``λ = (shift · S)² / observed_squares`` and ``a``
    and ``A`` are those of the residuals under that value, which are linear in it. So the draws
    enter by six moments, shape ``(6, R)``: the squares and the product of ``a'v`` of the outcome
    and of ``x``, and the same of ``Av``.
    """

    moments: Floats
    observed_squares: float
    length: float
    exact: bool

    def p_value(self, shift: float) -> float:
        if np.isnan(self.observed_squares):
            return float("nan")
        least = (1 - TIE) * (shift * self.length) ** 2 / self.observed_squares
        value = np.array([1.0, -2 * shift, shift**2])
        hits = np.count_nonzero(np.concatenate([value, -least * value]) @ self.moments >= 0)
        extra = 0 if self.exact else 1
        return (extra + hits) / (extra + self.moments.shape[1])

    def bound(self, side: int, alpha: float) -> float:
        """The shift below (``side`` −1) or above (1) from which the test rejects at ``alpha``."""
        if np.isnan(self.observed_squares):
            return float("nan")
        inside, outside = 0.0, 2 * float(np.sqrt(self.observed_squares)) / self.length
        furthest = FURTHEST * outside
        while self.p_value(side * outside) > alpha:
            inside, outside = outside, 2 * outside
            if outside > furthest:
                return side * float("inf")
        while outside - inside > SHARPNESS * outside:
            middle = (inside + outside) / 2
            if self.p_value(side * middle) > alpha:
                inside = middle
            else:
                outside = middle
        return side * outside


def _inversion(
    loads: ClusterLoads, drawn: _Drawn, outcome: int, impose_null: bool, exact: bool
) -> _Inversion:
    top, x_top = drawn.top[outcome], drawn.top[-1]
    tops = [top**2, top * x_top, x_top**2]
    squares = [drawn.squares[outcome], drawn.products[outcome], drawn.squares[-1]]
    moments = np.stack([*tops, *squares])
    if not impose_null:
        moments[[1, 2, 4, 5]] = 0.0
    return _Inversion(moments, float(loads.squares[outcome]), loads.length, exact)
