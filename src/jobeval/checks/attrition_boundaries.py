"""How much attrition is too much: the boundaries of the What Works Clearinghouse.

Overall and differential attrition together bound the bias that missing outcomes can bring. At
each overall rate the table gives the largest difference between the arms at which the bias
stays below 0.05 standard deviations, under a cautious and an optimistic assumption on how
closely outcomes and being observed go together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# What Works Clearinghouse, Standards Handbook, version 4.0 (2017), table II.1: percentage points
# of differential attrition by whole per cent of overall attrition from 0. At 57 % the cautious
# boundary reaches 0; beyond, every attrition counts as high here.
CAUTIOUS = (
    5.7, 5.8, 5.9, 5.9, 6.0, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6.0, 5.9, 5.9, 5.8, 5.7,
    5.5, 5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4.0, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1,
    2.9, 2.8, 2.6, 2.5, 2.3, 2.1, 2.0, 1.8, 1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2,
    0.0,
)  # fmt: skip
OPTIMISTIC = (
    10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8,
    10.7, 10.6, 10.5, 10.3, 10.2, 10.0, 9.9, 9.7, 9.5, 9.4, 9.2, 9.0, 8.8, 8.6, 8.4, 8.2, 8.0, 7.8,
    7.6, 7.4, 7.2, 7.0, 6.7, 6.5, 6.3, 6.0, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5,
    3.2, 3.0, 2.8, 2.6, 2.3,
)  # fmt: skip
SENTENCES = (
    "By the boundaries of the What Works Clearinghouse attrition is high: bound the effect.",
    "By the boundaries of the What Works Clearinghouse attrition is low under the optimistic "
    "assumption only.",
    "By the boundaries of the What Works Clearinghouse attrition is low, also under the cautious "
    "assumption.",
)


@dataclass(frozen=True, slots=True)
class Grade:
    """The attrition of one endpoint against the boundaries; all numbers are shares.

    Grades sort from the worst, and alike ones from the nearest to the next worse.
    """

    overall: float
    differential: float
    cautious: float
    optimistic: float

    @property
    def level(self) -> int:
        """2: low also under the cautious assumption; 1: under the optimistic only; 0: high."""
        size = abs(self.differential)
        return int(size <= self.optimistic) + int(size <= self.cautious)

    @property
    def sentence(self) -> str:
        """The grade in words."""
        return SENTENCES[self.level]

    def __lt__(self, other: Grade) -> bool:
        return (self.level, -abs(self.differential)) < (other.level, -abs(other.differential))

    def to_values(self) -> dict[str, float]:
        """The numbers behind the sentence; rates in whole per cent, so that no count is told."""
        return {
            "overall_attrition": round(self.overall, 2),
            "differential_attrition": round(self.differential, 2),
            "boundary_cautious": self.cautious,
            "boundary_optimistic": self.optimistic,
            "grade": float(self.level),
        }


def grade_attrition(overall: float, differential: float) -> Grade:
    """Grade by the table, at the overall rate rounded to whole per cent.

    Parameters
    ----------
    overall
        Share of everyone drawn whose outcome is missing.
    differential
        Missing share of the treatment arm minus that of the control arm.

    Examples
    --------
    >>> [grade_attrition(0.20, gap).level for gap in (0.05, -0.08, 0.11)]
    [2, 1, 0]
    """
    row = math.floor(100 * overall + 0.5)
    if row >= len(CAUTIOUS):
        return Grade(overall, differential, np.nan, np.nan)
    return Grade(overall, differential, CAUTIOUS[row] / 100, OPTIMISTIC[row] / 100)
