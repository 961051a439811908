"""Sums over the arms of many draws at once: products of the draws with what is summed."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Two = tuple[Floats, Floats]
"""For control and for treatment; the same array twice where they do not differ."""


def sum_arms(
    columns: Two, treated: Floats, control: Floats | None, parts: list[slice] | None = None
) -> Floats:
    """Sums over those drawn to control and to treatment, in a tile of ``B`` draws.

    Parameters
    ----------
    columns
        Shape ``(G, c)`` each: what is summed where a group is drawn to control, to treatment.
    treated, control
        Shape ``(B, G)``: 1 for groups of the arm. Without ``control`` everyone else is it.
    parts
        The groups of each stratum, for sums by stratum.

    Returns
    -------
    Shape ``(2, B, c)``, or ``(2, B, S, c)`` by stratum.

    Examples
    --------
    >>> hours = np.array([[10.0], [20.0], [40.0]])
    >>> sum_arms((hours, hours), np.array([[0.0, 1, 1], [1, 0, 0]]), None)[..., 0].tolist()
    [[10.0, 60.0], [60.0, 10.0]]
    """
    size = () if parts is None else (len(parts),)
    sums = np.empty((2, len(treated), *size, columns[0].shape[1]))
    _sum_groups(treated, columns[1], parts, sums[1])
    if control is not None:
        _sum_groups(control, columns[0], parts, sums[0])
        return sums
    whole = np.empty((1, *sums.shape[2:]))
    _sum_groups(np.ones((1, len(columns[0]))), columns[0], parts, whole)
    if columns[0] is columns[1]:
        np.subtract(whole, sums[1], out=sums[0])
    else:
        _sum_groups(treated, columns[0], parts, sums[0])
        np.subtract(whole, sums[0], out=sums[0])
    return sums


def _sum_groups(drawn: Floats, columns: Floats, parts: list[slice] | None, out: Floats) -> None:
    if parts is None:
        np.matmul(drawn, columns, out=out)
        return
    for s, part in enumerate(parts):
        np.matmul(drawn[:, part], columns[part], out=out[:, s])
