"""What has passed the gate: frozen values that only ``jobeval.release`` can make.

A hidden cell is ``SUPPRESSED``: the original is nowhere in the object.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, fields, replace
from enum import Enum
from typing import Any, ClassVar, TypeVar

import pandas as pd

from jobeval.disclosure.policy import Policy
from jobeval.errors import DisclosureError
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import LookName


class Suppressed(Enum):
    """The mark of a hidden cell; it says nothing of what was hidden."""

    SUPPRESSED = "suppressed"

    def __repr__(self) -> str:
        return "SUPPRESSED"


SUPPRESSED = Suppressed.SUPPRESSED
Cell = str | int | float | Suppressed | None

_GATE = object()
"""Known to the gate only."""


def gate_token() -> object:
    """For ``disclosure.gate`` alone; an import elsewhere is a breach of the house."""
    return _GATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Base of everything that may be shown. Cannot be built outside the gate."""

    GATE: ClassVar[str] = "jobeval.release(evaluation)"
    """The call that makes it."""

    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        if token is not _GATE:
            raise DisclosureError(f"{type(self).__name__} is made by {self.GATE} only")

    def to_dict(self) -> dict[str, Any]:
        """The released values as JSON values; hidden cells are ``"suppressed"``."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}


def plain(value: Any) -> Any:
    """Turn a released value into what JSON can hold."""
    if isinstance(value, Released):
        return value.to_dict()
    if isinstance(value, Suppressed):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTable(Released):
    """A table of released cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> tuple[Cell, ...]:
        """All cells of one column."""
        position = self.columns.index(name)
        return tuple(row[position] for row in self.rows)

    def records(self) -> Iterator[dict[str, Cell]]:
        """One mapping a row."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTakeUp(Released):
    """Who took part because of the lottery: shares, and means of compliers and of everyone."""

    share_treatment: float
    share_control: float
    first_stage: float
    f_statistic: float
    profile: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedEstimate(Released):
    """One effect. Ratios are given as ratios; a suppressed one holds no numbers at all.

    ``mean_treatment`` is the released ``mean_control`` plus the effect, so that the three
    agree, and of rates that of the arm; the arms' own means are given no finer than the
    policy's grid.
    """

    analysis: str
    endpoint: str
    subgroup: str
    estimator: str
    scale: str
    unit: str
    suppressed: bool
    n_treatment: int | None = None
    n_control: int | None = None
    estimate: float = math.nan
    std_error: float = math.nan
    """Of a difference in its unit, of a ratio in logarithms."""
    conf_low: float = math.nan
    conf_high: float = math.nan
    conf_level: float = 0.95
    p_value: float = math.nan
    p_value_adjusted: float = math.nan
    mean_treatment: float = math.nan
    mean_control: float = math.nan
    part: str = ""
    inference: str = ""
    detectable: float = math.nan
    """The smallest true effect that the trial could have found four times out of five."""
    take_up: ReleasedTakeUp | None = None
    notes: tuple[str, ...] = ()

    @property
    def estimable(self) -> bool:
        """Whether there is a number to show."""
        return not self.suppressed and math.isfinite(self.estimate)

    @property
    def null(self) -> float:
        """The value of no effect: 0 for a difference, 1 for a ratio."""
        return 0.0 if self.scale == "difference" else 1.0

    @property
    def sizes(self) -> tuple[float, float, float]:
        """The effect and the levels of the arms: how large the numbers are to be written."""
        return self.estimate, self.mean_treatment, self.mean_control

    @property
    def one_value(self) -> bool:
        """Whether both arms have one and the same value, so that nothing is tested."""
        return self.estimable and self.estimate == 0 and math.isnan(self.p_value)

    @property
    def certain(self) -> bool:
        """Whether the unrounded interval leaves out the value of no effect."""
        return self.estimable and self.p_value < 1 - self.conf_level

    def of_the_others(self) -> ReleasedEstimate:
        """The same effect on a share, told of those without: who has left, of who has not."""
        if self.unit != "share" or self.scale != "difference":
            raise ValueError(f"{self.unit!r} ({self.scale}) is no difference of shares")
        turned = {
            "estimate": -self.estimate,
            "conf_low": -self.conf_high,
            "conf_high": -self.conf_low,
            "mean_treatment": round(1 - self.mean_treatment, 6),
            "mean_control": round(1 - self.mean_control, 6),
        }
        return replace(self, token=_GATE, **turned)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedEffects(Released):
    """All released effects, picked by their names."""

    estimates: tuple[ReleasedEstimate, ...]

    def __iter__(self) -> Iterator[ReleasedEstimate]:
        return iter(self.estimates)

    def __len__(self) -> int:
        return len(self.estimates)

    def where(self, **values: object) -> tuple[ReleasedEstimate, ...]:
        """The effects whose fields equal the given values."""
        return tuple(e for e in self if all(getattr(e, k) == v for k, v in values.items()))

    def to_frame(self) -> pd.DataFrame:
        """One row an effect; a suppressed one has no numbers."""
        columns = [item.name for item in fields(ReleasedEstimate)]
        rows = [
            {**{name: getattr(e, name) for name in columns}, "notes": "; ".join(e.notes)}
            for e in self
        ]
        return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCurve(Released):
    """A curve at the weeks that may be shown. A suppressed week has ``nan`` throughout."""

    endpoint: str
    measure: str
    arm: str
    cause: str
    subgroup: str
    unit: str
    times: tuple[int, ...]
    values: tuple[float, ...]
    conf_low: tuple[float, ...]
    conf_high: tuple[float, ...]
    band_low: tuple[float, ...]
    band_high: tuple[float, ...]
    at_risk: tuple[int, ...]
    suppressed: tuple[bool, ...]
    risk_times: tuple[int, ...] = ()
    """Exit curves: weeks of the numbers at risk below the figure."""
    risk_counts: tuple[int, ...] = ()
    conf_level: float = 0.95

    def until(self, week: int) -> ReleasedCurve:
        """The same weekly path, without the weeks after ``week``."""
        kept = [i for i, time in enumerate(self.times) if time <= week]
        names = (
            "times", "values", "conf_low", "conf_high", "band_low", "band_high", "at_risk",
            "suppressed",
        )  # fmt: skip
        short = {name: tuple(getattr(self, name)[i] for i in kept) for name in names}
        return replace(self, token=_GATE, **short)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTest(Released):
    """A test without an effect size; a suppressed one holds no numbers at all."""

    name: str
    endpoint: str
    subgroup: str
    analysis: str
    suppressed: bool = False
    statistic: float = math.nan
    df: float = math.nan
    p_value: float = math.nan
    part: str = ""
    """What of the endpoint is tested, such as one destination."""
    inference: str = ""
    """On what the p-value rests: the model or the lottery drawn anew."""
    draws: int | None = None
    exact: bool = False
    """Whether each possible lottery was gone through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCheck(Released):
    """The answer of one check: outcome, numbers and table, no sentence of its own."""

    name: str
    passed: bool | None
    values: Mapping[str, float]
    table: ReleasedTable

    def number(self, name: str) -> float:
        """One of the check's numbers; ``nan`` when it has none of this name."""
        return self.values.get(name, math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression(Released):
    """One entry of the log: what was treated, by which rule, how many cells. No values."""

    what: str
    rule: str
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReleasedEvaluation(Released):
    """All of a look's results that may leave the building."""

    plan: TrialPlan
    look: LookName
    cut_off: dt.date
    data_digest: str
    """First 12 hex digits of the delivery's sha256."""
    policy: Policy
    effects: ReleasedEffects
    curves: tuple[ReleasedCurve, ...]
    tests: tuple[ReleasedTest, ...]
    checks: Mapping[str, ReleasedCheck]
    flow: ReleasedTable
    notes: tuple[str, ...]
    log: tuple[Suppression, ...]
    other_arms: tuple[str, ...] = ()
    """The trial's treatment arms that are not compared here."""

    def to_dict(self) -> dict[str, Any]:
        """All released values as JSON values, without the plan."""
        left_out = {"plan", "policy"}
        values = {
            f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name not in left_out
        }
        effects = [effect.to_dict() for effect in self.effects]
        return {
            "trial": self.plan.name,
            "profile": self.policy.profile,
            **values,
            "effects": effects,
        }

    def __repr__(self) -> str:
        return (
            f"ReleasedEvaluation({self.plan.name}, {self.look}: {len(self.effects)} effects, "
            f"{len(self.curves)} curves, {sum(item.cells for item in self.log)} cells treated)"
        )


R = TypeVar("R", bound=Released)


def require_released(value: Any, kind: type[R]) -> R:
    """Return ``value`` if it has passed the gate, else raise ``DisclosureError``."""
    if not isinstance(value, kind):
        raise DisclosureError(
            f"{type(value).__name__} has not passed the disclosure gate; use {kind.GATE} first"
        )
    return value


def require_all_released(values: Any, kind: type[R]) -> tuple[R, ...]:
    """Return the values as a tuple if each has passed the gate."""
    return tuple(require_released(value, kind) for value in values)
