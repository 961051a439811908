"""The parts of effects in words: weeks, periods, heights, models."""

from __future__ import annotations

import re
from collections.abc import Callable

from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Story
from jobeval.reports.ways import name_state


def name_part(part: str, story: Story) -> str:
    """What an effect's part is called; a part of a form that is not known, as it is."""
    for form, name in _FORMS:
        if found := form.fullmatch(part):
            return name(found, story)
    if _is_model(part, story):
        return story.words.label("distribution", part)
    return name_state(part, story) if re.fullmatch(r"[a-z_]+", part) else part


def _is_model(part: str, story: Story) -> bool:
    return story.words.has(f"distribution.{part}")


def _after_weeks(found: re.Match[str], story: Story) -> str:
    cause, week = found.groups()
    after = story.say("exits.after_week", week=week)
    return f"{lower_first(story.words.state(cause))}, {after}" if cause else after


def _period(found: re.Match[str], story: Story) -> str:
    return story.say("exits.period", first=found[1], last=found[2])


def _quantile(found: re.Match[str], story: Story) -> str:
    share = float(found[1])
    percent = story.words.numbers.percent(share, 0 if round(100 * share) == 100 * share else 1)
    return story.say("quantiles.row", percent=percent)


def _kept(found: re.Match[str], story: Story) -> str:
    weeks = story.say("jobs.weeks", weeks=found[1])
    return f"{weeks}, {lower_first(story.say(f'jobs.part_{found[2]}'))}"


def _move(found: re.Match[str], story: Story) -> str:
    origin, target = (name_state(name, story) for name in found.groups())
    return story.say("ways.move", origin=origin, target=target)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Story], str]], ...] = (
    (re.compile(r"(?:(\w+) )?week=(\d+)"), _after_weeks),
    (re.compile(r"weeks (\d+)–(\d+)"), _period),
    (re.compile(r"quantile=([\d.]+)"), _quantile),
    (re.compile(r"kept>=(\d+), (everyone|starters)"), _kept),
    (re.compile(r"(\w+) -> (\w+)"), _move),
)
