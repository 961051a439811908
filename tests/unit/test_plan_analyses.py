"""Analyses of a plan that contradict themselves or the lottery are refused when it is read."""

from pathlib import Path

import pytest

from jobeval.errors import PlanError
from jobeval.plan.read import read_plan

PLAN = """
name = "small"
title = { da = "Lille", en = "Small" }
arms = [
  { name = "control", role = "control", label = { da = "Kontrol", en = "Control" } },
  { name = "offer", role = "treatment", label = { da = "Tilbud", en = "Offer" } },
]
lottery = { LOTTERY }
follow_up = { horizon_weeks = 104 }
[looks.final]
cut_off = 2017-12-31
[endpoints.hours]
kind = "delivered_outcome"
column = "hours_later"
unit = "hours_per_week"
label = { da = "Timer", en = "Hours" }
[[analyses]]
name = "it"
endpoint = "hours"
ANALYSIS
[files.persons]
path = "persons.csv"
"""
PERSONS, CLUSTERS = 'strata = ["site"]', 'unit = "cluster", clusters = "office"'
AGE = 'covariates = [{ column = "age" }]'
LABEL = 'label = { da = "a", en = "a" }'


def _variants(second: str) -> str:
    one, other = f'{{ name = "a", {LABEL} }}', f'{{ name = "b", {LABEL}, {second} }}'
    return f'estimator = "sensitivity"\nvariants = [{one}, {other}]'


FAULTS = [
    (PERSONS, f'estimator = "blocked"\n{AGE}', 'covariates need estimator = "ancova"'),
    (PERSONS, _variants(AGE), 'covariates need estimator = "ancova"'),
    (PERSONS, 'estimator = "blocked"\nvcov = "CR2"', '"CR2" is not for drawn persons'),
    (CLUSTERS, 'estimator = "blocked"\nvcov = "HC2"', '"HC2" is not for drawn clusters'),
    (CLUSTERS, _variants('vcov = "classical"'), '"classical" is not for drawn clusters'),
    (PERSONS, 'estimator = "blocked"\ninference = "wild"', '"wild" is for drawn clusters'),
    (
        PERSONS,
        'estimator = "blocked"\ninference = "lottery"\nweights = "w"',
        "knows no sampling weights",
    ),
    (PERSONS, _variants('inference = "lottery", vcov = "HC2"'), "takes no weights and no vcov"),
    (
        PERSONS,
        _variants('inference = "lottery", analysis_set = "per_protocol"'),
        'does not hold for "per_protocol"',
    ),
    (PERSONS, 'estimator = "margins"\nthresholds = [-1, 2]', "distinct numbers from 0"),
    (PERSONS, 'estimator = "margins"\nthresholds = [1, 1]', "distinct numbers from 0"),
    (PERSONS, 'estimator = "quantiles"\nquantiles = [0.5, 0.5]', "distinct numbers between"),
    *(
        (
            PERSONS,
            f'estimator = "attrition_bounds"\nmethod = "manski"\nlimits = {limits}',
            "two finite numbers, the lower first",
        )
        for limits in ("[9, 0]", "[0, inf]", "[1, 1]")
    ),
    (
        PERSONS,
        'estimator = "attrition_bounds"\nmethod = "manski"\nlimits = [0, 9]\ncovariates = ["sex"]',
        "tighten Lee's bounds",
    ),
    (
        PERSONS,
        'estimator = "late"\ntreated = "took"\nprofile = ["took"]',
        "neither covariates nor profile",
    ),
    (
        PERSONS,
        'estimator = "ancova"\ncovariates = [{ column = "hours_later" }]',
        "'hours_later' is the column of endpoints.hours",
    ),
    (PERSONS, 'estimator = "blocked"\nsubgroups = ["arm"]', "'arm' is the arm"),
    (PERSONS, 'estimator = "path"', "does not fit"),
]


@pytest.mark.parametrize(("lottery", "analysis", "rule"), FAULTS)
def test_contradictions_are_told_when_the_plan_is_read(
    tmp_path: Path, lottery: str, analysis: str, rule: str
) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(PLAN.replace("LOTTERY", lottery).replace("ANALYSIS", analysis))
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert problem.place.startswith("analyses.it")
    assert rule in problem.rule
    assert problem.mend


def test_a_path_without_weeks_is_told_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(PLAN.replace("LOTTERY", PERSONS).replace("ANALYSIS", 'estimator = "path"'))
    with pytest.raises(PlanError, match="a path needs hours or states by week"):
        read_plan(path)


@pytest.mark.parametrize(
    ("lottery", "analysis"),
    [
        (PERSONS, f'estimator = "ancova"\n{AGE}\nvcov = "HC3"'),
        (CLUSTERS, 'estimator = "blocked"\nvcov = "CR2"'),
        (CLUSTERS, 'estimator = "blocked"\ninference = "wild"'),
        (PERSONS, _variants('inference = "lottery", winsorise = 0.9')),
        (PERSONS, 'estimator = "attrition_bounds"\nmethod = "manski"\nlimits = [0, 37]'),
    ],
)
def test_what_fits_together_is_read(tmp_path: Path, lottery: str, analysis: str) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(PLAN.replace("LOTTERY", lottery).replace("ANALYSIS", analysis))
    assert read_plan(path).analyses[0].name == "it"
