"""Models of durations side by side: which one follows the weekly curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from jobeval.results.curve import CurveTable
from jobeval.results.estimate import EffectTable
from jobeval.results.json import html_table, number, plain
from jobeval.results.model import DurationModel


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationComparison:
    """Models of the same durations on one likelihood, so that their AIC compare.

    Attributes
    ----------
    models
        In the order in which they were asked for.
    distances
        For each model, the largest distance of its survival curve from Kaplan–Meier's, of
        control and of treatment; ``nan`` where a model is not estimable.
    curves
        Survival of each arm: Kaplan–Meier with ``cause=""``, and one for each model with its
        distribution as ``cause``, as if everybody drawn were in the arm.
    distributions
        The models' names in ``curves`` and in the plan.
    """

    models: tuple[DurationModel, ...]
    distances: tuple[tuple[float, float], ...]
    curves: CurveTable
    distributions: tuple[str, ...]

    @property
    def effects(self) -> EffectTable:
        """The effect in each model; their units differ."""
        return EffectTable(tuple(model.effect for model in self.models))

    @property
    def best(self) -> str:
        """The distribution with the lowest AIC; ``""`` when none is estimable."""
        aics = [model.aic for model in self.models]
        known = [pair for pair in zip(aics, self.distributions, strict=True) if pair[0] < math.inf]
        return min(known)[1] if known else ""

    def to_frame(self) -> pd.DataFrame:
        """One row a model."""
        aics = [model.aic for model in self.models]
        lowest = min((aic for aic in aics if math.isfinite(aic)), default=math.nan)
        return pd.DataFrame(
            {
                "distribution": list(self.distributions),
                "model": [model.model for model in self.models],
                "n_parameters": [model.n_parameters for model in self.models],
                "loglik": [model.loglik for model in self.models],
                "aic": aics,
                "aic_difference": [aic - lowest for aic in aics],
                "distance_control": [control for control, _ in self.distances],
                "distance_treatment": [treatment for _, treatment in self.distances],
                "unit": [model.effect.unit for model in self.models],
                "estimate": [model.effect.estimate for model in self.models],
                "std_error": [model.effect.std_error for model in self.models],
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {
            "models": [model.to_dict() for model in self.models],
            "distances": [[plain(a), plain(b)] for a, b in self.distances],
            "distributions": list(self.distributions),
            **self.curves.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DurationComparison:
        """The inverse of ``to_dict``."""
        return cls(
            models=tuple(DurationModel.from_dict(item) for item in values["models"]),
            distances=tuple((number(a), number(b)) for a, b in values["distances"]),
            curves=CurveTable.from_dict(values),
            distributions=tuple(values["distributions"]),
        )

    def __repr__(self) -> str:
        return f"DurationComparison({len(self.models)} models, lowest AIC: {self.best or 'none'})"

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())
