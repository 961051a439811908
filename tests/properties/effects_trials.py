"""Random small trials, as a lottery may draw them, for the relations that effects must keep."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from jobeval import Lottery

WEEKS = ("w0", "w1", "w2", "w3")


@dataclass(frozen=True)
class Design:
    """Strata, persons in a cell stratum × arm, offices in a cell, columns of the lottery."""

    strata: tuple[int, int]
    persons: tuple[int, int]
    offices: dict[str, int]
    columns: dict[str, Any]


MANY = {"new": 6, "old": 6, "third": 6}
DESIGNS = {
    "complete": Design((1, 1), (9, 24), MANY, {}),
    "strata": Design((2, 3), (6, 12), MANY, {"strata": "site"}),
    "pairs": Design((6, 12), (1, 1), MANY, {"strata": "site"}),
    "clusters": Design((1, 1), (12, 24), MANY, {"clusters": "office"}),
    "offices": Design((2, 2), (6, 12), MANY, {"strata": "site", "clusters": "office"}),
    "odds": Design((2, 2), (6, 12), MANY, {"strata": "site", "probability": "p_new"}),
    # so few lotteries, and vectors of wild weights, that all are taken
    "tiny": Design((2, 2), (2, 3), MANY, {"strata": "site"}),
    "few": Design((1, 1), (6, 9), {"new": 2, "old": 3, "third": 2}, {"clusters": "office"}),
}


@dataclass(frozen=True)
class Trial:
    """A frame, the lottery that drew it, and a number for what a change does at random."""

    frame: pd.DataFrame
    lottery: Lottery
    seed: int

    @property
    def swapped(self) -> "Trial":
        """The same lottery with treatment and control in each other's place."""
        own = self.lottery
        other = "p_old" if own.probability else None
        return self.drawn(treatment=own.control, control=own.treatment, probability=other)

    def drawn(self, **lottery: Any) -> "Trial":
        return replace(self, lottery=replace(self.lottery, **lottery))

    def assign(self, **columns: Any) -> "Trial":
        return replace(self, frame=self.frame.assign(**columns))


@st.composite
def trials(draw: st.DrawFn, name: str) -> Trial:
    """Three arms of unequal size in each stratum; hours with up to 70 % zeros."""
    seed = draw(st.integers(0, 2**32 - 1))
    zeros = draw(st.sampled_from([0.4, 0.0, 0.7]))
    if name == "areas":
        return Trial(*draw_areas(seed), seed % 2**31)
    design = DESIGNS[name]
    cells = [
        (site, arm, draw(st.integers(*design.persons)))
        for site in range(draw(st.integers(*design.strata)))
        for arm in ("new", "old", "third")
    ]
    lottery = Lottery(arm="arm", treatment="new", control="old", **design.columns)
    return Trial(draw_persons(cells, design.offices, zeros, seed), lottery, seed % 2**31)


def draw_persons(
    cells: list[tuple[int, str, int]], offices: dict[str, int], zeros: float, seed: int
) -> pd.DataFrame:
    """One row a person: ``cells`` are stratum, arm and size."""
    rng = np.random.default_rng(seed)
    rows = [(site, arm, k % offices[arm]) for site, arm, size in cells for k in range(size)]
    frame = pd.DataFrame(rows, columns=["site", "arm", "office"])
    n, site = len(frame), frame["site"].to_numpy()
    turn = frame.groupby("arm").cumcount()
    started = frame["arm"].eq("new") & (turn % 10 < 7) | frame["arm"].eq("old") & (turn % 7 == 3)
    hours = np.where(rng.random(n) < zeros, 0, rng.gamma(3, 5, n) + 4 * site + 6 * started)
    kept = (rng.random(n) > 0.25) | (frame.groupby(["site", "arm"]).cumcount() < 3)
    p = np.array([0.35, 0.6])[site % 2] + rng.choice([-0.1, 0.1], n)
    own = rng.normal(4, 8, n)
    return frame.assign(
        id=np.arange(n), place=frame["office"] % 3, started=started.astype(int),
        office=frame["arm"] + frame["site"].astype(str) + "-" + frame["office"].astype(str),
        hours=hours.round(1), any_hours=(hours > 12).astype(int),
        followed=np.where(kept, hours, np.nan),
        age=rng.integers(20, 65, n), benefit=rng.choice(["cash", "sickness", "resource"], n),
        weight=rng.uniform(0.5, 2, n), p_new=p, p_old=1 - p,
        **{week: np.maximum(own + rng.normal(0, 6, n), 0).round(1) for week in WEEKS},
    )  # fmt: skip


def draw_areas(seed: int) -> tuple[pd.DataFrame, Lottery]:
    """Areas of six to nine persons, drawn to none, a third or two thirds of treatment."""
    rng = np.random.default_rng(seed)
    rows = [
        (area, share, "new" if k < round(share * size) else "old")
        for area, share in enumerate([0, 1 / 3, 2 / 3] * 3)
        for size in [int(rng.integers(6, 10))]
        for k in range(size)
    ]
    frame = pd.DataFrame(rows, columns=["area", "offered", "arm"])
    hours = np.where(rng.random(len(frame)) < 0.4, 0, rng.gamma(3, 5, len(frame))).round(1)
    return frame.assign(hours=hours), Lottery(arm="arm", treatment="new", control="old")
