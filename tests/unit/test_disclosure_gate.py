"""Attacks on what the gate lets out. Each must fail."""

import dataclasses
import json
import math

import numpy as np
import pytest

from jobeval.disclosure.gate import Policy, release
from jobeval.disclosure.released import SUPPRESSED, ReleasedTable, Suppression
from jobeval.errors import DisclosureError
from jobeval.evaluation import Evaluation
from jobeval.results import CurveTable, EffectTable, Flow, FlowStep

SMALL = (1, 2, 3, 4)


def as_text(evaluation: Evaluation) -> str:
    return json.dumps(release(evaluation).to_dict(), allow_nan=False)


def with_cell(
    evaluation: Evaluation, check: str, column: str, row: int, value: float
) -> Evaluation:
    result = evaluation.checks[check]
    table = result.table.copy()
    table.loc[row, column] = value
    checks = {**evaluation.checks, check: dataclasses.replace(result, table=table)}
    return dataclasses.replace(evaluation, checks=checks)


@pytest.mark.parametrize(
    ("check", "column", "row"),
    [
        ("sites", "control", 1),
        ("inflow", "jobfirst", 3),
        ("attrition", "not_observed", 1),
        ("take_up", "started", 0),
    ],
)
def test_a_hidden_count_says_nothing_of_its_size(fabricated, check, column, row):
    texts = {as_text(with_cell(fabricated, check, column, row, n)) for n in SMALL}
    assert len(texts) == 1
    assert SUPPRESSED.value in texts.pop()


def test_a_true_zero_is_not_hidden_and_a_hidden_cell_is_not_zero(fabricated):
    zero = release(with_cell(fabricated, "sites", "control", 1, 0)).checks["sites"].table
    three = release(with_cell(fabricated, "sites", "control", 1, 3)).checks["sites"].table
    assert zero.column("control")[1] == 0
    assert three.column("control")[1] is SUPPRESSED


def test_total_minus_the_others_does_not_give_a_hidden_count(fabricated):
    """All published counts are multiples of five, so the remainder is no exact count."""
    for check in release(fabricated).checks.values():
        for row in check.table.rows:
            for name, cell in zip(check.table.columns, row, strict=True):
                if isinstance(cell, int) and name != "week":
                    assert cell % 5 == 0, (check.name, name)


@pytest.mark.parametrize("gap", SMALL)
def test_steps_of_the_flow_that_differ_by_a_few_look_equal(fabricated, gap):
    steps = [("drawn", 1000), ("eligible", 1000 - gap), ("analysed", 900)]
    flow = Flow(tuple(FlowStep(name, {"control": n, "jobfirst": 950}) for name, n in steps))
    shown = release(dataclasses.replace(fabricated, flow=flow)).flow.column("control")
    assert shown == (1000, 1000, 900)


def test_steps_that_differ_by_few_are_found_across_other_steps(fabricated):
    steps = [("drawn", 1000), ("started", 700), ("analysed", 997)]
    flow = Flow(tuple(FlowStep(name, {"control": n, "jobfirst": 950}) for name, n in steps))
    shown = release(dataclasses.replace(fabricated, flow=flow)).flow.column("control")
    assert shown == (1000, 700, 1000)


def effect_with(evaluation: Evaluation, **values: float) -> Evaluation:
    first, *rest = evaluation.effects
    changed = dataclasses.replace(first, **values)
    return dataclasses.replace(evaluation, effects=EffectTable((changed, *rest)))


def test_an_effect_on_a_small_outcome_count_is_hidden_whatever_its_size(fabricated):
    cases = [effect_with(fabricated, mean_control=n / 1187) for n in (0, *SMALL)]
    cases.append(effect_with(fabricated, mean_control=1.0))
    cases.append(effect_with(fabricated, n_control=3))
    for case in cases:
        effect = release(case).effects.estimates[0]
        assert effect.suppressed
        assert all(
            math.isnan(v) for v in dataclasses.astuple(effect) if isinstance(v, float) and v != 0.95
        )
        assert effect.n_control is None
        assert effect.n_treatment is None


def test_a_percentage_times_n_gives_a_count_to_the_nearest_five_only(fabricated):
    counts = range(125, 136)
    shown = {
        n: release(effect_with(fabricated, mean_control=n / 1187)).effects.estimates[0].mean_control
        for n in counts
    }
    assert len(set(shown.values())) <= 4
    for share in shown.values():
        assert abs(share * 1187 / 5 - round(share * 1187 / 5)) < 0.15


def test_the_three_numbers_of_an_effect_agree(released):
    for effect in released.effects:
        if effect.estimable and effect.scale == "difference" and math.isfinite(effect.mean_control):
            gap = effect.mean_treatment - effect.mean_control
            assert gap == pytest.approx(effect.estimate, abs=1e-9)


def share_curves(evaluation: Evaluation, count: float) -> Evaluation:
    """The first share path of the control arm, with ``count`` persons in week 7."""
    curves = []
    for curve in evaluation.curves:
        if curve.endpoint == "any_hours" and curve.arm == "control":
            change = {
                name: np.where(
                    curve.times == 7, count / curve.at_risk + shift, getattr(curve, name)
                )
                for name, shift in (("values", 0.0), ("conf_low", -0.01), ("conf_high", 0.01))
            }
            curve = dataclasses.replace(curve, **change)
        curves.append(curve)
    return dataclasses.replace(evaluation, curves=CurveTable(tuple(curves)))


def test_a_week_with_few_persons_is_hidden_in_the_arm_and_in_the_difference(fabricated):
    assert len({as_text(share_curves(fabricated, n)) for n in SMALL}) == 1
    curves = release(share_curves(fabricated, 3)).curves
    for arm in ("control", "jobfirst - control"):
        curve = next(c for c in curves if c.endpoint == "any_hours" and c.arm == arm)
        assert curve.suppressed[7]
        assert math.isnan(curve.values[7])
        assert math.isnan(curve.conf_low[7])
    other = next(c for c in curves if c.endpoint == "any_hours" and c.arm == "jobfirst")
    assert not other.suppressed[7]


def test_bounds_of_a_share_do_not_give_back_the_unrounded_share(fabricated):
    for raw in fabricated.curves:
        if raw.endpoint == "any_hours" and " - " not in raw.arm:
            shown = next(
                c for c in release(fabricated).curves
                if c.endpoint == "any_hours" and c.arm == raw.arm
            )  # fmt: skip
            middle = (np.array(shown.conf_low) + np.array(shown.conf_high)) / 2
            off = np.abs(middle - np.array(shown.values))
            assert off.max() < 0.0011


def test_every_step_of_an_exit_curve_holds_enough_events_and_it_stops_in_time(fabricated):
    policy = Policy()
    raw = {(c.endpoint, c.arm, c.cause): c for c in fabricated.curves}
    for curve in release(fabricated).curves:
        if curve.measure not in {"survival", "cumulative_incidence"}:
            continue
        source = raw[curve.endpoint, curve.arm, curve.cause]
        events = dict(zip(source.times.tolist(), np.cumsum(source.events).tolist(), strict=True))
        moves = zip(curve.times[1:], np.diff(curve.values), strict=True)
        steps = [week for week, move in moves if abs(move) > 0]
        held = np.diff([0, *(events[t] for t in steps)])
        assert (held >= policy.min_count).all()
        assert min(curve.risk_counts) >= policy.min_at_risk


def test_an_exit_with_too_few_events_is_hidden_not_zero(released):
    few = [
        c
        for c in released.curves
        if c.cause == "out_of_population" and c.measure == "cumulative_incidence"
    ]
    assert few
    assert all(math.isnan(c.values[-1]) and c.suppressed[-1] for c in few)


def test_differences_of_exit_curves_are_withheld(fabricated):
    survival = next(c for c in fabricated.curves if c.measure == "survival")
    contrast = dataclasses.replace(survival, arm="jobfirst - control")
    more = dataclasses.replace(fabricated, curves=CurveTable((*fabricated.curves, contrast)))
    result = release(more)
    assert not [c for c in result.curves if c.measure == "survival" and " - " in c.arm]
    assert any(entry.rule == "weekly_difference_of_exits" for entry in result.log)


def test_hidden_states_cannot_be_told_from_the_remainder(fabricated):
    """A state of 1 to 4 persons lies in the remainder, together with others' rounding."""

    def with_state(count: int) -> Evaluation:
        curves = tuple(
            dataclasses.replace(c, values=np.full(len(c.times), count / c.at_risk[0]))
            if c.cause == "out_of_population" and c.measure == "state_share" else c
            for c in fabricated.curves
        )  # fmt: skip
        return dataclasses.replace(fabricated, curves=CurveTable(curves))

    assert len({as_text(with_state(n)) for n in SMALL}) == 1


def test_a_rare_covariate_of_the_balance_table_is_hidden(fabricated):
    rare = with_cell(fabricated, "balance", "mean_control", 1, 2 / 1187)
    assert release(rare).checks["balance"].table.rows[1][1:] == (SUPPRESSED,) * 3


def test_an_unknown_check_keeps_its_table(fabricated):
    strange = dataclasses.replace(fabricated.checks["sites"], name="strange")
    more = dataclasses.replace(fabricated, checks={"strange": strange})
    result = release(more)
    assert result.checks["strange"].table.columns == ()
    assert "no_rule" in {entry.rule for entry in result.log}


def test_small_numbers_in_notes_are_hidden(released):
    assert "fewer than 5 rows" in released.notes[1]
    assert released.notes[0] == "hours: 5% of the hours are imputed."


def test_the_log_holds_counts_of_cells_and_no_values(released):
    assert released.log
    assert {f.name for f in dataclasses.fields(Suppression)} == {"what", "rule", "cells"}


def test_nothing_but_the_gate_makes_a_released_object(released):
    with pytest.raises(DisclosureError, match="release"):
        ReleasedTable(token=object(), columns=("n",), rows=((3,),))
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(released.flow, rows=((3,),))


def test_release_changes_nothing_and_gives_the_same_twice(fabricated):
    before = json.dumps(fabricated.to_dict())
    assert as_text(fabricated) == as_text(fabricated)
    assert json.dumps(fabricated.to_dict()) == before


def test_a_tighter_policy_hides_more(fabricated):
    usual, tight = (
        release(fabricated),
        release(fabricated, Policy(min_count=10, round_counts_to=10)),
    )
    assert sum(e.suppressed for e in tight.effects) >= sum(e.suppressed for e in usual.effects)
    assert all(cell % 10 == 0 for cell in tight.flow.column("control"))
    with pytest.raises(ValueError, match="tightened"):
        Policy(min_count=4)


def test_a_bound_that_rounds_to_zero_does_not_change_the_verdict(fabricated):
    """Low bound 0.0003 is given as 0.0, yet the effect is certain at its level."""
    near = release(effect_with(fabricated, estimate=0.0281, std_error=0.01417)).effects.estimates[0]
    assert near.conf_low == 0.0
    assert near.certain
    across = release(effect_with(fabricated, estimate=0.0275, std_error=0.01417)).effects.estimates[
        0
    ]
    assert not across.certain
