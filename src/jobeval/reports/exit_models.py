"""Appendix: models of the exits that assume a form, and how they fit."""

from __future__ import annotations

import math

from jobeval.figures import plot_models
from jobeval.figures.exit_alt_texts import describe_models
from jobeval.plan.exit_analyses import ParametricAnalysis
from jobeval.reports.blocks import TableBlock
from jobeval.reports.events import exit_analyses, name_rate
from jobeval.reports.story import Blocks, Pair, Story, is_shown
from jobeval.tables import tabulate_models


def exit_models(story: Story) -> Blocks:
    """The effect by each model with its fit, and the models' curves over the observed ones."""
    asked = exit_analyses(story, ParametricAnalysis)
    blocks = [block for analysis in asked for block in _models(analysis, story)]
    if not blocks:
        return []
    intro = [story.heading("models.title", appendix=True), story.paragraph("models.text")]
    return [*intro, *blocks]


def _models(analysis: ParametricAnalysis, story: Story) -> Blocks:
    effects = [e for e in story.effects_of(analysis.name) if not e.subgroup]
    check = story.check(f"models {analysis.name}")
    if not effects or check is None:
        return []
    event = name_rate(analysis, story)
    caption = story.say("models.table", event=event)
    table = tabulate_models(effects, check.table, story.words, caption=caption)
    return [TableBlock(table=table), *_figure(analysis, event, story)]


def _figure(analysis: ParametricAnalysis, event: str, story: Story) -> Blocks:
    values = {"endpoint": analysis.endpoint}
    observed = story.pair(**values, measure="survival")
    found = {
        name: story.pair(**values, measure="implied_survival", cause=name)
        for name in analysis.distributions
    }
    implied = {name: pair for name, pair in found.items() if pair is not None and _is_known(pair)}
    if observed is None or not is_shown(observed) or not implied:
        return []
    return [
        story.figure(
            plot_models(observed, implied, story.labels, story.words),
            describe_models(observed, implied, story.labels, story.words),
            story.say("models.figure", event=event),
            story.say("models.figure_note"),
        )
    ]


def _is_known(pair: Pair) -> bool:
    return all(len(c.values) and math.isfinite(c.values[-1]) for c in pair)
