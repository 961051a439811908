"""The gate: an ``Evaluation`` in, what may leave the building out."""

from __future__ import annotations

from jobeval.disclosure.checks import release_check, release_flow
from jobeval.disclosure.curves import release_curves
from jobeval.disclosure.estimates import release_effects, release_tests
from jobeval.disclosure.judging import judge_effects
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.notes import round_numbers
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import ReleasedEffects, ReleasedEvaluation, gate_token
from jobeval.evaluation import Evaluation

__all__ = ["Policy", "ReleasedEvaluation", "release"]


def release(evaluation: Evaluation, policy: Policy | None = None) -> ReleasedEvaluation:
    """Apply the rules of disclosure control; the one way to a ``ReleasedEvaluation``.

    Counts of 1 to ``min_count - 1`` are hidden, all others rounded; an effect or a test is
    hidden where it rests on fewer than ``min_count`` persons of an arm, and another level
    with it where the total would tell; shares are given on a grid of ``min_count`` persons;
    exit curves only step where enough persons leave; notes carry no exact counts.

    Parameters
    ----------
    evaluation
        The raw results of one look. It is not changed.
    policy
        The rules, by default those of profile ``"dst"``.

    Returns
    -------
    ReleasedEvaluation
        Frozen; holds no hidden original. ``log`` tells what was treated, without values.
    """
    policy = Policy() if policy is None else policy
    ledger = Ledger()
    sizes = dict(evaluation.flow.steps[0].counts) if evaluation.flow.steps else {}
    judged = judge_effects(tuple(evaluation.effects), policy)
    hidden = judged.analyses_hidden()
    families = {
        analysis.name: getattr(analysis, "family", None) or ""
        for analysis in evaluation.plan.due_at(evaluation.look)
    }
    return ReleasedEvaluation(
        token=gate_token(),
        plan=evaluation.plan,
        look=evaluation.look,
        cut_off=evaluation.cut_off,
        data_digest=evaluation.data_digest[:12],
        policy=policy,
        effects=ReleasedEffects(
            token=gate_token(),
            estimates=release_effects(judged, families, policy, ledger),
        ),
        curves=release_curves(tuple(evaluation.curves), policy, ledger, judged.few_left()),
        tests=release_tests(evaluation.tests, judged, policy, ledger),
        checks={
            name: release_check(check, sizes, policy, ledger, hidden)
            for name, check in evaluation.checks.items()
        },
        flow=release_flow(evaluation.flow, policy, ledger),
        notes=tuple(
            round_numbers(note, policy.min_count, policy.round_counts_to)
            for note in evaluation.notes
        ),
        log=ledger.entries(),
        other_arms=evaluation.other_arms,
    )
