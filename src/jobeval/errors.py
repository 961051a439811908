"""The exceptions of jobeval. Every message names the place, the rule and the mend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class JobevalError(Exception):
    """Base of everything that jobeval raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: where, what, and how to mend it.

    A value that belongs to a person never stands in any of the three.
    """

    place: str
    rule: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}" + (f" Mend: {self.mend}" if self.mend else "")


class ProblemsError(JobevalError):
    """Several problems of one input, reported together.

    Parameters
    ----------
    what
        The thing that was read, such as ``"trial.toml"``.
    problems
        All findings, in the order in which they were met.
    """

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.what = what
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = len(self.problems)
        lines = [f"{what}: {count} problem{'s' if count != 1 else ''}"]
        super().__init__("\n".join(lines + [f"  - {problem}" for problem in self.problems]))


class PlanError(ProblemsError):
    """The plan (``trial.toml``) is not one that can be carried out."""


class DataError(ProblemsError):
    """A delivery or a data frame cannot be analysed as it is."""


class DesignError(JobevalError):
    """The lottery and the data do not allow the estimator that was asked for."""


class DisclosureError(JobevalError):
    """Something that has not passed the disclosure gate was about to leave."""


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ``'did you mean "x"?'`` for the closest known word, else the words themselves.

    >>> did_you_mean("treatmnt", ["control", "treatment"])
    'did you mean "treatment"?'
    >>> did_you_mean("zzz", ["control", "treatment"])
    'known: "control", "treatment"'
    """
    close = get_close_matches(word, known, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
    return "known: " + ", ".join(f'"{name}"' for name in known) if known else ""


def require_one_of(name: str, value: object, known: Sequence[object]) -> None:
    """Raise ``ValueError`` for an option that is not one of those known, such as ``None``."""
    if value not in known:
        hint = did_you_mean(str(value), [str(one) for one in known if one is not None])
        raise ValueError(f"{name} {value!r} is unknown; {hint}")
