"""What figures of rates and of models show, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedCurve
from jobeval.figures.alt_texts import share_left
from jobeval.text import Words
from jobeval.text.numbers import DIGITS


def describe_rate_ratio(curve: ReleasedCurve, label: str, words: Words) -> str:
    """The ratio in the first and the last week shown, with the last interval."""
    known = [i for i, value in enumerate(curve.values) if math.isfinite(value)]
    if not known:
        return f"{label}: {words.say('alt.hidden')}"
    first, last, digits = known[0], known[-1], DIGITS["hazard_ratio"]
    start, end, low, high = (
        math.exp(value)
        for value in (curve.values[first], curve.values[last], curve.conf_low[last],
                      curve.conf_high[last])
    )  # fmt: skip
    return words.say(
        "alt.rate_ratio", label=label, first=curve.times[first], last=curve.times[last],
        start=words.numbers.decimal_number(start, digits),
        end=words.numbers.decimal_number(end, digits),
        interval=words.interval(low, high, digits),
    )  # fmt: skip


def describe_models(
    observed: Sequence[ReleasedCurve],
    implied: Mapping[str, Sequence[ReleasedCurve]],
    labels: Mapping[str, str],
    words: Words,
) -> str:
    """The share that has left in the end, as observed and by each model, arm by arm."""
    panels: list[str] = []
    for at, curve in enumerate(observed):
        told = [f"{words.say('models.observed')} {_share(curve, words)}"]
        told += [
            f"{words.label('distribution', name)} {_share(curves[at], words)}"
            for name, curves in implied.items()
        ]
        panels.append(words.say("alt.panel", panel=labels[curve.arm], arms=", ".join(told)))
    return words.say("alt.models", last=observed[0].times[-1], panels="; ".join(panels))


def _share(curve: ReleasedCurve, words: Words) -> str:
    left = 1 - curve.values[-1] if curve.measure == "implied_survival" else share_left(curve)
    return words.numbers.percent(left) if math.isfinite(left) else words.say("alt.hidden")
