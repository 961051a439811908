"""The log of a release while it is being written."""

from collections import Counter

from jobeval.disclosure.released import Suppression, gate_token


class Ledger:
    """Counts treated cells by object and rule; holds no values."""

    def __init__(self) -> None:
        self._cells: Counter[tuple[str, str]] = Counter()

    def note(self, what: str, rule: str, cells: int = 1) -> None:
        """Add cells to the entry of this object and rule."""
        if cells:
            self._cells[what, rule] += cells

    def entries(self) -> tuple[Suppression, ...]:
        """The log in the order in which it was written."""
        return tuple(
            Suppression(token=gate_token(), what=what, rule=rule, cells=cells)
            for (what, rule), cells in self._cells.items()
        )
