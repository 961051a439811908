"""What survival and incidence curves say of where they begin and end."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEW_CLUSTERS = 40
"""Below this many clusters, errors summed over clusters tend to be too small."""


def end_notes(times: NDArray[np.int64], values: Floats, arm: str, n_strata: int) -> list[str]:
    """Say from which week on a curve is unknown, and why."""
    unknown = np.flatnonzero(np.isnan(values))
    if not len(unknown):
        return []
    where = "a stratum of " if n_strata > 1 else ""
    rule = f"unknown from week {times[unknown[0]]} on: nobody in {where}arm {arm!r} is at risk"
    return [rule + (" (standardise=False ignores strata)" if n_strata > 1 else "")]


def entry_notes(at_risk: NDArray[np.int64], survival: Floats, arm: str) -> list[str]:
    """What late entry does to the curves of the strata of an arm: shapes ``(S, T)``.

    A curve that starts after week 0 is that of those who had not left before. A stratum in
    which the only ones at risk leave has a curve of 0 for good, as in R, although others
    enter it later.
    """
    notes: list[str] = []
    start = int((at_risk > 0).argmax(axis=-1).max())
    if start > 0:
        notes.append(f"arm {arm!r}: shares of those who had not left before week {start}")
    if ((survival == 0) & (at_risk > 0) & _fallen_before(survival)).any():
        notes.append(
            f"arm {arm!r}: everybody at risk left before others entered, and the curve stays at 0; "
            "count from a later week to use those others"
        )
    return notes


def _fallen_before(survival: Floats) -> NDArray[np.bool_]:
    earlier = np.zeros(survival.shape, dtype=bool)
    earlier[..., 1:] = survival[..., :-1] == 0
    return earlier
