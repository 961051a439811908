"""Sections on destinations, ways between states, and jobs that last."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fabricated_evaluation import ARMS, N_CONTROL, N_TREATMENT, fabricate_evaluation
from jobeval.disclosure.gate import release
from jobeval.errors import DisclosureError
from jobeval.figures import (
    Way,
    plot_job_starts,
    plot_kept_jobs,
    plot_occupancy,
    plot_occupancy_by_state,
    plot_sequences,
    plot_stacked_destinations,
    plot_weeks,
    save_figure,
)
from jobeval.plan.analyses import StateAnalysis
from jobeval.plan.exit_analyses import CoxAnalysis, OccupancyAnalysis
from jobeval.reports import ReportBuilder
from jobeval.reports.blocks import FigureBlock, Heading, Paragraph, TableBlock
from jobeval.reports.parts import name_part
from jobeval.results import CheckResult, Curve, CurveTable, EffectTable, Estimate, HypothesisTest
from jobeval.text import read_words

WORDS = read_words("en")
LABELS = {"control": "Ordinary service", "jobfirst": "JobFirst"}
SIZES = dict(zip(ARMS, (N_CONTROL, N_TREATMENT), strict=True))
CAUSES = ("employment", "flexjob", "education", "disability_pension", "out_of_population")
STATES = ("on_benefit", "some_hours", "elsewhere", "work", "relapse")


def effect(analysis: str, part: str, estimate: float, error: float, **more: object) -> Estimate:
    control = more.pop("control", 0.1)
    values: dict[str, object] = {
        "estimand": "itt", "estimator": "made up", "contrast": "jobfirst - control",
        "endpoint": "first_destination", "unit": "weeks", "n_treatment": N_TREATMENT,
        "n_control": N_CONTROL, "n_apart_treatment": 60, "n_apart_control": 45, "df": math.inf,
        "mean_control": control, "mean_treatment": control + estimate,
    }  # fmt: skip
    return Estimate(
        analysis=analysis, part=part, estimate=estimate, std_error=error, **(values | more)
    )  # type: ignore[arg-type]


def differences(week: int, *hidden: str) -> list[Estimate]:
    """The differences at each destination after some weeks."""
    few = {"n_apart_treatment": 2, "n_apart_control": 1}
    shares = zip(CAUSES, (0.04, 0.035, 0.02, 0.04, 0.03), (0.022, 0.0, -0.008, 0.011, 0.005),
                 strict=True)  # fmt: skip
    return [
        effect("destinations", f"{cause} week={week}", gain, 0.009, unit="share", control=share,
               **(few if cause in hidden else {}))
        for cause, share, gain in shares
    ]  # fmt: skip


def ratios() -> list[Estimate]:
    ratio = {"unit": "hazard_ratio", "scale": "log_ratio", "control": math.nan}
    return [
        effect("disability_pension_subdistribution", "disability_pension", math.log(1.29), 0.2,
               **ratio),
        effect("disability_pension_cox", "", math.log(1.43), 0.2, **ratio),
    ]  # fmt: skip


def gray(p_value: float) -> HypothesisTest:
    return HypothesisTest(
        name="stratified Gray", endpoint="first_destination", statistic=1.71, df=1,
        p_value=p_value, analysis="disability_pension_gray", n_apart_treatment=64,
        n_apart_control=45,
    )  # fmt: skip


def exit_weeks(certain: bool = True) -> list[Estimate]:
    error = 0.5 if certain else 5.0
    gains = {"remaining": -1.4, "employment": 1.3, "flexjob": -0.2, "education": -0.3,
             "disability_pension": 0.5, "out_of_population": 0.1}  # fmt: skip
    return [effect("destination_weeks", part, gain, error) for part, gain in gains.items()]


def ways() -> list[Estimate]:
    gains = zip(STATES, (-3.0, 0.9, -0.1, 2.1, 0.1), (0.9, 0.8, 0.8, 0.4, 0.4), strict=True)
    rate = {"unit": "rate_ratio", "scale": "log_ratio", "mean_treatment": 2.31, "control": 1.57,
            "notes": ("not causal when the state is entered after the draw",)}  # fmt: skip
    few = {"n_apart_treatment": 2, "n_apart_control": 1}
    return [
        *(effect("ways", state, gain, error, endpoint="ways", control=9.0)
          for state, gain, error in gains),
        effect("ways", "some_hours -> work", math.log(1.47), 0.1, endpoint="ways", **rate),
        effect("ways", "work -> relapse", math.log(0.7), 0.1, endpoint="ways", **(rate | few)),
    ]  # fmt: skip


def kept() -> list[Estimate]:
    share = {"endpoint": "job_kept", "unit": "share"}
    few = {"n_treatment": 81, "n_control": 41, "notes": ("not causal: compares starters",)}
    return [
        effect("job_kept", "kept>=13, everyone", 0.015, 0.006, control=25 / N_CONTROL, **share),
        effect("job_kept", "kept>=26, everyone", 0.017, 0.005, control=0.012, **share),
        effect("job_kept", "kept>=13, starters", 0.045, 0.1, control=0.61, **(share | few)),
    ]


def starts(ratio: float = 1.43, error: float = 0.19) -> Estimate:
    return effect(
        "job_starts", "", math.log(ratio), error, endpoint="job_starts", unit="rate_ratio",
        scale="log_ratio", control=math.nan,
    )  # fmt: skip


def steps(arm: str, measure: str, endpoint: str, values: np.ndarray, each: int) -> Curve:
    weeks = np.arange(1, len(values) + 1)
    first = each if measure == "mean_cumulative" else 0
    return Curve(
        endpoint=endpoint, measure=measure, arm=arm, times=weeks, values=values, unit="share",
        conf_low=values * 0.8, conf_high=values * 1.1, events=np.full(len(weeks), each),
        first_events=np.full(len(weeks), first), at_risk=np.full(len(weeks), SIZES[arm]),
    )  # type: ignore[arg-type]  # fmt: skip


def many_exits() -> list[Curve]:
    """Incidences of whole persons, eight a week to every destination."""
    return [
        replace(
            steps(arm, "cumulative_incidence", "first_destination",
                  np.cumsum(np.full(10, 8)) / SIZES[arm], 8),
            cause=cause,
        )
        for arm in ARMS for cause in CAUSES
    ]  # fmt: skip


def occupancy(weeks: int = 104) -> list[Curve]:
    t = np.arange(weeks) / weeks
    shares = {"some_hours": 0.04 + 0 * t, "elsewhere": 0.12 * t, "work": 0.02 * t,
              "relapse": 0.03 * t}  # fmt: skip
    shares["on_benefit"] = 1 - sum(shares.values())
    return [
        Curve(endpoint="ways", measure="occupancy", arm=arm, cause=state, times=np.arange(weeks),
              values=np.round(shares[state] * n) / n, at_risk=np.full(weeks, n), unit="share",
              conf_low=shares[state] * 0.9, conf_high=shares[state] * 1.1)
        for arm, n in SIZES.items() for state in STATES
    ]  # fmt: skip


def sequences(count: int = 20) -> CheckResult:
    rows = [
        {"arm": arm, "group": group, "week": week, "count": count, "share": 0.8, "n": 25,
         "state": "work" if group == 0 and week >= 5 else "on_benefit"}
        for arm in ARMS for group in range(4) for week in range(10)
    ]  # fmt: skip
    return CheckResult(name="sequences ways", passed=None, sentence="", table=pd.DataFrame(rows))


def tell(*effects: Estimate, language: str = "en", look: str = "final", **parts) -> ReportBuilder:
    """A report of the made-up evaluation with these effects, curves, tests and checks."""
    made_up = fabricate_evaluation(look)
    without = parts.pop("drop_curves", "")
    left_out = {"share", "mean", "state_share", without}
    kept_curves = [curve for curve in made_up.curves if curve.measure not in left_out]
    drop = parts.pop("drop", ())
    plan = made_up.plan.model_copy(
        update={"analyses": tuple(a for a in made_up.plan.analyses if not isinstance(a, drop))}
    )
    whole = replace(
        made_up, plan=plan, effects=EffectTable((*made_up.effects, *effects)),
        curves=CurveTable((*kept_curves, *parts.pop("curves", ()))),
        tests=(*made_up.tests, *parts.pop("tests", ())),
        checks={**made_up.checks, **{check.name: check for check in parts.pop("checks", ())}},
    )  # fmt: skip
    return ReportBuilder(release(whole), language)  # type: ignore[arg-type]


def texts(chapter) -> str:
    return " ".join(b.text for b in chapter.blocks if isinstance(b, Paragraph | Heading))


def only(chapter, kind):
    return [block for block in chapter.blocks if isinstance(block, kind)]


def tables(chapter):
    return [block.table for block in only(chapter, TableBlock)]


def percents(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"([\d.]+)%", text)]


# --- destinations ------------------------------------------------------------------------


def test_incidences_and_those_who_have_not_left_are_everyone():
    chapter = tell(*differences(39), *differences(101)).destinations()
    stacked = next(f for f in only(chapter, FigureBlock) if f.alt.startswith("Stacked"))
    for arm in stacked.alt.split(";"):
        assert sum(percents(arm)) == pytest.approx(100, abs=0.4)
    table = tables(chapter)[0]
    assert [text for _, text in table.groups] == ["After 39 weeks", "After 101 weeks"]
    for start in (0, 6):
        treatment, control, gaps = (
            [float(re.sub(r"[+%]", "", row[column]).replace("−", "-"))
             for row in table.rows[start : start + 6]]
            for column in (1, 2, 3)
        )  # fmt: skip
        assert sum(treatment) == sum(control) == pytest.approx(100)
        assert sum(gaps) == pytest.approx(0, abs=1e-9)


def test_with_a_hidden_destination_nothing_is_said_of_those_who_have_not_left():
    table = tables(tell(*differences(39, "education")).destinations())[0]
    assert [row[0] for row in table.rows] == [WORDS.state(cause) for cause in CAUSES]
    assert table.rows[2][3] == "hidden"


def test_without_weeks_in_the_plan_the_table_tells_the_end():
    shown, hidden = many_exits(), [c for c in tell().results.curves if c.cause == CAUSES[-1]]
    full = tables(tell(curves=shown, drop_curves="cumulative_incidence").destinations())[0]
    assert full.rows[-1][0] == "No exit"
    assert sum(percents(" ".join(row[1] for row in full.rows))) == pytest.approx(100, abs=0.3)
    assert all(any(curve.suppressed) for curve in hidden)
    assert tables(tell().destinations())[0].rows[-1] == ("Dead or emigrated", "hidden", "hidden")


def test_a_hidden_destination_is_among_what_the_stack_leaves():
    [stacked, _] = only(tell().destinations(), FigureBlock)
    assert "No exit, or hidden: 76" in stacked.alt


def test_weeks_that_the_midterm_has_not_come_to_are_left_out():
    nowhere = [replace(e, estimate=math.nan, std_error=math.nan, mean_control=math.nan,
                       mean_treatment=math.nan, n_apart_treatment=None, n_apart_control=None)
               for e in differences(101)]  # fmt: skip
    table = tables(tell(*differences(39), *nowhere, look="midterm").destinations())[0]
    assert [text for _, text in table.groups] == ["After 39 weeks"]


@pytest.mark.parametrize(("p_value", "said"), [(0.19, "is not different"), (0.01, "is different")])
def test_the_ratio_of_shares_stands_beside_that_of_rates_with_a_gloss(p_value, said):
    chapter = tell(*ratios(), tests=[gray(p_value)]).destinations()
    assert f"The share that leaves to disability pension {said}" in texts(chapter)
    assert "compares the rate week by week among those who have not left yet" in texts(chapter)
    beside = tables(chapter)[-1]
    assert [row[1] for row in beside.rows] == ["1.43", "1.29"]
    assert beside.groups == ((0, "Disability pension"),)


def test_without_a_rate_of_the_same_exit_the_share_stands_alone():
    chapter = tell(*ratios(), drop=CoxAnalysis).destinations()
    assert [row[1] for row in tables(chapter)[-1].rows] == ["1.29"]


def test_weeks_before_and_after_the_exit():
    chapter = tell(*exit_weeks()).destinations()
    assert (
        "In the first 101 weeks the treatment group has, on average, 1.4 fewer weeks before any "
        "exit (95% confidence interval [−2.4,\u00a0−0.4]) and 1.3 more weeks after an exit to "
        "ordinary job"
    ) in texts(chapter)
    assert "The other differences are not statistically certain." in texts(chapter)
    table = tables(chapter)[-1]
    gains = [float(row[3].replace("−", "-")) for row in table.rows]
    assert table.rows[0][0] == "No exit"
    assert sum(gains) == pytest.approx(0, abs=1e-9)
    assert "add up to 101" in table.note


def test_no_certain_difference_in_weeks_is_said_plainly():
    chapter = tell(*exit_weeks(certain=False), language="da").destinations()
    assert "Ingen af forskellene i uger er statistisk sikre." in texts(chapter)


def test_destinations_that_are_all_hidden_are_not_drawn():
    rare = [replace(curve, events=np.zeros(10, dtype=int)) for curve in many_exits()]
    chapter = tell(curves=rare, drop_curves="cumulative_incidence").destinations()
    assert not only(chapter, FigureBlock)
    assert {row[1] for row in tables(chapter)[0].rows} == {"hidden"}


# --- ways between states -----------------------------------------------------------------


def test_without_occupancy_there_is_no_chapter():
    assert tell(*ways(), drop=OccupancyAnalysis).ways().blocks == ()
    assert tell().ways().blocks == ()


def test_the_states_are_named_as_in_the_plan():
    chapter = tell(*ways(), language="da").ways()
    said = texts(chapter)
    assert "3,0 færre uger i »På ydelse«" in said
    assert said.index("3,0 færre") < said.index("2,1 flere uger i »Ordinært job uden ydelse«")
    assert "»Tilbage på ydelse efter job« er dem, der har været i »Ordinært job" in said


def test_beside_the_status_figure_the_arms_are_compared_state_by_state():
    own, alone = tell(curves=occupancy()), tell(curves=occupancy(), drop=StateAnalysis)
    [figure] = only(own.ways(), FigureBlock)
    assert figure.alt.startswith("Line chart, one panel a state")
    assert "Back on benefit after a job: Ordinary service 2.9%, JobFirst 2.9%" in figure.alt
    [stack] = only(alone.ways(), FigureBlock)
    assert stack.alt.startswith("Area chart")
    for arm in stack.alt.split(": ", 1)[1].split(";"):
        assert sum(percents(arm)) == pytest.approx(100, abs=0.5)


def test_states_that_are_hidden_throughout_have_no_panel():
    rare = [replace(c, values=c.values * 0) if c.cause == "relapse" else c for c in occupancy()]
    [figure] = only(tell(curves=rare).ways(), FigureBlock)
    assert "Ordinary job without benefit" in figure.alt
    assert "Back on benefit" not in figure.alt


def test_at_the_midterm_states_are_shown_for_the_common_weeks_only():
    [figure] = only(tell(curves=occupancy(80), look="midterm").ways(), FigureBlock)
    assert "In week 38" in figure.alt


def test_moves_are_told_by_arm_and_called_no_effect():
    table = tables(tell(*ways()).ways())[-1]
    assert table.header == ("To", "JobFirst", "Ordinary service", "Ratio", "95% interval")
    assert table.rows[0][:4] == ("Ordinary job without benefit", "2.31", "1.57", "1.47")
    assert table.rows[1][1:] == ("", "", "hidden", "")
    assert [text for _, text in table.groups] == [
        "From “Benefit and ordinary hours”", "From “Ordinary job without benefit”"
    ]  # fmt: skip
    assert "not an effect" in table.note


def test_histories_are_drawn_as_bars_of_groups():
    chapter = tell(checks=[sequences()]).ways()
    [figure] = only(chapter, FigureBlock)
    assert "<image" not in figure.svg
    assert "Ordinary job without benefit 12%" in figure.alt  # 5 of 40 fields
    assert "too few persons" not in figure.note
    assert "never one person" in texts(chapter)


def test_hidden_states_of_histories_are_left_white_and_explained():
    [figure] = only(tell(checks=[sequences(count=3)]).ways(), FigureBlock)
    assert "White fields" in figure.note
    [shown] = only(tell(checks=[sequences()]).ways(), FigureBlock)
    assert figure.svg.count("#0b5a8a") < shown.svg.count("#0b5a8a")


# --- jobs --------------------------------------------------------------------------------


def test_jobs_kept_of_everyone_stand_beside_those_of_starters():
    chapter = tell(*kept()).jobs()
    assert (
        "Of everyone drawn, 3.6% of the treatment group and 2.1% of the control group have got a "
        "job and kept it for at least 13 weeks: 1.5 percentage points more"
    ) in texts(chapter).replace("\u00a0", " ")
    assert "the comparison is not an effect" in texts(chapter)
    table = tables(chapter)[0]
    assert [text for _, text in table.groups] == [
        "Of everyone drawn (an effect)", "Of those who got a job (not an effect)"
    ]  # fmt: skip
    assert table.rows[2][:2] == ("13 weeks", "80 against 40")
    assert not only(chapter, FigureBlock)


def test_kept_jobs_are_drawn_by_weeks_since_the_job_began():
    falling = [steps(arm, "survival", "job_kept", np.linspace(0.95, 0.4, 30), 9) for arm in ARMS]
    report = tell(*kept(), curves=falling)
    [figure] = only(report.jobs(), FigureBlock)
    assert "Weeks since the job began" in figure.svg
    assert "Still in the job and followed" in figure.svg
    assert "40.0% after 30 weeks in the job" in figure.alt
    assert all("the job" not in f.alt for f in only(report.exits(), FigureBlock))


@pytest.mark.parametrize(("error", "certain"), [(0.1, True), (0.3, False)])
def test_job_starts_are_told_as_a_ratio_and_drawn_where_they_are_known(error, certain):
    rising = [steps(arm, "mean_cumulative", "job_starts", np.linspace(0.01, 0.3, 30), 12)
              for arm in ARMS]  # fmt: skip
    chapter = tell(starts(error=error), curves=rising).jobs()
    assert "has 1.43 times as many per person" in texts(chapter)
    assert ("not statistically certain" in texts(chapter)) is not certain
    [figure] = only(chapter, FigureBlock)
    assert "29.9 after 30 weeks" in figure.alt


def test_curves_that_are_hidden_are_not_drawn():
    unknown = [steps(arm, "mean_cumulative", "job_starts", np.full(30, math.nan), 0)
               for arm in ARMS]  # fmt: skip
    chapter = tell(starts(), curves=unknown).jobs()
    assert not only(chapter, FigureBlock)
    assert "1.43 times" in texts(chapter)


def test_a_curve_that_goes_nowhere_is_not_drawn():
    nowhere = [replace(steps(arm, "survival", "job_kept", np.full(3, 0.9), 0),
                       at_risk=np.full(3, 4)) for arm in ARMS]  # fmt: skip
    assert not only(tell(*kept(), curves=nowhere).jobs(), FigureBlock)


# --- the whole report ---------------------------------------------------------------------


def test_the_summary_tells_weeks_and_kept_jobs():
    chapter = tell(*ways(), *kept(), *differences(101)).summary()
    said = " ".join(item for block in chapter.blocks for item in getattr(block, "items", ()))
    assert "3.0 fewer weeks in “On benefit”" in said
    assert "kept it for at least 26 weeks" in said
    assert "After 101 weeks, 6.0% of the treatment group and 3.8%" in said


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("kept>=13, everyone", "13 weeks, of everyone drawn (an effect)"),
        ("work -> relapse",
         "from “Ordinary job without benefit” to “Back on benefit after a job”"),
        ("relapse", "Back on benefit after a job"),
        ("flexjob", "Flexjob"),
    ],
)  # fmt: skip
def test_parts_have_names(part, name):
    assert name_part(part, tell()._story) == name


def test_figures_refuse_what_has_not_been_released():
    raw = occupancy()
    look = {state: Way(state, "#000000") for state in STATES}
    pairs = {"work": [c for c in raw if c.cause == "work"]}
    drawings = (
        lambda: plot_stacked_destinations({"control": raw[:1]}, LABELS, WORDS),
        lambda: plot_occupancy({"control": {"on_benefit": raw[4]}}, look, LABELS, WORDS),
        lambda: plot_occupancy_by_state(pairs, look, LABELS, WORDS),
        lambda: plot_sequences(sequences().table, look, LABELS, WORDS),
        lambda: plot_weeks([("work", exit_weeks()[0])], WORDS),
        lambda: plot_kept_jobs(raw[:2], LABELS, WORDS),
        lambda: plot_job_starts(raw[:2], LABELS, WORDS),
    )
    for draw in drawings:
        with pytest.raises(DisclosureError):
            draw()


def test_the_same_figure_is_the_same_bytes():
    results = tell(curves=occupancy(), checks=[sequences()]).results
    exits = [c for c in results.curves if c.measure == "cumulative_incidence"]
    arms = {arm: [c for c in exits if c.arm == arm] for arm in ARMS}
    first, second = (save_figure(plot_stacked_destinations(arms, LABELS, WORDS)) for _ in range(2))
    assert first == second
