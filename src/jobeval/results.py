"""What an analysis says: frozen values with raw numbers, no formatting.

Everything here survives a round trip through JSON (``to_dict`` and ``from_dict``);
``nan`` becomes ``null`` and infinite degrees of freedom become ``"inf"``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Scale = Literal["difference", "log_ratio"]


class Interval(NamedTuple):
    """A two-sided confidence interval."""

    low: float
    high: float


def _quantile_t(probability: float, df: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(probability) if math.isinf(df) else stdtrit(df, probability))


def _two_sided_p(statistic: float, df: float) -> float:
    from scipy.special import ndtr, stdtr

    tail = ndtr(-abs(statistic)) if math.isinf(df) else stdtr(df, -abs(statistic))
    return float(2 * tail)


def _plain(value: Any) -> Any:
    """Turn one value into what JSON can hold."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, pd.DataFrame):
        return {
            "columns": [str(name) for name in value.columns],
            "rows": [[_plain(item) for item in row] for row in value.itertuples(index=False)],
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return None if value is pd.NA else value


def html_table(frame: pd.DataFrame) -> str:
    return frame.to_html(index=False, escape=True, max_rows=12, float_format="{:.4g}".format)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One estimated effect, with all that is needed to read and to check it.

    ``estimate`` and ``std_error`` are on the analysis scale: in ``unit`` for a
    ``"difference"``, natural logarithms for a ``"log_ratio"``. Shares are proportions
    (0.08 is eight percentage points). What could not be estimated is ``nan`` with a note.

    ``n_apart_treatment`` and ``n_apart_control`` tell on how few persons a number rests: those
    of the arm whose outcome is not the arm's commonest one, or, in a model of exits, those who
    left. ``None`` is unknown.

    >>> effect = Estimate(endpoint="any_hours", estimand="itt", estimator="difference in means",
    ...     contrast="treatment - control", estimate=0.08, std_error=0.02, df=100.0,
    ...     unit="share", n_treatment=60, n_control=50)
    >>> round(effect.p_value, 5)
    0.00012
    >>> [round(bound, 4) for bound in effect.confidence_interval()]
    [0.0403, 0.1197]
    """

    endpoint: str
    estimand: str
    estimator: str
    contrast: str
    estimate: float
    std_error: float
    n_treatment: int
    n_control: int
    df: float = math.inf
    scale: Scale = "difference"
    unit: str = ""
    conf_level: float = 0.95
    analysis: str = ""
    analysis_set: str = "randomised"
    subgroup: str = ""
    horizon_weeks: int | None = None
    n_clusters: int | None = None
    mean_treatment: float = math.nan
    mean_control: float = math.nan
    p_value_adjusted: float = math.nan
    n_apart_treatment: int | None = None
    n_apart_control: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def statistic(self) -> float:
        """``estimate / std_error``; ``nan`` where the error is zero or unknown."""
        return self.estimate / self.std_error if self.std_error > 0 else math.nan

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect, from t with ``df`` (normal when infinite)."""
        return _two_sided_p(self.statistic, self.df)

    def confidence_interval(self, level: float | None = None) -> Interval:
        """Two-sided t interval on the analysis scale, at ``conf_level`` unless told."""
        level = self.conf_level if level is None else level
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level!r}")
        if not self.std_error > 0:
            return Interval(math.nan, math.nan)
        half = _quantile_t(0.5 + level / 2, self.df) * self.std_error
        return Interval(self.estimate - half, self.estimate + half)

    @property
    def ratio(self) -> float:
        """``exp(estimate)`` of a log ratio; ``nan`` for a difference."""
        return math.exp(self.estimate) if self.scale == "log_ratio" else math.nan

    def ratio_interval(self, level: float | None = None) -> Interval:
        """The interval of a log ratio, as ratios; ``nan`` for a difference."""
        if self.scale != "log_ratio":
            return Interval(math.nan, math.nan)
        return Interval(*(math.exp(bound) for bound in self.confidence_interval(level)))

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Estimate:
        """The inverse of ``to_dict``."""
        floats = {
            "estimate", "std_error", "df", "conf_level",
            "mean_treatment", "mean_control", "p_value_adjusted",
        }  # fmt: skip
        read: dict[str, Any] = {k: _number(v) if k in floats else v for k, v in values.items()}
        read["notes"] = tuple(values.get("notes", ()))
        return cls(**read)

    def __repr__(self) -> str:
        low, high = self.confidence_interval()
        where = f" in {self.subgroup}" if self.subgroup else ""
        return (
            f"Estimate({self.endpoint}{where}, {self.contrast}: {self.estimate:.4g} "
            f"[{low:.4g}, {high:.4g}], p = {self.p_value:.3g}, "
            f"n = {self.n_treatment} + {self.n_control}, {self.estimator})"
        )

    def _repr_html_(self) -> str:
        return html_table(EffectTable((self,)).to_frame()[list(EffectTable.SHOWN)])


@dataclass(frozen=True, slots=True)
class EffectTable:
    """A sequence of estimates.

    >>> EffectTable(()).to_frame().shape
    (0, 24)
    """

    estimates: tuple[Estimate, ...] = ()

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "analysis", "endpoint", "estimand", "estimator", "contrast", "subgroup", "analysis_set",
        "horizon_weeks", "scale", "unit", "estimate", "std_error", "df", "statistic", "p_value",
        "p_value_adjusted", "conf_low", "conf_high", "conf_level", "n_treatment", "n_control",
        "mean_treatment", "mean_control", "notes",
    )  # fmt: skip

    SHOWN: ClassVar[tuple[str, ...]] = (
        "endpoint", "subgroup", "estimator", "estimate", "conf_low", "conf_high", "p_value",
        "n_treatment", "n_control", "mean_control", "unit", "notes",
    )  # fmt: skip

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.estimates)

    def __len__(self) -> int:
        return len(self.estimates)

    def __getitem__(self, index: int) -> Estimate:
        return self.estimates[index]

    def where(self, **values: object) -> EffectTable:
        """The estimates whose fields equal the given values."""
        return EffectTable(
            tuple(e for e in self if all(getattr(e, k) == v for k, v in values.items()))
        )

    def one(self, **values: object) -> Estimate:
        """The only estimate with these values; ``LookupError`` when there is not exactly one."""
        found = self.where(**values)
        if len(found) != 1:
            raise LookupError(f"{len(found)} estimates match {values}, not one")
        return found[0]

    def to_frame(self) -> pd.DataFrame:
        """One row an estimate; the same columns in the same order, also when empty."""
        rows = [
            {
                **{name: getattr(e, name, None) for name in self.COLUMNS},
                "conf_low": e.confidence_interval().low,
                "conf_high": e.confidence_interval().high,
                "notes": "; ".join(e.notes),
            }
            for e in self
        ]
        return pd.DataFrame(rows, columns=list(self.COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        return {"estimates": [e.to_dict() for e in self]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> EffectTable:
        return cls(tuple(Estimate.from_dict(item) for item in values["estimates"]))

    def __repr__(self) -> str:
        return f"EffectTable({len(self)} estimates)"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame()[list(self.SHOWN)])


def _no_values() -> NDArray[np.float64]:
    return np.empty(0)


Measure = Literal["survival", "cumulative_incidence", "share", "mean", "state_share"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A quantity by week since randomisation, for one arm or one contrast.

    All arrays have shape ``(T,)``. ``times`` are whole weeks. For exits, time ``t`` means
    "after t weeks", and ``values`` are right-continuous steps; for paths (``"share"``,
    ``"mean"``, ``"state_share"``) time ``t`` is week ``t`` itself, week 0 being the week of
    randomisation. ``at_risk`` is the number of persons who stand behind a value (at risk just
    before ``t``, or observed in week ``t``). ``events`` are exits, or in a path the persons
    whose outcome is not 0. A contrast of arms has ``arm`` such as
    ``"treatment - control"``. Unknown values are ``nan``.
    """

    endpoint: str
    measure: Measure
    arm: str
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    std_error: NDArray[np.float64] = field(default_factory=_no_values)
    conf_low: NDArray[np.float64] = field(default_factory=_no_values)
    conf_high: NDArray[np.float64] = field(default_factory=_no_values)
    cause: str = ""
    subgroup: str = ""
    unit: str = ""
    conf_level: float = 0.95
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        size = len(self.times)
        for name in ("values", "at_risk", "std_error", "conf_low", "conf_high", "events"):
            array = getattr(self, name)
            if len(array) == 0 and size and name in {"std_error", "conf_low", "conf_high"}:
                object.__setattr__(self, name, np.full(size, np.nan))
            elif len(array) == 0 and size and name == "events":
                object.__setattr__(self, name, np.zeros(size, dtype=np.int64))
            elif len(array) != size:
                raise ValueError(f"{name} has {len(array)} values for {size} times")

    def at(self, week: float) -> float:
        """The value of the step function at ``week``; ``nan`` outside the curve."""
        index = int(np.searchsorted(self.times, week, side="right")) - 1
        beyond = len(self.times) == 0 or week > self.times[-1]
        return math.nan if index < 0 or beyond else float(self.values[index])

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "endpoint", "measure", "arm", "cause", "subgroup", "unit", "week", "value", "std_error",
        "conf_low", "conf_high", "at_risk", "events",
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
                "at_risk": self.at_risk,
                "events": self.events,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Curve:
        read: dict[str, Any] = dict(values)
        for name in ("times", "at_risk", "events"):
            read[name] = np.array(values[name], dtype=np.int64)
        for name in ("values", "std_error", "conf_low", "conf_high"):
            read[name] = np.array([_number(v) for v in values[name]], dtype=float)
        read["notes"] = tuple(values.get("notes", ()))
        return cls(**read)

    def __repr__(self) -> str:
        span = f"{self.times[0]}–{self.times[-1]}" if len(self.times) else "none"
        cause = f", {self.cause}" if self.cause else ""
        return f"Curve({self.endpoint}{cause}, {self.measure}, {self.arm}, weeks {span})"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())


@dataclass(frozen=True, slots=True)
class CurveTable:
    """A sequence of curves, picked by their names.

    >>> CurveTable(()).to_frame().empty
    True
    """

    curves: tuple[Curve, ...] = ()

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
        return {"curves": [curve.to_dict() for curve in self]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CurveTable:
        return cls(tuple(Curve.from_dict(item) for item in values["curves"]))

    def __repr__(self) -> str:
        return f"CurveTable({len(self)} curves)"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisTest:
    """A test without an effect size of its own, such as the log-rank test.

    ``n_apart_treatment`` and ``n_apart_control`` are those of ``Estimate``.
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
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HypothesisTest:
        read: dict[str, Any] = dict(values)
        read.update({name: _number(values[name]) for name in ("statistic", "df", "p_value")})
        read["notes"] = tuple(values.get("notes", ()))
        return cls(**read)

    def __repr__(self) -> str:
        return (
            f"HypothesisTest({self.name}, {self.endpoint}: {self.statistic:.4g} "
            f"on {self.df:g} df, p = {self.p_value:.3g})"
        )


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
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CheckResult:
        read: dict[str, Any] = dict(values)
        table = values["table"]
        read["table"] = pd.DataFrame(table["rows"], columns=table["columns"])
        read["values"] = {key: _number(value) for key, value in values["values"].items()}
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
        return {"steps": [{"name": s.name, "counts": _plain(s.counts)} for s in self.steps]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Flow:
        return cls(tuple(FlowStep(s["name"], dict(s["counts"])) for s in values["steps"]))

    def __repr__(self) -> str:
        return f"Flow({' → '.join(step.name for step in self.steps)})"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())


def with_adjusted_p(table: EffectTable, adjusted: Sequence[float]) -> EffectTable:
    """The same estimates with ``p_value_adjusted`` filled in, in order."""
    pairs = zip(table, adjusted, strict=True)
    return EffectTable(tuple(replace(e, p_value_adjusted=float(p)) for e, p in pairs))
