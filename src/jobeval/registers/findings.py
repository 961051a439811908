"""What is wrong or odd with a delivery: all findings together, none with a person's value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.registers.rules import RULES, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that one table or column does not keep, and how often."""

    rule: str
    severity: Severity
    table: str
    column: str
    count: int
    sentence: str
    mend: str

    @property
    def place(self) -> str:
        """The table, and the column where there is one: ``"hours.month"``."""
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def problem(self) -> Problem:
        """The finding as a problem of an error message."""
        return Problem(self.place, f"{self.sentence} [{self.rule}]", self.mend)

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


class Findings:
    """Collects the findings of one delivery."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def add(
        self, rule: str, table: str, column: str = "", count: int = 1, **details: object
    ) -> None:
        """Note that ``rule`` was broken ``count`` times; nothing happens for 0."""
        if count:
            known = RULES[rule]
            sentence = known.sentence.format(count=count, **details)
            mend = known.mend.format(count=count, **details)
            found = Finding(rule, known.severity, table, column, count, sentence, mend)
            self._found.append(found)

    def refuses(self, table: str) -> bool:
        """Whether an error was found in this table."""
        return any(one.severity == "E" and one.table == table for one in self._found)

    def raise_errors(self) -> None:
        """Raise one ``DataError`` with every error, when there is any."""
        errors = [one.problem for one in self._found if one.severity == "E"]
        if errors:
            raise DataError("the delivery", errors)

    def warnings(self, acknowledged: Mapping[str, str]) -> tuple[Finding, ...]:
        """The warnings that the plan has not acknowledged."""
        found = (one for one in self._found if one.severity == "W")
        return tuple(one for one in found if one.rule not in acknowledged)


def check_acknowledged(acknowledged: Iterable[str], findings: Findings) -> None:
    """Only warnings can be acknowledged, and only by their names."""
    known = [rule.id for rule in RULES.values() if rule.severity == "W"]
    for name in acknowledged:
        if name not in known:
            hint = did_you_mean(name, known)
            findings.add("acknowledged-unknown", "plan", "acknowledged", name=name, hint=hint)
