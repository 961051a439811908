"""What an intention-to-treat analysis is asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from jobeval.errors import did_you_mean
from jobeval.inference.covariates import covariate_names
from jobeval.inference.redraw import require_seed
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.regression.least_squares import Vcov

Adjustment = Literal["none", "ancova", "lin"]
DegreesOfFreedom = Literal["bell-mccaffrey", "imbens-kolesar"]
Population = Literal["sample", "superpopulation"]
Inference = Literal["model", "lottery", "wild"]


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
    weights: str | None = None
    df: DegreesOfFreedom | None = None
    population: Population = "sample"
    inference: Inference = "model"
    draws: int = 10_000
    seed: int | None = None


def validate_options(
    outcome: str,
    lottery: Lottery,
    covariates: Sequence[str | Term],
    adjustment: Adjustment,
    vcov: Vcov | None,
    conf_level: float,
    *,
    weights: str | None = None,
    df: DegreesOfFreedom | None = None,
    population: Population = "sample",
    inference: Inference = "model",
    draws: int = 10_000,
    seed: int | None = None,
) -> IttOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense together."""
    _validate_choice("adjustment", adjustment, Adjustment)
    _validate_choice("population", population, Population)
    _validate_choice("inference", inference, Inference)
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level!r}")
    if isinstance(covariates, str):
        raise ValueError('covariates is a sequence of columns, such as ["age", "benefit"]')
    _validate_covariates(outcome, lottery, covariates, adjustment)
    _validate_vcov(lottery, vcov)
    _validate_df(lottery, vcov, df)
    _validate_inference(lottery, inference, draws, seed)
    if weights is not None and weights in {outcome, lottery.arm}:
        raise ValueError(f"{weights!r} is the outcome or the arm and can be no weight")
    return IttOptions(
        tuple(covariates),
        adjustment,
        vcov,
        conf_level,
        weights,
        df,
        population,
        inference,
        draws,
        seed,
    )


def _validate_choice(name: str, value: object, choices: Any) -> None:
    known = get_args(choices)
    if value not in known:
        raise ValueError(f"{name} {value!r} is unknown; {did_you_mean(str(value), known)}")


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
    _validate_choice("vcov", vcov, Vcov)
    if vcov.startswith("CR") and not lottery.clusters:
        raise ValueError(f'vcov="{vcov}" needs clusters in the lottery; use "HC2"')
    if lottery.clusters and not vcov.startswith("CR"):
        raise ValueError(
            f'vcov="{vcov}" takes persons as drawn one by one, but the lottery drew clusters; '
            'use "CR2"'
        )


def _validate_df(lottery: Lottery, vcov: Vcov | None, df: DegreesOfFreedom | None) -> None:
    if df is None:
        return
    _validate_choice("df", df, DegreesOfFreedom)
    if df == "imbens-kolesar" and not lottery.clusters:
        raise ValueError('df="imbens-kolesar" needs clusters in the lottery; use "bell-mccaffrey"')
    if not lottery.clusters and vcov not in {None, "HC2"}:
        raise ValueError(f'df="{df}" without clusters belongs to vcov="HC2", not "{vcov}"')


def _validate_inference(
    lottery: Lottery, inference: Inference, draws: int, seed: int | None
) -> None:
    if inference == "model":
        return
    if seed is None:
        raise ValueError(f'inference="{inference}" draws at random: name a seed')
    require_seed(seed)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    if inference == "wild" and not lottery.clusters:
        raise ValueError('inference="wild" needs clusters in the lottery; use "lottery"')
