"""Elements of fidelity that contradict themselves or the trial are refused at reading."""

import copy
import tomllib
from pathlib import Path

import pytest

from jobeval.errors import PlanError
from jobeval.plan import parts
from jobeval.plan.fidelity import FidelityPlan
from jobeval.plan.read import read_plan
from jobeval.schemas import tables

PLAN = """
name = "small"
title = { da = "Lille", en = "Small" }
arms = [
  { name = "control", role = "control", label = { da = "Kontrol", en = "Control" } },
  { name = "offer", role = "treatment", label = { da = "Tilbud", en = "Offer" } },
]
lottery = { strata = ["site"] }
follow_up = { horizon_weeks = 52 }
[looks.final]
cut_off = 2017-12-31
[endpoints.hours]
kind = "any_hours"
window_weeks = [0, 39]
label = { da = "Timer", en = "Hours" }
[[analyses]]
name = "itt"
endpoint = "hours"
estimator = "blocked"
"""
ELEMENT = """
[[fidelity.elements]]
name = "NAME"
label = { da = "Element", en = "Element" }
threshold = 0.8
rule = { RULE }
"""
ACTIVITY = 'kind = "activity", kinds = ["mentor"], window_weeks = [0, 13]'
WINDOW = "window_weeks = [0, 13]"
KINDS = f'kinds = ["mentor"], {WINDOW}'

FAULTS = [
    ('kind = "activty", kinds = ["mentor"]', 'did you mean "activity"'),
    (f'kind = "activity", kinds = ["mentr"], {WINDOW}', 'did you mean "mentor"'),
    (f'kind = "activity", kinds = [], {WINDOW}', "needs at least 1"),
    ('kind = "activity", kinds = ["mentor"]', "window_weeks: is missing"),
    (
        'kind = "activity", kinds = ["mentor"], window_weeks = [13, 13]',
        "write the lower week first",
    ),
    ('kind = "activity", kinds = ["mentor"], window_weeks = [13]', "has no entry 2"),
    ('kind = "activity", kinds = ["mentor"], window_weeks = [0, 53]', "horizon_weeks = 52"),
    (f'kind = "activity", {KINDS}, min_count = 0', "must be at least 1"),
    (f'kind = "activity", {KINDS}, mincount = 2', 'did you mean "min_count"'),
    (f'kind = "length", {KINDS}, min_weeks = 14', "Mend: write 13 at most, or a longer window"),
    (f'kind = "hours_beside", {KINDS}, min_weeks = 14', '"min_weeks" = 14 is longer'),
    (f'kind = "support", {KINDS}, beside = ["mentor"]', 'stands in "kinds" and in "beside"'),
    (f'kind = "support", {KINDS}', "beside: is missing"),
    (
        f'kind = "after", {KINDS}, earlier = ["contact", "mentor"], within_weeks = 4',
        'mentor stands in "kinds" and in "earlier"',
    ),
    (f'kind = "no_gap", max_weeks = 13, {WINDOW}', "allows the whole of window_weeks"),
    ('kind = "delivered"', "column: is missing"),
    ('kind = "delivered", column = "arm"', "'arm' is the arm"),
]


def read(tmp_path: Path, *elements: tuple[str, str]):
    text = PLAN + "".join(ELEMENT.replace("NAME", n).replace("RULE", r) for n, r in elements)
    path = tmp_path / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return read_plan(path)


@pytest.mark.parametrize(("rule", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_the_fault_is_named_with_its_place(tmp_path, rule, said):
    with pytest.raises(PlanError) as refused:
        read(tmp_path, ("roles", rule))
    message = str(refused.value)
    assert said in message
    assert "fidelity.elements.roles.rule" in message


@pytest.mark.parametrize("threshold", ["0.0", "1.0", '"0.8"', "80"])
def test_a_threshold_is_a_share(tmp_path, threshold):
    text = PLAN + ELEMENT.replace("NAME", "roles").replace("RULE", ACTIVITY)
    path = tmp_path / "trial.toml"
    path.write_text(text.replace("threshold = 0.8", f"threshold = {threshold}"), encoding="utf-8")
    with pytest.raises(PlanError, match=r"fidelity\.elements\.roles\.threshold"):
        read_plan(path)


def test_names_differ_and_all_faults_come_at_once(tmp_path):
    late = ACTIVITY.replace("13]", "60]")
    with pytest.raises(PlanError) as refused:
        read(tmp_path, ("roles", ACTIVITY), ("roles", ACTIVITY), ("late", late))
    assert "'roles' stands twice" in str(refused.value)
    assert "fidelity.elements.late.rule.window_weeks: ends at week 60" in str(refused.value)


def test_the_window_may_end_with_the_horizon(tmp_path):
    plan = read(
        tmp_path,
        ("roles", ACTIVITY.replace("13]", "52]")),
        ("goal", 'kind = "delivered", column = "goal"'),
    )
    assert plan.fidelity is not None
    assert plan.fidelity.columns == ("goal",)


def test_a_plan_needs_no_fidelity(tmp_path):
    assert read(tmp_path).fidelity is None


def test_kinds_of_plan_and_registers_are_the_same():
    assert parts.ACTIVITY_KINDS == tables.ACTIVITY_KINDS


def test_a_plan_survives_a_round_trip(committed_folder):
    raw = tomllib.loads((committed_folder / "trial.toml").read_text(encoding="utf-8"))["fidelity"]
    plan = FidelityPlan.model_validate(copy.deepcopy(raw))
    assert FidelityPlan.model_validate_json(plan.model_dump_json()) == plan
    assert len(plan.elements) == 9
    assert {element.rule.kind for element in plan.elements} == {
        "activity", "different_companies", "length", "support", "hours_beside", "after", "no_gap",
    }  # fmt: skip
