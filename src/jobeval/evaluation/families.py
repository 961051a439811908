"""P-values of a plan's families of tests, adjusted over outcomes, subgroups and arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.effects.redrawn.families import estimate_family
from jobeval.effects.redrawn.family_draws import Hypothesis
from jobeval.evaluation.analyses import Answers, carry_out
from jobeval.evaluation.effects import adjustment_of, frame_of, lottery_of, outcome_column
from jobeval.evaluation.look import TrialAtLook, read_look
from jobeval.inference.multiplicity import adjust_p_values
from jobeval.plan.analyses import Analysis, EffectAnalysis
from jobeval.plan.exit_analyses import CoxAnalysis
from jobeval.plan.model import Family
from jobeval.registers.trial import Trial
from jobeval.results import OVER_SITES, EffectTable, Estimate, with_adjusted_p

SHRUNKEN = "empirical Bayes"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One treatment arm against control, and the family's effects there."""

    at_look: TrialAtLook
    effects: tuple[Estimate, ...]


def adjust_families(effects: EffectTable, trial: Trial, at_look: TrialAtLook) -> EffectTable:
    """Fill in the adjusted p-values of every family of the plan.

    A family holds the main effects of its analyses in every treatment arm of the trial, and
    their subgroups where the plan says so; effects of sites belong to none.
    """
    adjusted = [effect.p_value_adjusted for effect in effects]
    for name, family in trial.plan.families.items():
        members = {a.name: a for a in at_look.due if getattr(a, "family", None) == name}
        places = [i for i, e in enumerate(effects) if _belongs(e, members, family)]
        if not places:
            continue
        own = Comparison(at_look, tuple(effects[place] for place in places))
        others = [_compare(arm, members, family, trial, at_look) for arm in _others(trial, at_look)]
        found = _adjust(family, members, (own, *others))
        for place, p in zip(places, found[: len(places)], strict=True):
            adjusted[place] = float(p)
    return with_adjusted_p(effects, adjusted)


def _belongs(effect: Estimate, members: dict[str, Analysis], family: Family) -> bool:
    analysis = members.get(effect.analysis)
    column = effect.subgroup.partition("=")[0]
    named = column in getattr(analysis, "subgroups", ()) and family.subgroups
    of_sites = effect.estimator == SHRUNKEN or effect.part in OVER_SITES
    of_period = isinstance(analysis, CoxAnalysis) and bool(effect.part)
    return analysis is not None and (not column or named) and not (of_sites or of_period)


def _others(trial: Trial, at_look: TrialAtLook) -> list[str]:
    """The treatment arms that this evaluation does not compare."""
    return [arm.name for arm in trial.plan.treatments if arm != at_look.plan.treatment]


def _compare(
    arm: str, members: dict[str, Analysis], family: Family, trial: Trial, at_look: TrialAtLook
) -> Comparison:
    other, answers = read_look(trial.compare(arm), at_look.look), Answers()
    for analysis in members.values():
        carry_out(analysis, other, answers)
    effects = tuple(e for e in answers.effects if _belongs(e, members, family))
    return Comparison(other, effects)


def _adjust(
    family: Family, members: dict[str, Analysis], comparisons: Sequence[Comparison]
) -> NDArray[np.float64]:
    if family.redraws:
        return _redraw(family, members, comparisons)
    p_values = [effect.p_value for c in comparisons for effect in c.effects]
    return adjust_p_values(p_values, family.method)


def _redraw(
    family: Family, members: dict[str, Analysis], comparisons: Sequence[Comparison]
) -> NDArray[np.float64]:
    """All tests in the same re-drawn lotteries; the plan holds their options equal."""
    first = next(iter(members.values()))
    assert isinstance(first, EffectAnalysis)
    own = comparisons[0].at_look
    persons = _everyone(members, comparisons)
    tested = estimate_family(
        persons,
        [_hypothesis(effect, c.at_look, persons) for c in comparisons for effect in c.effects],
        lottery_of(first, own),
        covariates=first.covariates,
        adjustment=adjustment_of(first.estimator),
        method=family.method,
        draws=own.plan.resampling.draws,
        seed=own.plan.resampling.seed,
    )
    return np.array([effect.p_value_adjusted for effect in tested])


def _everyone(members: dict[str, Analysis], comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """The persons of all arms, each once, with the outcomes of the family."""
    frames: list[pd.DataFrame] = []
    for comparison in comparisons:
        frame = comparison.at_look.persons
        for analysis in members.values():
            assert isinstance(analysis, EffectAnalysis)
            values, column = frame_of(comparison.at_look, analysis.endpoint)
            frame = frame.assign(**{column: values[column]})
        frames.append(frame)
    together = pd.concat(frames, ignore_index=True).drop_duplicates("person_id")
    return together.sort_values("person_id", ignore_index=True)


def _hypothesis(effect: Estimate, at_look: TrialAtLook, persons: pd.DataFrame) -> Hypothesis:
    column = effect.subgroup.partition("=")[0]
    values: list[Any] = list(persons[column].dropna().unique()) if column else []
    hypotheses = [
        Hypothesis(outcome_column(effect.endpoint), column, level, at_look.plan.treatment.name)
        for level in (values or [None])
    ]
    return next(h for h in hypotheses if h.label == effect.subgroup)
