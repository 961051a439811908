"""Front matter: cover, headline results, summary."""

from __future__ import annotations

from dataclasses import replace

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.reports.blocks import (
    Bullets,
    Callout,
    Cover,
    FigureBlock,
    KeyNumber,
    KeyNumbers,
    PageBreak,
    Paragraph,
)
from jobeval.reports.exit_curves import exit_figures
from jobeval.reports.exit_headlines import exit_numbers, exit_sentences, weeks_numbers
from jobeval.reports.groups import subgroup_forest
from jobeval.reports.jobs import jobs_sentences
from jobeval.reports.sentences import lower_first, number_of, tell_effect, tell_groups
from jobeval.reports.story import Blocks, Story
from jobeval.reports.ways import ways_sentences

KEY_NUMBERS = 4
BULLETS = 3
LOTTERY_CHECKS = ("allocation", "balance")


def cover(story: Story) -> Blocks:
    """The front page."""
    import jobeval

    plan = story.results.plan
    purpose = story.say_label(plan.purpose) if plan.purpose else ""
    return [
        Cover(
            title=story.say_label(plan.title),
            subtitle=story.say(f"look.{story.results.look}"),
            purpose=purpose,
            lines=(
                *_comparison(story),
                story.say("cover.data_until", date=story.date),
                story.say("cover.by", version=jobeval.__version__),
            ),
            banner=story.say("cover.preliminary") if story.midterm else "",
            language=story.words.language,
            look=story.results.look,
            trial=plan.name,
            cut_off=story.results.cut_off.isoformat(),
            arm=plan.treatment.name if story.results.other_arms else "",
        )
    ]


def _comparison(story: Story) -> list[str]:
    """Who is compared, where the trial has several treatment arms."""
    if not story.results.other_arms:
        return []
    control, treatment = story.labels.values()
    return [story.say("cover.comparison", treatment=treatment, control=control)]


def headline(story: Story) -> Blocks:
    """One page: four key numbers, three sentences, the status."""
    return [
        story.heading("headline.title"),
        KeyNumbers(items=tuple(_key_numbers(story)[:KEY_NUMBERS])),
        Bullets(items=tuple(_bullets(story)[:BULLETS])),
        *_headline_figure(story),
        _status(story),
        *_check_status(story),
        PageBreak(),
    ]


def summary(story: Story) -> Blocks:
    """One or two pages in plain language."""
    blocks: Blocks = [story.heading("summary.title"), story.heading("summary.question", 2)]
    plan = story.results.plan
    if plan.purpose:
        blocks.append(Paragraph(text=story.say_label(plan.purpose), lead=True))
    blocks.append(_question(story))
    answer = [tell_effect(effect, story) for effect in story.primary_effects()]
    exits = exit_sentences(story)
    blocks += [
        story.heading("summary.answer_midterm" if story.midterm else "summary.answer", 2),
        *(Paragraph(text=text) for text in answer or exits),
        Callout(
            tone="note",
            title=story.say("summary.reading"),
            text=story.say("summary.reading_text"),
        ),
    ]
    groups = _group_sentences(story)
    if groups:
        blocks += [story.heading("summary.groups", 2), *(Paragraph(text=text) for text in groups)]
    further = [
        *_secondary_sentences(story),
        *(exits if answer else ()),
        *ways_sentences(story),
        *jobs_sentences(story),
    ]
    if further:
        blocks += [story.heading("summary.further", 2), Bullets(items=tuple(further))]
    return blocks


def _key_numbers(story: Story) -> list[KeyNumber]:
    effects = [_effect_number(e, story) for e in story.primary_effects()]
    numbers = [_persons(story), *(effects or exit_numbers(story))]
    started = _take_up(story)
    numbers = numbers[: KEY_NUMBERS - bool(started)] + started
    numbers += weeks_numbers(story) if effects else []
    shown = {effect.endpoint for effect in story.primary_effects()}
    mains = (story.main_effect(a) for a in story.main_analyses() if a.endpoint not in shown)
    return numbers + [_effect_number(effect, story) for effect in mains if effect is not None]


def drawn_by_arm(story: Story) -> tuple[str, str, str]:
    """Persons in all, in the treatment and in the control group, as text."""
    control, treatment = story.labels
    row = next(story.results.flow.records(), {})
    counts = {arm: row.get(arm) for arm in (control, treatment)}
    shown = {
        arm: story.words.numbers.integer(n) if isinstance(n, int) else story.say("table.hidden")
        for arm, n in counts.items()
    }
    known = [n for n in counts.values() if isinstance(n, int)]
    total = (
        story.words.numbers.integer(sum(known)) if len(known) == 2 else story.say("table.hidden")
    )
    return total, shown[treatment], shown[control]


def _persons(story: Story) -> KeyNumber:
    total, treatment, control = drawn_by_arm(story)
    detail = story.say("headline.persons_detail", treatment=treatment, control=control)
    return KeyNumber(value=total, unit="", label=story.say("headline.persons"), detail=detail)


def _effect_number(effect: ReleasedEstimate, story: Story) -> KeyNumber:
    return number_of(effect, story.endpoint(effect.endpoint), story)


def take_up_shares(story: Story) -> tuple[float | None, float | None]:
    """Share that started in (treatment, control); ``None`` where hidden or not delivered."""
    check = story.check("take_up")
    if check is None or not len(check.table):
        return None, None
    shares = {row["arm"]: row["share"] for row in check.table.records()}
    control, treatment = (shares.get(arm) for arm in story.labels)
    return (
        treatment if isinstance(treatment, float) else None,
        control if isinstance(control, float) else None,
    )


def _take_up(story: Story) -> list[KeyNumber]:
    treatment, control = take_up_shares(story)
    if treatment is None:
        return []
    numbers = story.words.numbers
    other = story.say("table.hidden") if control is None else numbers.percent(control, 0)
    value, unit = numbers.decimal_number(100 * treatment, 0), numbers.percent_sign.strip()
    detail = story.say("headline.take_up_detail", control=other)
    return [KeyNumber(value=value, unit=unit, label=story.say("headline.take_up"), detail=detail)]


def _bullets(story: Story) -> list[str]:
    effects = [tell_effect(effect, story) for effect in story.primary_effects()[:2]]
    told = [*effects, *_group_sentences(story)[:1], *exit_sentences(story)]
    if not story.midterm:
        return told
    return [story.say("effect.preliminary", sentence=lower_first(text)) for text in told]


def _group_sentences(story: Story) -> list[str]:
    """One sentence a primary analysis and column of subgroups."""
    told: list[str] = []
    primary = {effect.endpoint for effect in story.primary_effects()}
    for analysis in story.main_analyses():
        for column in analysis.subgroups:
            effects = story.subgroup_effects(analysis, column)
            if effects and analysis.endpoint in primary:
                told.append(tell_groups(effects, story))
    return told


def _secondary_sentences(story: Story) -> list[str]:
    primary = {effect.endpoint for effect in story.primary_effects()}
    effects = (
        story.main_effect(analysis)
        for analysis in story.main_analyses()
        if analysis.endpoint not in primary and not story.is_exploratory(analysis)
    )
    return [tell_effect(effect, story) for effect in effects if effect and effect.estimable]


def _question(story: Story) -> Paragraph:
    control, treatment = story.labels.values()
    return story.paragraph(
        "summary.question_text", title=story.say_label(story.results.plan.title).split(":")[0],
        persons=drawn_by_arm(story)[0], treatment=lower_first(treatment),
        control=lower_first(control),
    )  # fmt: skip


def _headline_figure(story: Story) -> Blocks:
    """The first primary effect for everyone and in each group, or else the first exit curve."""
    primary = [effect.endpoint for effect in story.primary_effects()]
    for analysis in story.main_analyses():
        for column in analysis.subgroups if analysis.endpoint in primary else ():
            found = story.subgroup_effects(analysis, column)
            figures = subgroup_forest(analysis, found, story.endpoint(analysis.endpoint), story)
            return [replace(f, stays=True) for f in figures if isinstance(f, FigureBlock)]
    figures = [] if primary else exit_figures(story)[:1]
    return [replace(figure, stays=True) for figure in figures]


def _status(story: Story) -> Callout:
    key = f"headline.status_{story.results.look}"
    return Callout(
        tone="warning" if story.midterm else "note",
        title=story.say("cover.preliminary" if story.midterm else "headline.status"),
        text=story.say(key, date=story.date, weeks=story.common_weeks),
    )


def failed_checks(story: Story) -> list[str]:
    """Checks of the lottery that are not passed, in words."""
    found = [check for name in LOTTERY_CHECKS if (check := story.check(name)) is not None]
    return [story.say(f"check.{check.name}") for check in found if check.passed is False]


def _check_status(story: Story) -> Blocks:
    failed = failed_checks(story)
    if failed:
        text = story.say("headline.checks_failed", checks=story.words.join(failed))
        return [Callout(tone="warning", title=story.say("headline.checks"), text=text)]
    found = [story.check(name) for name in LOTTERY_CHECKS]
    passed = [check for check in found if check is not None and check.passed]
    return [story.paragraph("headline.checks_passed")] if len(passed) == len(found) else []
