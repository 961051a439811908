"""Curves on their way through the gate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from jobeval.disclosure.complement import hide_more
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import ReleasedCurve, gate_token
from jobeval.disclosure.rules import (
    block_ends,
    mean_decimals,
    round_count,
    round_per_person,
)
from jobeval.results import Curve

RISK_EVERY_WEEKS = 13
EXIT_MEASURES = {
    "survival", "cumulative_incidence", "complier_incidence", "mean_cumulative",
    "cumulative_hazard",
}  # fmt: skip
STATES = {"state_share", "occupancy"}
SMOOTH = {"log_hazard_ratio", "implied_survival"}
UNBOUNDED = {"mean_cumulative", "cumulative_hazard"}
"""Exit measures that may pass 1."""
UNCLIPPED = {"complier_incidence"}
"""Differences of shares that may leave 0–1, and are left as they are."""
Few = Set[tuple[str, str]]
"""Endpoints and subgroups of which too few persons of an arm have left."""
PATHS = {"share", "mean"}
SMOOTH_DECIMALS = 2
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def release_curves(
    curves: Sequence[Curve], policy: Policy, ledger: Ledger, few: Few = frozenset()
) -> tuple[ReleasedCurve, ...]:
    """All curves; a contrast is hidden in the weeks in which one of its arms is.

    A ratio of rates over the weeks has no arms and goes when it rests on too few. Means and
    contrasts are given more finely than shares and add up over subgroups, so that a hidden one
    takes another level's along.
    """
    hidden = {id(curve): _hidden_weeks(curve, policy) for curve in curves}
    for levels in _levels(c for c in curves if c.measure == "mean" and " - " not in c.arm):
        _hide_complements(levels, curves, hidden, policy)
    for curve in curves:
        if " - " in curve.arm:
            hidden[id(curve)] |= _hidden_with_arms(curve, curves, hidden)
    for levels in _levels(c for c in curves if c.measure in PATHS and " - " in c.arm):
        _hide_complements(levels, curves, hidden, policy)
    released = [
        _release(curve, hidden[id(curve)], policy, ledger)
        for curve in curves
        if not _is_withheld(curve, few, ledger)
    ]
    return (*released, *_other_states(released))


def _release(curve: Curve, hidden: Bools, policy: Policy, ledger: Ledger) -> ReleasedCurve:
    if curve.measure in EXIT_MEASURES:
        return release_exit_curve(curve, policy, ledger)
    if curve.measure in SMOOTH:
        return _release_smooth(curve, policy, ledger)
    return _release_path(curve, hidden, policy, ledger)


def _name(curve: Curve) -> str:
    return f"curves: {curve.endpoint}, {curve.measure}"


def _is_share(curve: Curve) -> bool:
    if curve.measure == "accumulated":
        return False
    return curve.measure in {"share", *STATES} or curve.unit == "share"


def _is_withheld(curve: Curve, few: Few, ledger: Ledger) -> bool:
    """Weekly differences of exits would undo the thinning; those of states add up to 0."""
    rule = ""
    if " - " in curve.arm and curve.measure in STATES:
        rule = "weekly_difference_of_states"
    elif " - " in curve.arm and curve.measure in EXIT_MEASURES:
        rule = "weekly_difference_of_exits"
    elif curve.measure == "log_hazard_ratio" and (curve.endpoint, curve.subgroup) in few:
        rule = "few_with_outcome"
    ledger.note(_name(curve), rule, len(curve.times) if rule else 0)
    return bool(rule)


def _hidden_weeks(curve: Curve, policy: Policy) -> Bools:
    """Weeks with few persons, or in which few (or all but few) have the outcome."""
    persons = curve.at_risk
    if " - " in curve.arm:
        return (persons < policy.min_at_risk) & (persons > 0)
    return (persons < policy.min_at_risk) | (_persons_apart(curve) < policy.min_count)


def _persons_apart(curve: Curve) -> Floats:
    """Persons on whom each week's value rests; of a share, the fewer of those with and without.

    Shape ``(T,)``. Unknown values rest on nobody in need of hiding: infinity.
    """
    having = curve.events.astype(float)
    if _is_share(curve):
        having = having if curve.events.any() else np.round(curve.values * curve.at_risk, 6)
        having = np.minimum(having, curve.at_risk - having)
    return np.where(np.isnan(curve.values), np.inf, having)


def _what(curve: Curve) -> tuple[str, ...]:
    return curve.endpoint, curve.measure, curve.cause, curve.subgroup


def _hidden_with_arms(contrast: Curve, curves: Sequence[Curve], hidden: dict[int, Bools]) -> Bools:
    arms = contrast.arm.split(" - ")
    weeks: set[int] = set()
    for curve in curves:
        if _what(curve) == _what(contrast) and curve.arm in arms:
            weeks |= set(curve.times[hidden[id(curve)]].tolist())
    return np.isin(contrast.times, sorted(weeks))


def _levels(curves: Iterable[Curve]) -> list[list[Curve]]:
    """The curves of the levels of one column, for each quantity and arm."""
    found: dict[tuple[str, ...], list[Curve]] = {}
    for curve in curves:
        if curve.subgroup:
            column = curve.subgroup.partition("=")[0]
            found.setdefault((*_what(curve)[:3], curve.arm, column), []).append(curve)
    return list(found.values())


def _hide_complements(
    levels: Sequence[Curve], curves: Sequence[Curve], hidden: dict[int, Bools], policy: Policy
) -> None:
    """Week by week, hide as many levels as keep the hidden ones from being told."""
    apart = [_apart_by_arm(curve, curves) for curve in levels]
    for week in sorted({int(week) for curve in levels for week in curve.times}):
        found = [
            (level, int(np.flatnonzero(curve.times == week)[0]))
            for level, curve in enumerate(levels)
            if week in curve.times
        ]
        before = np.array([hidden[id(levels[level])][at] for level, at in found])
        sizes = np.array([levels[level].at_risk[at] for level, at in found], dtype=float)
        persons = np.array([apart[level][:, at] for level, at in found])
        after = hide_more(before, sizes, persons, policy.min_count)
        for (level, at), hide in zip(found, after, strict=True):
            hidden[id(levels[level])][at] = hide


def _apart_by_arm(curve: Curve, curves: Sequence[Curve]) -> Floats:
    """Persons on whom a curve's weeks rest, by arm: shape ``(arms, T)``; 0 where unknown."""
    names = curve.arm.split(" - ")
    arms = [c for c in curves if _what(c) == _what(curve) and c.arm in names]
    apart = np.array([_persons_apart(arm) for arm in arms])
    return np.where(np.isinf(apart), 0.0, apart)


def _release_path(curve: Curve, hidden: Bools, policy: Policy, ledger: Ledger) -> ReleasedCurve:
    """A weekly path, week by week; hidden weeks keep their place and hold nothing."""
    ledger.note(_name(curve), "few_in_week", int(hidden.sum()))
    points = [
        (math.nan,) * 5 if hide else _round_point(curve, i, policy) for i, hide in enumerate(hidden)
    ]
    counts = (
        0 if hide else round_count(n, policy.round_counts_to)
        for n, hide in zip(curve.at_risk, hidden, strict=True)
    )
    return _released(curve, curve.times, points, tuple(counts), tuple(bool(h) for h in hidden))


def _release_smooth(curve: Curve, policy: Policy, ledger: Ledger) -> ReleasedCurve:
    """A curve of few parameters: at some weeks and few decimals, where enough stand behind it."""
    enough = curve.events.sum() >= 2 * policy.min_count
    shown = (curve.times % RISK_EVERY_WEEKS == 0) | (curve.times == _last_week(curve, policy))
    shown &= (curve.at_risk >= policy.min_at_risk) & enough
    ledger.note(_name(curve), "some_weeks", int((~shown).sum()))
    arrays = (curve.values, curve.conf_low, curve.conf_high, curve.band_low, curve.band_high)
    points = [
        tuple(round(float(array[i]), SMOOTH_DECIMALS) for array in arrays)
        for i in np.flatnonzero(shown)
    ]
    counts = tuple(round_count(n, policy.round_counts_to) for n in curve.at_risk[shown])
    return _released(curve, curve.times[shown], points, counts, (False,) * len(points))


def _round_point(curve: Curve, position: int, policy: Policy) -> tuple[float, ...]:
    """Value, bounds and band of a week. The bounds move with the value, or they would tell it."""
    value, n = float(curve.values[position]), int(curve.at_risk[position])
    arrays = (curve.conf_low, curve.conf_high, curve.band_low, curve.band_high)
    bounds = tuple(float(array[position]) for array in arrays)
    if " - " in curve.arm:
        decimals = 3 if _is_share(curve) else 2
        if curve.measure == "accumulated":  # a step must not tell a week that is hidden
            decimals = max(0, min(2, mean_decimals(n, policy.min_count)) - 1)
        return tuple(round(v, decimals) for v in (value, *bounds))
    if _is_share(curve) or curve.measure in EXIT_MEASURES:
        shown = round_per_person(value, n, policy.min_count)
        low, high = _range(curve.measure)
        moved = (round(bound + shown - value, 3) + 0.0 for bound in bounds)  # no -0.0
        return tuple(v if math.isnan(v) else min(high, max(low, v)) for v in (shown, *moved))
    decimals = min(2, mean_decimals(n, policy.min_count))
    return tuple(round(v, decimals) for v in (value, *bounds))


def _range(measure: str) -> tuple[float, float]:
    if measure in UNCLIPPED:
        return -math.inf, math.inf
    return 0.0, math.inf if measure in UNBOUNDED else 1.0


def release_exit_curve(curve: Curve, policy: Policy, ledger: Ledger) -> ReleasedCurve:
    """An exit curve, thinned to steps that enough persons make and stopped in time."""
    ends = block_ends(_leaving(curve), curve.at_risk, policy.min_count, policy.min_at_risk)
    ledger.note(_name(curve), "thinned", int((curve.events > 0).sum() > len(ends)))
    start = int(curve.at_risk.max(initial=0))
    thin = Curve(
        endpoint=curve.endpoint,
        measure=curve.measure,
        arm=curve.arm,
        cause=curve.cause,
        subgroup=curve.subgroup,
        unit=curve.unit,
        times=curve.times[ends],
        values=curve.values[ends],
        conf_low=curve.conf_low[ends],
        conf_high=curve.conf_high[ends],
        band_low=curve.band_low[ends],
        band_high=curve.band_high[ends],
        at_risk=np.full(len(ends), start),
        conf_level=curve.conf_level,
    )
    points = [_round_point(thin, i, policy) for i in range(len(ends))]
    origin = 1.0 if curve.measure == "survival" else 0.0
    times = np.concatenate([[0], thin.times])
    risk = [round_count(n, policy.round_counts_to) for n in (start, *curve.at_risk[ends])]
    last = _last_week(curve, policy)
    if last > times[-1]:
        times, risk = np.append(times, last), [*risk, risk[-1]]
        points.append(points[-1] if points else (math.nan,) * 5)
    weeks = tuple(range(0, last + 1, RISK_EVERY_WEEKS))
    return _released(
        curve,
        times,
        [(origin,) * 5, *points],
        tuple(risk),
        tuple(math.isnan(value) for value, *_ in [(origin,), *points]),
        risk_times=weeks,
        risk_counts=tuple(
            round_count(_at_risk(curve, week), policy.round_counts_to) for week in weeks
        ),
    )


def _leaving(curve: Curve) -> NDArray[np.int64]:
    """By week, so many persons at least whose events no earlier week holds."""
    if curve.measure != "mean_cumulative":
        return curve.events
    return curve.first_events if len(curve.first_events) else np.zeros_like(curve.events)


def _last_week(curve: Curve, policy: Policy) -> int:
    enough = curve.times[curve.at_risk >= policy.min_at_risk]
    return int(enough[-1]) if len(enough) else 0


def _at_risk(curve: Curve, week: int) -> int:
    """Persons at risk at ``week``: those of the first time from then on, when some have entered."""
    entered = np.flatnonzero(curve.at_risk > 0)
    if len(entered) == 0:
        return 0
    position = max(int(np.searchsorted(curve.times, week)), int(entered[0]))
    return int(curve.at_risk[min(position, len(curve.at_risk) - 1)])


def _released(
    curve: Curve,
    times: NDArray[np.int64],
    points: Sequence[tuple[float, ...]],
    at_risk: tuple[int, ...],
    suppressed: tuple[bool, ...],
    *,
    risk_times: tuple[int, ...] = (),
    risk_counts: tuple[int, ...] = (),
) -> ReleasedCurve:
    return ReleasedCurve(
        token=gate_token(),
        endpoint=curve.endpoint,
        measure=curve.measure,
        arm=curve.arm,
        cause=curve.cause,
        subgroup=curve.subgroup,
        unit=curve.unit,
        times=tuple(int(week) for week in times),
        values=tuple(point[0] for point in points),
        conf_low=tuple(point[1] for point in points),
        conf_high=tuple(point[2] for point in points),
        band_low=tuple(point[3] for point in points),
        band_high=tuple(point[4] for point in points),
        at_risk=at_risk,
        suppressed=suppressed,
        risk_times=risk_times,
        risk_counts=risk_counts,
        conf_level=curve.conf_level,
    )


def _other_states(released: Sequence[ReleasedCurve]) -> list[ReleasedCurve]:
    """For each arm, what its published states leave of 1: hidden states and rounding."""
    arms: dict[tuple[str, ...], list[ReleasedCurve]] = {}
    for curve in released:
        if curve.measure in STATES and " - " not in curve.arm:
            key = (curve.endpoint, curve.measure, curve.subgroup, curve.arm)
            arms.setdefault(key, []).append(curve)
    return [_remainder(states) for states in arms.values()]


def _remainder(states: Sequence[ReleasedCurve]) -> ReleasedCurve:
    first = states[0]
    shown = np.nansum([state.values for state in states], axis=0)
    rest = np.clip(np.round(1.0 - shown, 3), 0.0, 1.0)
    unknown = tuple(math.nan for _ in first.times)
    return ReleasedCurve(
        token=gate_token(),
        endpoint=first.endpoint,
        measure=first.measure,
        arm=first.arm,
        cause="other_states",
        subgroup="",
        unit=first.unit,
        times=first.times,
        values=tuple(rest.tolist()),
        conf_low=unknown,
        conf_high=unknown,
        band_low=unknown,
        band_high=unknown,
        at_risk=tuple(max(counts) for counts in zip(*(s.at_risk for s in states), strict=True)),
        suppressed=tuple(False for _ in first.times),
    )
