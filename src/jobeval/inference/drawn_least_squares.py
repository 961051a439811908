"""ANCOVA and Lin's regression in many re-drawn lotteries at once, for persons and clusters.

What depends on the draw (weights, interactions, means within arms) is built anew in each,
from sums over arms and strata.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.drawn_moments import DrawnMoments, draw_moments, take_moments
from jobeval.inference.drawn_sample import DrawnSample, PairKernel, Weighing
from jobeval.inference.drawn_variance import DrawnRegression, cluster_variance, hc2_variance

Floats = NDArray[np.float64]

SINGULAR = 1e-10
"""A regressor counts as dependent when less than this share of its squares is left of it."""


class _Slopes(NamedTuple):
    inverse: Floats
    coefficients: Floats


def drawn_least_squares(
    sample: DrawnSample, form: Literal["ancova", "lin"], weighing: Weighing, studentised: bool
) -> PairKernel:
    """A kernel for the effect by ANCOVA or by Lin's regression, of any lottery.

    Studentised by HC2 for persons, by CR1 without its factor in ``n`` for clusters. A draw
    in which the effect is not identified gives ``nan``.
    """
    moments = take_moments(sample, weighing)
    regress = _ancova if form == "ancova" else _lin
    build = cluster_variance if sample.clustered else hc2_variance
    variance = build(sample, moments, weighing) if studentised else None

    def kernel(treated: Floats, control: Floats | None = None, /) -> tuple[Floats, Floats]:
        treated = sample.groups_drawn(treated)
        control = None if control is None else sample.groups_drawn(control)
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = draw_moments(moments, treated, control)
            found = regress(drawn)
            if variance is None:
                return found.estimate, np.full_like(found.estimate, np.nan)
            return found.estimate, np.sqrt(variance(found, treated, control))

    return kernel


def _lin(drawn: DrawnMoments) -> DrawnRegression:
    """Means of cells and slopes within arms; the effect is that at the means of everyone."""
    weight, (means_x, means_y) = _cell_means(drawn.weight, drawn, drawn.x, drawn.y)
    slopes = _solve(drawn.xx, drawn.xy, means_x, drawn.x, drawn.y)
    sign = np.array([-1.0, 1.0])[:, None, None]
    shares = sign * drawn.share
    # slopes carry the means of the arms to those of everyone
    direction = sign * drawn.centre - _row_times(shares, means_x)
    estimate = _row_times(shares, means_y) + _row_times(direction, slopes.coefficients)
    return DrawnRegression(
        estimate=estimate.sum(axis=0),
        own=shares / weight,
        weight=weight,
        deviation=-means_x,
        means=means_y,
        inverse=slopes.inverse,
        coefficients=slopes.coefficients,
        direction=_row_times(direction, slopes.inverse),
        scale=drawn.scale,
    )


def _ancova(drawn: DrawnMoments) -> DrawnRegression:
    """Means of strata, one slope a covariate, and treatment the first regressor."""
    x = np.concatenate([drawn.weight[1][..., None], drawn.x.sum(axis=0)], axis=-1)
    y = drawn.y.sum(axis=0)
    weight, (means_x, means_y) = _cell_means(drawn.weight.sum(axis=0), drawn, x, y)
    treated = x[..., :1].sum(axis=1)
    edge = drawn.x[1].sum(axis=1)
    xx = np.block([[treated[:, None], edge[:, None]], [edge[..., None], drawn.xx.sum(axis=0)]])
    xy = np.concatenate([drawn.y[1].sum(axis=1)[:, None], drawn.xy.sum(axis=0)], axis=1)
    slopes = _solve(xx, xy, means_x, x, y)
    deviation = np.stack([-means_x, -means_x])
    deviation[1, ..., 0] += 1
    return DrawnRegression(
        estimate=slopes.coefficients[:, 0],
        own=np.zeros_like(drawn.weight),
        weight=_twice(weight),
        deviation=deviation,
        means=_twice(means_y),
        inverse=_twice(slopes.inverse),
        coefficients=_twice(slopes.coefficients),
        direction=_twice(slopes.inverse[:, 0]),
        scale=drawn.scale,
    )


def _twice(values: Floats) -> Floats:
    return np.broadcast_to(values, (2, *values.shape))


def _row_times(rows: Floats, matrices: Floats) -> Floats:
    """One row times one matrix a draw, from ``(…, k)`` and ``(…, k, c)`` to ``(…, c)``."""
    return (rows[..., None, :] @ matrices)[..., 0, :]


def _cell_means(
    weight: Floats, drawn: DrawnMoments, *sums: Floats
) -> tuple[Floats, tuple[Floats, ...]]:
    """Means of cells: ``nan`` for an empty one, but 0 in a stratum of which nobody takes part."""
    absent = drawn.share == 0
    weight = np.where(absent, 1.0, np.where(weight > 0, weight, np.nan))
    return weight, tuple(values / weight[..., None] for values in sums)


def _solve(xx: Floats, xy: Floats, means: Floats, x: Floats, y: Floats) -> _Slopes:
    """Slopes within cells, from sums that are not centred and the sums and means of cells."""
    across = np.ascontiguousarray(np.swapaxes(means, -1, -2))
    inverse = invert_grams(xx - across @ x, np.diagonal(xx, axis1=-2, axis2=-1))
    return _Slopes(inverse, inverse @ (xy - across @ y))


def invert_grams(gram: Floats, squares: Floats) -> Floats:
    """Inverses of symmetric matrices by sweeping (Goodnight 1979), ``nan`` where singular.

    Parameters
    ----------
    gram
        Shape ``(…, k, k)``.
    squares
        Shape ``(…, k)``: what each regressor's sum of squares was before anything was taken off.

    Examples
    --------
    >>> grams = np.array([[[2.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    >>> invert_grams(grams, np.ones((2, 2))).tolist()
    [[[1.0, -1.0], [-1.0, 2.0]], [[nan, nan], [nan, nan]]]
    """
    swept = gram.copy()
    for j in range(gram.shape[-1]):
        pivot = swept[..., j, j]
        pivot = np.where(pivot > SINGULAR * squares[..., j], pivot, np.nan)[..., None]
        row = swept[..., j, :] / pivot
        column = swept[..., :, j].copy()
        swept -= column[..., None] * row[..., None, :]
        swept[..., j, :] = row
        swept[..., :, j] = -column / pivot
        swept[..., j, j] = 1 / pivot[..., 0]
    return swept
