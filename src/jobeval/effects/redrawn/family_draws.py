"""The statistics of a family of hypotheses in the same re-drawn lotteries."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Columns, read_analysed
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import choose_weights
from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.inference.blocks import Progress
from jobeval.inference.drawn_sample import Weighing
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.several_arms import ArmContrast, redraw_contrasts
from jobeval.inference.statistics import redraw_statistics
from jobeval.plan.lottery import Lottery

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """That the lottery changed one outcome for nobody, of everyone or of a subgroup.

    Attributes
    ----------
    outcome
        Column of numbers; each horizon is a column of its own.
    subgroup, level
        Column known before the draw, and the value of it that makes the subgroup; ``""`` for
        everyone.
    treatment
        The arm that is compared with control; ``None`` for that of the lottery.

    Examples
    --------
    >>> Hypothesis("hours_52", subgroup="benefit", level="cash").label
    'benefit=cash'
    """

    outcome: str
    subgroup: str = ""
    level: object = None
    treatment: object = None

    @property
    def label(self) -> str:
        """As ``Estimate.subgroup`` has it."""
        return f"{self.subgroup}={_level_text(self.level)}" if self.subgroup else ""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One estimable hypothesis among the ``n`` persons of all arms of the family.

    ``outcome`` has shape ``(n,)`` and is ``nan`` for those who take no part; ``covariates``
    have shape ``(n, p)`` and are 0 for them.
    """

    place: int
    treatment: int
    outcome: Floats
    covariates: Floats
    weighing: Weighing

    @property
    def key(self) -> tuple[int, bytes, str]:
        """Members with the same key are computed together."""
        return self.treatment, np.isnan(self.outcome).tobytes(), self.weighing


class Pool(NamedTuple):
    """The columns with all arms of the family as treatment 1; ``codes`` tell the arms apart."""

    columns: Columns
    lottery: Lottery
    codes: NDArray[np.int64]
    arms: tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FamilyDrawing:
    """How the lottery is drawn again: see ``redraw_statistics``."""

    draws: int
    seed: int
    workers: int
    progress: Progress | None
    checkpoint: Path | None

    def part(self, index: int, parts: int) -> "FamilyDrawing":
        """The same for one of several parts: progress over all, and a folder of its own."""
        tell = self.progress

        def progress(done: int, total: int, text: str) -> None:
            if tell is not None:
                tell(index * total + done, parts * total, text)

        folder = None if self.checkpoint is None else self.checkpoint / f"{index:03d}"
        return replace(self, progress=progress, checkpoint=folder)


def pool_arms(columns: Columns, arms: list[object], lottery: Lottery) -> Pool:
    """All arms of the family as one lottery against control, and the codes of its arms."""
    arm = columns[lottery.arm]
    codes = np.full(len(arm), -1)
    for code, name in enumerate([lottery.control, *arms]):
        codes[arm == name] = code
    pooled = {**columns, lottery.arm: np.minimum(codes, 1)}
    return Pool(pooled, replace(lottery, treatment=1, control=0), codes, tuple(arms))


def read_member(
    pool: Pool, place: int, hypothesis: Hypothesis, treatment: object, options: IttOptions
) -> Member:
    """An estimable hypothesis, spread over everyone in the pool."""
    data = read_analysed(pool.columns, hypothesis.outcome, pool.lottery, options)
    if hypothesis.subgroup:
        rows = _level_rows(pool.columns[hypothesis.subgroup], hypothesis.level)
        data = data.subset(rows[data.assignment.rows])
    code = pool.arms.index(treatment) + 1
    persons = data.assignment.rows
    pair = data.subset(np.isin(pool.codes[persons], (0, code)))
    weighing: Weighing = "none"
    if choose_weights(pair, options)[0] is not None:
        weighing = "probability" if data.assignment.probability_varies else "allocation"
    adjusters = np.empty((len(data.outcome), 0))
    if options.adjustment != "none":
        values = read_adjusters(data, options.adjustment).values
        adjusters = values[:, data.assignment.n_strata - 1 :]
    known = persons[data.drawn.rows]
    outcome, covariates = np.full(len(known), np.nan), np.zeros((len(known), adjusters.shape[1]))
    outcome[known], covariates[known] = data.outcome, adjusters
    return Member(place, code, outcome, covariates, weighing)


def _level_rows(values: NDArray[Any], level: object) -> NDArray[np.bool_]:
    wanted = _level_text(level)
    texts = {value: _level_text(value) for value in set(values.tolist())}
    return np.array([texts[value] == wanted for value in values.tolist()], dtype=bool)


def _level_text(level: object) -> str:
    """A level as ``estimate_subgroups`` names it."""
    if isinstance(level, int | float | np.number) and not isinstance(level, bool):
        return f"{level:.15g}"
    return str(level)


def redraw_members(
    pool: Pool, members: list[Member], options: IttOptions, drawing: FamilyDrawing, size: int
) -> Redrawn:
    """The statistics of a family of ``size``; ``nan`` for those that are no members."""
    drawn = read_assignment(pool.columns, pool.lottery)
    groups: dict[tuple[int, bytes, str], list[Member]] = {}
    for member in members:
        groups.setdefault(member.key, []).append(member)
    if len(pool.arms) == 1:
        parts = [
            _redraw_group(group, drawn, options, drawing.part(index, len(groups)))
            for index, group in enumerate(groups.values())
        ]
    else:
        parts = [_redraw_arms(pool, list(groups.values()), drawn, options, drawing)]
    places = [member.place for group in groups.values() for member in group]
    return _arrange(parts, places, size)


def _redraw_group(
    group: list[Member], drawn: Assignment, options: IttOptions, drawing: FamilyDrawing
) -> Redrawn:
    return redraw_statistics(
        np.column_stack([member.outcome for member in group]),
        drawn,
        covariates=group[0].covariates,
        form=options.adjustment,
        weighing=group[0].weighing,
        draws=drawing.draws,
        seed=drawing.seed,
        workers=drawing.workers,
        progress=drawing.progress,
        checkpoint=drawing.checkpoint,
    )


def _redraw_arms(
    pool: Pool,
    groups: list[list[Member]],
    drawn: Assignment,
    options: IttOptions,
    drawing: FamilyDrawing,
) -> Redrawn:
    if drawn.probability_varies:
        raise DesignError(
            "the probability of treatment varies within strata and the family has several "
            "arms, whose probabilities are not known each. Mend: test one arm at a time."
        )
    contrasts = [
        ArmContrast(
            treatment=group[0].treatment,
            known=~np.isnan(group[0].outcome),
            outcomes=np.column_stack([member.outcome for member in group]),
            covariates=group[0].covariates,
            weighing=group[0].weighing,
        )
        for group in groups
    ]
    return redraw_contrasts(
        contrasts,
        pool.codes[drawn.rows],
        stratum=drawn.stratum,
        cluster=drawn.cluster,
        form=options.adjustment,
        draws=drawing.draws,
        seed=drawing.seed,
        workers=drawing.workers,
        progress=drawing.progress,
        checkpoint=drawing.checkpoint,
    )


def _arrange(parts: list[Redrawn], places: list[int], size: int) -> Redrawn:
    """The columns of all parts, which are of the same draws, at their places."""
    draws = parts[0].draws if parts else 1

    def spread(values: list[Floats], rows: tuple[int, ...]) -> Floats:
        whole = np.full((*rows, size), np.nan)
        if values:
            whole[..., places] = np.concatenate(values, axis=-1)
        return whole

    return Redrawn(
        estimate=spread([part.estimate for part in parts], ()),
        std_error=spread([part.std_error for part in parts], ()),
        drawn_estimate=spread([part.drawn_estimate for part in parts], (draws,)),
        drawn_std_error=spread([part.drawn_std_error for part in parts], (draws,)),
        studentised=True,
        exact=bool(parts) and parts[0].exact,
    )
