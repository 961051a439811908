"""What the chapters of a supplier report tell from: released tables, words, and who is who."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobeval.disclosure.monitoring import ReleasedMonitor
from jobeval.disclosure.released import Cell, ReleasedTable, Suppressed
from jobeval.figures import save_figure
from jobeval.reports.blocks import FigureBlock
from jobeval.reports.telling import Telling
from jobeval.text import Words

Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True, eq=False)
class MonitorStory(Telling):
    """One monitoring's released tables in one language."""

    results: ReleasedMonitor
    words: Words

    @property
    def date(self) -> str:
        """The last day that was seen, in words."""
        return self.words.numbers.date(self.results.as_of)

    @property
    def begins(self) -> str:
        """The first day of the monitoring, in words."""
        return self.words.numbers.date(self.results.plan.begins)

    @property
    def least(self) -> int:
        """The smallest count that is shown."""
        return self.results.policy.min_count

    @property
    def suppliers(self) -> Mapping[str, str]:
        """Supplier → what to call it, in the order of the plan."""
        return {one.name: self.say_label(one.label) for one in self.results.plan.suppliers}

    def table(self, name: str) -> ReleasedTable | None:
        """A released table that has rows; ``None`` where there is none."""
        found = self.results.tables.get(name)
        return found if found is not None and len(found) else None

    def rows(self, name: str, **values: Cell) -> list[dict[str, Cell]]:
        """The rows of a table whose cells have these values."""
        found = self.table(name)
        rows = [] if found is None else list(found.records())
        return [row for row in rows if all(row[key] == value for key, value in values.items())]

    def status(self, supplier: str, status: str) -> dict[str, Cell] | None:
        """The row of a status; ``None`` where the delivery does not tell it."""
        return next(iter(self.rows("status", supplier=supplier, status=status)), None)

    def count(self, cell: Cell) -> str:
        """A count in a sentence."""
        return self.words.numbers.integer(cell) if isinstance(cell, int) else self.hidden

    def share(self, cell: Cell, digits: int = 1) -> str:
        """A share in a sentence."""
        known = isinstance(cell, float)
        return self.words.numbers.percent(cell, digits) if known else self.hidden

    @property
    def hidden(self) -> str:
        return self.say("table.hidden")

    def interval(self, row: Row) -> str:
        """The interval of a share in whole percent: ``"13–24 pct."``."""
        low, high = row["conf_low"], row["conf_high"]
        if not (isinstance(low, float) and isinstance(high, float)):
            return self.hidden
        numbers = self.words.numbers
        ends = [numbers.decimal_number(100 * end, 0) for end in (low, high)]
        return "–".join(ends) + numbers.percent_sign

    def hours(self, hours: float) -> str:
        """Hours with as few decimals as they need."""
        return self.words.numbers.decimal_number(hours, 0 if hours == round(hours) else 1)

    def figure(self, figure: Any, alt: str, caption: str, note: str = "") -> FigureBlock:
        """A figure as a block, with the source below."""
        source = f"{self.say('cover.source')}: {self.say('monitor.source', date=self.date)}"
        svg = save_figure(figure).decode("utf-8")
        return FigureBlock(
            svg=svg, alt=alt, caption=caption, note=f"{note} {source}".strip(), stays=True
        )


def is_known(cell: Cell) -> bool:
    """Whether there is a number to show."""
    return isinstance(cell, int | float)


def has_hidden(rows: list[dict[str, Cell]]) -> bool:
    """Whether a cell of the rows is hidden."""
    return any(isinstance(cell, Suppressed) for row in rows for cell in row.values())
