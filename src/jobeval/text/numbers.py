"""How numbers are written: decimal comma or point, true minus, no-break spaces."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

MINUS = "\u2212"
NBSP = "\u00a0"
DASH = "–"
RATIOS = ("hazard_ratio", "rate_ratio", "time_ratio", "odds_ratio")
"""Units told as what they are; any other ratio is told as its distance from 1, in percent."""
DIGITS = {"share": 1, "hours_per_week": 2, "weeks": 1, **dict.fromkeys(RATIOS, 2)}
"""Decimals shown of each unit (shares as percent)."""
DEFAULT_DIGITS = 2
CERTAIN_BELOW = 0.05
"""A p-value below this is called statistically certain."""


def digits_for(unit: str, *sizes: float) -> int:
    """Decimals shown of a unit; of one that is not known, as many as three digits leave.

    >>> digits_for("share"), digits_for("dollars", 4554.8, 1794.3), digits_for("score", 12.3)
    (1, 0, 1)
    """
    if unit in DIGITS:
        return DIGITS[unit]
    largest = max((abs(size) for size in sizes if math.isfinite(size)), default=0.0)
    return DEFAULT_DIGITS if largest < 10 else int(largest < 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """The conventions of one language.

    >>> danish = NumberFormat(decimal=",", thousands=".", between="; ", percent_sign=" pct.",
    ...     points="procentpoint", months=("januar",))
    >>> danish.decimal_number(-1234.56, 1), danish.decimal_number(-0.01, 1)
    ('−1.234,6', '0,0')
    >>> danish.interval(1.21, 1.56, 2), danish.p_value(0.0002), danish.p_value(0.0312)
    ('[1,21; 1,56]', '<0,001', '0,031')
    """

    decimal: str
    thousands: str
    between: str
    percent_sign: str
    points: str
    months: tuple[str, ...]
    unknown: str = DASH

    def decimal_number(self, value: float, digits: int) -> str:
        """``value`` with so many decimals; never a negative zero."""
        if not math.isfinite(value):
            return self.unknown
        text = f"{abs(value):,.{digits}f}"
        text = text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        nothing = not text.strip(f"0{self.decimal}")
        return text if value >= 0 or nothing else MINUS + text

    def integer(self, value: float) -> str:
        """A whole number with thousands separators."""
        return self.decimal_number(value, 0)

    def signed(self, value: float, digits: int) -> str:
        """A number with its sign, also when it is positive."""
        text = self.decimal_number(value, digits)
        zero = not text.strip(f"0{self.decimal}")
        return text if zero or not math.isfinite(value) or value < 0 else f"+{text}"

    def percent(self, share: float, digits: int = 1) -> str:
        """A share as percent: ``"20,1 pct."``."""
        return self.decimal_number(100 * share, digits) + self.percent_sign

    def interval(self, low: float, high: float, digits: int, scale: float = 1.0) -> str:
        """``"[1,21; 1,56]"`` or ``"[1.21, 1.56]"``."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return self.unknown
        bounds = (self.decimal_number(scale * bound, digits) for bound in (low, high))
        return f"[{self.between.join(bounds)}]"

    def p_value(self, value: float) -> str:
        """Three decimals, two from 0.1 on, ``"<0,001"`` below.

        Four where three would hide on which side of 0.05 the value lies.
        """
        if not math.isfinite(value):
            return self.unknown
        if value < 0.001:
            return f"<{self.decimal_number(0.001, 3)}"
        if round(value, 3) == CERTAIN_BELOW != round(value, 4):
            return self.decimal_number(value, 4)
        return self.decimal_number(value, 2 if value >= 0.0995 else 3)

    def p_equation(self, value: float) -> str:
        """``"p = 0,031"`` or ``"p < 0,001"``."""
        text = self.p_value(value)
        return f"p{NBSP}<{NBSP}{text[1:]}" if text.startswith("<") else f"p{NBSP}={NBSP}{text}"

    def date(self, day: dt.date) -> str:
        """A date in words: ``"31. marts 2019"``, ``"31 March 2019"``."""
        dot = "." if self.decimal == "," else ""
        return f"{day.day}{dot}{NBSP}{self.months[day.month - 1]} {day.year}"

    def month(self, year_month: str) -> str:
        """``"2016-03"`` in words: ``"marts 2016"``."""
        year, month = year_month.split("-")
        return f"{self.months[int(month) - 1]} {year}"
