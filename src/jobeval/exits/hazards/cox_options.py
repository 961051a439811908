"""How a Cox model is fitted."""

from dataclasses import dataclass
from typing import Literal, get_args

from jobeval.errors import require_one_of
from jobeval.exits.hazards.cox_arrange import Ties
from jobeval.exits.hazards.cox_fit import Penalty
from jobeval.inference.intervals import normal_quantile

IntervalBy = Literal["wald", "profile"]


@dataclass(frozen=True, slots=True)
class CoxOptions:
    """How a Cox model is fitted and what its errors are; ``None`` is decided by the data."""

    ties: Ties = "efron"
    robust: bool | None = None
    penalty: Penalty | None = None
    interval: IntervalBy | None = None
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        require_one_of("ties", self.ties, get_args(Ties))
        require_one_of("penalty", self.penalty, (None, *get_args(Penalty)))
        require_one_of("interval", self.interval, (None, *get_args(IntervalBy)))
        normal_quantile(self.conf_level)
        if self.penalty and self.ties == "exact":
            raise ValueError('penalty="firth" is for ties="efron" or "breslow"')

    @property
    def by_profile(self) -> bool:
        """Whether the interval is that of the profile likelihood: Firth's, unless told."""
        return (self.interval or ("profile" if self.penalty else "wald")) == "profile"

    @property
    def of_likelihood(self) -> str:
        """The option that needs the likelihood's own errors, if any."""
        if self.ties == "exact":
            return 'ties="exact"'
        if self.penalty:
            return f'penalty="{self.penalty}"'
        return 'interval="profile"' if self.by_profile else ""

    @property
    def model(self) -> str:
        """Such as ``"Cox (Efron)"``."""
        penalty = ", Firth" if self.penalty else ""
        return f"Cox ({self.ties.capitalize()}{penalty})"
