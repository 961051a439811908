"""How a Cox model is fitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from jobeval.errors import did_you_mean
from jobeval.exits.hazards.cox_arrange import Ties
from jobeval.exits.hazards.cox_fit import Penalty

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
        if not 0 < self.conf_level < 1:
            raise ValueError(f"conf_level must lie between 0 and 1, not {self.conf_level!r}")
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


def require_one_of(name: str, value: object, known: Sequence[object]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of the known ones."""
    if value not in known:
        hint = did_you_mean(str(value), [str(one) for one in known if one is not None])
        raise ValueError(f"{name} does not know {value!r}: {hint}")
