"""How small a group may be before it is hidden, and how finely numbers are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a release. The default is the profile ``"dst"``.

    Parameters
    ----------
    profile
        Name of the rules, printed in the report.
    min_count
        Smallest group of persons that may be seen (persons a cell). Also the number of
        events that each step of a published exit curve holds, and the grid, in persons, on
        which shares of an arm are given.
    round_counts_to
        Counts are given to the nearest multiple of this.
    significant_digits
        Digits of statistics (tests, ratios).

    Examples
    --------
    >>> Policy().min_at_risk
    10
    >>> Policy(min_count=3)
    Traceback (most recent call last):
    ...
    ValueError: min_count = 3: the rules can only be tightened, 5 is the least
    """

    profile: str = "dst"
    min_count: int = 5
    round_counts_to: int = 5
    significant_digits: int = 4

    def __post_init__(self) -> None:
        for name in ("min_count", "round_counts_to"):
            value = getattr(self, name)
            if value < 5:
                raise ValueError(
                    f"{name} = {value}: the rules can only be tightened, 5 is the least"
                )
        if not 1 <= self.significant_digits <= 4:
            raise ValueError("significant_digits must lie between 1 and 4")

    @property
    def min_at_risk(self) -> int:
        """Curves stop where fewer persons than this are at risk: ``max(10, 2 × min_count)``."""
        return max(10, 2 * self.min_count)
