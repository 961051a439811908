"""Quantities by week, and tables of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.results.json import counted, html_table, listed, number, plain
from jobeval.results.test import HypothesisTest


def _no_values() -> NDArray[np.float64]:
    return np.empty(0)


def _no_counts() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


Measure = Literal[
    "survival",
    "implied_survival",
    "cumulative_hazard",
    "cumulative_incidence",
    "complier_incidence",
    "mean_cumulative",
    "log_hazard_ratio",
    "occupancy",
    "share",
    "mean",
    "state_share",
    "accumulated",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A quantity by week since randomisation, for one arm or one contrast.

    All arrays have shape ``(T,)``. ``times`` are whole weeks. For exits, time ``t`` means
    "after t weeks", and ``values`` are right-continuous steps; for paths (``"share"``,
    ``"mean"``, ``"state_share"``) time ``t`` is week ``t`` itself, week 0 being the week of
    randomisation. ``at_risk`` is the number of persons who stand behind a value (at risk just
    before ``t``, or observed in week ``t``). ``events`` are exits, or in a path the persons
    whose outcome is not 0. ``first_events`` are given where events come again: those that are the
    first of their person. A contrast of arms has ``arm`` such as
    ``"treatment - control"``. ``conf_low`` and ``conf_high`` hold week by week, ``band_low`` and
    ``band_high`` for all weeks at once. Unknown values are ``nan``.
    """

    endpoint: str
    measure: Measure
    arm: str
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64] = field(default_factory=_no_counts)
    first_events: NDArray[np.int64] = field(default_factory=_no_counts)
    std_error: NDArray[np.float64] = field(default_factory=_no_values)
    conf_low: NDArray[np.float64] = field(default_factory=_no_values)
    conf_high: NDArray[np.float64] = field(default_factory=_no_values)
    band_low: NDArray[np.float64] = field(default_factory=_no_values)
    band_high: NDArray[np.float64] = field(default_factory=_no_values)
    cause: str = ""
    subgroup: str = ""
    unit: str = ""
    conf_level: float = 0.95
    notes: tuple[str, ...] = ()

    _UNCERTAIN: ClassVar[tuple[str, ...]] = (
        "std_error", "conf_low", "conf_high", "band_low", "band_high",
    )  # fmt: skip

    def __post_init__(self) -> None:
        size = len(self.times)
        for name in ("values", "at_risk", *self._UNCERTAIN, "events"):
            array = getattr(self, name)
            if len(array) == 0 and size and name in self._UNCERTAIN:
                object.__setattr__(self, name, np.full(size, np.nan))
            elif len(array) == 0 and size and name == "events":
                object.__setattr__(self, name, np.zeros(size, dtype=np.int64))
            elif len(array) != size:
                raise ValueError(f"{name} has {len(array)} values for {size} times")
        if len(self.first_events) not in (0, size):
            raise ValueError(f"first_events has {len(self.first_events)} values for {size} times")

    def at(self, week: float) -> float:
        """The value of the step function at ``week``; ``nan`` outside the curve."""
        index = int(np.searchsorted(self.times, week, side="right")) - 1
        beyond = len(self.times) == 0 or week > self.times[-1]
        return math.nan if index < 0 or beyond else float(self.values[index])

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "endpoint", "measure", "arm", "cause", "subgroup", "unit", "week", "value", "std_error",
        "conf_low", "conf_high", "band_low", "band_high", "at_risk", "events",
    )  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row a week, with the names of the curve in front."""
        return pd.DataFrame(
            {
                "endpoint": self.endpoint,
                "measure": self.measure,
                "arm": self.arm,
                "cause": self.cause,
                "subgroup": self.subgroup,
                "unit": self.unit,
                "week": self.times,
                "value": self.values,
                "std_error": self.std_error,
                "conf_low": self.conf_low,
                "conf_high": self.conf_high,
                "band_low": self.band_low,
                "band_high": self.band_high,
                "at_risk": self.at_risk,
                "events": self.events,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Curve:
        read: dict[str, Any] = dict(values)
        for name in ("times", "at_risk", "events"):
            read[name] = np.array(values[name], dtype=np.int64)
        read["first_events"] = np.array(values.get("first_events", ()), dtype=np.int64)
        for name in ("values", *cls._UNCERTAIN):
            read[name] = np.array([number(v) for v in values[name]], dtype=float)
        read["notes"] = tuple(values.get("notes", ()))
        return cls(**read)

    def __repr__(self) -> str:
        return f"Curve({_line(self)})"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())


@dataclass(frozen=True, slots=True)
class CurveTable:
    """A sequence of curves, picked by their names, and tests of them as a whole.

    >>> CurveTable(()).to_frame().empty
    True
    """

    curves: tuple[Curve, ...] = ()
    tests: tuple[HypothesisTest, ...] = ()

    def __iter__(self) -> Iterator[Curve]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def __getitem__(self, arm: str) -> Curve:
        """The only curve of this arm."""
        return self.one(arm=arm)

    def where(self, **values: object) -> CurveTable:
        """The curves whose fields equal the given values."""
        return CurveTable(
            tuple(c for c in self if all(getattr(c, k) == v for k, v in values.items()))
        )

    def one(self, **values: object) -> Curve:
        """The only curve with these values; ``LookupError`` when there is not exactly one."""
        found = self.where(**values)
        if len(found) != 1:
            raise LookupError(f"{len(found)} curves match {values}, not one")
        return found.curves[0]

    def to_frame(self) -> pd.DataFrame:
        """All curves below one another."""
        if not self.curves:
            return pd.DataFrame(columns=list(Curve.COLUMNS))
        return pd.concat([curve.to_frame() for curve in self], ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        return {
            "curves": [curve.to_dict() for curve in self],
            "curve_tests": [test.to_dict() for test in self.tests],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CurveTable:
        return cls(
            tuple(Curve.from_dict(item) for item in values["curves"]),
            tuple(HypothesisTest.from_dict(item) for item in values.get("curve_tests", ())),
        )

    def __repr__(self) -> str:
        head = f"CurveTable({counted(len(self), 'curve')})"
        tests = [repr(test) for test in self.tests]
        return listed(head, [_line(curve) for curve in self]) + "".join(
            f"\n  {test}" for test in tests
        )

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())


def _line(curve: Curve) -> str:
    span = f"{curve.times[0]}–{curve.times[-1]}" if len(curve.times) else "none"
    names = (curve.endpoint, curve.cause, curve.subgroup, curve.measure, curve.arm)
    known = curve.times[np.isfinite(curve.values)]
    last = f": {curve.at(known[-1]):.4g} in week {known[-1]}" if len(known) else ""
    return f"{', '.join(filter(None, names))}, weeks {span}{last}"
