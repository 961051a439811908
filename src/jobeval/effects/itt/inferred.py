"""P-value and interval of an intention-to-treat effect by other ways than t."""

from typing import NamedTuple

import numpy as np

from jobeval.effects.itt.analysed import Analysed, Columns
from jobeval.effects.itt.contrast import TREATMENT, build_model
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.small_blocks import small_strata
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.results import Interval


class Inferred(NamedTuple):
    """What stands in the place of the t-test."""

    p_value: float
    interval: Interval
    notes: tuple[str, ...]


def infer_effect(
    columns: Columns, data: Analysed, outcome: str, lottery: Lottery, options: IttOptions
) -> Inferred:
    """The p-value and the interval that ``options.inference`` asks for.

    Raises
    ------
    DesignError
        When the bootstrap meets a stratum with one cluster in an arm, or sampling weights are
        to be carried through a re-drawn lottery.
    """
    if options.seed is None:
        raise ValueError(f'inference="{options.inference}" draws at random: name a seed')
    if options.inference == "wild":
        return _by_wild_bootstrap(data, options, options.seed)
    return _by_lottery(columns, outcome, lottery, options, options.seed)


def _by_lottery(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions, seed: int
) -> Inferred:
    from jobeval.effects.redrawn.lottery_draws import DrawingOptions, prepare_draws, redraw_effect

    drawing = DrawingOptions(draws=options.draws, seed=seed)
    found = redraw_effect(prepare_draws(columns, outcome, lottery, options), drawing)
    redrawn = found.redrawn
    which = "all possible lotteries" if redrawn.exact else f"{redrawn.draws} draws of the lottery"
    notes = (f"p-value and interval from {which}", *found.notes)
    return Inferred(found.p_value(), found.interval, notes)


def _by_wild_bootstrap(data: Analysed, options: IttOptions, seed: int) -> Inferred:
    from jobeval.inference.wild_bootstrap import wild_cluster_test

    if options.adjustment != "ancova" and small_strata(data.assignment).any():
        raise DesignError(
            "the wild bootstrap needs two clusters in each arm of each stratum. Mend: use "
            'inference="lottery" or adjustment="ancova".'
        )
    assert data.assignment.cluster is not None
    model = build_model(data, options)
    root = np.ones(len(data.outcome)) if model.weights is None else np.sqrt(model.weights)
    found = wild_cluster_test(
        root[:, None] * model.design,
        root * data.outcome,
        data.assignment.cluster,
        TREATMENT,
        draws=options.draws,
        seed=seed,
        conf_level=options.conf_level,
    )
    which = "all vectors" if found.exact else f"{found.draws} draws"
    note = f"p-value and interval from {which} of {found.weights.capitalize()} weights"
    return Inferred(
        float(found.p_value[0]),
        Interval(float(found.conf_low[0]), float(found.conf_high[0])),
        (note,),
    )
