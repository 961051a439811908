"""``evaluate``: the plan carried out at one look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from jobeval.checks.allocation import check_allocation
from jobeval.checks.attrition import check_attrition
from jobeval.checks.balance import check_balance, code_balance
from jobeval.checks.follow_up import check_follow_up
from jobeval.delivery.flow import count_flow
from jobeval.delivery.inflow import count_inflow, count_sites
from jobeval.delivery.intensity import count_intensity
from jobeval.delivery.take_up import check_take_up
from jobeval.errors import PlanError, Problem, did_you_mean
from jobeval.evaluation.analyses import Answers, carry_out
from jobeval.evaluation.economics import weigh_costs
from jobeval.evaluation.families import adjust_families
from jobeval.evaluation.fidelity import describe_fidelity
from jobeval.evaluation.look import TrialAtLook, read_look
from jobeval.evaluation.programme import describe_programme
from jobeval.evaluation.result import Evaluation
from jobeval.panel.activities import derive_first_activities
from jobeval.plan.analyses import Analysis, EffectAnalysis
from jobeval.plan.exit_analyses import AdjustedAnalysis
from jobeval.plan.parts import LookName, Term
from jobeval.registers.frames import read_columns
from jobeval.registers.trial import Trial
from jobeval.results import CheckResult, CurveTable, EffectTable, Flow

Progress = Callable[[int, int, str], None]
PLACEMENT = "virksomhedspraktik"


def evaluate(
    trial: Trial, look: LookName, *, arm: str | None = None, progress: Progress | None = None
) -> Evaluation:
    """Carry out the plan at one look, and nothing that the plan does not ask for.

    Parameters
    ----------
    trial
        The plan and the delivery.
    look
        ``"midterm"`` or ``"final"``. Only what the look's cut-off allows is seen.
    arm
        The treatment arm to compare with control, where the plan has several. Families of
        tests are adjusted over all of them.
    progress
        Called with (done, total, name of the analysis) as the work goes on.

    Raises
    ------
    PlanError
        The plan has no such look or arm, or several arms and none is named.
    DataError, DesignError
        The delivery does not allow an analysis that the plan asks for.

    Examples
    --------
    >>> import jobeval as je
    >>> drawn = je.simulate_jobfirst(n_persons=400, n_sites=2, seed=1)
    >>> trial = je.Trial(plan=drawn.plan, persons=drawn.persons, benefits=drawn.benefits,
    ...                  hours=drawn.hours, activities=drawn.activities)
    >>> je.evaluate(trial, look="midterm").look
    'midterm'
    """
    plan = trial.plan
    if look not in plan.looks:
        rule = f"the plan has no look {look!r}."
        raise PlanError("evaluate", [Problem("look", rule, did_you_mean(look, list(plan.looks)))])
    # One thread of linear algebra: quicker on these shapes, and the same bits on any machine.
    with threadpool_limits(limits=1, user_api="blas"):
        return _evaluate(trial, look, arm, progress)


def _evaluate(
    trial: Trial, look: LookName, arm: str | None, progress: Progress | None
) -> Evaluation:
    at_look = read_look(trial.compare(arm), look)
    plan = at_look.plan
    due = plan.due_at(look)
    answers = Answers()
    for done, analysis in enumerate(due):
        _report(progress, done, len(due) + 1, analysis.name)
        carry_out(analysis, at_look, answers)
    _report(progress, len(due), len(due) + 1, "checks")
    told = [*_describe_delivery(at_look), *answers.tables, *weigh_costs(at_look)]
    checks = [*_check(at_look, due), *told]
    flow = _count_flow(at_look, due)
    _report(progress, len(due) + 1, len(due) + 1, "done")
    return Evaluation(
        plan=plan,
        look=look,
        cut_off=plan.looks[look].cut_off,
        data_digest=trial.digest,
        effects=adjust_families(EffectTable(tuple(answers.effects)), trial, at_look),
        curves=CurveTable(tuple(answers.curves)),
        tests=tuple(answers.tests),
        checks={check.name: check for check in checks},
        flow=flow,
        notes=(*(str(finding) for finding in trial.findings), *at_look.notes),
        other_arms=tuple(a.name for a in trial.plan.treatments if a != plan.treatment),
    )


def _report(progress: Progress | None, done: int, total: int, name: str) -> None:
    if progress is not None:
        progress(done, total, name)


def _check(at_look: TrialAtLook, due: Sequence[Analysis]) -> Iterable[CheckResult]:
    assignment, arms = at_look.assignment, at_look.arms
    yield check_allocation(assignment, arms)
    terms = at_look.plan.balance or _covariates(due)
    if terms:
        columns = read_columns(at_look.persons, [term.column for term in terms])
        yield check_balance(assignment, *code_balance(columns, terms))
    statuses = {
        name: np.asarray(at_look.outcome(name)["status"], dtype=object)
        for name in _effect_endpoints(due)
    }
    if statuses:
        yield check_attrition(assignment, statuses, arms)
    if at_look.panel is not None:
        yield check_follow_up(assignment, _followed_weeks(at_look), arms)


def _covariates(due: Sequence[Analysis]) -> tuple[Term, ...]:
    """The covariates of all analyses, each once, in the order of the plan."""
    terms = [
        term
        for a in due
        if isinstance(a, EffectAnalysis | AdjustedAnalysis)
        for term in a.covariates
    ]
    return tuple({term.column: term for term in terms}.values())


def _effect_endpoints(due: Sequence[Analysis]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a.endpoint for a in due if isinstance(a, EffectAnalysis)))


def _followed_weeks(at_look: TrialAtLook) -> NDArray[np.int64]:
    if at_look.panel is None:
        return np.zeros(len(at_look.persons), dtype=np.int64)
    return at_look.persons["followed_weeks"].to_numpy(dtype=np.int64)


def _describe_delivery(at_look: TrialAtLook) -> Iterable[CheckResult]:
    persons, arms = at_look.persons, at_look.arms
    if "randomised_on" in persons:
        yield count_inflow(persons, arms)
    if at_look.plan.sites is not None:
        yield count_sites(persons.rename(columns={at_look.plan.sites.column: "site"}), arms)
    if at_look.started is not None:
        yield check_take_up(at_look.assignment, at_look.started, arms)
    first_weeks = _first_activity_weeks(at_look)
    if first_weeks is not None:
        yield count_intensity(at_look.assignment, first_weeks, arms)
    yield from describe_programme(at_look)
    yield from describe_fidelity(at_look)


def _count_flow(at_look: TrialAtLook, due: Sequence[Analysis]) -> Flow:
    persons = at_look.persons
    first_weeks = _first_activity_weeks(at_look)
    nobody = np.full(len(persons), np.nan)
    eligible = persons["eligible"].to_numpy(dtype=bool) if "eligible" in persons else None
    return count_flow(
        at_look.assignment,
        at_look.arms,
        eligible=eligible,
        started=at_look.started,
        placed_week=None if first_weeks is None else first_weeks.get(PLACEMENT, nobody),
        followed_weeks=_followed_weeks(at_look),
        analysed=_analysed(at_look, due),
    )


def _analysed(at_look: TrialAtLook, due: Sequence[Analysis]) -> NDArray[np.bool_]:
    """Who has the first primary outcome, or the first outcome where none is primary."""
    endpoints = sorted(
        _effect_endpoints(due), key=lambda name: at_look.plan.endpoints[name].priority != "primary"
    )
    if not endpoints:
        return np.ones(len(at_look.persons), dtype=bool)
    return (at_look.outcome(endpoints[0])["status"] == "observed").to_numpy()


def _first_activity_weeks(at_look: TrialAtLook) -> dict[str, NDArray[np.float64]] | None:
    """Kind → first week since randomisation, in the order of ``persons``; ``nan`` = none."""
    first = derive_first_activities(at_look.trial, at_look.look)
    if first is None:
        return None
    ids = at_look.persons["person_id"]
    return {
        str(kind): part.set_index("person_id")["first_week"].reindex(ids).to_numpy(dtype=float)
        for kind, part in first.groupby("kind", sort=True)
    }
