"""A fitted model of durations: the effect, beside everything else that was estimated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from jobeval.results.estimate import Estimate
from jobeval.results.json import html_table, number, plain


class Coefficient(NamedTuple):
    """One coefficient on the scale of the linear predictor."""

    name: str
    estimate: float
    std_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationModel:
    """A fitted model of durations.

    Attributes
    ----------
    model
        Its name, such as ``"Cox (Efron)"`` or ``"Weibull"``.
    effect
        The coefficient of treatment, named as an effect.
    coefficients
        All coefficients, treatment first.
    loglik, loglik_null
        Log likelihood at the maximum, and without any covariate (``nan`` when not fitted).
    n_parameters
        What the likelihood was maximised over.
    n, n_exits
        Rows and exits behind it.
    """

    model: str
    effect: Estimate
    coefficients: tuple[Coefficient, ...]
    loglik: float
    loglik_null: float = math.nan
    n_parameters: int
    n: int
    n_exits: int
    notes: tuple[str, ...] = ()

    @property
    def aic(self) -> float:
        """``2 k − 2 log L`` (Akaike 1974); only comparable on the same likelihood."""
        return 2 * self.n_parameters - 2 * self.loglik

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log likelihood over no covariates."""
        return 2 * (self.loglik - self.loglik_null)

    def __getitem__(self, name: str) -> Coefficient:
        """The coefficient of this name; ``KeyError`` when there is none."""
        for coefficient in self.coefficients:
            if coefficient.name == name:
                return coefficient
        raise KeyError(name)

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: ``name, estimate, std_error``."""
        return pd.DataFrame(list(self.coefficients), columns=list(Coefficient._fields))

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        values = {item.name: plain(getattr(self, item.name)) for item in fields(self)}
        rows = [[name, plain(b), plain(se)] for name, b, se in self.coefficients]
        return values | {"effect": self.effect.to_dict(), "coefficients": rows}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DurationModel:
        """The inverse of ``to_dict``."""
        read: dict[str, Any] = dict(values)
        read.update({name: number(values[name]) for name in ("loglik", "loglik_null")})
        rows = (Coefficient(name, number(b), number(se)) for name, b, se in values["coefficients"])
        read["coefficients"], read["notes"] = tuple(rows), tuple(values["notes"])
        read["effect"] = Estimate.from_dict(values["effect"])
        return cls(**read)

    def __repr__(self) -> str:
        return (
            f"DurationModel({self.model}, {self.effect.endpoint}: {len(self.coefficients)} "
            f"coefficients, log likelihood {self.loglik:.6g}, {self.n_exits} exits of {self.n})"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" + html_table(self.to_frame())
