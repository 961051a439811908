"""A small table of formatted text that knows how to be HTML, Typst and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of formatted text. The first column heads its row.

    Parameters
    ----------
    align
        One letter a column: ``"l"`` or ``"r"``.
    strong
        Positions of rows to be set in bold.
    groups
        Headings within the table: the position of the first row below, and the text.

    Examples
    --------
    >>> table = Table(caption="Sizes", header=("Arm", "Persons"), rows=(("a & b", "1,200"),),
    ...     align="lr")
    >>> print(table.to_csv(), end="")
    Arm,Persons
    a & b,"1,200"
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    note: str = ""
    strong: tuple[int, ...] = ()
    groups: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        widths = {len(self.header), len(self.align), *(len(row) for row in self.rows)}
        if len(widths) != 1:
            raise ValueError(f"table {self.caption!r} has rows of different lengths")

    def to_html(self, label: str = "") -> str:
        """An accessible table: caption, and ``scope`` on every header."""
        head = "".join(
            f'<th scope="col" class="{side}">{escape(name)}</th>'
            for name, side in zip(self.header, self.align, strict=True)
        )
        body = "</tbody><tbody>".join(self._html_part(h, part) for h, part in self.parts())
        number = f'<span class="number">{escape(label)}</span> ' if label else ""
        return (
            f"<table><caption>{number}{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def parts(self) -> list[tuple[str | None, range]]:
        """The heading of each group, ``None`` for rows of no group, and its rows."""
        if not self.groups:
            return [(None, range(len(self.rows)))]
        starts = [position for position, _ in self.groups]
        stops = [*starts[1:], len(self.rows)]
        first: list[tuple[str | None, range]] = [(None, range(starts[0]))] if starts[0] else []
        named = zip(self.groups, stops, strict=True)
        return [*first, *((text, range(start, stop)) for (start, text), stop in named)]

    def _html_part(self, heading: str | None, part: range) -> str:
        rows = "".join(self._html_row(i, self.rows[i]) for i in part)
        if heading is None:
            return rows
        span = f'<th scope="rowgroup" class="l" colspan="{len(self.header)}">'
        return f'<tr class="group">{span}{escape(heading)}</th></tr>{rows}'

    def _html_row(self, position: int, row: tuple[str, ...]) -> str:
        first = f'<th scope="row" class="{self.align[0]}">{escape(row[0])}</th>'
        rest = "".join(
            f'<td class="{side}">{escape(cell)}</td>'
            for cell, side in zip(row[1:], self.align[1:], strict=True)
        )
        mark = ' class="strong"' if position in self.strong else ""
        return f"<tr{mark}>{first}{rest}</tr>"

    def to_typst(self) -> str:
        """A Typst ``table``; every text is a quoted string, so nothing in it is markup."""
        sides = ", ".join("left" if side == "l" else "right" for side in self.align)
        head = ", ".join(f"[#{_quoted(name)}]" for name in self.header)
        body = "".join(self._typst_part(heading, part) for heading, part in self.parts())
        shape = f"columns: {len(self.header)}, align: ({sides},)"
        return f"#table({shape},\n  table.header({head}),\n{body})"

    def _typst_part(self, heading: str | None, part: range) -> str:
        rows = "".join(f"  {', '.join(f'[#{_quoted(c)}]' for c in self.rows[i])},\n" for i in part)
        span = f"  table.cell(colspan: {len(self.header)})[#{_quoted(heading or '')}],\n"
        return rows if heading is None else span + rows

    def to_csv(self) -> str:
        """Comma-separated, the headings of groups before the names of their rows.

        A text that a spreadsheet would take for a formula is quoted off.
        """
        rows = [
            (first if heading is None else f"{heading}: {first}", *rest)
            for heading, part in self.parts()
            for first, *rest in (self.rows[i] for i in part)
        ]
        return csv_text([self.header, *rows])

    def to_dict(self) -> dict[str, Any]:
        """All parts as JSON values."""
        return {
            "caption": self.caption,
            "header": list(self.header),
            "rows": [list(row) for row in self.rows],
            "align": self.align,
            "note": self.note,
            "strong": list(self.strong),
            "groups": [list(group) for group in self.groups],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Table:
        """The inverse of ``to_dict``."""
        return cls(
            caption=values["caption"],
            header=tuple(values["header"]),
            rows=tuple(tuple(row) for row in values["rows"]),
            align=values["align"],
            note=values["note"],
            strong=tuple(values["strong"]),
            groups=tuple((position, text) for position, text in values["groups"]),
        )

    def _repr_html_(self) -> str:
        return self.to_html()


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as comma-separated text, in which no text is a formula to a spreadsheet.

    >>> csv_text([("supplier", "count"), ("=1+1", "-5")])
    "supplier,count\\n'=1+1,-5\\n"
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_no_formula(cell) for cell in row] for row in rows)
    return out.getvalue()


def group_rows(names: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """The groups of rows that follow each other under the same name.

    >>> group_rows(["a", "a", "b"])
    ((0, 'a'), (2, 'b'))
    """
    starts = [i for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
    return tuple((i, names[i]) for i in starts)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _no_formula(cell: str) -> str:
    number = cell[1:].replace(".", "").replace(",", "").isdigit()
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and not number else cell
