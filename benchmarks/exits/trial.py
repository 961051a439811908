"""A trial of job exits: 15 sites, six covariates with the arm, weekly ties, two destinations."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import jobeval as je
from jobeval.exits.grid.grid import ExitGrid, build_grid

ARMS, CAUSES, SITES = ("control", "treatment"), ("job", "pension"), 15
COVARIATES = [f"x{index}" for index in range(5)]
LOTTERY = je.Lottery(arm="arm", treatment=1, control=0, strata="site")
OF_OFFICES = je.Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="office")


@dataclass(frozen=True)
class Trial:
    """The same persons as a frame and as the arrays that a panel's engine hands out."""

    frame: pd.DataFrame
    week: NDArray[np.int64]
    cause: NDArray[np.int64]
    arm: NDArray[np.int64]
    site: NDArray[np.int64]
    office: NDArray[np.int64]
    left: NDArray[np.int64]
    x: NDArray[np.float64]

    def grid(self, competing: bool = False) -> ExitGrid:
        """Counted anew at each call, so that counting is part of what is timed."""
        return build_grid(
            self.week, self.cause if competing else self.left, self.arm, self.site,
            arms=ARMS, strata=tuple(str(site) for site in range(SITES)),
            causes=CAUSES if competing else ("",),
        )  # fmt: skip

    def head(self, persons: int) -> "Trial":
        """The first persons, for peers that are timed on a part."""
        return trial_of(self.frame.head(persons))


def trial_of(frame: pd.DataFrame) -> Trial:
    names = ("week", "cause", "arm", "site", "office", "left")
    codes = [frame[name].to_numpy(dtype=np.int64) for name in names]
    return Trial(frame, *codes, np.asfortranarray(frame[["arm", *COVARIATES]].to_numpy(float)))


def draw_trial(persons: int, *, follow_weeks: int = 104, seed: int = 1) -> Trial:
    """Offices are drawn as a whole, half of them in every site; follow-up ends at random."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(persons, 5)), columns=COVARIATES)
    arm, site = rng.integers(0, 2, persons), rng.integers(0, SITES, persons)
    office = (site * 2 + arm) * 20 + rng.integers(0, 20, persons)
    hazard = 0.012 * np.exp(0.2 * arm + 0.2 * frame["x0"] + 0.02 * site)
    exit_week = np.ceil(rng.exponential(1 / hazard)).astype(int)
    end = rng.integers(follow_weeks // 2, follow_weeks + 1, persons)
    left = exit_week <= end
    cause = np.where(left, rng.integers(1, 3, persons), 0)
    frame["week"], frame["left"], frame["cause"] = np.minimum(exit_week, end), left, cause
    frame["to"] = np.array([None, *CAUSES], dtype=object)[cause]
    frame["arm"], frame["site"], frame["office"] = arm, site, office
    return trial_of(frame)
