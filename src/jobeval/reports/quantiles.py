"""The effect along the distribution of an outcome."""

from __future__ import annotations

import math

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_quantiles
from jobeval.figures.alt_texts import describe_quantiles
from jobeval.plan.analyses import QuantileAnalysis
from jobeval.reports.blocks import Heading, TableBlock
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_effects

PREFIX = "quantile="


def quantiles(story: Story) -> Blocks:
    """Both arms' quantiles and their difference, height by height."""
    asked = [a for a in story.analyses if isinstance(a, QuantileAnalysis)]
    return [block for analysis in asked for block in _quantiles(analysis, story)]


def _quantiles(analysis: QuantileAnalysis, story: Story) -> Blocks:
    found = [e for e in story.effects_of(analysis.name) if e.part.startswith(PREFIX)]
    if not found:
        return []
    label = story.endpoint(analysis.endpoint)
    heights = sorted(found, key=_height)
    named = [(_percent(effect, story), effect) for effect in heights]
    rows = [(story.say("quantiles.row", percent=percent), effect) for percent, effect in named]
    blocks: Blocks = [
        Heading(text=story.say("quantiles.title", label=label), level=2),
        story.paragraph("quantiles.text"),
        *_zeros([p for p, e in named if e.one_value and e.mean_control == 0], story),
    ]
    if any(effect.estimable and not effect.one_value for effect in heights):
        blocks.append(
            story.figure(
                plot_quantiles(named, story.words),
                describe_quantiles(rows, story.words),
                story.say("quantiles.figure", label=label),
            )
        )
    table = tabulate_effects(
        rows, story.words, caption=story.say("quantiles.table", label=label),
        first_column="quantiles.column", notes=["quantiles.note"],
    )  # fmt: skip
    return [*blocks, TableBlock(table=table)]


def _zeros(heights: list[str], story: Story) -> Blocks:
    if not heights:
        return []
    return [story.paragraph("quantiles.zero", heights=story.words.join(heights))]


def _height(effect: ReleasedEstimate) -> float:
    return float(effect.part.removeprefix(PREFIX))


def _percent(effect: ReleasedEstimate, story: Story) -> str:
    percent = 100 * _height(effect)
    digits = 0 if math.isclose(percent, round(percent)) else 1
    return story.words.numbers.percent(_height(effect), digits)
