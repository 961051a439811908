"""Exits: how long until they happen, and how fast."""

from __future__ import annotations

from jobeval.reports.exit_curves import exit_curves
from jobeval.reports.exit_rates import exit_rates
from jobeval.reports.exit_takers import exit_takers
from jobeval.reports.exit_weeks import exit_weeks
from jobeval.reports.story import Blocks, Story


def exits(story: Story) -> Blocks:
    """Weeks until each event, curves, rates, and those who take part; what the plan asks for."""
    told = [*exit_weeks(story), *exit_curves(story), *exit_rates(story), *exit_takers(story)]
    return [story.heading("exits.title"), *told]
