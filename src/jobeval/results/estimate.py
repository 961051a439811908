"""One estimated effect, and tables of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, NamedTuple

import pandas as pd

from jobeval.results.json import counted, html_table, listed, number, plain, why_not

Scale = Literal["difference", "log_ratio"]
OVER_SITES = ("pooled", "prediction", "tau")
"""Parts that tell of all sites of an analysis at once."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """Who took part because of the lottery, beside an effect on them.

    Attributes
    ----------
    first_stage, first_stage_std_error
        Effect of the lottery on taking part: the share of compliers.
    f_statistic
        Of the first stage, ``(first_stage / first_stage_std_error)²``.
    share_treatment, share_control
        Share of each arm that took part; under monotonicity the latter are the
        always-takers, and ``1 - share_treatment`` the never-takers.
    profile
        Rows ``(covariate, mean of compliers, mean of everyone)``.
    """

    first_stage: float
    first_stage_std_error: float
    f_statistic: float
    share_treatment: float
    share_control: float
    profile: tuple[tuple[str, float, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TakeUp:
        """The inverse of ``to_dict``."""
        read: dict[str, Any] = {k: number(v) for k, v in values.items() if k != "profile"}
        rows = ((str(name), number(own), number(all_)) for name, own, all_ in values["profile"])
        return cls(profile=tuple(rows), **read)

    def __repr__(self) -> str:
        return (
            f"TakeUp(first stage {self.first_stage:.4g}, F = {self.f_statistic:.4g}; took part: "
            f"{self.share_treatment:.1%} of treatment, {self.share_control:.1%} of control)"
        )

    def _repr_html_(self) -> str:
        shown = (
            "share_treatment", "share_control", "first_stage", "first_stage_std_error",
            "f_statistic",
        )  # fmt: skip
        stage = html_table(pd.DataFrame([{name: getattr(self, name) for name in shown}]))
        columns = ["covariate", "mean_compliers", "mean_everyone"]
        profile = pd.DataFrame(list(self.profile), columns=columns)
        return stage + (html_table(profile) if self.profile else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One estimated effect, with all that is needed to read and to check it.

    ``estimate`` and ``std_error`` are on the analysis scale: in ``unit`` for a
    ``"difference"``, natural logarithms for a ``"log_ratio"``. Shares are proportions
    (0.08 is eight percentage points). What could not be estimated is ``nan`` with a note.

    ``part`` tells apart the several numbers of one analysis, as ``subgroup`` does groups:
    ``"quantile=0.5"``, ``"hours>=10"``, ``"extensive"``. ``take_up`` stands beside an effect on
    those who took part.

    The p-value and the interval come from t with ``df``, unless ``inference`` names another
    way (``"lottery"``, ``"Anderson-Rubin"``, ``"Newcombe"``): then they are ``given_p_value``
    and ``given_interval``, the latter at ``conf_level`` only. A bound may be infinite.

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
    part: str = ""
    horizon_weeks: int | None = None
    n_clusters: int | None = None
    mean_treatment: float = math.nan
    mean_control: float = math.nan
    p_value_adjusted: float = math.nan
    n_apart_treatment: int | None = None
    n_apart_control: int | None = None
    inference: str = ""
    given_p_value: float = math.nan
    given_interval: Interval | None = None
    take_up: TakeUp | None = None
    notes: tuple[str, ...] = ()

    @property
    def statistic(self) -> float:
        """``estimate / std_error``; ``nan`` where the error is zero or unknown."""
        return self.estimate / self.std_error if self.std_error > 0 else math.nan

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect, from t with ``df`` (normal when infinite)."""
        if self.inference:
            return self.given_p_value
        return _two_sided_p(self.statistic, self.df)

    def confidence_interval(self, level: float | None = None) -> Interval:
        """Two-sided t interval on the analysis scale, at ``conf_level`` unless told."""
        level = self.conf_level if level is None else level
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level!r}")
        if self.inference:
            return self._given_interval(level)
        if not self.std_error > 0:
            return Interval(math.nan, math.nan)
        half = _quantile_t(0.5 + level / 2, self.df) * self.std_error
        return Interval(self.estimate - half, self.estimate + half)

    def _given_interval(self, level: float) -> Interval:
        if not math.isclose(level, self.conf_level):
            raise ValueError(
                f"the interval by {self.inference} is known at level {self.conf_level:g} only: "
                f"estimate again with conf_level={level!r}"
            )
        return self.given_interval or Interval(math.nan, math.nan)

    def detectable_effect(self, power: float = 0.8, alpha: float = 0.05) -> float:
        """The smallest true effect that a two-sided test at ``alpha`` finds with ``power``.

        ``(t(1 − alpha/2) + t(power)) · std_error`` with the estimate's degrees of freedom
        (Bloom 1995), on the analysis scale; 2.8016 standard errors when they are infinite.
        """
        if not 0 < alpha < power < 1:
            raise ValueError("alpha and power must lie between 0 and 1, alpha below power")
        if not self.std_error > 0:
            return math.nan
        quantiles = _quantile_t(1 - alpha / 2, self.df) + _quantile_t(power, self.df)
        return quantiles * self.std_error

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
        values = {item.name: plain(getattr(self, item.name)) for item in fields(self)}
        return values | {"take_up": self.take_up and self.take_up.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Estimate:
        """The inverse of ``to_dict``."""
        floats = {
            "estimate", "std_error", "df", "conf_level",
            "mean_treatment", "mean_control", "p_value_adjusted", "given_p_value",
        }  # fmt: skip
        read: dict[str, Any] = {k: number(v) if k in floats else v for k, v in values.items()}
        interval, take_up = values.get("given_interval"), values.get("take_up")
        read["given_interval"] = interval and Interval(*(number(bound) for bound in interval))
        read["take_up"] = take_up and TakeUp.from_dict(take_up)
        read["notes"] = tuple(values.get("notes", ()))
        return cls(**read)

    def __repr__(self) -> str:
        return f"Estimate({_line(self)})"

    def _repr_html_(self) -> str:
        return _shown(EffectTable((self,)))


@dataclass(frozen=True, slots=True)
class EffectTable:
    """A sequence of estimates.

    >>> EffectTable(()).to_frame().shape
    (0, 26)
    """

    estimates: tuple[Estimate, ...] = ()

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "analysis", "endpoint", "estimand", "estimator", "contrast", "subgroup", "part",
        "analysis_set", "horizon_weeks", "scale", "unit", "estimate", "std_error", "df",
        "statistic", "p_value", "p_value_adjusted", "conf_low", "conf_high", "conf_level",
        "inference", "n_treatment", "n_control", "mean_treatment", "mean_control", "notes",
    )  # fmt: skip

    SHOWN: ClassVar[tuple[str, ...]] = (
        "endpoint", "subgroup", "part", "estimator", "estimate", "conf_low", "conf_high", "p_value",
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
        head = f"EffectTable({counted(len(self), 'estimate')})"
        return listed(head, [_line(estimate) for estimate in self])

    def _repr_html_(self) -> str:
        return _shown(self)


def _line(effect: Estimate) -> str:
    low, high = effect.confidence_interval()
    scale = "log ratio " if effect.scale == "log_ratio" else ""
    where = f" {effect.part}" if effect.part else ""
    where += f" in {effect.subgroup}" if effect.subgroup else ""
    return (
        f"{effect.endpoint}{where}, {effect.contrast}: {scale}{effect.estimate:.4g} "
        f"[{low:.4g}, {high:.4g}], p = {effect.p_value:.3g}, "
        f"n = {effect.n_treatment} + {effect.n_control}, {effect.estimator}"
        f"{why_not(effect.estimate, effect.notes)}"
    )


def _shown(table: EffectTable) -> str:
    frame = table.to_frame()
    shown = list(EffectTable.SHOWN)
    if frame["p_value_adjusted"].notna().any():
        shown.insert(shown.index("p_value") + 1, "p_value_adjusted")
    if (frame["scale"] == "log_ratio").any():
        shown.insert(shown.index("estimate"), "scale")
    return html_table(frame[shown])


def with_adjusted_p(table: EffectTable, adjusted: Sequence[float]) -> EffectTable:
    """The same estimates with ``p_value_adjusted`` filled in, in order."""
    pairs = zip(table, adjusted, strict=True)
    return EffectTable(tuple(replace(e, p_value_adjusted=float(p)) for e, p in pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """An effect of which the data tell a range only.

    ``lower`` and ``upper`` are estimates with ``part`` ``"lower"`` and ``"upper"``;
    ``interval`` covers the effect (not the range) at ``lower.conf_level`` (Imbens & Manski
    2004). Where the range cannot be had, the bounds are ``nan`` with a note.
    """

    method: str
    lower: Estimate
    upper: Estimate
    interval: Interval
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> EffectTable:
        """Both bounds."""
        return EffectTable((self.lower, self.upper))

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"Bounds({self.method}, {self.lower.endpoint}: {self.lower.estimate:.4g} to "
            f"{self.upper.estimate:.4g}, interval [{low:.4g}, {high:.4g}])"
        )

    def _repr_html_(self) -> str:
        return _shown(self.table)
