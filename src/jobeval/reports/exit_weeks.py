"""Exits in weeks: how long until the event, on average and for a given share."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.plan.exit_analyses import ExitQuantilesAnalysis, MeanWeeksAnalysis
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.events import exit_analyses, horizon_of, name_event
from jobeval.reports.exit_headlines import weeks_sentences
from jobeval.reports.families import tell_families
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Story
from jobeval.tables import Table, tabulate_effects

BY_LOTTERY = "lottery"
QUANTILE = "quantile="
MEDIAN = 0.5
Rows = list[tuple[str, ReleasedEstimate]]


def exit_weeks(story: Story) -> Blocks:
    """Mean weeks until each event, and weeks until a given share has left."""
    means = [TableBlock(table=table) for table in _mean_tables(story)]
    sentences = [Paragraph(text=text) for text in weeks_sentences(story)]
    intro = [story.paragraph("exits.weeks_text")] if means else []
    return [story.heading("exits.weeks", 2), *sentences, *intro, *means, *_quantiles(story)]


def _mean_tables(story: Story) -> list[Table]:
    """One table an event and horizon: everyone, adjusted or not, and groups."""
    found: dict[tuple[str, int], Rows] = {}
    for analysis in exit_analyses(story, MeanWeeksAnalysis):
        key = name_event(analysis, story), horizon_of(analysis, story)
        rows = [(_label(analysis, e, story), e) for e in story.effects_of(analysis.name)]
        found.setdefault(key, []).extend(rows)
    return [_mean_table(rows, *key, story) for key, rows in found.items() if rows]


def _mean_table(rows: Rows, event: str, horizon: int, story: Story) -> Table:
    effects = [effect for _, effect in rows]
    return tabulate_effects(
        sorted(rows, key=_is_of_group), story.words, first_column="effects.column_group",
        caption=story.say("exits.weeks_table", event=event, horizon=horizon),
        adjusted=any(effect.p_value_adjusted >= 0 for effect in effects),
        said=[*_drawn_note(rows, story), *tell_families(effects, story)],
    )  # fmt: skip


def _is_of_group(row: tuple[str, ReleasedEstimate]) -> bool:
    return bool(row[1].subgroup)


def _label(analysis: MeanWeeksAnalysis, effect: ReleasedEstimate, story: Story) -> str:
    group = story.words.subgroup(effect.subgroup)
    parts = [group[:1].upper() + group[1:] or story.say("effects.forest_all")]
    parts += [story.say("effect.adjusted")] if analysis.covariates else []
    if analysis.measure != "difference":
        parts.append(story.say(f"exits.weeks_{analysis.measure}"))
    return ", ".join(parts) + " *" * (effect.inference == BY_LOTTERY)


def _drawn_note(rows: Rows, story: Story) -> list[str]:
    if not any(effect.inference == BY_LOTTERY for _, effect in rows):
        return []
    draws = story.words.numbers.integer(story.results.plan.resampling.draws)
    return [story.say("exits.weeks_drawn", draws=draws)]


def _quantiles(story: Story) -> Blocks:
    """Weeks until a given share has left, one table an event."""
    blocks: Blocks = []
    for analysis in exit_analyses(story, ExitQuantilesAnalysis):
        found = story.effects_of(analysis.name)
        rows = [(_height(effect, story), effect) for effect in found]
        if rows:
            table = tabulate_effects(
                rows, story.words, first_column="exits.column_share",
                caption=story.say("exits.quantiles_table", event=name_event(analysis, story)),
            )  # fmt: skip
            blocks += [story.paragraph("exits.quantiles_text"), TableBlock(table=table)]
    return blocks


def _height(effect: ReleasedEstimate, story: Story) -> str:
    share = float(effect.part.removeprefix(QUANTILE))
    percent = story.words.numbers.percent(share, 0 if round(100 * share) == 100 * share else 1)
    key = "exits.quantile_median" if share == MEDIAN else "exits.quantile"
    text = story.say(key, percent=percent)
    group = lower_first(story.words.subgroup(effect.subgroup))
    return f"{text}, {group}" if group else text
