"""What the figures of destinations, states and jobs show, in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedCurve, ReleasedEstimate, ReleasedTable
from jobeval.figures.destinations import tell_remaining
from jobeval.figures.occupancy import Ways
from jobeval.figures.sequences import read_groups
from jobeval.text import Words
from jobeval.text.numbers import DIGITS

Labels = Mapping[str, str]


def describe_stacked_destinations(
    arms: Mapping[str, Sequence[ReleasedCurve]], labels: Labels, words: Words
) -> str:
    """The share of each arm at every destination in the end, and what they leave."""
    told = [
        words.say("alt.panel", panel=labels[arm], arms=", ".join(
            [
                *(f"{words.state(c.cause)} {_share(c.values[-1], words)}" for c in curves),
                tell_remaining(curves, 1, words),
            ]
        ))
        for arm, curves in arms.items()
    ]  # fmt: skip
    last = max(curve.times[-1] for curves in arms.values() for curve in curves)
    return words.say("alt.stacked", last=last, arms="; ".join(told))


def describe_weeks(rows: Sequence[tuple[str, ReleasedEstimate]], words: Words) -> str:
    """The difference and its interval in every state that is shown."""
    digits = DIGITS["weeks"]
    told = [
        words.say(
            "alt.forest_row", row=name,
            estimate=words.difference(effect.estimate, "weeks", digits),
            interval=words.interval(effect.conf_low, effect.conf_high, digits),
        )
        for name, effect in rows if effect.estimable
    ]  # fmt: skip
    return words.say("alt.weeks", rows="; ".join(told))


def describe_occupancy(
    arms: Mapping[str, Mapping[str, ReleasedCurve]], ways: Ways, labels: Labels, words: Words
) -> str:
    """The shares of the states in the last week, by arm."""
    told = [
        words.say("alt.panel", panel=labels[arm], arms=", ".join(
            f"{way.label} {_share(curves[state].values[-1], words)}"
            for state, way in ways.items() if state in curves
        ))
        for arm, curves in arms.items()
    ]  # fmt: skip
    times = next(iter(next(iter(arms.values())).values())).times
    return words.say("alt.occupancy", first=times[0], last=times[-1], arms="; ".join(told))


def describe_occupancy_by_state(
    pairs: Mapping[str, Sequence[ReleasedCurve]], ways: Ways, labels: Labels, words: Words
) -> str:
    """The share of each arm in the last week, by state."""
    told = [
        words.say("alt.panel", panel=ways[state].label, arms=", ".join(
            f"{labels[curve.arm]} {_share(curve.values[-1], words)}" for curve in pair
        ))
        for state, pair in pairs.items()
    ]  # fmt: skip
    last = next(iter(pairs.values()))[0].times[-1]
    return words.say("alt.occupancy_by_state", last=last, panels="; ".join(told))


def describe_sequences(table: ReleasedTable, ways: Ways, labels: Labels, words: Words) -> str:
    """How much of each arm's panel has the colour of each state."""
    told: list[str] = []
    groups = read_groups(table)
    for arm, label in labels.items():
        counts = Counter(str(state) for row in groups.get(arm, []) for state in row.values())
        total = sum(counts.values())
        shares = ", ".join(
            f"{way.label} {words.numbers.percent(counts[state] / total, 0)}"
            for state, way in ways.items() if counts[state]
        )  # fmt: skip
        told.append(words.say("alt.panel", panel=label, arms=shares))
    weeks = len(set(table.column("week")))
    return words.say("alt.sequences", weeks=weeks, arms="; ".join(told))


def describe_kept_jobs(curves: Sequence[ReleasedCurve], labels: Labels, words: Words) -> str:
    """The share of each arm's starters that still has the job where the curve ends."""
    told = [
        words.say("alt.kept_arm", arm=labels[curve.arm], last=curve.times[-1],
                  end=_share(curve.values[-1], words))
        for curve in curves
    ]  # fmt: skip
    return words.say("alt.kept", arms="; ".join(told))


def describe_job_starts(
    curves: Sequence[ReleasedCurve], labels: Labels, label: str, words: Words
) -> str:
    """The number of each arm in the end, of 100 persons."""
    told = [
        words.say("alt.exit_arm", arm=labels[curve.arm], last=curve.times[-1],
                  end=words.numbers.decimal_number(100 * curve.values[-1], 1))
        for curve in curves
    ]  # fmt: skip
    return words.say("alt.starts", label=label, arms="; ".join(told))


def _share(share: float, words: Words) -> str:
    return words.numbers.percent(share) if math.isfinite(share) else words.say("alt.hidden")
