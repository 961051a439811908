"""The trial and the method."""

from __future__ import annotations

from jobeval.plan.analyses import EffectAnalysis
from jobeval.plan.endpoints import DeliveredOutcome
from jobeval.plan.exit_analyses import (
    CoxAnalysis,
    ExitAnalysis,
    IncidenceAnalysis,
    MeanWeeksAnalysis,
)
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.events import exit_analyses
from jobeval.reports.families import name_methods
from jobeval.reports.front import drawn_by_arm
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Story
from jobeval.tables import Table

ADJUSTED = {"ancova": "ANCOVA", "lin": "Lin"}


def trial(story: Story) -> Blocks:
    """Purpose, lottery, follow-up, and what is measured."""
    blocks: Blocks = [story.heading("trial.title")]
    plan = story.results.plan
    if plan.purpose:
        blocks += [
            story.heading("trial.purpose", 2),
            Paragraph(text=story.say_label(plan.purpose)),
        ]
    return [
        *blocks,
        story.heading("trial.lottery", 2),
        _lottery(story),
        story.heading("trial.follow_up", 2),
        _follow_up(story),
        story.heading("trial.endpoints", 2),
        story.paragraph("trial.endpoints_text"),
        TableBlock(table=_endpoints(story)),
    ]


def method(story: Story) -> Blocks:
    """How the numbers were made, in words."""
    plan = story.results.plan
    adjusted = dict.fromkeys(
        ADJUSTED[a.estimator] for a in story.analyses if a.estimator in ADJUSTED
    )
    methods = name_methods(story)
    effects = any(isinstance(analysis, EffectAnalysis) for analysis in story.analyses)
    exits = any(isinstance(analysis, ExitAnalysis) for analysis in story.analyses)
    blocks: Blocks = [story.heading("method.title"), story.paragraph("method.itt")]
    if effects and plan.lottery.strata:
        blocks.append(story.paragraph("method.strata"))
    if adjusted:
        names = story.words.join(list(adjusted))
        blocks.append(story.paragraph("method.adjusted", estimators=names))
    if methods:
        blocks.append(story.paragraph("method.intervals", method=story.words.join(methods)))
    else:
        blocks.append(story.paragraph("method.intervals_plain"))
    if exits:
        blocks.append(Paragraph(text=" ".join(_exit_method(story))))
    if effects:
        blocks.append(story.paragraph("method.control_mean"))
    if story.midterm:
        blocks.append(story.paragraph("method.midterm"))
    return blocks


def _exit_method(story: Story) -> list[str]:
    """How exits are counted, by what the plan asks for."""
    sentences = [story.say("method.exits")]
    if exit_analyses(story, IncidenceAnalysis):
        sentences.append(story.say("method.competing"))
    if exit_analyses(story, CoxAnalysis):
        strata = bool(story.results.plan.lottery.strata)
        sentences.append(story.say("method.cox_strata" if strata else "method.cox"))
    if exit_analyses(story, MeanWeeksAnalysis):
        sentences.append(story.say("method.weeks"))
    return sentences


def _lottery(story: Story) -> Paragraph:
    lottery = story.results.plan.lottery
    total, treated, untreated = drawn_by_arm(story)
    control, treatment = story.labels.values()
    sentences = [
        story.say(
            "trial.lottery_text", persons=total, treatment_n=treated, control_n=untreated,
            treatment=lower_first(treatment), control=lower_first(control),
            base=story.results.policy.round_counts_to,
        )
    ]  # fmt: skip
    if lottery.strata:
        strata = [lower_first(_column(name, story)) for name in lottery.strata]
        sentences.append(story.say("trial.strata_text", strata=story.words.join(strata)))
    else:
        sentences.append(story.say("trial.no_strata_text"))
    if lottery.unit == "cluster":
        sentences.append(story.say("trial.cluster_text"))
    if isinstance(lottery.probability, str):
        sentences.append(story.say("trial.probability_text"))
    return Paragraph(text=" ".join(sentences))


def _column(name: str, story: Story) -> str:
    sites = story.results.plan.sites
    if sites is not None and name == sites.column:
        return story.say_label(sites.label)
    return story.words.label("covariate", name)


def _follow_up(story: Story) -> Paragraph:
    plan = story.results.plan.follow_up
    if not story.from_registers:
        return story.paragraph("trial.follow_up_delivered", date=story.date)
    lag = max(plan.lag_weeks.benefits, plan.lag_weeks.hours, plan.lag_weeks.activities)
    sentences = [story.say("trial.follow_up_text", horizon=plan.horizon_weeks, date=story.date)]
    if lag:
        sentences.append(story.say("trial.lag_text", weeks=lag))
    if story.common_weeks:
        sentences.append(story.say("trial.common_text", weeks=story.common_weeks))
    return Paragraph(text=" ".join(sentences))


def _endpoints(story: Story) -> Table:
    used = {getattr(analysis, "endpoint", None) for analysis in story.analyses}
    rows = tuple(
        (story.endpoint(name), _window_cell(name, story), story.say(f"priority.{priority}"))
        for name, priority in story.priorities.items()
        if name in used
    )
    return Table(
        caption=story.say("trial.table"),
        header=tuple(story.say(f"trial.column_{c}") for c in ("endpoint", "window", "priority")),
        rows=rows,
        align="lll",
    )


def _window_cell(name: str, story: Story) -> str:
    window = story.window(name)
    if isinstance(story.results.plan.endpoints[name], DeliveredOutcome):
        return story.say("trial.delivered")
    if window is None:
        return story.say("trial.until_exit")
    return story.say("trial.window", start=window[0], stop=window[1] - 1)
