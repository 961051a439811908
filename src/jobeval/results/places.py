"""Places side by side: each against the average of the others, never ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from html import escape
from typing import Any

import pandas as pd

from jobeval.results.json import html_table, number, plain

ABOVE, BELOW, UNCERTAIN = "above", "below", "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceComparison:
    """What ``compare_places`` finds. Places stand in the order of their names, never ranked.

    Attributes
    ----------
    outcome, place
        The columns that were compared.
    covariates
        The columns of the case mix.
    conf_level
        Of all intervals.
    share
        Whether the outcome is 0 or 1.
    average
        Mean outcome of all persons; the funnel is about it.
    overdispersion
        How much more the places vary than chance makes them, about 1 if not at all.
    tau
        Standard deviation of the true means between places, given the case mix, in the
        outcome's unit.
    n_missing
        Persons left out because their outcome is not known.
    table
        One row a place: ``place``; ``n`` persons; ``observed`` and ``expected`` mean;
        ``others``, the adjusted mean of the other places' persons; ``difference``, the
        place's own adjusted mean less that, with ``conf_low`` and ``conf_high``; ``shrunken``,
        what chance leaves of the difference, with ``shrunken_low`` and ``shrunken_high``;
        ``verdict``, ``"above"``, ``"below"`` or ``"uncertain"`` by the interval of the
        difference, the last for a place of fewer than five; ``p_value``, ``p_value_adjusted``
        and ``verdict_adjusted``, the same for all places together (Holm); ``n_apart``, the
        persons whose outcome is not the commonest one of their place.
    funnel
        ``n``, ``low95``, ``high95``, ``low998``, ``high998``: where a place of ``n`` persons
        lies by chance. To draw a place in it: its adjusted mean, ``others + difference``.
    notes
        What else is to be known.
    """

    outcome: str
    place: str
    covariates: tuple[str, ...]
    conf_level: float
    share: bool
    average: float
    overdispersion: float
    tau: float
    n_missing: int
    table: pd.DataFrame
    funnel: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def n_places(self) -> int:
        return len(self.table)

    @property
    def by_chance(self) -> float:
        """How many places would lie above or below by chance alone if none differed."""
        return (1 - self.conf_level) * self.n_places

    def named(self, verdict: str, *, adjusted: bool = False) -> tuple[str, ...]:
        """The places with that verdict, in the order of their names."""
        column = "verdict_adjusted" if adjusted else "verdict"
        return tuple(self.table.loc[self.table[column] == verdict, "place"])

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PlaceComparison:
        """The inverse of ``to_dict``."""
        read: dict[str, Any] = dict(values)
        for name in ("table", "funnel"):
            read[name] = pd.DataFrame(values[name]["rows"], columns=values[name]["columns"])
        for name in ("average", "overdispersion", "tau"):
            read[name] = number(values[name])
        for name in ("covariates", "notes"):
            read[name] = tuple(values[name])
        return cls(**read)

    def __repr__(self) -> str:
        above, below = len(self.named(ABOVE)), len(self.named(BELOW))
        return (
            f"PlaceComparison({self.outcome} in {self.n_places} of {self.place}: average "
            f"{self.average:.4g}, {above} above and {below} below the others, "
            f"{self.by_chance:.1f} expected by chance)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" + html_table(self.table)
