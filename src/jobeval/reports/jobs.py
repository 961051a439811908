"""Jobs that last, and jobs that are started again and again."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_job_starts, plot_kept_jobs
from jobeval.figures.alt_ways import describe_job_starts, describe_kept_jobs
from jobeval.plan.exit_analyses import RecurrenceAnalysis, RetentionAnalysis
from jobeval.reports.blocks import Heading, Paragraph, TableBlock
from jobeval.reports.sentences import tell_interval, tell_level, tell_verdict
from jobeval.reports.story import Blocks, Story, is_shown
from jobeval.tables import tabulate_retention
from jobeval.text.numbers import DIGITS

EVERYONE, STARTERS = "everyone", "starters"


def jobs(story: Story) -> Blocks:
    """Jobs kept, of everyone drawn and among those who started one; and job starts."""
    kept = [a for a in story.analyses if isinstance(a, RetentionAnalysis)]
    again = [a for a in story.analyses if isinstance(a, RecurrenceAnalysis)]
    told = [
        *(block for analysis in kept for block in _kept(analysis, story)),
        *(block for analysis in again for block in _starts(analysis, story)),
    ]
    return [story.heading("jobs.title"), *told] if told else []


def jobs_sentences(story: Story) -> list[str]:
    """The share of everyone drawn who has kept a job longest, for the summary."""
    asked = [a for a in story.analyses if isinstance(a, RetentionAnalysis)]
    return [
        _tell_kept(weeks, effect, story).text
        for analysis in asked
        for weeks, effect in list(_of(analysis, EVERYONE, story).items())[-1:]
        if effect.estimable
    ]


def _of(analysis: RetentionAnalysis, group: str, story: Story) -> dict[int, ReleasedEstimate]:
    """Weeks kept → the difference, of everyone or among the starters."""
    effects = {e.part: e for e in story.effects_of(analysis.name)}
    parts = {weeks: f"kept>={weeks}, {group}" for weeks in analysis.kept_weeks}
    return {weeks: effects[part] for weeks, part in parts.items() if part in effects}


def _kept(analysis: RetentionAnalysis, story: Story) -> Blocks:
    found = {group: _of(analysis, group, story) for group in (EVERYONE, STARTERS)}
    if not any(found.values()):
        return []
    parts = {
        story.say(f"jobs.part_{group}"): [
            (story.say("jobs.weeks", weeks=weeks), effect) for weeks, effect in rows.items()
        ]
        for group, rows in found.items()
        if rows
    }
    return [
        Heading(text=story.endpoint(analysis.endpoint), level=2),
        story.paragraph("jobs.kept_text"),
        *(_tell_kept(weeks, effect, story) for weeks, effect in found[EVERYONE].items()),
        story.paragraph("jobs.starters_text"),
        TableBlock(table=tabulate_retention(parts, story.words)),
        *_kept_figure(analysis, story),
    ]


def _tell_kept(weeks: int, effect: ReleasedEstimate, story: Story) -> Paragraph:
    if not effect.estimable:
        key = "effect.hidden" if effect.suppressed else "effect.not_estimable"
        return story.paragraph(key, label=story.say("jobs.kept_label", weeks=weeks))
    opening = story.say(
        "jobs.kept_everyone", weeks=weeks,
        treatment=tell_level(effect.mean_treatment, effect, story),
        control=tell_level(effect.mean_control, effect, story),
    )  # fmt: skip
    return Paragraph(text=opening + tell_verdict(effect, story))


def _kept_figure(analysis: RetentionAnalysis, story: Story) -> Blocks:
    pair = story.pair(endpoint=analysis.endpoint, measure="survival")
    if pair is None or not is_shown(pair):
        return []
    return [
        story.figure(
            plot_kept_jobs(pair, story.labels, story.words),
            describe_kept_jobs(pair, story.labels, story.words),
            story.say("jobs.figure"),
        )
    ]


def _starts(analysis: RecurrenceAnalysis, story: Story) -> Blocks:
    label = story.endpoint(analysis.endpoint)
    told = [
        Paragraph(text=_tell_starts(effect, label, story))
        for effect in story.effects_of(analysis.name)
    ]
    pair = story.pair(endpoint=analysis.endpoint, measure="mean_cumulative")
    if pair is not None and is_shown(pair):
        figure = story.figure(
            plot_job_starts(pair, story.labels, story.words),
            describe_job_starts(pair, story.labels, label, story.words),
            story.say("jobs.starts_figure", label=label),
        )
        return [Heading(text=label, level=2), story.paragraph("jobs.starts_text"), *told, figure]
    if not told:
        return []
    return [Heading(text=label, level=2), story.paragraph("jobs.starts_text"), *told]


def _tell_starts(effect: ReleasedEstimate, label: str, story: Story) -> str:
    if not effect.estimable:
        key = "effect.hidden" if effect.suppressed else "effect.not_estimable"
        return story.say(key, label=label)
    numbers, digits = story.words.numbers, DIGITS["rate_ratio"]
    interval = numbers.interval(effect.conf_low, effect.conf_high, digits)
    return story.say(
        f"jobs.starts_{'certain' if effect.certain else 'uncertain'}", label=label,
        ratio=numbers.decimal_number(effect.estimate, digits),
        interval=tell_interval(interval, effect, story),
        p=numbers.p_equation(effect.p_value),
    )  # fmt: skip
