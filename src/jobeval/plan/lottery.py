"""How the lottery drew, as names of columns of a data frame."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lottery:
    """Names the columns of a frame in which the lottery stands.

    Parameters
    ----------
    arm
        Column of the drawn arm.
    treatment, control
        The two values of ``arm`` to be compared. Rows of other arms are left out.
    strata
        Column, or columns, within which was drawn separately; ``None`` for one lottery.
    clusters
        Column of what was drawn together; ``None`` when persons were drawn.
    probability
        Probability of ``treatment``: one number, or a column when it differs between persons.

    Examples
    --------
    >>> Lottery(arm="group", treatment="jobfirst", control="ordinary", strata="site").strata
    ('site',)
    """

    arm: str
    treatment: object
    control: object
    strata: tuple[str, ...] = ()
    clusters: str | None = None
    probability: float | str | None = None

    def __init__(
        self,
        *,
        arm: str,
        treatment: object,
        control: object,
        strata: str | Sequence[str] | None = None,
        clusters: str | None = None,
        probability: float | str | None = None,
    ) -> None:
        if treatment == control:
            raise ValueError(f"treatment and control are both {treatment!r}: name two arms")
        if isinstance(probability, int | float) and not 0 < probability < 1:
            raise ValueError(f"probability must lie between 0 and 1, not {probability!r}")
        names = (strata,) if isinstance(strata, str) else tuple(strata or ())
        for name, value in {
            "arm": arm,
            "treatment": treatment,
            "control": control,
            "strata": names,
            "clusters": clusters,
            "probability": probability,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def contrast(self) -> str:
        """``"treatment - control"`` in the words of the arm column."""
        return f"{self.treatment} - {self.control}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the lottery needs, each once."""
        probability = (self.probability,) if isinstance(self.probability, str) else ()
        clusters = (self.clusters,) if self.clusters else ()
        return tuple(dict.fromkeys((self.arm, *self.strata, *clusters, *probability)))
