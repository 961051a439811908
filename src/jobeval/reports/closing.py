"""Caveats and appendices."""

from __future__ import annotations

from collections.abc import Mapping

from jobeval.plan.analyses import SensitivityAnalysis
from jobeval.plan.exit_analyses import OccupancyAnalysis
from jobeval.plan.place_analyses import PlacesAnalysis
from jobeval.plan.read import plan_digest
from jobeval.reports.blocks import Bullets, PageBreak, Paragraph, TableBlock
from jobeval.reports.events import is_due_later
from jobeval.reports.exit_models import exit_models
from jobeval.reports.front import failed_checks
from jobeval.reports.parts import name_part
from jobeval.reports.sentences import lower_first
from jobeval.reports.side_by_side import name_places
from jobeval.reports.story import Blocks, Story
from jobeval.tables import (
    Table,
    tabulate_attrition,
    tabulate_balance,
    tabulate_follow_up,
    tabulate_suppressions,
    tabulate_tests,
)


def caveats(story: Story) -> Blocks:
    """What the reader must keep in mind."""
    itt = "caveats.itt" if story.knows_starts else "caveats.itt_plain"
    items = [story.say("caveats.chance"), story.say(itt)]
    if any(story.is_exploratory(analysis) for analysis in story.main_analyses()):
        items.append(story.say("caveats.exploratory"))
    items.append(story.say("caveats.registers" if story.from_registers else "caveats.delivered"))
    check = story.check("follow_up")
    if check is not None and check.number("max_weeks") > 0:
        items.append(story.say("caveats.follow_up", weeks=int(check.number("max_weeks"))))
    if story.midterm:
        items.append(story.say("caveats.midterm"))
    failed = failed_checks(story)
    if failed:
        items.append(story.say("caveats.checks", checks=story.words.join(failed)))
    if story.results.notes:
        items.append(story.say("caveats.notes"))
    return [story.heading("caveats.title"), Bullets(items=tuple(items))]


def appendices(story: Story) -> Blocks:
    """Balance, attrition, tests, models, deviations, notes, disclosure log, reproducibility."""
    return [
        PageBreak(),
        *_balance(story),
        *_attrition(story),
        *_tests(story),
        *exit_models(story),
        *_deviations(story),
        *_notes(story),
        *_disclosure(story),
        *_reproducibility(story),
    ]


def _balance(story: Story) -> Blocks:
    check = story.check("balance")
    if check is None or not len(check.table):
        return []
    table = tabulate_balance(check.table, story.labels, story.words)
    return [story.heading("appendix.balance", appendix=True), TableBlock(table=table)]


def _attrition(story: Story) -> Blocks:
    check, follow_up = story.check("attrition"), story.check("follow_up")
    blocks: Blocks = []
    if check is not None and len(check.table):
        names = {name: story.endpoint(name) for name in story.results.plan.endpoints}
        p = check.number("p_value")
        sentence = (
            story.say("appendix.attrition_p", p=story.words.numbers.p_equation(p)) if p >= 0 else ""
        )
        text = f"{story.say('appendix.attrition_text')} {sentence}".strip()
        table = tabulate_attrition(check.table, names, story.labels, story.words)
        blocks += [Paragraph(text=text), TableBlock(table=table)]
    if follow_up is not None and len(follow_up.table):
        table = tabulate_follow_up(follow_up.table, story.labels, story.words)
        blocks.append(TableBlock(table=table))
    return [story.heading("appendix.attrition", appendix=True), *blocks] if blocks else []


def _tests(story: Story) -> Blocks:
    rows = [
        (story.endpoint(test.endpoint) + _group(test.subgroup, story), test)
        for test in story.results.tests
    ]
    if not rows:
        return []
    heading = story.heading("appendix.tests_table", appendix=True)
    return [heading, TableBlock(table=tabulate_tests(rows, story.words))]


def _group(subgroup: str, story: Story) -> str:
    return f", {lower_first(story.words.subgroup(subgroup))}" if "=" in subgroup else ""


def _deviations(story: Story) -> Blocks:
    accepted = story.results.plan.acknowledged
    heading = story.heading("appendix.deviations", appendix=True)
    failed = _not_estimable(story)
    blocks: Blocks = [heading]
    if accepted:
        items = tuple(f"{rule}: {reason}" for rule, reason in sorted(accepted.items()))
        blocks += [story.paragraph("appendix.deviations_text"), Bullets(items=items)]
    if failed:
        blocks += [story.paragraph("appendix.deviations_failed"), Bullets(items=failed)]
    return blocks if accepted or failed else [heading, story.paragraph("appendix.deviations_none")]


def _not_estimable(story: Story) -> tuple[str, ...]:
    """The effects on everyone that the plan asks for and the data did not give."""
    labels = {
        (analysis.name, variant.name): story.say_label(variant.label)
        for analysis in story.analyses
        if isinstance(analysis, SensitivityAnalysis)
        for variant in analysis.variants
    }
    failed = (
        e
        for e in story.results.effects
        if not (e.suppressed or e.subgroup or e.estimable or is_due_later(e, story))
    )
    named = (
        (e, labels.get((e.analysis, e.part), ""))
        for e in failed
        if e.part != "interval"  # of bounds, which has no point
    )
    names = _names(story)
    told = (
        f"{names.get(e.endpoint, e.endpoint)}: {label or name_part(e.part, story) or e.analysis}"
        for e, label in named
    )
    return tuple(dict.fromkeys(told))


def _notes(story: Story) -> Blocks:
    if not story.results.notes:
        return []
    return [
        story.heading("appendix.notes", appendix=True),
        story.paragraph("appendix.notes_text"),
        Bullets(items=story.results.notes, language="en"),
    ]


def _disclosure(story: Story) -> Blocks:
    policy = story.results.policy
    text = story.paragraph(
        "appendix.disclosure_text", profile=policy.profile, small=policy.min_count - 1,
        base=policy.round_counts_to, least=policy.min_count, risk=policy.min_at_risk,
    )  # fmt: skip
    heading = story.heading("appendix.disclosure", appendix=True)
    if not story.results.log:
        return [heading, text, story.paragraph("appendix.disclosure_none")]
    table = tabulate_suppressions(story.results.log, _names(story), policy.min_count, story.words)
    return [heading, text, TableBlock(table=table)]


def _names(story: Story) -> Mapping[str, str]:
    """Endpoints and analyses by what they are about."""
    plan = story.results.plan
    analyses = {
        a.name: name_places(a.name, story)
        if isinstance(a, PlacesAnalysis)
        else story.endpoint(getattr(a, "endpoint", a.name))
        for a in plan.analyses
    }
    ways = [a.name for a in plan.analyses if isinstance(a, OccupancyAnalysis)]
    return {
        **analyses,
        **{name: story.endpoint(name) for name in plan.endpoints},
        **{f"sequences {name}": story.say("ways.sequences_title") for name in ways},
        **dict.fromkeys(ways, story.say("ways.title")),
        "states": story.say("exits.states"),
    }


def _reproducibility(story: Story) -> Blocks:
    import jobeval

    rows = (
        (story.say("appendix.trial"), story.results.plan.name),
        (story.say("appendix.look"), story.say(f"look.{story.results.look}")),
        (story.say("appendix.cut_off"), story.date),
        (story.say("appendix.version"), jobeval.__version__),
        (story.say("appendix.plan_digest"), plan_digest(story.results.plan)[:12]),
        (story.say("appendix.digest"), story.results.data_digest),
    )
    table = Table(
        caption=story.say("appendix.reproducibility_table"),
        header=(story.say("appendix.column_item"), story.say("appendix.column_value")),
        rows=rows,
        align="ll",
    )
    return [
        story.heading("appendix.reproducibility", appendix=True),
        story.paragraph("appendix.reproducibility_text"),
        TableBlock(table=table),
    ]
