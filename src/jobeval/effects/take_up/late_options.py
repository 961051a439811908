"""What an analysis of those who take part is asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from jobeval.effects.itt.options import IttOptions
from jobeval.errors import did_you_mean
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.regression.least_squares import Vcov

IntervalKind = Literal["anderson-rubin", "wald"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateOptions:
    """The options of ``estimate_late``, which says what they mean."""

    treated: str
    itt: IttOptions
    small_sample: bool = True
    interval: IntervalKind = "anderson-rubin"
    profile: tuple[str | Term, ...] = ()


def validate_late(
    itt: IttOptions,
    outcome: str,
    lottery: Lottery,
    *,
    treated: str,
    small_sample: bool = True,
    interval: IntervalKind = "anderson-rubin",
    profile: Sequence[str | Term] = (),
) -> LateOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense together."""
    if interval not in get_args(IntervalKind):
        hint = did_you_mean(str(interval), get_args(IntervalKind))
        raise ValueError(f"interval {interval!r} is unknown; {hint}")
    if isinstance(profile, str):
        raise ValueError('profile is a sequence of columns, such as ["age", "benefit"]')
    if treated in {outcome, lottery.arm, *covariate_names(itt.covariates)}:
        raise ValueError(f"{treated!r} is the outcome, the arm or a covariate, and not take-up")
    for name in covariate_names(profile):
        if name in {outcome, lottery.arm, treated}:
            raise ValueError(f"{name!r} was not known before the draw and belongs to no profile")
    return LateOptions(
        treated=treated,
        itt=itt,
        small_sample=small_sample,
        interval=interval,
        profile=tuple(profile),
    )


def choose_vcov(vcov: Vcov | None, small_sample: bool, lottery: Lottery) -> Vcov | None:
    """The covariance that was asked for; without small-sample factor HC0, or CR0."""
    if small_sample:
        return vcov
    plain: Vcov = "CR0" if lottery.clusters else "HC0"
    if vcov not in {None, plain}:
        raise ValueError(f'small_sample=False belongs to vcov="{plain}", not "{vcov}"')
    return plain
