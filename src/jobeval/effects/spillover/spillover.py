"""Direct effect, spillover and total effect where groups were drawn to saturations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.itt import count_sides
from jobeval.effects.spillover.saturation import Saturations, read_saturations
from jobeval.errors import DataError, Problem
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import (
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
)
from jobeval.results import EffectTable, Estimate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
FEW_GROUPS = 10


def estimate_spillover(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    group: str,
    saturation: str,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate what treatment does to the treated and to those beside them.

    Groups (areas, job centres) were drawn to saturations, the share of their persons who are
    drawn to treatment; groups at 0 are pure control.

    Parameters
    ----------
    lottery
        Its strata are those within which groups were drawn to saturations. ``clusters`` is
        ``None`` or the group; a probability is not given, as the saturation says it.
    group, saturation
        Columns of the group, and of its saturation from 0 to 1.
    frame, outcome, conf_level
        As for ``estimate_itt``.

    Returns
    -------
    EffectTable
        By ``part``, and again at each saturation (``"spillover at 0.5"``) where there are
        several:

        ``"direct"``
            Treated against untreated persons of the same groups.
        ``"spillover"``
            Untreated persons beside treated ones against pure control: displacement is below
            zero for employment.
        ``"treated vs pure control"``
            Treated persons against pure control.
        ``"total"``
            Everyone in treated groups against pure control.

        Hudgens & Halloran (2008) call these direct, indirect, total and overall.

    Raises
    ------
    DataError
        When the two-step lottery is not as it must be (``read_saturations``).
    ValueError
        For a probability, or clusters other than the group.

    Notes
    -----
    Every person counts the same (Baird, Bohren, McIntosh & Özler 2018). In a treated group
    the treated, and the untreated, stand for everyone there; in each stratum the groups of
    either side stand for all groups. So the effects are weighted mean differences over
    persons, with stratum indicators that only sharpen them. Errors are CR2 over groups with
    Bell–McCaffrey degrees of freedom. The parts are tied: at one saturation ``s`` the total is
    ``s`` times treated vs pure control plus ``1 − s`` times the spillover (Crépon, Duflo,
    Gurgand, Rathelot & Zamora 2013).

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({
    ...     "area": list("aabbccdd"), "offered": [0.5] * 4 + [0] * 4,
    ...     "arm": list("tctccccc"), "hours": [9, 3, 7, 1, 4, 6, 2, 6]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> table = estimate_spillover(frame, "hours", lottery, group="area", saturation="offered")
    >>> for effect in table:
    ...     print(effect.part, round(effect.estimate, 9))
    direct 6.0
    spillover -2.5
    treated vs pure control 3.5
    total 0.5
    """
    _validate(lottery, group, conf_level)
    columns = read_columns(frame, (outcome, *lottery.columns, group, saturation))
    drawn = read_saturations(columns, lottery, group, saturation)
    values = _read_outcome(columns[outcome][drawn.rows], outcome)
    known = ~np.isnan(values)
    trial = _Trial(
        outcome=values[known],
        drawn=drawn.subset(known),
        notes=(*drawn.notes, *_missing_note(drawn, known)),
    )
    contrasts = _contrasts(trial.drawn, lottery)
    return EffectTable(
        tuple(_estimate(trial, contrast, outcome, conf_level) for contrast in contrasts)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    outcome: Floats
    drawn: Saturations
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Contrast:
    """Two sides to compare, as flags of shape ``(n,)``, and what they are called."""

    part: str
    words: str
    upper: Flags
    lower: Flags


def _validate(lottery: Lottery, group: str, conf_level: float) -> None:
    if lottery.clusters not in {None, group}:
        raise ValueError(
            f"the lottery drew clusters {lottery.clusters!r}, but the groups are {group!r}: "
            "leave clusters out, the groups are what was drawn together"
        )
    if lottery.probability is not None:
        raise ValueError("the saturation says the probability: leave probability out")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level!r}")


def _read_outcome(values: NDArray[Any], name: str) -> Floats:
    place = f"outcome {name!r}"
    if values.dtype.kind not in "biuf":
        problem = Problem(place, "is not a column of numbers.", "Deliver it as numbers.")
        raise DataError("outcome", [problem])
    numbers = values.astype(float)
    infinite = int(np.isinf(numbers).sum())
    if infinite:
        raise DataError("outcome", [Problem(place, f"is infinite for {infinite} persons.")])
    return numbers


def _missing_note(drawn: Saturations, known: Flags) -> tuple[str, ...]:
    if known.all():
        return ()
    pure = drawn.share == 0
    sides = {
        "treated": drawn.assigned == 1,
        "untreated beside treated": (drawn.assigned == 0) & ~pure,
        "pure control": pure,
    }
    counts = [f"{int((~known & of).sum())} of {int(of.sum())} {who}" for who, of in sides.items()]
    return (f"outcome missing and left out: {', '.join(counts)}",)


def _contrasts(drawn: Saturations, lottery: Lottery) -> Iterator[_Contrast]:
    """The parts over all saturations, then at each where there are several."""
    yield from _parts(drawn, drawn.share > 0, lottery, "")
    if len(drawn.levels) > 1:
        for level in drawn.levels:
            yield from _parts(drawn, drawn.share == level, lottery, f" at {level:.15g}")


def _parts(drawn: Saturations, groups: Flags, lottery: Lottery, where: str) -> Iterator[_Contrast]:
    treated, pure = drawn.assigned == 1, drawn.share == 0
    mixed = groups & (drawn.share < 1)
    one, other = str(lottery.treatment), str(lottery.control)
    control = f"{other} in pure-control groups"
    yield _Contrast(f"direct{where}", lottery.contrast, mixed & treated, mixed & ~treated)
    beside = f"{other} in treated groups"
    yield _Contrast(f"spillover{where}", f"{beside} - {control}", mixed & ~treated, pure)
    name = f"treated vs pure control{where}"
    yield _Contrast(name, f"{one} - {control}", groups & treated, pure)
    yield _Contrast(f"total{where}", f"everyone in treated groups - {control}", groups, pure)


def _estimate(trial: _Trial, contrast: _Contrast, outcome: str, conf_level: float) -> Estimate:
    used = contrast.upper | contrast.lower
    side = contrast.upper[used].astype(np.int64)
    values, group = trial.outcome[used], trial.drawn.group[used]
    stratum = trial.drawn.stratum[used]
    empty = Estimate(
        endpoint=outcome,
        estimand=contrast.part.split(" at ")[0],
        estimator="weighted difference in means",
        contrast=contrast.words,
        part=contrast.part,
        estimate=math.nan,
        std_error=math.nan,
        df=math.nan,
        **count_sides(values, side),
        n_clusters=len(np.unique(group)),
        conf_level=conf_level,
        notes=trial.notes,
    )
    reason = _why_not(side, group, stratum)
    if reason:
        return _noted(empty, f"not estimable: {reason}")
    weights = _weights(trial.drawn, contrast)[used]
    return _fitted(empty, values, side, group, stratum, weights)


def _why_not(side: NDArray[np.int64], group: NDArray[np.int64], stratum: NDArray[np.int64]) -> str:
    """Why two sides cannot be compared; empty where they can."""
    for of, who in ((side == 1, "first"), (side == 0, "second")):
        if len(np.unique(group[of])) < 2:
            return f"fewer than two groups on the {who} side"
    first, second = (set(group[side == what].tolist()) for what in (1, 0))
    if first & second and first != second:
        return f"{len(first ^ second)} groups have lost an arm to missing outcomes"
    held = {what: set(stratum[side == what].tolist()) for what in (0, 1)}
    lonely = len(held[0] ^ held[1])
    return f"{lonely} strata hold groups of one side only" if lonely else ""


def _weights(drawn: Saturations, contrast: _Contrast) -> Floats:
    """Each side of a group stands for the group, each side of a stratum for the stratum.

    ``n_g / n_gₐ`` times ``N_s / N_sₐ``, ``N_sₐ`` being the persons of the groups of a side.
    Shape ``(n,)``, 0 outside the contrast.
    """
    weights = np.zeros(len(drawn.group))
    compared = contrast.upper | contrast.lower
    within = np.isin(drawn.group, drawn.group[compared])
    everyone = np.bincount(drawn.group, within, int(drawn.group.max()) + 1)
    stratum_size = np.bincount(drawn.stratum, within)
    for flags in (contrast.upper, contrast.lower):
        mine = np.bincount(drawn.group, flags, len(everyone))
        in_groups = np.isin(drawn.group, drawn.group[flags])
        held = np.bincount(drawn.stratum, in_groups, len(stratum_size))
        group, stratum = drawn.group[flags], drawn.stratum[flags]
        weights[flags] = everyone[group] / mine[group] * stratum_size[stratum] / held[stratum]
    return weights


def _fitted(
    empty: Estimate,
    values: Floats,
    side: NDArray[np.int64],
    group: NDArray[np.int64],
    stratum: NDArray[np.int64],
    weights: Floats,
) -> Estimate:
    """Weighted least squares on side and strata; CR2 over groups."""
    cluster = np.unique(group, return_inverse=True)[1]
    strata = np.unique(stratum)[1:]
    design = np.column_stack([np.ones(len(side)), side, stratum[:, None] == strata])
    fit = fit_least_squares(design, values, weights)
    means = np.bincount(side, weights * values) / np.bincount(side, weights)
    variance = float(estimate_vcov(fit, "CR2", cluster)[1, 1])
    few = empty.n_clusters is not None and empty.n_clusters < FEW_GROUPS
    found = replace(
        empty,
        estimate=float(fit.coef[1]),
        std_error=math.sqrt(variance),
        df=bell_mccaffrey_df(fit, cluster, np.eye(design.shape[1])[1]),
        mean_treatment=float(means[1]),
        mean_control=float(means[0]),
    )
    if few:
        note = f"fewer than {FEW_GROUPS} groups: confirm by re-drawing the lottery"
        found = _noted(found, note)
    if not variance > (1e-13 * float(np.abs(values).max())) ** 2:
        note = "not estimable: the outcome does not vary between the groups"
        found = _noted(replace(found, std_error=math.nan), note)
    return found


def _noted(effect: Estimate, note: str) -> Estimate:
    return replace(effect, notes=(*effect.notes, note))
