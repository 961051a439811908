"""Published percentages: can they come from their counts?

Whole percents are rounded half up, as people do; ``"37,9 pct."`` tells one decimal. All is
exact arithmetic on whole numbers.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

_PERCENT = re.compile(r"^\s*(\d{1,3})(?:[.,](\d{1,6}))?\s*(?:%|pct\.?|percent|procent)\s*$", re.I)


@dataclass(frozen=True, slots=True)
class PublishedPercent:
    """A percentage as it was published: ``units`` of ``10 ** -decimals`` percent."""

    units: int
    decimals: int

    @property
    def per_whole(self) -> int:
        """How many units a whole of 100 percent has."""
        return 100 * 10**self.decimals


@dataclass(frozen=True, slots=True)
class Attainability:
    """Whether a percentage can come from a count, and the percents about it that can.

    ``nearest_low`` and ``nearest_high`` are exact shares of the denominator in percent: the
    highest at or below the published number, and the lowest at or above it.
    """

    attainable: bool
    nearest_low: float
    nearest_high: float


def read_percent(text: str) -> PublishedPercent:
    """Read a percentage as it stood: ``"40 pct."``, ``"37,9 %"``, ``"18 percent"``.

    Raises
    ------
    ValueError
        The text is no percentage between 0 and 100.

    Examples
    --------
    >>> read_percent("37,9 pct.")
    PublishedPercent(units=379, decimals=1)
    """
    match = _PERCENT.match(text)
    digits = (match.group(1), match.group(2) or "") if match else ("", "")
    if not match or int("".join(digits)) > 100 * 10 ** len(digits[1]):
        raise ValueError('must be a percentage from 0 to 100, such as "40 pct." or "37,9 %"')
    return PublishedPercent(int("".join(digits)), len(digits[1]))


def round_percent(count: int, of: int, decimals: int = 0) -> int:
    """``count`` of ``of`` in units of ``10 ** -decimals`` percent, rounded half up.

    >>> round_percent(34, 190), round_percent(1, 8, decimals=1), round_percent(1, 200)
    (18, 125, 1)
    """
    whole = 100 * 10**decimals
    return (2 * count * whole + of) // (2 * of)


def hold_against_counts(published: PublishedPercent, of: int) -> Attainability:
    """Whether some count of ``of`` persons gives the published percentage.

    A share is never counted down to 0 of 0: with ``of = 0`` nothing is attainable and the
    nearest percents are ``nan``.

    Examples
    --------
    40 percent of 29 persons cannot be: 11 are 37.9 and 12 are 41.4 percent.

    >>> found = hold_against_counts(read_percent("40 pct."), 29)
    >>> found.attainable, round(found.nearest_low, 1), round(found.nearest_high, 1)
    (False, 37.9, 41.4)
    """
    if of == 0:
        return Attainability(False, float("nan"), float("nan"))
    low = published.units * of // published.per_whole
    high = -(-published.units * of // published.per_whole)
    attainable = any(
        round_percent(count, of, published.decimals) == published.units for count in (low, high)
    )
    return Attainability(attainable, _percent(low, of), _percent(high, of))


def _percent(count: int, of: int) -> float:
    return float(Fraction(100 * count, of))
