"""Kinds of analyses that the committed plan does not ask for, from plan to report."""

import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.disclosure.gate import release
from jobeval.errors import PlanError
from jobeval.evaluation.result import Evaluation
from jobeval.plan.model import TrialPlan
from jobeval.reports import Bullets, Paragraph, TableBlock, build_report, render_html, render_pdf

HOURS = {"kind": "delivered_outcome", "column": "hours", "unit": "hours_per_week",
         "priority": "primary", "label": {"da": "Timer pr. uge", "en": "Hours a week"}}  # fmt: skip
WORK = {**HOURS, "column": "work", "unit": "share", "label": {"da": "I job", "en": "In work"}}
ITT = {"name": "itt", "endpoint": "hours", "estimator": "blocked"}


def label(text):
    return {"da": text, "en": text}


def plan_of(*analyses, arms=("t",), **more):
    """A plan of delivered outcomes, with a final look."""
    named = [{"name": "c", "role": "control", "label": label("Control group")}]
    named += [{"name": a, "role": "treatment", "label": label(f"Effort {a}")} for a in arms]
    values = {
        "name": "small", "title": label("A small trial"), "arms": named,
        "lottery": {"unit": "person"}, "follow_up": {"horizon_weeks": 104},
        "looks": {"final": {"cut_off": "2019-03-31"}},
        "endpoints": {"hours": HOURS, "work": WORK}, "analyses": list(analyses), **more,
    }  # fmt: skip
    return TrialPlan.model_validate_json(json.dumps(values))


def draw_persons(n=800, arms=("c", "t"), seed=1):
    """Persons in eight sites; the effect grows with the arm, and with the site by 1/4 hour."""
    rng = np.random.default_rng(seed)
    code = np.arange(n) % len(arms)
    site = np.arange(n) // len(arms) % 8
    hours = rng.normal(10, 3, n) + code * (1 + site / 4)
    return pd.DataFrame({
        "person_id": [f"p{i:05d}" for i in range(n)], "arm": np.array(arms)[code],
        "site": [f"site {s}" for s in site], "followed": site / 2, "hours": hours,
        "work": (hours > 11).astype(float), "age": rng.integers(20, 60, n).astype(float),
        "sex": np.where(rng.random(n) < 0.5, "f", "m"),
    })  # fmt: skip


def carry_out(plan, persons, **options):
    """The evaluation, after a round trip through JSON, and what is released of it."""
    found = je.evaluate(je.Trial(plan=plan, persons=persons), "final", **options)
    same = Evaluation.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert same.other_arms == found.other_arms
    return found, release(same)


def tell(released):
    """All words of the report in English; both languages are rendered."""
    reports = {language: build_report(released, language) for language in ("da", "en")}
    for report in reports.values():
        assert render_html(report).startswith(b"<!")
    assert render_pdf(reports["da"]).startswith(b"%PDF")
    return words_of(reports["en"])


def words_of(report):
    texts: list[str] = []
    for block in report.blocks:
        if isinstance(block, Paragraph):
            texts.append(block.text)
        elif isinstance(block, Bullets):
            texts += block.items
        elif isinstance(block, TableBlock):
            table = block.table
            texts += [table.caption, table.note, *(cell for row in table.rows for cell in row)]
    return " ".join(texts).replace("\u00a0", " ")


def without_outcomes(persons, share=(0.05, 0.15), seed=2):
    """Outcomes missing more often in the treatment arm, and among the old."""
    rng = np.random.default_rng(seed)
    odds = np.where(persons["arm"] == "c", *share) * np.where(persons["age"] > 40, 1.5, 0.5)
    return persons.assign(hours=persons["hours"].mask(rng.random(len(persons)) < odds))


BOUNDS = {"name": "bounds", "endpoint": "hours", "estimator": "attrition_bounds"}


def test_lee_bounds_hold_the_effect_and_are_told():
    plan = plan_of(ITT, {**BOUNDS, "weighted": [{"column": "age"}]})
    found, released = carry_out(plan, without_outcomes(draw_persons()))
    parts = {e.part: e for e in found.effects if e.analysis == "bounds"}
    assert list(parts) == ["lower", "upper", "interval", "weighted"]
    assert parts["lower"].estimate < parts["weighted"].estimate < parts["upper"].estimate
    assert math.isnan(parts["interval"].estimate)  # nobody may take it for a point
    low, high = parts["interval"].confidence_interval()
    assert low < parts["lower"].estimate < parts["upper"].estimate < high
    words = tell(released)
    assert "the effect lies between" in words
    assert "The interval leaves out zero" in words
    assert "This holds if missing depends on age" in words
    assert "What Works Clearinghouse" in words


def test_manski_bounds_are_told_as_the_worst_and_the_best_case():
    limits = {"method": "manski", "limits": [-5, 40]}
    found, released = carry_out(
        plan_of(ITT, {**BOUNDS, **limits}), without_outcomes(draw_persons())
    )
    lower, upper = (found.effects.one(part=part) for part in ("lower", "upper"))
    lacking = (
        without_outcomes(draw_persons()).groupby("arm")["hours"].agg(lambda h: h.isna().mean())
    )
    assert upper.estimate - lower.estimate == pytest.approx(45 * lacking.sum())
    words = tell(released)
    assert "the worst and the best case" in words
    assert "The interval includes zero" in words


def test_bounds_that_tell_of_few_missing_persons_are_hidden():
    persons = draw_persons()
    persons.loc[[1, 3, 5], "hours"] = np.nan  # three persons of the treatment arm
    _, released = carry_out(plan_of(ITT, BOUNDS), persons)
    assert all(e.suppressed for e in released.effects if e.analysis == "bounds")
    assert released.checks["attrition"].values.keys() <= {"tested", "grade"}
    words = tell(released)
    assert "for the endpoint that fares worst" not in words.lower()


def test_no_bounds_no_section():
    assert "What Works Clearinghouse" not in tell(carry_out(plan_of(ITT), draw_persons())[1])


SITES = {"sites": {"column": "site", "label": label("Job centre")}}
FIDELITY = {"name": "fidelity", "endpoint": "hours", "estimator": "fidelity",
            "fidelity": "followed"}  # fmt: skip


def test_fidelity_is_told_as_an_association():
    found, released = carry_out(plan_of(ITT, FIDELITY, **SITES), draw_persons(4000))
    slope = found.effects.one(analysis="fidelity")
    assert slope.estimate == pytest.approx(0.5, abs=4 * slope.std_error)  # as drawn
    [shown] = released.effects.where(analysis="fidelity")
    assert any("not a causal effect" in note for note in shown.notes)
    words = tell(released)
    assert "This is an association between job centres, not an effect" in words
    assert "one unit more fidelity goes with" in words


def test_sites_are_pooled_and_their_spread_is_told():
    by_site = {**ITT, "by_site": True, "family": "all"}
    plan = plan_of(by_site, families={"all": {"method": "holm"}}, **SITES)
    found, released = carry_out(plan, draw_persons(4000))
    parts = {e.part: e for e in found.effects if e.part}
    assert set(parts) == {"pooled", "prediction", "tau"}
    assert parts["pooled"].estimate == pytest.approx(1.875, abs=4 * parts["pooled"].std_error)
    wide, narrow = (parts[p].confidence_interval() for p in ("prediction", "pooled"))
    assert wide.low < narrow.low < narrow.high < wide.high
    main = found.effects.one(part="", subgroup="")
    assert main.p_value_adjusted == pytest.approx(main.p_value)  # a family of one
    assert all(math.isnan(part.p_value_adjusted) for part in parts.values())
    words = tell(released)
    for said in ("The mean over job centres like these is", "a standard deviation of",
                 "In one more job centre like these", "Cochran's Q ="):  # fmt: skip
        assert said in words


@pytest.mark.parametrize(
    ("small", "hidden", "shown"), [(0, 0, True), (1, 3, False), (4, 4, True), (6, 6, False)]
)
def test_what_tells_of_all_sites_goes_where_it_would_tell_of_hidden_ones(small, hidden, shown):
    persons = draw_persons(1600)
    few = persons["site"].isin([f"site {s}" for s in range(small)])
    keep = ~few | (persons.groupby(["site", "arm"]).cumcount() < 4)
    _, released = carry_out(plan_of({**ITT, "by_site": True}, **SITES), persons[keep])
    pooled = [e for e in released.effects if e.part in {"pooled", "prediction", "tau"}]
    sites = {e.subgroup for e in released.effects if e.suppressed and e.subgroup}
    assert len(sites) == hidden
    assert [not e.suppressed for e in pooled] == [shown] * 3


def draw_areas(seed=3):
    """Thirty areas at saturations 0, ½ and ¾; an offer gives 3 hours and takes 1 from others."""
    rng = np.random.default_rng(seed)
    area = np.repeat(np.arange(30), 40)
    share = np.array([0, 0.5, 0.75])[area % 3]
    treated = np.arange(1200) % 40 < 40 * share
    hours = rng.normal(10, 2, 1200) + 3 * treated - 1 * ((share > 0) & ~treated)
    return pd.DataFrame({
        "person_id": [f"p{i:05d}" for i in range(1200)], "arm": np.where(treated, "t", "c"),
        "area": [f"area {a}" for a in area], "offered": share, "hours": hours, "work": 1.0,
    })  # fmt: skip


SPILLOVER = {"name": "beside", "endpoint": "hours", "estimator": "spillover",
             "group": "area", "saturation": "offered"}  # fmt: skip


def test_spillover_is_told_part_by_part():
    found, released = carry_out(plan_of(SPILLOVER), draw_areas())
    truth = {"direct": 4, "spillover": -1, "treated vs pure control": 3}
    for part, value in truth.items():
        effect = found.effects.one(part=part)
        assert effect.estimate == pytest.approx(value, abs=4 * effect.std_error)
    words = tell(released)
    assert "within an area the difference between those with and without an offer" in words
    assert "Areas in which" not in words  # a heading of the table, not a cell
    assert "Everyone in areas with the effort, against areas without" in words


def test_a_hidden_part_of_a_spillover_takes_those_that_would_tell_it():
    areas = draw_areas()
    four = areas["area"].isin(["area 1", "area 4", "area 7", "area 10"])
    lone = areas.index % 40 == 39  # one person without an offer in each of them
    kept = areas[(areas["offered"] == 0) | four & ((areas["arm"] == "t") | lone)]
    found, released = carry_out(plan_of(SPILLOVER), kept)
    assert found.effects.one(part="spillover").n_treatment == 4
    assert found.effects.one(part="total").n_treatment > 50
    assert {e.suppressed for e in released.effects} == {True}


def test_a_path_of_clusters_by_month_is_told():
    drawn = je.simulate_jobfirst(n_persons=480, n_sites=8, seed=4)
    site = drawn.persons["site"].astype("category").cat.codes
    persons = drawn.persons.assign(arm=np.where(site % 2 == 1, "jobfirst", "control"))
    values = json.loads(drawn.plan.model_dump_json())
    values["lottery"] = {"unit": "cluster", "clusters": "site"}
    values["sites"] = None
    values["families"] = {}
    values["analyses"] = [
        {"name": "path", "endpoint": "mean_hours", "estimator": "path", "period": "month",
         "accumulated": True}
    ]  # fmt: skip
    plan = TrialPlan.model_validate_json(json.dumps(values))
    trial = je.Trial(plan=plan, persons=persons, benefits=drawn.benefits, hours=drawn.hours,
                     activities=drawn.activities)  # fmt: skip
    found = je.evaluate(trial, "final")
    total = next(c for c in found.curves if c.measure == "accumulated")
    assert np.diff(total.times).min() >= 4
    released = release(found)
    words = tell(released)
    assert "month by month from the lottery" in words
    assert "Over the whole course" in words
    midterm = build_report(release(je.evaluate(trial, "midterm")), "en")
    assert "month by month" in words_of(midterm)


ARMS = ("a", "b")
MEMBERS = ({**ITT, "name": "hours_itt", "family": "both"},
           {**ITT, "name": "work_itt", "endpoint": "work", "family": "both"})  # fmt: skip


def three_arms(method, persons=None, **more):
    plan = plan_of(*MEMBERS, arms=ARMS, families={"both": {"method": method}},
                   resampling={"draws": 499, "seed": 1})  # fmt: skip
    persons = draw_persons(300, ("c", *ARMS)) if persons is None else persons
    return {arm: carry_out(plan, persons, arm=arm, **more) for arm in ARMS}


def test_several_arms_share_their_families():
    """Holm over two arms and two outcomes: four tests, whichever arm is told of."""
    found = three_arms("holm")
    p = {(arm, e.endpoint): e for arm, (own, _) in found.items() for e in own.effects}
    raw = sorted(e.p_value for e in p.values())
    smallest = min(p.values(), key=lambda e: e.p_value)
    assert smallest.p_value_adjusted == pytest.approx(min(1, 4 * raw[0]))
    assert "Holm, 4 tests of primary endpoints in 2 treatment groups" in tell(found["a"][1])


def test_romano_wolf_over_arms_is_the_same_whichever_is_told_of():
    found = three_arms("romano-wolf")
    for own, released in found.values():
        assert all(e.p_value - 0.05 <= e.p_value_adjusted <= 1 for e in own.effects)
        assert "Romano–Wolf, 4 tests" in words_of(build_report(released, "en"))
    order = sorted(
        (e.p_value, e.p_value_adjusted) for own, _ in found.values() for e in own.effects
    )
    assert [p for _, p in order] == sorted(p for _, p in order)


def test_the_cover_names_the_comparison_and_the_files_the_arm():
    _, released = three_arms("holm")["b"]
    report = build_report(released, "en")
    assert report.file_stem == "small_final_b_en"
    assert "Comparison: Effort b against Control group" in report.cover.lines
    alone = dataclasses.replace(carry_out(plan_of(ITT), draw_persons())[0])
    assert build_report(release(alone), "en").file_stem == "small_final_en"


def test_an_arm_must_be_named_and_known():
    plan = plan_of(ITT, arms=ARMS)
    trial = je.Trial(plan=plan, persons=draw_persons(300, ("c", *ARMS)))
    with pytest.raises(PlanError, match="must be named"):
        je.evaluate(trial, "final")
    with pytest.raises(PlanError, match="no treatment arm"):
        je.evaluate(trial, "final", arm="z")


TOML = """
name = "small"
title = { da = "Et lille", en = "A small trial" }
lottery = { unit = "person" }
follow_up = { horizon_weeks = 104 }
looks = { final = { cut_off = 2019-03-31 } }
arms = [
    { name = "c", role = "control", label = { da = "Kontrol", en = "Control" } },
    { name = "a", role = "treatment", label = { da = "Mentor", en = "Mentor" } },
    { name = "b", role = "treatment", label = { da = "Praktik", en = "Placement" } },
]
analyses = [{ name = "itt", endpoint = "hours", estimator = "difference" }]
[endpoints.hours]
kind = "delivered_outcome"
column = "hours"
unit = "hours_per_week"
label = { da = "Timer", en = "Hours" }
[files.persons]
path = "persons.csv"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("arms")
    (out / "trial.toml").write_text(TOML, encoding="utf-8")
    draw_persons(300, ("c", *ARMS)).to_csv(out / "persons.csv", index=False)
    return out


def run(*words):
    from typer.testing import CliRunner

    from jobeval.cli import app

    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_tells_of_each_arm_or_of_the_one_named(folder, tmp_path):
    shown = ("--language", "en", "--format", "html")
    assert run("report", folder, "--out", tmp_path / "all", *shown).exit_code == 0
    written = {path.name for path in (tmp_path / "all").glob("*.html")}
    assert written == {"small_final_a_en.html", "small_final_b_en.html"}
    assert run("report", folder, "--out", tmp_path / "b", "--arm", "b", *shown).exit_code == 0
    assert [path.name for path in (tmp_path / "b").glob("*.html")] == ["small_final_b_en.html"]
    wrong = run("report", folder, "--out", tmp_path / "z", "--arm", "z", *shown)
    assert isinstance(wrong.exception, PlanError)
    assert not (tmp_path / "z").exists()


def test_the_command_evaluates_the_arm_named(folder, tmp_path):
    out = tmp_path / "a.json"
    said = run("evaluate", folder, "--look", "final", "--out", out, "--arm", "a")
    assert said.exit_code == 0
    assert json.loads(out.read_text("utf-8"))["other_arms"] == ["b"]


def test_a_notebook_may_begin_with_an_arm(folder):
    from jobeval.reports import open_report

    report = open_report(folder, "final", "en", arm="b")
    assert "Placement" in report.cover().blocks[0].lines[0]
