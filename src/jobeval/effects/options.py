"""What an intention-to-treat analysis is asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from jobeval.effects.least_squares import Vcov
from jobeval.errors import did_you_mean
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term

Adjustment = Literal["none", "ancova", "lin"]


@dataclass(frozen=True, slots=True)
class IttOptions:
    """The options of ``estimate_itt``, which says what they mean.

    >>> IttOptions(adjustment="ancova", covariates=("age",)).vcov is None
    True
    """

    covariates: tuple[str | Term, ...] = ()
    adjustment: Adjustment = "none"
    vcov: Vcov | None = None
    conf_level: float = 0.95


def validate_options(
    outcome: str,
    lottery: Lottery,
    covariates: Sequence[str | Term],
    adjustment: Adjustment,
    vcov: Vcov | None,
    conf_level: float,
) -> IttOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense together."""
    if adjustment not in get_args(Adjustment):
        hint = did_you_mean(str(adjustment), get_args(Adjustment))
        raise ValueError(f"adjustment {adjustment!r} is unknown; {hint}")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level!r}")
    if isinstance(covariates, str):
        raise ValueError('covariates is a sequence of columns, such as ["age", "benefit"]')
    _validate_covariates(outcome, lottery, covariates, adjustment)
    _validate_vcov(lottery, vcov)
    return IttOptions(tuple(covariates), adjustment, vcov, conf_level)


def _validate_covariates(
    outcome: str, lottery: Lottery, covariates: Sequence[str | Term], adjustment: Adjustment
) -> None:
    if covariates and adjustment == "none":
        raise ValueError('covariates need adjustment="ancova" or "lin"; "none" uses none')
    if adjustment != "none" and not covariates and not lottery.strata:
        raise ValueError(f'adjustment="{adjustment}" needs covariates, or strata in the lottery')
    for name in covariate_names(covariates):
        if name in {outcome, lottery.arm}:
            raise ValueError(f"{name!r} is the outcome or the arm and can be no covariate")


def _validate_vcov(lottery: Lottery, vcov: Vcov | None) -> None:
    if vcov is None:
        return
    if vcov not in get_args(Vcov):
        raise ValueError(f"vcov {vcov!r} is unknown; {did_you_mean(vcov, get_args(Vcov))}")
    if vcov.startswith("CR") and not lottery.clusters:
        raise ValueError(f'vcov="{vcov}" needs clusters in the lottery; use "HC2"')
    if lottery.clusters and not vcov.startswith("CR"):
        raise ValueError(
            f'vcov="{vcov}" takes persons as drawn one by one, but the lottery drew clusters; '
            'use "CR2"'
        )
