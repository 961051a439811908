"""What the tables of monitoring hold: names, counts, and the numbers that follow from counts.

A table that is not named here does not leave, nor does a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

EVERYONE = ""
"""The supplier of rows about all suppliers together."""
CASE_MIX, CLAIMS, FORECAST = "case_mix", "claims", "forecast"
SHARE_DECIMALS, HOUR_DECIMALS, DAY_DECIMALS = 4, 1, 0
Follows = Mapping[str, tuple[str, ...]]
SHARES: Follows = MappingProxyType(
    dict.fromkeys(("share", "conf_low", "conf_high"), ("count", "of"))
)


class TableRule(NamedTuple):
    """One table of monitoring.

    Parameters
    ----------
    names
        Columns that name a row.
    counts
        Columns of counts: exact, or hidden.
    follows
        Other columns, and the counts that they are hidden with.
    rest
        A count, and the count that it is part of: those who are left are protected too.
    enough
        A median or mean, and the count of which it needs the smallest group on each side.
    money
        Columns given in whole kroner.
    flags
        Columns of true and false, given as 1 and 0.
    decimals
        Of the other numbers.
    by_size
        Whether rows come in the order of their counts, which would tell of hidden ones.
    """

    names: tuple[str, ...]
    counts: tuple[str, ...]
    follows: Follows = MappingProxyType({})
    rest: Mapping[str, str] = MappingProxyType({})
    enough: Mapping[str, str] = MappingProxyType({})
    money: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    decimals: Mapping[str, int] = MappingProxyType({})
    by_size: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that leave, in order."""
        return (*self.names, *self.counts, *self.follows)


def _named(columns: tuple[str, ...], *counts: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(columns, counts)


INTERVAL = ("conf_low", "conf_high")
RULES: Mapping[str, TableRule] = MappingProxyType(
    {
        "status": TableRule(
            names=("supplier", "status"),
            counts=("count", "of"),
            follows={**SHARES, "small": ("count", "of")},
            rest={"count": "of"},
            flags=("small",),
        ),
        "ended": TableRule(names=("supplier", "reason"), counts=("count",), by_size=True),
        "retention": TableRule(
            names=("supplier", "weeks"),
            counts=("kept", "eligible"),
            follows=_named(("share", *INTERVAL, "small"), "kept", "eligible"),
            rest={"kept": "eligible"},
            flags=("small",),
        ),
        "waiting": TableRule(
            names=("supplier", "event", "target_days"),
            counts=("of", "reached", "within_target"),
            follows={
                **_named(("median_days", *INTERVAL), "of", "reached"),
                "within_share": ("of", "reached", "within_target"),
            },
            rest={"reached": "of", "within_target": "of"},
            enough=dict.fromkeys(("median_days", *INTERVAL), "reached"),
            decimals=dict.fromkeys(("median_days", *INTERVAL), DAY_DECIMALS),
        ),
        "industries": TableRule(
            names=("supplier", "kind", "industry"), counts=("count",), by_size=True
        ),
        "months": TableRule(
            names=("supplier", "month"),
            counts=("intake", "active", "job_starts", "persons", "with_hours"),
            follows={
                **_named(("share", "mean_hours_with_hours", "mean_hours"), "persons", "with_hours")
            },
            rest={"with_hours": "persons"},
            enough={"mean_hours_with_hours": "with_hours", "mean_hours": "with_hours"},
            decimals=dict.fromkeys(("mean_hours_with_hours", "mean_hours"), HOUR_DECIMALS),
        ),
        CASE_MIX: TableRule(
            names=("supplier",),
            counts=("n",),
            follows=_named(
                ("observed", "expected", "others", "difference", *INTERVAL, "verdict"), "n"
            ),
        ),
        CLAIMS: TableRule(
            names=("label", "published"),
            counts=("count", "of"),
            flags=("attainable",),
            follows={"attainable": (), **_named(("nearest_low", "nearest_high"), "of")},
        ),
        "milestones": TableRule(
            names=("contract", "supplier", "milestone"),
            counts=("reached", "due", "invoiced", "clawed_back"),
            follows={
                "due_dkk": ("due",),
                "invoiced_dkk": ("invoiced",),
                "clawed_back_dkk": ("clawed_back",),
            },
            money=("due_dkk", "invoiced_dkk", "clawed_back_dkk"),
        ),
        FORECAST: TableRule(
            names=("contract", "supplier", "month"),
            counts=(),
            follows=_named(("expected_dkk", *INTERVAL)),
            money=("expected_dkk", *INTERVAL),
        ),
        "hand_over": TableRule(
            names=("from", "to"),
            counts=("left", "arrived", "waiting", "lost", "both"),
            follows={"gap_median_weeks": ("left", "arrived")},
            rest={"arrived": "left"},
            enough={"gap_median_weeks": "arrived"},
            decimals={"gap_median_weeks": 1},
        ),
    }
)
