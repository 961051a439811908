"""Amounts in whole øre: sums of contracts are exact, whatever the order they are added in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

OERE = Decimal("0.01")


def to_oere(dkk: float | Decimal) -> int:
    """Whole øre of an amount in DKK, as it is written.

    Raises
    ------
    ValueError
        For an amount with more than two decimals, and for one that is not finite.

    Examples
    --------
    >>> to_oere(1.1), to_oere(12500), to_oere(-0.05)
    (110, 1250000, -5)
    """
    amount = Decimal(str(dkk))
    if not amount.is_finite() or amount != amount.quantize(OERE):
        raise ValueError("must be an amount in DKK with at most two decimals")
    return int(amount.scaleb(2))


def is_whole_oere(dkk: Any) -> bool:
    """Whether ``to_oere`` takes the value.

    >>> is_whole_oere(0.1), is_whole_oere(0.123), is_whole_oere(float("nan"))
    (True, False, False)
    """
    try:
        to_oere(dkk)
    except (ValueError, ArithmeticError):
        return False
    return True


def to_dkk(oere: int) -> Decimal:
    """The amount in DKK with its two decimals.

    >>> to_dkk(333334)
    Decimal('3333.34')
    """
    return Decimal(int(oere)).scaleb(-2).quantize(OERE)


def share_of(oere: int, share: float) -> int:
    """A share of an amount, half an øre rounded away from zero.

    >>> share_of(12345, 0.5), share_of(100, 1 / 3)
    (6173, 33)
    """
    return int((oere * Decimal(str(share))).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split_oere(total: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Split an amount so that the parts add up to it, to the øre.

    Part ``i`` is the rounded sum of the first ``i`` shares less that of the first ``i − 1``.

    >>> split_oere(1000000, [0.2, 0.4, 0.4]), split_oere(100, [0.333, 0.333, 0.334])
    ((200000, 400000, 400000), (33, 34, 33))
    """
    sums = [Decimal(0)]
    for share in shares:
        sums.append(sums[-1] + Decimal(str(share)))
    marks = [int((total * at).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for at in sums]
    return tuple(after - before for before, after in pairwise(marks))
