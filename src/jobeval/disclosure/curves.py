"""Curves on their way through the gate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

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
    round_share,
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
PATHS = {"share", "mean"}
SMOOTH_DECIMALS = 2
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def release_curves(
    curves: Sequence[Curve], policy: Policy, ledger: Ledger
) -> tuple[ReleasedCurve, ...]:
    """All curves; a contrast is hidden in the weeks in which one of its arms is.

    Means and contrasts are given more finely than shares and add up over subgroups, so that
    a hidden one takes another level's along.
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
        if not _is_withheld(curve, ledger)
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


def _is_withheld(curve: Curve, ledger: Ledger) -> bool:
    """Weekly differences of exits would undo the thinning; those of states add up to 0."""
    rule = "weekly_difference_of_states" if curve.measure in STATES else ""
    if curve.measure in EXIT_MEASURES:
        rule = "weekly_difference_of_exits"
    withheld = bool(rule) and " - " in curve.arm
    ledger.note(_name(curve), rule, len(curve.times) if withheld else 0)
    return withheld


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
        shown = round_share(value, n, policy.min_count)
        if curve.measure in UNBOUNDED:
            return (shown, *(round(max(0.0, bound + shown - value), 3) for bound in bounds))
        return (shown, *(_clip_share(bound + shown - value) for bound in bounds))
    decimals = min(2, mean_decimals(n, policy.min_count))
    return tuple(round(v, decimals) for v in (value, *bounds))


def _clip_share(value: float) -> float:
    return value if math.isnan(value) else round(min(1.0, max(0.0, value)), 3)


def release_exit_curve(curve: Curve, policy: Policy, ledger: Ledger) -> ReleasedCurve:
    """An exit curve, thinned to steps that hold enough events and stopped in time."""
    ends = block_ends(curve.events, curve.at_risk, policy.min_count, policy.min_at_risk)
    ledger.note(_name(curve), "thinned", int((curve.events > 0).sum() > len(ends)))
    start = int(curve.at_risk[0]) if len(curve.at_risk) else 0
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


def _last_week(curve: Curve, policy: Policy) -> int:
    enough = curve.times[curve.at_risk >= policy.min_at_risk]
    return int(enough[-1]) if len(enough) else 0


def _at_risk(curve: Curve, week: int) -> int:
    """Persons at risk at ``week``: those of the first time from then on."""
    position = int(np.searchsorted(curve.times, week))
    return int(curve.at_risk[min(position, len(curve.at_risk) - 1)]) if len(curve.at_risk) else 0


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
