"""Who gains and who pays: an amount of a kind of item, divided among the sides.

Four sides together are society: the citizen, the state, the municipality, and others (those
whose jobs are displaced, and what prices and taxes do to the rest). A transfer takes from one
what it gives to another, so that only production and real costs are left in society.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["cost", "benefit", "earnings", "tax"]
SIDES = ("citizen", "others", "state", "municipality")
PERSPECTIVES: dict[str, tuple[float, ...]] = {
    "citizen": (1, 0, 0, 0),
    "state": (0, 0, 1, 0),
    "municipality": (0, 0, 0, 1),
    "public": (0, 0, 1, 1),
    "society": (1, 1, 1, 1),
}
"""Perspective → how much of each of ``SIDES`` counts."""


def divide_amount(
    kind: Kind,
    amount: Floats,
    state_part: Floats,
    *,
    displacement: float = 0.0,
    net_tax_factor: float = 1.0,
) -> Floats:
    """What each side gains (or, below 0, pays) by an amount.

    Parameters
    ----------
    kind
        ``"cost"``: the public pays. ``"benefit"``: the public pays and the citizen gets.
        ``"earnings"``: the citizen gets what the employer pays for production of the same
        value. ``"tax"``: the citizen pays and the public gets.
    amount
        Shape ``(…)``, above 0 in the direction of the kind.
    state_part
        Same shape: the part of the public's amount that is the state's; the municipality
        has the rest.
    displacement
        Share ``d`` that is taken from others: they lose the earnings, pay no tax of them and
        get the benefit, so that of a public gain ``1 − d`` is left. No cost is displaced.
    net_tax_factor
        Society's costs and production are multiplied by this.

    Returns
    -------
    array of shape ``(4, …)``, in the order of ``SIDES``

    Examples
    --------
    >>> divide_amount("earnings", np.array(100.0), np.array(0.0), displacement=0.25).tolist()
    [100.0, -25.0, 0.0, 0.0]
    >>> divide_amount("tax", np.array(40.0), np.array(10.0), displacement=0.5).tolist()
    [-40.0, 20.0, 5.0, 15.0]
    """
    nothing, own, extra = np.zeros_like(amount), 1 - displacement, net_tax_factor - 1
    rest = amount - state_part
    match kind:
        case "cost":
            sides = (nothing, -extra * amount, -state_part, -rest)
        case "benefit":
            sides = (amount, -displacement * amount, -own * state_part, -own * rest)
        case "earnings":
            sides = (amount, (extra * own - displacement) * amount, nothing, nothing)
        case "tax":
            sides = (-amount, displacement * amount, own * state_part, own * rest)
    return np.stack(sides)


def distort_taxes(sides: Floats, tax_distortion: float) -> Floats:
    """What others lose because the public must raise (gain because it need not raise) taxes.

    ``sides`` has shape ``(4, …)``, and so has the result, which adds to it.

    >>> distort_taxes(np.array([0.0, 0, -20, -80]), 0.1).tolist()
    [0.0, -10.0, 0.0, 0.0]
    """
    lost = np.zeros_like(sides)
    lost[1] = tax_distortion * (sides[2] + sides[3])
    return lost


def reimbursed_shares(
    on_benefit: NDArray[np.bool_],
    weeks_before: Floats,
    steps: tuple[tuple[int, float], ...],
    after: float,
) -> Floats:
    """The state's share of a benefit in each week, falling with the weeks on benefit so far.

    Parameters
    ----------
    on_benefit
        Shape ``(n, T)``.
    weeks_before
        Shape ``(n,)``: weeks on benefit before week 0.
    steps
        ``(weeks, share)``, ascending: the share up to and including that week on benefit.
    after
        The share from then on.

    Returns
    -------
    array of shape ``(n, T)``

    Examples
    --------
    The Danish ladder of 2016 after 25 weeks:

    >>> ladder = ((4, 0.8), (26, 0.4), (52, 0.3))
    >>> reimbursed_shares(np.ones((1, 3), bool), np.array([25.0]), ladder, 0.2).tolist()
    [[0.4, 0.3, 0.3]]
    """
    weeks = weeks_before[:, None] + np.cumsum(on_benefit, axis=1)
    shares = np.array([*(share for _, share in steps), after])
    return shares[np.searchsorted([week for week, _ in steps], weeks, side="left")]
