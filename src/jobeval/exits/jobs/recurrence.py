"""The rate ratio of treatment for events that come again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from jobeval.errors import DesignError, require_one_of
from jobeval.exits.hazards.cox import fit_cox
from jobeval.exits.hazards.cox_arrange import SplitTies
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Estimate

METHODS = {"lwyy": "Lin–Wei–Yang–Ying", "andersen-gill": "Andersen–Gill"}


def estimate_recurrence(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    entry: str,
    person: str,
    method: Literal["lwyy", "andersen-gill"] = "lwyy",
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "efron",
    conf_level: float = 0.95,
) -> Estimate:
    """How many times as often events come in the treatment arm, as a log rate ratio.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row from each event of a person to the next, such as
        ``derive_recurrence`` gives beside the lottery. Persons of other arms are left out. The
        arms are compared as drawn only where everybody is at risk in every week followed, also
        in weeks in which no event can come.
    duration
        Column of whole weeks since randomisation in which the row ends.
    observed
        Column of true/false or 1/0: whether it ends with an event.
    lottery
        The names of the lottery's columns. Each stratum has its own baseline rate.
    entry
        Column of whole weeks since randomisation after which the row begins.
    person
        Column of persons' ids.
    method
        ``"lwyy"``: the ratio of mean numbers of events (Lin, Wei, Yang & Ying 2000), with an
        error that allows for events of a person, or of a drawn cluster, to hang together.
        ``"andersen-gill"``: the same estimate with the model's error (Andersen & Gill 1982),
        right only if earlier events tell nothing of later ones.
    covariates
        Baseline columns to adjust for: names, or ``Term`` to say how they are coded.
    ties
        ``"efron"`` or ``"breslow"``.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        On the log scale (``scale="log_ratio"``), with a normal reference. ``n_treatment`` and
        ``n_control`` count persons, ``n_apart_…`` those of them with any event. ``nan`` with a
        note when no event was seen, or the ratio is infinite.

    Raises
    ------
    DataError
        For rows of a person that overlap or change their arm or stratum, broken weeks or
        covariates, and a lottery that cannot be read.
    DesignError
        ``"andersen-gill"`` where clusters were drawn, whose error knows nothing of them.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1, 1, 2, 2, 3, 3, 4], "arm": list("tttttccc"),
    ...     "from": [0, 2, 5, 0, 7, 0, 4, 0], "to": [2, 5, 9, 7, 9, 4, 9, 9],
    ...     "job": [1, 1, 0, 1, 0, 1, 0, 0]})
    >>> effect = estimate_recurrence(frame, "to", "job",
    ...     Lottery(arm="arm", treatment="t", control="c"), entry="from", person="id")
    >>> effect.n_treatment, effect.n_control, round(effect.ratio, 6)  # three events to one
    (2, 2, 3.0)
    """
    require_one_of("method", method, tuple(METHODS))
    require_one_of("ties", ties, get_args(SplitTies))
    if method == "andersen-gill" and lottery.clusters:
        raise DesignError('Clusters were drawn, and "andersen-gill" knows none: use "lwyy".')
    model = fit_cox(
        frame,
        duration,
        observed,
        lottery,
        covariates=covariates,
        ties=ties,
        entry=entry,
        person=person,
        robust=method == "lwyy",
        conf_level=conf_level,
    )
    effect = model.effect
    return replace(
        effect,
        estimator=f"{METHODS[method]} ({ties.capitalize()})",
        unit="rate_ratio",
        notes=tuple(_of_events(note) for note in effect.notes),
    )


def _of_events(note: str) -> str:
    """What Cox's model says of exits, said of events."""
    if note.startswith("not estimable (infinite)"):
        return "not estimable (infinite): one arm has no event while both are at risk"
    if note.startswith("standard error of the model"):
        return "standard error of the model: right if earlier events tell nothing of later ones"
    return note.replace("no exit was seen", "no event was seen")
