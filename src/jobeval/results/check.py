"""The answers of checks, and the flow of persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from jobeval.results.json import html_table, number, plain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckResult:
    """The answer of one check. ``passed`` is ``None`` when the check only informs.

    ``values`` holds the numbers that the sentence mentions, so that a report can say the
    same in another language.
    """

    name: str
    passed: bool | None
    sentence: str
    values: Mapping[str, float] = field(default_factory=dict)
    table: pd.DataFrame = field(default_factory=pd.DataFrame)

    def to_dict(self) -> dict[str, Any]:
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CheckResult:
        read: dict[str, Any] = dict(values)
        table = values["table"]
        read["table"] = pd.DataFrame(table["rows"], columns=table["columns"])
        read["values"] = {key: number(value) for key, value in values["values"].items()}
        return cls(**read)

    def __repr__(self) -> str:
        mark = {True: "passed", False: "FAILED", None: "informative"}[self.passed]
        return f"CheckResult({self.name}, {mark}: {self.sentence})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>" + html_table(self.table)


@dataclass(frozen=True, slots=True)
class FlowStep:
    """How many persons of each arm reached a step."""

    name: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """The way of the persons from the lottery to the analysis."""

    steps: tuple[FlowStep, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row a step, one column an arm."""
        return pd.DataFrame([{"step": step.name, **step.counts} for step in self.steps])

    def to_dict(self) -> dict[str, Any]:
        return {"steps": [{"name": s.name, "counts": plain(s.counts)} for s in self.steps]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Flow:
        return cls(tuple(FlowStep(s["name"], dict(s["counts"])) for s in values["steps"]))

    def __repr__(self) -> str:
        return f"Flow({' → '.join(step.name for step in self.steps)})"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())
