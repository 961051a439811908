"""Robust variances of a regression's effect, in many re-drawn lotteries at once.

In each draw, arm and stratum the loading of a person on the effect, the leverage and the
fitted outcomes are polynomials in the covariates, so that sums over persons are products of
matrices again.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.drawn_moments import Moments, cross_products, fold, multiply
from jobeval.inference.drawn_sample import DrawnSample, Weighing, weigh_arm
from jobeval.inference.scratch import Scratch

Floats = NDArray[np.float64]

_SCRATCH = Scratch()


class DrawnRegression(NamedTuple):
    """The regressions of a tile of ``B`` draws, by arm and stratum (``2, B, S, …``).

    A person of arm ``a`` and stratum ``s`` with covariates ``x`` has regressors
    ``d = deviation[a, :, s] + (…, x)`` off their means (``k`` of them, the covariates last),
    fitted outcomes ``means + d @ coefficients``, the loading ``own + d @ direction`` on the
    effect and the leverage ``1/weight + d @ inverse @ d``, the last two times the person's
    weight and ``scale``.
    """

    estimate: Floats
    own: Floats
    weight: Floats
    deviation: Floats
    means: Floats
    inverse: Floats
    coefficients: Floats
    direction: Floats
    scale: Floats

    def loading(self, p: int) -> Floats:
        """Coefficients of 1 and the covariates, shape ``(2, B, S, 1 + p)``."""
        direction = self.direction[..., None]
        constant = self.own + (self.deviation @ direction)[..., 0]
        return self._polynomial(constant, self.direction[..., None, self.k - p :])

    def leverage(self, p: int) -> Floats:
        """Coefficients of 1, the covariates and their products (see ``multiply``)."""
        bent = self.deviation @ self.inverse
        constant = 1 / self.weight + np.einsum("absk,absk->abs", bent, self.deviation)
        start = self.k - p
        first, second = np.triu_indices(p)
        twice = np.where(first == second, 1.0, 2.0)
        products = twice * self.inverse[..., start + first, start + second]
        return self._polynomial(constant, 2 * bent[..., start:], products[..., None, :])

    def fitted(self, p: int) -> tuple[Floats, Floats]:
        """Constants ``(2, B, S, m)`` and slopes ``(2, B, p, m)`` of the fitted outcomes."""
        constant = self.means + self.deviation @ self.coefficients
        return constant, self.coefficients[..., self.k - p :, :]

    @property
    def k(self) -> int:
        return self.deviation.shape[-1]

    def _polynomial(self, constant: Floats, *terms: Floats) -> Floats:
        shape = constant.shape
        parts = [np.broadcast_to(term, (*shape, term.shape[-1])) for term in terms]
        return np.concatenate([constant[..., None], *parts], axis=-1) * self.scale[..., None]


Variance = Callable[[DrawnRegression, Floats, Floats | None], Floats]


def hc2_variance(sample: DrawnSample, moments: Moments, weighing: Weighing) -> Variance:
    """HC2 (MacKinnon & White 1985), for persons; ``nan`` where a leverage is 1."""
    basis, outcomes = moments.basis, moments.outcomes
    p, m = basis.shape[1], outcomes.shape[1]
    plain = np.column_stack([np.ones(len(basis)), basis])
    terms = np.hstack([plain, multiply(basis)])
    weighted = [(terms * weigh_arm(sample, weighing, arm)[:, None]).T.copy() for arm in (0, 1)]
    cells = np.hstack([plain, outcomes])
    wholes = np.hstack([outcomes**2, multiply(basis), cross_products(basis, outcomes)])

    def variance(found: DrawnRegression, treated: Floats, control: Floats | None) -> Floats:
        loading, leverage = found.loading(p), found.leverage(p)
        squares = _SCRATCH.array("squares", (2, *treated.shape))
        sums = np.empty((2, len(treated), len(moments.parts), 1 + p + m))
        for s, part in enumerate(moments.parts):
            for arm, drawn in enumerate((control, treated)):
                member = 1 - treated[:, part] if drawn is None else drawn[:, part]
                design = weighted[arm][:, part]
                score = loading[arm, :, s] @ design[: 1 + p]
                left = leverage[arm, :, s] @ design
                squares[arm][:, part] = _weigh_squares(score, left, member)
                np.matmul(squares[arm][:, part], cells[part], out=sums[arm][:, s])
        return _sum_squares(found, sums, squares @ wholes, p)

    return variance


def _weigh_squares(score: Floats, leverage: Floats, member: Floats) -> Floats:
    """What the square of each residual counts: 0 for those who are no members of the arm."""
    leverage *= member
    left = np.subtract(1, leverage, out=leverage)
    if not left.min() > 1e-10:
        left[left <= 1e-10] = np.nan  # the residual says nothing
    score *= member
    np.square(score, out=score)
    return np.divide(score, left, out=score)


def _sum_squares(found: DrawnRegression, cells: Floats, wholes: Floats, p: int) -> Floats:
    """``Σ c (y − α − xβ)²`` over both arms, from the sums of ``c`` times 1, ``x``, ``y``, …"""
    constant, slope = found.fitted(p)
    m = constant.shape[-1]
    count, x, y = cells[..., :1], cells[..., 1 : 1 + p], cells[..., 1 + p :]
    squares, pairs, crosses = np.split(wholes, [m, m + p * (p + 1) // 2], axis=-1)
    sloped = (constant * (constant * count - 2 * (y - x @ slope))).sum(axis=-2)
    bent = fold(pairs, p) @ slope - 2 * crosses.reshape(slope.shape)
    total = (squares + sloped + (slope * bent).sum(axis=-2)).sum(axis=0)
    # what is left of nothing is rounding
    return np.where(total <= 1e-13 * squares.sum(axis=0), 0.0, total)


def cluster_variance(sample: DrawnSample, moments: Moments, weighing: Weighing) -> Variance:
    """CR1 of the drawn clusters, without its factor in the number of persons."""
    basis, outcomes = moments.basis, moments.outcomes
    p, m = basis.shape[1], outcomes.shape[1]
    plain = np.column_stack([np.ones(len(basis)), basis])
    both = cross_products(plain, np.hstack([plain, outcomes]))
    weights = [weigh_arm(sample, weighing, arm)[:, None] for arm in (0, 1)]
    # regressor first, so that a loading times it is one product
    groups = [
        sample.group_sums(w * both).reshape(-1, 1 + p, 1 + p + m).swapaxes(0, 1).copy()
        for w in weights
    ]

    def variance(found: DrawnRegression, treated: Floats, control: Floats | None) -> Floats:
        control = 1 - treated if control is None else control
        loading = found.loading(p)
        constant, slope = found.fitted(p)
        total = np.zeros_like(found.estimate)
        for s, part in enumerate(moments.parts):
            for arm, drawn in enumerate((control, treated)):
                fitted = np.concatenate([constant[arm, :, s, None], slope[arm]], axis=1)
                loaded = np.tensordot(loading[arm, :, s], groups[arm][:, part], 1)
                scores = loaded[..., 1 + p :] - loaded[..., : 1 + p] @ fitted
                total += np.einsum("bgm,bg->bm", np.square(scores), drawn[:, part])
        count = (treated.sum(axis=1) + control.sum(axis=1))[:, None]
        return total * count / (count - 1)

    return variance
