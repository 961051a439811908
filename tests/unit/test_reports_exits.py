"""The chapter on exits: weeks, curves, tests, rates over time, those who take part, models."""

import math
import tomllib
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest

from fabricated_evaluation import N_CONTROL, N_TREATMENT, PLAN, fabricate_evaluation
from jobeval.disclosure.gate import release
from jobeval.figures import plot_exits, plot_models, plot_rate_ratio, save_figure
from jobeval.figures.exit_alt_texts import describe_models, describe_rate_ratio
from jobeval.plan.model import TrialPlan
from jobeval.reports import ReportBuilder, render_html, render_pdf
from jobeval.reports.blocks import Bullets, FigureBlock, Heading, KeyNumbers, Paragraph, TableBlock
from jobeval.results import (
    CheckResult,
    Curve,
    CurveTable,
    EffectTable,
    Estimate,
    HypothesisTest,
    Interval,
)
from jobeval.tables.cells import effect_cells
from jobeval.text import read_words

DA, EN = read_words("da"), read_words("en")
LABELS = {"control": "Ordinær indsats", "jobfirst": "JobFirst"}
GROUP = "benefit_type=kontanthjaelp"
JOB = "exit_to_employment"
SPACE = "\u00a0"
RATIO = {"scale": "log_ratio", "unit": "hazard_ratio", "control": math.nan, "df": math.inf}
MODELS = ("weibull", "log-normal", "log-logistic", "cloglog")


def effect(analysis: str, estimate: float, error: float, **more: object) -> Estimate:
    control = more.pop("control", 98.7)
    values: dict[str, object] = {
        "endpoint": JOB, "estimand": "itt", "estimator": "restricted mean", "unit": "weeks",
        "contrast": "jobfirst - control", "n_treatment": N_TREATMENT, "n_control": N_CONTROL,
        "n_apart_treatment": 160, "n_apart_control": 120,
        "mean_control": control, "mean_treatment": control + estimate,
    }  # fmt: skip
    return Estimate(analysis=analysis, estimate=estimate, std_error=error, **(values | more))  # type: ignore[arg-type]  # fmt: skip


def mean_weeks() -> list[Estimate]:
    def by_lottery(p: float, low: float, high: float) -> dict[str, object]:
        return {"inference": "lottery", "given_p_value": p, "given_interval": Interval(low, high)}

    return [
        effect(f"{JOB}_weeks", -1.33, 0.57, **by_lottery(0.0211, -2.46, -0.21)),
        effect(f"{JOB}_weeks", -1.9, 0.84, subgroup=GROUP, **by_lottery(0.0256, -3.58, -0.22)),
        effect(f"{JOB}_weeks_adjusted", -1.3, 0.56),
    ]


def after_weeks() -> list[Estimate]:
    shown = {26: (-0.006, 0.983), 52: (-0.015, 0.974), 101: (-0.022, 0.961)}
    return [
        effect(f"{JOB}_curve", difference, 0.006, unit="share", part=f"week={week}",
               control=control, horizon_weeks=week)
        for week, (difference, control) in shown.items()
    ]  # fmt: skip


def periods() -> list[Estimate]:
    name, cox = f"{JOB}_by_period", {**RATIO, "estimator": "Cox (Efron)"}
    parts = {"": 0.45, "weeks 1–26": 0.33, "weeks 27–52": 0.68, "weeks 53–101": 0.42}
    return [effect(name, log, 0.3, part=part, **cox) for part, log in parts.items()]


def takers() -> Estimate:
    return effect(f"{JOB}_takers", -1.68, 0.72, control=98.79, estimand="late",
                  inference="Anderson-Rubin", given_p_value=0.019,
                  given_interval=Interval(-3.1, -0.27))  # fmt: skip


def models() -> list[Estimate]:
    time = {**RATIO, "unit": "time_ratio"}
    return [
        effect(f"{JOB}_models", 0.45 if name == "cloglog" else -0.52, 0.2, part=name,
               **(RATIO if name == "cloglog" else time))
        for name in MODELS
    ]  # fmt: skip


def fits() -> CheckResult:
    table = pd.DataFrame(
        {"distribution": MODELS, "n_parameters": [3, 3, 3, 103], "log_likelihood": [-1080.0] * 4,
         "aic": [2175.2, 2168.9, 2174.1, 2264.8], "distance_control": [0.0039] * 4,
         "distance_treatment": [0.007, 0.0053, 0.0066, 0.0019]}
    )  # fmt: skip
    name = f"models {JOB}_models"
    return CheckResult(name=name, passed=None, sentence="", table=table)


def curve(measure: str, arm: str, values: np.ndarray, **more: object) -> Curve:
    n = N_CONTROL if arm == "control" else N_TREATMENT
    shared: dict[str, object] = {
        "endpoint": JOB, "times": np.arange(1, len(values) + 1), "unit": "share",
        "at_risk": np.full(len(values), n), "events": np.ones(len(values), dtype=int),
    }  # fmt: skip
    return Curve(measure=measure, arm=arm, values=values, **(shared | more))  # type: ignore[arg-type]  # fmt: skip


def around(values: np.ndarray, half: float, wide: float) -> dict[str, object]:
    return {"conf_low": values - half, "conf_high": values + half,
            "band_low": values - wide, "band_high": values + wide}  # fmt: skip


def curves() -> list[Curve]:
    t = np.arange(1, 102)
    ratio = 0.5 - 0.004 * t
    found = [
        curve("log_hazard_ratio", "jobfirst - control", ratio, unit="hazard_ratio",
              **around(ratio, 0.6, 0.9))
    ]  # fmt: skip
    for arm, end in (("control", 0.038), ("jobfirst", 0.069)):
        left = end * t / 101
        found.append(curve("complier_incidence", arm, left, **around(left, 0.01, 0.02)))
        found += [curve("implied_survival", arm, 1 - left, cause=name) for name in MODELS]
    return found


def made_up_tests() -> list[HypothesisTest]:
    def test(name: str, analysis: str, statistic: float, p: float, **more: object):
        return HypothesisTest(
            name=name, endpoint=JOB, statistic=statistic, df=1.0, p_value=p, analysis=analysis,
            n_apart_treatment=160, n_apart_control=120, **more,
        )  # type: ignore[arg-type]  # fmt: skip

    return [
        test("stratified max-combo log-rank", f"{JOB}_late_differences", 2.44, 0.025,
             inference="lottery", draws=10_000),
        test("equal hazard ratios in all periods", f"{JOB}_by_period", 0.5, 0.78),
        test("proportional hazards (km)", f"{JOB}_by_period", 5.4, 0.02),
    ]  # fmt: skip


def everything() -> list[Estimate]:
    return [*mean_weeks(), *after_weeks(), *periods(), takers(), *models()]


def evaluation(*effects: Estimate, look: str = "final", plan: TrialPlan | None = None):
    made_up = fabricate_evaluation(look)
    return replace(
        made_up,
        plan=plan or made_up.plan,
        effects=EffectTable((*made_up.effects, *effects)),
        curves=CurveTable((*made_up.curves, *curves())),
        tests=(*made_up.tests, *made_up_tests()),
        checks={**made_up.checks, fits().name: fits()},
    )


def tell(*effects: Estimate, language: str = "da", **more) -> ReportBuilder:
    """A report of the made-up evaluation with these effects, and with everything else of exits."""
    released = release(evaluation(*effects, **more))
    return ReportBuilder(released, language)  # type: ignore[arg-type]


def with_analyses(*tables: dict) -> TrialPlan:
    """The plan of JobFirst with only these analyses of exits."""
    source = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    source["analyses"] = [*source["analyses"][:2], *tables]
    return TrialPlan.model_validate(source)


def replace_analyses(plan: TrialPlan, analyses) -> TrialPlan:
    return plan.model_copy(update={"analyses": analyses})


def only(chapter, kind):
    return [block for block in chapter.blocks if isinstance(block, kind)]


def headings(chapter):
    return [block.text for block in only(chapter, Heading)]


def texts(chapter) -> str:
    return " ".join(block.text for block in only(chapter, Paragraph))


def tables(chapter, word: str):
    return [block.table for block in only(chapter, TableBlock) if word in block.table.caption]


WEEKS_DA = (
    f"I de første 101 uger gik der i gennemsnit 97,4{SPACE}uger før afgang til ordinært job i "
    f"indsatsgruppen mod 98,7{SPACE}uger i kontrolgruppen, altså 1,3{SPACE}uger mindre "
    f"(95{SPACE}pct. konfidensinterval [−2,5;{SPACE}−0,2])."
)


class TestWeeks:
    def test_the_chapter_and_the_summary_tell_them_first(self):
        report = tell(*everything())
        assert texts(report.exits()).startswith(WEEKS_DA)
        [bullets] = only(report.summary(), Bullets)
        assert WEEKS_DA in bullets.items

    def test_what_is_told_in_weeks_is_not_told_again_as_a_rate(self):
        told = {
            bool(weeks): " ".join(only(tell(*weeks).summary(), Bullets)[0].items)
            for weeks in ([], mean_weeks())
        }
        assert "Afgang til ordinært job: Raten" in told[False]
        assert "Afgang til ordinært job: Raten" not in told[True]

    def test_uncertain_weeks_are_called_so(self):
        unsure = effect(f"{JOB}_weeks", -0.3, 0.57)
        assert "is not statistically certain" in texts(tell(unsure, language="en").exits())

    def test_hidden_weeks_are_not_shown_anywhere(self):
        hidden = replace(mean_weeks()[0], n_apart_control=2)
        chapter = tell(hidden).exits()
        assert "resultatet er skjult" in texts(chapter)
        [table] = tables(chapter, "uger før hændelsen")
        assert table.rows == (("Alle *", "", "", "skjult", "", ""),)

    def test_the_table_has_everyone_first_and_marks_what_the_lottery_tested(self):
        [table] = tables(tell(*mean_weeks()).exits(), "uger før hændelsen, i de første 101 uger")
        assert [row[0] for row in table.rows] == [
            "Alle *", "Alle, justeret for baggrund", "Kontanthjælp *",
        ]  # fmt: skip
        assert table.rows[0][1:] == ("97,4", "98,7", "−1,3", f"[−2,5;{SPACE}−0,2]", "0,021")
        assert table.note == "* p er fundet ved at trække lodtrækningen om 10.000 gange."

    def test_they_are_a_key_number_where_there_is_room(self):
        weeks = {"name": f"{JOB}_weeks", "endpoint": JOB, "estimator": "rmst", "horizon_weeks": 101}
        plan = with_analyses(weeks)
        made_up = evaluation(mean_weeks()[0], plan=replace_analyses(plan, plan.analyses[-1:]))
        own = EffectTable(tuple(mean_weeks()[:1]))
        bare = replace(made_up, effects=own, tests=(), curves=CurveTable(()))
        report = ReportBuilder(release(bare), "da")
        [numbers] = only(report.headline(), KeyNumbers)
        assert numbers.items[1].value == "−1,3"
        assert "inden for 101 uger" in numbers.items[1].label
        assert texts(report.summary()).count(WEEKS_DA) == 1  # the answer where no effect is

    def test_a_ratio_of_weeks_is_told_in_percent(self):
        ratio = {"name": "ratio", "endpoint": JOB, "estimator": "rmst", "horizon_weeks": 101,
                 "measure": "lost_ratio"}  # fmt: skip
        found = effect("ratio", 0.46, 0.2, scale="log_ratio", unit="ratio", control=math.nan)
        chapter = tell(found, plan=with_analyses(ratio)).exits()
        [table] = tables(chapter, "uger før hændelsen")
        assert table.rows[0][0] == "Alle, relativ forskel i ugerne efter hændelsen"
        assert table.rows[0][3].startswith("+58")
        assert "I de første" not in texts(chapter)


class TestQuantiles:
    ASKED = {  # noqa: RUF012
        "name": "median", "endpoint": JOB, "estimator": "exit_quantiles",
        "probabilities": [0.25, 0.5],
    }  # fmt: skip

    def test_weeks_until_a_share_has_left(self):
        quarter = effect(
            "median", -8.0, math.nan, part="quantile=0.25", control=42.0, inference="inverted",
            given_p_value=0.03, given_interval=Interval(-15.0, -1.0),
        )  # fmt: skip
        never = effect("median", math.nan, math.nan, part="quantile=0.5", control=math.nan)
        chapter = tell(quarter, never, plan=with_analyses(self.ASKED)).exits()
        [table] = tables(chapter, "uger, før andelen er nået")
        first, second = table.rows
        expected = ("34,0", "42,0", "−8,0", f"[−15,0;{SPACE}−1,0]", "0,030")
        assert first == (f"25{SPACE}pct. af gruppen", *expected)
        assert second[0] == "Halvdelen af gruppen (median)"
        assert second[3] == "–"
        assert "kan ikke beregnes" in table.note


class TestCurves:
    def test_the_differences_are_of_who_has_left(self):
        [table] = tables(tell(*after_weeks()).exits(), "andel efter så mange uger")
        last = f"6,2{SPACE}pct.", f"4,0{SPACE}pct.", "+2,2", f"[1,0;{SPACE}3,4]", "<0,001"
        assert table.rows[-1] == ("101 uger", *last)  # of the controls, on the grid of persons
        assert not table.groups

    def test_the_midterm_leaves_out_what_is_due_later(self):
        early, _, late = after_weeks()
        unknown = replace(late, estimate=math.nan, mean_treatment=math.nan, mean_control=math.nan,
                          notes=("not estimable: the curve of an arm ends before",))  # fmt: skip
        midterm = tell(early, unknown, look="midterm")
        [table] = tables(midterm.exits(), "andel efter")
        assert [row[0] for row in table.rows] == ["26 uger"]
        assert "efter 101 uger" not in str(midterm.appendices().blocks)
        final = tell(early, unknown)
        [table] = tables(final.exits(), "andel efter")
        assert table.rows[1][3] == "–"
        assert "Afgang til job: efter 101 uger" in str(final.appendices().blocks)

    def test_the_figure_names_both_bands_where_there_are_two(self):
        made_up = evaluation()
        banded = [
            replace(c, band_low=c.conf_low - 0.01, band_high=c.conf_high + 0.01)
            if c.measure == "survival" and c.endpoint == JOB else c
            for c in made_up.curves
        ]  # fmt: skip
        for found, told in ((made_up.curves, False), (CurveTable(tuple(banded)), True)):
            report = ReportBuilder(release(replace(made_up, curves=found)), "da")
            figure = next(f for f in only(report.exits(), FigureBlock) if "andel over" in f.caption)
            assert ("Lyse bånd: for hele forløbet" in figure.note) == told

    def test_each_test_says_what_it_is(self):
        told = texts(tell().exits())
        assert f"Stratificeret log-rank-test: Kurverne er forskellige (9,41; p{SPACE}=" in told
        assert (
            "Stratificeret max-combo-test, som også ser tidlige og sene forskelle: Kurverne er "
            f"forskellige (2,44; p{SPACE}={SPACE}0,025, lodtrækningen trukket om 10.000 gange)"
        ) in told

    def test_a_weighted_test_has_a_name(self):
        assert DA.test("log-rank, weights (0, 1)") == "Vægtet log-rank-test (ρ = 0, γ = 1)"
        name = "stratified log-rank, weights (0.5, 0)"
        assert DA.test(name) == "Stratificeret vægtet log-rank-test (ρ = 0,5, γ = 0)"

    def test_a_hidden_test_is_called_so_in_the_appendix(self):
        made_up = evaluation()
        few = [replace(t, n_apart_control=1) for t in made_up.tests]
        report = ReportBuilder(release(replace(made_up, tests=tuple(few))), "da")
        [table] = tables(report.appendices(), "Test")
        row = next(row for row in table.rows if row[1].startswith("Stratificeret log-rank"))
        assert row[2:] == ("skjult", "", "")


class TestRates:
    def test_periods_have_a_table_of_their_own(self):
        chapter = tell(*periods()).exits()
        [table] = tables(chapter, "i perioder")
        assert [row[0] for row in table.rows] == ["Uge 1–26", "Uge 27–52", "Uge 53–101"]
        assert table.rows[1][1] == "1,97"
        [overall] = tables(chapter, "Relativ rate (hazard ratio), indsats mod kontrol")
        assert [row[0] for row in overall.rows] == ["Afgang til ordinært job"]  # asked for twice

    def test_the_tests_of_one_ratio_are_told_in_words(self):
        told = texts(tell(*periods()).exits())
        assert "Forskellene mellem perioderne er ikke større, end tilfældigheder kan give" in told
        assert "Forholdet ændrer sig, som ugerne går" in told

    def test_the_figure_has_ratios_on_its_axis_and_in_its_text(self):
        released = release(evaluation(*periods()))
        found = next(c for c in released.curves if c.measure == "log_hazard_ratio")
        svg = save_figure(plot_rate_ratio(found, DA)).decode()
        assert ">0,5<" in svg
        assert ">2<" in svg
        shown = math.exp(found.values[0])
        assert f"{shown:.2f}" in describe_rate_ratio(found, "Exit", EN)

    def test_how_a_rate_is_computed_is_said_where_it_is_unusual(self):
        cox = {"endpoint": JOB, "estimator": "cox"}
        plan = with_analyses(
            {"name": "exact", "ties": "exact", **cox},
            {"name": "firth", "penalty": "firth", **cox},
        )
        found = [effect(name, 0.4, 0.2, **RATIO) for name in ("exact", "firth")]
        [table] = tables(tell(*found, plan=plan).exits(), "Relativ rate")
        assert [row[0] for row in table.rows] == [
            "Afgang til ordinært job, ens uger regnet eksakt",
            "Afgang til ordinært job, afdæmpet (Firth)",
        ]

    @pytest.mark.parametrize("unit", ["hazard_ratio", "rate_ratio", "time_ratio", "odds_ratio"])
    def test_such_ratios_are_written_as_ratios(self, unit):
        found = effect(f"{JOB}_weeks", math.log(1.5), 0.1, **{**RATIO, "unit": unit})
        [shown] = release(evaluation(found)).effects.where(analysis=f"{JOB}_weeks")
        assert effect_cells(shown, EN)[2:4] == ("1.50", f"[1.23,{SPACE}1.82]")

    def test_other_ratios_are_written_in_percent(self):
        found = effect(f"{JOB}_weeks", math.log(1.5), 0.1, **{**RATIO, "unit": "ratio"})
        [shown] = release(evaluation(found)).effects.where(analysis=f"{JOB}_weeks")
        assert effect_cells(shown, EN)[2:4] == ("+50%", f"[23,{SPACE}82]")


class TestThoseWhoTakePart:
    def test_weeks_curves_and_what_they_rest_on(self):
        chapter = tell(takers()).exits()
        told = texts(chapter)
        assert "De bygger på to antagelser" in told
        assert f"for dem i gennemsnit 97,1{SPACE}uger før afgang til ordinært job" in told
        figure = next(f for f in only(chapter, FigureBlock) if "blandt dem" in f.caption)
        assert "Med indsatsen" in figure.svg
        assert "Med indsatsen" in figure.alt
        assert "Lyse bånd" in figure.note

    def test_an_effect_that_cannot_be_told_is_not(self):
        unknown = replace(takers(), estimate=math.nan, given_interval=None,
                          given_p_value=math.nan)  # fmt: skip
        assert "kan ikke beregnes" in texts(tell(unknown).exits())
        hidden = replace(takers(), n_apart_control=1)
        assert "skjult" in texts(tell(hidden).exits())


class TestModels:
    def test_they_stand_in_an_appendix_by_kind_of_ratio(self):
        chapter = tell(*models()).appendices()
        assert "Modeller for tiden til hændelsen" in headings(chapter)
        [table] = tables(chapter, "effekten i hver model")
        assert [row[0] for row in table.rows] == [
            "Uge for uge (cloglog)", "Weibull", "Log-normal", "Log-logistisk",
        ]  # fmt: skip
        assert table.rows[1][1] == "0,59"
        assert table.rows[1][4:] == ("2.175", "0,7")
        assert [position for position, _ in table.groups] == [0, 1]

    def test_the_figure_has_every_model_over_the_observed_curve(self):
        report = tell(*models())
        figure = next(f for f in only(report.appendices(), FigureBlock) if "modellernes" in f.alt
                      or "modellernes" in f.caption)  # fmt: skip
        assert all(DA.label("distribution", name) in figure.svg for name in MODELS)
        assert "observeret" in figure.alt

    def test_without_released_fits_there_is_no_appendix(self):
        made_up = evaluation(*models())
        bare = replace(made_up, checks=fabricate_evaluation().checks)
        report = ReportBuilder(release(bare), "da")
        assert "Modeller for tiden til hændelsen" not in headings(report.appendices())


class TestWhole:
    def test_a_plan_that_asks_for_curves_alone_gets_curves_alone(self):
        plan = with_analyses({"name": "curve", "endpoint": JOB, "estimator": "kaplan_meier"})
        report = tell(*everything(), plan=plan)
        assert headings(report.exits()) == ["Afgang og hændelser", "Andel over tid"]
        assert "Modeller for tiden til hændelsen" not in headings(report.appendices())

    @pytest.mark.parametrize("language", ["da", "en"])
    def test_everything_renders(self, language):
        report = tell(*everything(), language=language)
        report.cover(), report.headline(), report.exits(), report.appendices()
        page = render_html(report.report).decode()
        assert all(block.alt in unescape(page) for block in only(report.exits(), FigureBlock))
        assert render_pdf(report.report)

    def test_figures_take_released_curves_only(self):
        raw = curves()
        pair = [c for c in raw if c.measure == "complier_incidence"]
        implied = [c for c in raw if c.cause == "weibull"]
        for draw in (
            lambda: plot_rate_ratio(raw[0], DA),  # type: ignore[arg-type]
            lambda: plot_exits(pair, LABELS, DA),  # type: ignore[arg-type]
            lambda: plot_models(pair, {"weibull": implied}, LABELS, DA),  # type: ignore[arg-type]
        ):
            with pytest.raises(Exception, match="release"):
                draw()

    def test_the_alternative_text_of_models_names_both_arms(self):
        released = release(evaluation(*models()))
        survival = [c for c in released.curves if c.measure == "survival"]
        implied = [c for c in released.curves if c.cause == "weibull"]
        told = describe_models(survival, {"weibull": implied}, LABELS, EN)
        assert all(label in told for label in LABELS.values())
        assert "Weibull 7.0%" in told or "Weibull 6.9%" in told


def test_a_share_of_the_others_is_its_complement():
    [shown] = release(evaluation(after_weeks()[0])).effects.where(analysis=f"{JOB}_curve")
    turned = shown.of_the_others()
    assert turned.estimate == -shown.estimate
    assert (turned.conf_low, turned.conf_high) == (-shown.conf_high, -shown.conf_low)
    assert turned.mean_control == pytest.approx(1 - shown.mean_control)
    assert turned.of_the_others() == shown
    [weeks] = release(evaluation(mean_weeks()[0])).effects.where(analysis=f"{JOB}_weeks")
    with pytest.raises(ValueError, match="no difference of shares"):
        weeks.of_the_others()
