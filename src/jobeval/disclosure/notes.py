"""Notes on their way through the gate: wording passes, numbers do not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jobeval.disclosure.rules import is_small, round_count
from jobeval.disclosure.wordings import ENDINGS, UNSAID, WORDINGS

_NUMBER = re.compile(r"\d{4}-\d\d-\d\d|p < 0\.\d+|(?<!\w)\d+(?:,\d{3})*(?:\.\d+)?")


def release_wordings(notes: Iterable[str]) -> tuple[str, ...]:
    """Notes of an estimate without counts or statistics; unknown ones are left out.

    >>> release_wordings(["outcome missing and left out: 15 of 408 in the treatment arm", "3 t"])
    ('persons without the outcome are left out',)
    """
    return tuple(dict.fromkeys(wording for note in notes for wording in _wordings(note)))


def is_known(note: str) -> bool:
    """Whether a note has a wording or is kept inside knowingly."""
    return bool(_wordings(note)) or any(_begins(note, start) for start in UNSAID)


def _wordings(note: str) -> list[str]:
    """The wording of the longest beginning that fits, and that of the ending."""
    begins = max((start for start in WORDINGS if _begins(note, start)), key=len, default=None)
    ends = [wording for end, wording in ENDINGS.items() if note.endswith(end)]
    return ends if begins is None else [WORDINGS[begins], *ends]


def _begins(note: str, start: str) -> bool:
    first, *later = start.split("…")
    return note.startswith(first) and all(part in note[len(first) :] for part in later)


def round_numbers(text: str, least: int, base: int) -> str:
    """A note on the data with its counts rounded, the small ones hidden.

    Percentages are treated alike, since they may be of few; thresholds (``p < 0.001``) and
    dates stay.

    >>> round_numbers("1,204 rows, 3-4 late (week 2); 3. 6.1% of 38", 5, 5)
    '1205 rows, fewer than 5-fewer than 5 late (week fewer than 5); fewer than 5. 5% of 40'
    """

    def rounded(found: re.Match[str]) -> str:
        token = found.group()
        if token.startswith("p") or "-" in token:
            return token
        value = float(token.replace(",", ""))
        return f"fewer than {least}" if is_small(value, least) else str(round_count(value, base))

    return _NUMBER.sub(rounded, text)
