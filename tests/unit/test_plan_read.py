"""``trial.toml``: every error at once, each with its place, its rule and a mend."""

from pathlib import Path

import pytest

from jobeval.errors import PlanError
from jobeval.plan.read import MAX_BYTES, plan_digest, read_plan

GOOD = """
name = "small"
title = { da = "Lille", en = "Small" }
arms = [
  { name = "control", role = "control", label = { da = "Kontrol", en = "Control" } },
  { name = "offer", role = "treatment", label = { da = "Tilbud", en = "Offer" } },
]
lottery = { strata = ["site"], probability = 0.5 }
follow_up = { horizon_weeks = 104 }
[looks.final]
cut_off = 2017-12-31
[endpoints.work]
kind = "any_hours"
label = { da = "Timer", en = "Hours" }
window_weeks = [0, 26]
min_hours_per_week = 10
[[analyses]]
name = "itt"
endpoint = "work"
estimator = "blocked"
looks = ["final"]
[files.persons]
path = "persons.csv"
"""
FAULTS = [
    ('name = "small"\n', "", "name", "is missing", "Add name"),
    ('"Small" }', '"Small", de = "Klein" }', "title.de", "unknown key", 'known: "da", "en"'),
    ('role = "treatment"', 'role = "treatmnt"', "arms.offer.role", "not one of", '"treatment"?'),
    ("probability", "probabilty", "lottery.probabilty", "unknown key", '"probability"?'),
    ("= 0.5", "= 1", "lottery.probability", "between 0 and 1", ""),
    ("= 0.5", "= true", "lottery.probability", "must be a number, or text", ""),
    ("= 104", '= "104"', "follow_up.horizon_weeks", "must be a whole number", ""),
    ("= 104", "= 5000", "follow_up.horizon_weeks", "must be at most 1040", ""),
    ("[looks.final]", "[looks.finale]", "looks.finale", "not one of", '"final"?'),
    ("2017-12-31", '"2017-12-31"', "looks.final.cut_off", "a date without quotes", ""),
    ("2017-12-31", "2017-12-31T12:00:00", "looks.final.cut_off", "a date without quotes", ""),
    ("endpoints.work", "endpoints.Work", "endpoints.Work", "lower-case letters", ""),
    ('"any_hours"', '"any_hour"', "endpoints.work.kind", "not one of", '"any_hours"?'),
    ('kind = "any_hours"\n', "", "endpoints.work.kind", "is missing", "Add kind"),
    ("[0, 26]", "[26, 26]", "endpoints.work", "is empty", ""),
    ("[0, 26]", '[0, "a"]', "endpoints.work.window_weeks.2", "must be a whole number", ""),
    ("[0, 26]", "[0, 126]", "endpoints.work.window_weeks", "ends at week 126", ""),
    ("min_hours_per_week", "min_hours", "endpoints.work.min_hours", "unknown key", "_per_week"),
    ('"blocked"', '"bloked"', "analyses.itt.estimator", "not one of", '"blocked"?'),
    ('"blocked"', '"cox"', "analyses.itt.estimator", "does not fit", ""),
    ('endpoint = "work"', 'endpoint = "werk"', "analyses.itt.endpoint", "not declared", '"work"?'),
    ("[files.pers", "[families.x]\nmethd = 1\n[files.pers", "families.x.methd", "unknown", "meth"),
    ('looks = ["final"]', 'looks = ["midterm"]', "analyses.itt.looks", "not among", ""),
    ('"persons.csv"', '"../persons.csv"', "files.persons.path", "may not leave it", ""),
    ('"persons.csv"', '"/persons.csv"', "files.persons.path", "relative to the trial", ""),
    (
        '"persons.csv"',
        '"a"\ndate_format = "%d-%m-%y"',
        "files.persons.date_format",
        "once each",
        "four",
    ),
    ('"persons.csv"', '"a"\nseparator = ";;"', "files.persons.separator", "at most 1", ""),
]


def read(tmp_path: Path, text: str | bytes):
    raw = text.encode() if isinstance(text, str) else text
    (tmp_path / "trial.toml").write_bytes(raw)
    return read_plan(tmp_path)


def problems(tmp_path: Path, text: str | bytes):
    with pytest.raises(PlanError) as caught:
        read(tmp_path, text)
    return caught.value.problems


def test_a_good_plan_is_read(tmp_path: Path) -> None:
    plan = read(tmp_path, GOOD)
    assert plan.endpoints["work"].min_hours_per_week == 10.0
    assert plan.looks["final"].cut_off.year == 2017
    assert read_plan(tmp_path / "trial.toml") == plan


@pytest.mark.parametrize(("old", "new", "place", "rule", "mend"), FAULTS)
def test_each_fault_has_its_place_rule_and_mend(
    tmp_path: Path, old: str, new: str, place: str, rule: str, mend: str
) -> None:
    assert GOOD.count(old) >= 1
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert [problem.place for problem in found] == [place]
    assert rule in found[0].rule
    assert mend in found[0].mend
    assert found[0].mend


def test_all_errors_come_together(tmp_path: Path) -> None:
    text = GOOD
    faults = [FAULTS[0], FAULTS[2], FAULTS[6], FAULTS[9], FAULTS[15]]
    for old, new, *_ in faults:
        text = text.replace(old, new, 1)
    assert {problem.place for problem in problems(tmp_path, text)} == {one[2] for one in faults}


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"name = ", "is not TOML"),
        (b'name = "\xe6"', "is not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "larger than 1 MiB"),
        (b'name = "010190-1234"', "CPR number"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, raw: bytes, rule: str) -> None:
    (problem,) = problems(tmp_path, raw)
    assert rule in problem.rule
    assert "1234" not in str(problem)


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"trial\.toml: there is no such"):
        read_plan(tmp_path)


def test_the_digest_is_of_the_meaning(tmp_path: Path) -> None:
    digest = plan_digest(read(tmp_path, GOOD))
    assert (
        plan_digest(read(tmp_path, "# a comment\n" + GOOD.replace("= 10\n", "= 10.0\n"))) == digest
    )
    assert plan_digest(read(tmp_path, GOOD.replace("= 10\n", "= 11\n"))) != digest
