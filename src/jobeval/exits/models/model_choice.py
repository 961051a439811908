"""Which model of durations is asked for, validated before any data."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

from jobeval.errors import require_one_of
from jobeval.exits.curves.error_shapes import LOG_LOGISTIC, LOG_NORMAL, WEIBULL, ErrorShape
from jobeval.exits.models.week_baselines import BASELINES, PERIOD, BaselineName
from jobeval.exits.models.week_hazards import Link

Distribution = Literal[
    "exponential",
    "weibull",
    "log-normal",
    "log-logistic",
    "piecewise-exponential",
    "cloglog",
    "logit",
]
DISTRIBUTIONS: tuple[Distribution, ...] = get_args(Distribution)
StrataAs = Literal["indicators", "baseline"]


class _Words(NamedTuple):
    label: str
    unit: str  # of exp(coefficient of treatment)


WORDS: dict[Distribution, _Words] = {
    "exponential": _Words("exponential", "time_ratio"),
    "weibull": _Words("Weibull", "time_ratio"),
    "log-normal": _Words("log-normal", "time_ratio"),
    "log-logistic": _Words("log-logistic", "time_ratio"),
    "piecewise-exponential": _Words("piecewise exponential", "hazard_ratio"),
    "cloglog": _Words("complementary log-log", "hazard_ratio"),
    "logit": _Words("discrete-time logit", "odds_ratio"),
}
SHAPES: dict[Distribution, ErrorShape] = {
    "exponential": WEIBULL,
    "weibull": WEIBULL,
    "log-normal": LOG_NORMAL,
    "log-logistic": LOG_LOGISTIC,
}


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A distribution and what goes with it; see ``fit_parametric`` for the options."""

    distribution: Distribution
    grouped: bool = False
    baseline: BaselineName = "free"
    breaks: tuple[int, ...] | None = None
    strata: StrataAs = "indicators"

    @property
    def label(self) -> str:
        return WORDS[self.distribution].label

    @property
    def unit(self) -> str:
        return WORDS[self.distribution].unit

    @property
    def shape(self) -> ErrorShape | None:
        """The error of log durations; ``None`` for models of weekly hazards."""
        return SHAPES.get(self.distribution)

    @property
    def link(self) -> Link:
        """Of weekly hazards; a constant hazard seen by weeks is a complementary log-log."""
        if self.distribution == "logit":
            return "logit"
        return "cloglog" if self.distribution == "cloglog" or self.grouped else "log"

    @property
    def takes_week_0(self) -> bool:
        """Whether an exit in the week of the draw has a probability."""
        return self.distribution in ("cloglog", "logit")

    def last_weeks(self, longest: int) -> tuple[int, ...]:
        """Where periods end before the last, open one."""
        if self.breaks is not None:
            return tuple(week for week in self.breaks if week < longest)
        return tuple(range(PERIOD, longest, PERIOD))


def choose_model(
    distribution: Distribution,
    *,
    grouped: bool = False,
    baseline: BaselineName | None = None,
    breaks: Sequence[int] | None = None,
    strata: StrataAs = "indicators",
) -> ModelChoice:
    """Validate the options of a model; ``ValueError`` for those that do not go together.

    >>> choose_model("cloglog", breaks=(26,)).baseline
    'periods'
    """
    require_one_of("distribution", distribution, DISTRIBUTIONS)
    require_one_of("strata", strata, get_args(StrataAs))
    if baseline is not None:
        require_one_of("baseline", baseline, BASELINES)
    smooth = distribution in SHAPES
    if smooth and (baseline is not None or breaks is not None or strata == "baseline"):
        raise ValueError(
            f"{distribution!r} has no baseline of its own: leave baseline, breaks and "
            'strata="baseline" to "piecewise-exponential", "cloglog" and "logit"'
        )
    if breaks is not None or distribution == "piecewise-exponential":
        if baseline not in (None, "periods"):
            raise ValueError(f'breaks and "piecewise-exponential" do not go with {baseline!r}')
        baseline = "periods"
    if strata == "baseline" and baseline not in (None, "free", "periods"):
        raise ValueError(f"a {baseline} baseline is alike in all strata: take strata='indicators'")
    last = None if breaks is None else _validate_breaks(breaks)
    return ModelChoice(distribution, grouped, baseline or "free", last, strata)


def _validate_breaks(breaks: Sequence[int]) -> tuple[int, ...]:
    weeks = tuple(int(week) for week in breaks)
    if any(a != b for a, b in zip(weeks, breaks, strict=True)) or not weeks or weeks[0] < 1:
        raise ValueError(f"breaks must be whole weeks from 1 on, not {list(breaks)}")
    if any(b <= a for a, b in pairwise(weeks)):
        raise ValueError(f"breaks must ascend, unlike {list(breaks)}")
    return weeks
