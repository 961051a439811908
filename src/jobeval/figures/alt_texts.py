"""What each figure shows, in words, from the same released numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import ReleasedCurve, ReleasedEstimate, ReleasedTable
from jobeval.figures.forest import ForestRow
from jobeval.figures.specifications import SpecificationRow
from jobeval.text import Words
from jobeval.text.numbers import digits_for

Labels = Mapping[str, str]


def describe_path(curves: Sequence[ReleasedCurve], labels: Labels, label: str, words: Words) -> str:
    """The level of each arm in the first and the last week shown."""
    arms = [_first_and_last(curve, labels[curve.arm], words) for curve in curves]
    return words.say(
        "alt.path", label=label, first=curves[0].times[0], last=curves[0].times[-1],
        arms="; ".join(arms),
    )  # fmt: skip


def describe_groups(
    groups: Mapping[str, Sequence[ReleasedCurve]], labels: Labels, label: str, words: Words
) -> str:
    """The level of each arm in the last week shown, group by group."""
    panels = [
        words.say("alt.panel", panel=name, arms=", ".join(_last(c, labels, words) for c in pair))
        for name, pair in groups.items()
    ]
    last = max(curve.times[-1] for pair in groups.values() for curve in pair)
    return words.say("alt.groups", label=label, last=last, panels="; ".join(panels))


def _last(curve: ReleasedCurve, labels: Labels, words: Words) -> str:
    exits = curve.measure in {"survival", "cumulative_incidence"}
    values = [share_left(curve)] if exits else list(curve.values)
    known = [value for value in values if math.isfinite(value)]
    unit = "share" if exits else curve.unit
    level = _level(known[-1], unit, words) if known else words.say("alt.hidden")
    return f"{labels[curve.arm]} {level}"


def _first_and_last(curve: ReleasedCurve, arm: str, words: Words) -> str:
    known = [i for i, value in enumerate(curve.values) if math.isfinite(value)]
    if not known:
        return f"{arm}: {words.say('alt.hidden')}"
    first, last = known[0], known[-1]
    return words.say(
        "alt.path_arm", arm=arm, first=curve.times[first], last=curve.times[last],
        start=_level(curve.values[first], curve.unit, words),
        end=_level(curve.values[last], curve.unit, words),
    )  # fmt: skip


def _level(value: float, unit: str, words: Words) -> str:
    return words.quantity(value, unit, digits_for(unit, value))


def describe_difference(curve: ReleasedCurve, label: str, words: Words) -> str:
    """The difference in the first and the last week shown, with the last interval."""
    known = [i for i, value in enumerate(curve.values) if math.isfinite(value)]
    if not known:
        return f"{label}: {words.say('alt.hidden')}"
    digits = digits_for(curve.unit)
    first, last = known[0], known[-1]
    scale = 100.0 if curve.unit == "share" else 1.0
    return words.say(
        "alt.difference", label=label, first=curve.times[first], last=curve.times[last],
        start=words.difference(curve.values[first], curve.unit, digits),
        end=words.difference(curve.values[last], curve.unit, digits),
        interval=words.numbers.interval(
            curve.conf_low[last], curve.conf_high[last], digits, scale
        ),
    )  # fmt: skip


def describe_accumulated(curve: ReleasedCurve, label: str, words: Words) -> str:
    """The sum in the last week shown, with its interval."""
    known = [i for i, value in enumerate(curve.values) if math.isfinite(value)]
    if not known:
        return f"{label}: {words.say('alt.hidden')}"
    last = known[-1]
    digits = digits_for(curve.unit, curve.values[last])
    return words.say(
        "alt.accumulated", label=label, last=curve.times[last],
        end=words.difference(curve.values[last], curve.unit, digits),
        interval=words.numbers.interval(curve.conf_low[last], curve.conf_high[last], digits),
    )  # fmt: skip


def share_left(curve: ReleasedCurve) -> float:
    """The share that has left when the curve ends; ``nan`` when that is hidden."""
    last = curve.values[-1]
    return 1 - last if curve.measure == "survival" else last


def describe_exits(
    curves: Sequence[ReleasedCurve], labels: Labels, label: str, words: Words
) -> str:
    """The share of each arm that has left in the end."""
    return words.say("alt.exit", label=label, arms=_ends(curves, labels, words))


def _ends(curves: Sequence[ReleasedCurve], labels: Labels, words: Words) -> str:
    ends = [
        words.say(
            "alt.exit_arm", arm=labels[curve.arm], last=curve.times[-1],
            end=_share_or_hidden(share_left(curve), words),
        )
        for curve in curves
    ]  # fmt: skip
    return "; ".join(ends)


def _share_or_hidden(share: float, words: Words) -> str:
    return words.numbers.percent(share) if math.isfinite(share) else words.say("alt.hidden")


def describe_destinations(
    pairs: Sequence[Sequence[ReleasedCurve]], labels: Labels, words: Words
) -> str:
    """The cumulative incidence of each destination in the end, by arm."""
    panels = [
        words.say(
            "alt.panel", panel=words.state(pair[0].cause),
            arms=", ".join(
                f"{labels[c.arm]} {_share_or_hidden(share_left(c), words)}" for c in pair
            ),
        )
        for pair in pairs
    ]  # fmt: skip
    last = max(curve.times[-1] for pair in pairs for curve in pair)
    return words.say("alt.destinations", last=last, panels="; ".join(panels))


def describe_states(
    arms: Mapping[str, Sequence[ReleasedCurve]], labels: Labels, words: Words
) -> str:
    """The shares of the states in the last week, by arm, largest first."""
    told: list[str] = []
    for arm, curves in arms.items():
        shares = [(curve.values[-1], words.state(curve.cause)) for curve in curves]
        known = sorted((s for s in shares if s[0] > 0), reverse=True)
        listed = ", ".join(f"{state} {words.numbers.percent(share)}" for share, state in known)
        told.append(f"{labels[arm]}: {listed}")
    times = next(iter(arms.values()))[0].times
    return words.say("alt.states", first=times[0], last=times[-1], arms="; ".join(told))


def describe_balance(table: ReleasedTable, words: Words) -> str:
    """How many covariates, and the largest standardised difference."""
    known = [
        (float(row["standardised_difference"]), str(row["covariate"]))
        for row in table.records()
        if isinstance(row["standardised_difference"], float)
    ]
    value, name = max(known, key=lambda pair: abs(pair[0]))
    return words.say(
        "alt.balance", n=len(known), largest=words.numbers.decimal_number(value, 2),
        covariate=words.covariate(name),
    )  # fmt: skip


def describe_forest(rows: Sequence[ForestRow], words: Words) -> str:
    """The estimate and interval of every row shown; the shrunken one where there is one."""
    told = [
        words.say("alt.forest_row", row=row.label, **_numbers(row.shrunken or row.own, words))
        for row in rows
        if row.own.estimable
    ]
    return words.say("alt.forest", rows="; ".join(told))


def describe_specifications(rows: Sequence[SpecificationRow], words: Words) -> str:
    """The estimate and interval of every row shown, and which are not protected."""
    told: list[str] = []
    for row in rows:
        if row.effect.estimable:
            label = f"{row.label} ({words.say('sensitivity.apart')})" if row.apart else row.label
            told.append(words.say("alt.forest_row", row=label, **_numbers(row.effect, words)))
    return words.say("alt.forest", rows="; ".join(told))


def _numbers(effect: ReleasedEstimate, words: Words) -> dict[str, str]:
    digits = digits_for(effect.unit, *effect.sizes)
    scale = 100.0 if effect.unit == "share" else 1.0
    return {
        "estimate": words.difference(effect.estimate, effect.unit, digits),
        "interval": words.interval(effect.conf_low, effect.conf_high, digits, scale),
    }


def describe_inflow(table: ReleasedTable, words: Words) -> str:
    """First and last month of the lottery."""
    months = [words.numbers.month(str(month)) for month in table.column("month")]
    return words.say("alt.inflow", first=months[0], last=months[-1])


def describe_intensity(table: ReleasedTable, labels: Labels, words: Words) -> str:
    """The share of each arm with each kind of activity."""
    told = [
        f"{words.label('kind', str(row['kind']))}, {labels[str(row['arm'])]}: "
        + (
            words.numbers.percent(row["share"])
            if isinstance(row["share"], float)
            else words.say("alt.hidden")
        )
        for row in table.records()
    ]
    return words.say("alt.intensity", rows="; ".join(told))


def describe_beside(panels: Mapping[str, Sequence[ForestRow]], words: Words) -> str:
    """The estimate and interval of every row that is shown, panel by panel."""
    told = [
        words.say("alt.panel", panel=title, arms=", ".join(_rows_told(rows, words)))
        for title, rows in panels.items()
    ]
    return words.say("alt.beside", panels="; ".join(told))


def _rows_told(rows: Sequence[ForestRow], words: Words) -> list[str]:
    return [
        words.say("alt.beside_row", row=row.label, **_numbers(row.own, words))
        if row.own.estimable
        else f"{row.label}: {words.say('alt.hidden')}"
        for row in rows
    ]


def describe_thresholds(
    rows: Sequence[tuple[str, ReleasedEstimate]], labels: Labels, words: Words
) -> str:
    """Both arms' shares and the effect at every level that is shown."""
    told = [
        words.say("alt.thresholds_row", row=label, arms=_shares(effect, labels, words),
                  **_numbers(effect, words))
        for label, effect in rows if effect.estimable
    ]  # fmt: skip
    return words.say("alt.thresholds", rows="; ".join(told))


def _shares(effect: ReleasedEstimate, labels: Labels, words: Words) -> str:
    means = (effect.mean_control, effect.mean_treatment)
    return ", ".join(
        f"{label} {words.numbers.percent(mean)}"
        for label, mean in zip(labels.values(), means, strict=True)
    )


def describe_quantiles(rows: Sequence[tuple[str, ReleasedEstimate]], words: Words) -> str:
    """The difference and its interval at every height that is shown."""
    told = [
        words.say("alt.forest_row", row=label, **_numbers(effect, words))
        for label, effect in rows if effect.estimable
    ]  # fmt: skip
    return words.say("alt.quantiles", rows="; ".join(told))
