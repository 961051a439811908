"""The synthetic monitoring of Holbæk: two suppliers, and the facts published of one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from jobeval.synthetic.holbaek_before import build_earlier
from jobeval.synthetic.holbaek_citizens import simulate_citizens
from jobeval.synthetic.holbaek_invoices import build_invoices
from jobeval.synthetic.holbaek_lives import Row, course_row, live
from jobeval.synthetic.streams import Streams

SEED = 2019
_DAYS = ("start", "end", "started_on", "ended_on", "registered_on", "invoiced_on")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticMonitoring:
    """A delivery of suppliers that is invented: frames with the columns of the data dictionary."""

    plan_text: str = field(repr=False)
    """The plan as ``monitor.toml``."""
    participants: pd.DataFrame = field(repr=False)
    jobs: pd.DataFrame = field(repr=False)
    activities: pd.DataFrame = field(repr=False)
    benefits: pd.DataFrame = field(repr=False)
    invoices: pd.DataFrame = field(repr=False)

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """The plan's tables of files, by name."""
        return tomllib.loads(self.plan_text)["files"]


def simulate_holbaek() -> SyntheticMonitoring:
    """Make the monitoring of Holbæk: the facts published of supplier A on 15 August 2019.

    190 citizens since April; 29 in an ordinary job, a flexjob or paid hours; 5 in full-time
    education; 22 more in placement. Every person is invented, and so is supplier B. The same
    on every platform: the only random numbers are uniform ones of one seed.

    Examples
    --------
    >>> made = simulate_holbaek()
    >>> int((made.participants["programme"] == "Indsats 2018").sum())
    40
    """
    streams = Streams(SEED)
    lives = live(simulate_citizens(streams))
    earlier, their_benefits = build_earlier(lives, streams)
    benefits = [row for life in lives for row in life.benefits]
    return SyntheticMonitoring(
        plan_text=files("jobeval.synthetic").joinpath("holbaek.toml").read_text(encoding="utf-8"),
        participants=_frame(earlier + [course_row(life) for life in lives]),
        jobs=_frame([row for life in lives for row in life.jobs]),
        activities=_frame([row for life in lives for row in life.activities]),
        benefits=_frame(their_benefits + benefits),
        invoices=_frame(build_invoices(lives)),
    )


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows))
    for name in _DAYS:
        if name in frame:
            missing = frame[name].isna().to_numpy()
            days = frame[name].astype(float).fillna(0).to_numpy().astype("datetime64[D]")
            frame[name] = np.where(missing, np.datetime64("NaT"), days.astype("datetime64[ns]"))
    return frame
