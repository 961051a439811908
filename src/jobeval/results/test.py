"""Tests without an effect size of their own, and tests by the lottery drawn again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from jobeval.results.json import html_table, number, plain, why_not


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisTest:
    """A test without an effect size of its own, such as the log-rank test.

    ``n_apart_treatment`` and ``n_apart_control`` are those of ``Estimate``. ``inference`` names
    how the p-value was found where it is not the reference distribution with ``df``:
    ``"lottery"`` for the lottery drawn again, ``draws`` times or, when ``exact``, in all ways.
    """

    name: str
    endpoint: str
    statistic: float
    df: float
    p_value: float
    analysis: str = ""
    subgroup: str = ""
    n_apart_treatment: int | None = None
    n_apart_control: int | None = None
    part: str = ""
    inference: str = ""
    draws: int | None = None
    exact: bool = False
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HypothesisTest:
        read: dict[str, Any] = dict(values)
        read.update({name: number(values[name]) for name in ("statistic", "df", "p_value")})
        read["notes"] = tuple(values.get("notes", ()))
        return cls(**read)

    def __repr__(self) -> str:
        where = f" {self.part}" if self.part else ""
        where += f" in {self.subgroup}" if self.subgroup else ""
        freedom = "" if math.isnan(self.df) else f" on {self.df:g} df"
        return (
            f"HypothesisTest({self.name}, {self.endpoint}{where}: {self.statistic:.4g}{freedom}, "
            f"p = {self.p_value:.3g}{why_not(self.statistic, self.notes)})"
        )

    def _repr_html_(self) -> str:
        shown = ("name", "endpoint", "subgroup", "part", "statistic", "df", "p_value", "inference")
        row = {name: getattr(self, name) for name in shown}
        return html_table(pd.DataFrame([row | {"notes": "; ".join(self.notes)}]))


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisationTest:
    """A test of no effect on anyone, by the lottery drawn again.

    Attributes
    ----------
    statistic, estimate
        The observed statistic, and the effect it belongs to (``nan`` for a statistic that
        estimates nothing).
    p_value, p_value_greater, p_value_less
        Two-sided, and of the alternatives that the effect is above or below zero.
    conf_low, conf_high
        The constant effects that are not rejected at ``1 - conf_level``; infinite where the
        test never rejects on a side, ``nan`` for a statistic that cannot be inverted.
    draws
        Re-drawn lotteries, or all that can be drawn where ``exact``.
    """

    name: str
    endpoint: str
    contrast: str
    statistic: float
    estimate: float
    p_value: float
    p_value_greater: float
    p_value_less: float
    conf_low: float
    conf_high: float
    conf_level: float
    draws: int
    exact: bool
    n_treatment: int
    n_control: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RandomisationTest:
        """The inverse of ``to_dict``."""
        kept = {"name", "endpoint", "contrast", "draws", "exact", "n_treatment", "n_control"}
        read: dict[str, Any] = {k: v if k in kept else number(v) for k, v in values.items()
                                if k != "notes"}  # fmt: skip
        return cls(notes=tuple(values["notes"]), **read)

    def __repr__(self) -> str:
        how = "all" if self.exact else "of"
        return (
            f"RandomisationTest({self.name}, {self.endpoint}, {self.contrast}: "
            f"{self.estimate:.4g} [{self.conf_low:.4g}, {self.conf_high:.4g}], "
            f"p = {self.p_value:.3g}, {how} {self.draws} lotteries)"
        )

    def _repr_html_(self) -> str:
        shown = (
            "name", "endpoint", "contrast", "estimate", "conf_low", "conf_high", "p_value",
            "draws", "exact", "n_treatment", "n_control",
        )  # fmt: skip
        row = {name: getattr(self, name) for name in shown}
        return html_table(pd.DataFrame([row | {"notes": "; ".join(self.notes)}]))
