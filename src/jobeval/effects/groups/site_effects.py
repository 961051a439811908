"""The raw effects of sites, each from its own persons; shown only after shrinkage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.groups.subgroups import estimate_levels
from jobeval.effects.itt.analysed import Columns, read_analysed
from jobeval.effects.itt.itt import columns_needed
from jobeval.effects.itt.options import IttOptions, validate_options
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.results import EffectTable, Estimate

Floats = NDArray[np.float64]


def read_site_effects(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    site: str,
    conf_level: float,
) -> EffectTable:
    """The raw effects of the sites in alphabetical order, each from its own persons."""
    options = validate_options(outcome, lottery, (), "none", None, conf_level)
    columns = read_columns(frame, (*columns_needed(outcome, lottery, options), site))
    _require_whole_clusters(columns, outcome, lottery, site, options)
    raw = estimate_levels(columns, outcome, lottery, site, options)
    return EffectTable(tuple(sorted(raw, key=lambda effect: effect.subgroup)))


def known_effects(raw: EffectTable) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Which sites have an estimate and an error, and the two of those, shape ``(k,)``."""
    estimates = np.array([effect.estimate for effect in raw])
    errors = np.array([effect.std_error for effect in raw])
    known = np.isfinite(estimates) & (errors > 0)
    return known, estimates[known], errors[known]


def add_sizes(effects: Sequence[Estimate]) -> dict[str, Any]:
    """The sizes of several sites together, as fields of an ``Estimate``."""
    clusters = [effect.n_clusters for effect in effects if effect.n_clusters is not None]
    return {
        "n_treatment": sum(effect.n_treatment for effect in effects),
        "n_control": sum(effect.n_control for effect in effects),
        "n_clusters": sum(clusters) if clusters else None,
        "n_apart_treatment": sum(effect.n_apart_treatment or 0 for effect in effects),
        "n_apart_control": sum(effect.n_apart_control or 0 for effect in effects),
    }


def _require_whole_clusters(
    columns: Columns, outcome: str, lottery: Lottery, site: str, options: IttOptions
) -> None:
    if lottery.clusters is None:
        return
    drawn = read_analysed(columns, outcome, lottery, options).assignment
    assert drawn.cluster is not None
    places = [str(place) for place in columns[site][drawn.rows].tolist()]
    pairs = set(zip(drawn.cluster.tolist(), places, strict=True))
    spanning = len(pairs) - len(set(drawn.cluster.tolist()))
    if spanning:
        raise DesignError(
            f"clusters of {lottery.clusters!r} span several sites of {site!r}, so that the "
            "sites' effects are not independent. Mend: name a site that holds whole clusters, "
            "or compare the sites by estimate_subgroups."
        )
