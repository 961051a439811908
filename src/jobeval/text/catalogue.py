"""The words of a report: one file a language, the same keys in each."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal, cast

from jobeval.schemas.industries import SECTIONS
from jobeval.text.numbers import NBSP, NumberFormat

Language = Literal["da", "en"]
INTERACTION = "interaction with "
LANGUAGES: tuple[Language, ...] = ("da", "en")
SEPARATORS = {"da": (",", ".", f";{NBSP}"), "en": (".", ",", f",{NBSP}")}
WEIGHTED = re.compile(r"^(stratified )?log-rank, weights \(([\d.]+), ([\d.]+)\)$")
COVARIATE = re.compile(r"^(.*?)(?:\[(.*)\]|\s*[:=]\s*(.*?))?(\s*\(unknown\))?$")
BASELINE = re.compile(r"^(hours_per_week|any_hours|weeks)(?:_(.+?))?_(\d+)$")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """All texts of one language, by dotted key."""

    language: Language
    texts: Mapping[str, str]
    numbers: NumberFormat

    def say(self, key: str, **values: object) -> str:
        """The text of ``key`` with its placeholders filled; ``KeyError`` when it is unknown.

        A sentence that ends with an abbreviation has one full stop.
        """
        return self.texts[key].format(**values).replace("pct..", "pct.")

    def with_units(self, units: Mapping[str, str]) -> Words:
        """The same words, and names of units that a plan declares."""
        known = {f"unit.{unit}": name for unit, name in units.items()}
        return replace(self, texts={**self.texts, **known})

    def has(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in self.texts

    def label(self, group: str, name: str) -> str:
        """A name of the data in words, or made readable when the catalogue lacks it."""
        return self.texts.get(f"{group}.{name}", _readable(name))

    def test(self, name: str) -> str:
        """A test in words: ``"log-rank"``, ``"log-rank, weights (0, 1)"``."""
        if found := WEIGHTED.match(name):
            rho, gamma = (self._short(float(power)) for power in found.groups()[1:])
            key = "test.stratified_weighted" if found[1] else "test.weighted"
            return self.say(key, rho=rho, gamma=gamma)
        base, _, column = name.partition(INTERACTION)
        if base or not column:
            return self.label("test", name)
        return self.say("test.interaction", column=self.label("covariate", column))

    def _short(self, value: float) -> str:
        return self.numbers.decimal_number(value, 0 if value == round(value) else 1)

    def state(self, name: str) -> str:
        """A state or destination in words."""
        return self.label("state", name)

    def industry(self, name: str) -> str:
        """A section of DB07 by its letter, or an industry that the data name themselves."""
        section = next((one for one in SECTIONS if one.letter == name), None)
        if section is None:
            return self.texts.get(f"industry.{name}", name)
        return section.da if self.language == "da" else section.en

    def subgroup(self, subgroup: str) -> str:
        """``"benefit_type=kontanthjaelp"`` in words: the level alone."""
        column, _, level = subgroup.partition("=")
        return self.texts.get(f"level.{column}.{level}", self.level(level))

    def level(self, name: str) -> str:
        """A level of the data in words, or with spaces for underscores."""
        return self.texts.get(f"level.{name}", name.replace("_", " "))

    def covariate(self, name: str) -> str:
        """A baseline covariate in words: ``age``, ``sex[kvinde]``, ``weeks_kontanthjaelp_52``.

        Levels stand in brackets or after a colon; ``(unknown)`` marks an indicator.
        """
        base, in_brackets, after_colon, unknown = cast(Any, COVARIATE.match(name)).groups()
        match = BASELINE.match(base)
        if match:
            kind, group, weeks = match.groups()
            what = self.state_group(group) if group else ""
            text = self.say(f"baseline.{kind}", what=what, weeks=weeks)
        else:
            text = self.label("covariate", base)
        level = in_brackets or after_colon
        if level:
            text += f": {self.level(level)}"
        return f"{text} ({self.say('baseline.unknown')})" if unknown else text

    def state_group(self, name: str) -> str:
        """A group of benefits in words, as it stands within a sentence."""
        return self.texts.get(f"benefit.{name}", _readable(name).lower())

    def period(self, name: str) -> str:
        """A calendar period in words: ``"2016-Q2"``, ``"2016-H1"``, ``"2016-03"``."""
        year, _, part = name.partition("-")
        key = {"Q": "date.quarter", "H": "date.half_year"}.get(part[:1])
        return self.say(key, part=part[1:], year=year) if key else self.numbers.month(name)

    def scenario(self, name: str) -> str:
        """What follows the data, as it stands at the head of a row."""
        text = self.say(f"scenario.{name}")
        return text[:1].upper() + text[1:]

    def join(self, items: list[str]) -> str:
        """``"a, b and c"``."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.say('list.and')} {items[-1]}"

    def quantity(self, value: float, unit: str, digits: int) -> str:
        """A level with its unit: ``"20,1 pct."``, ``"1,65 timer pr. uge"``."""
        if unit == "share":
            return self.numbers.percent(value, digits)
        return self._with_unit(self.numbers.decimal_number(value, digits), unit)

    def difference(self, value: float, unit: str, digits: int) -> str:
        """A difference with its unit: ``"8,1 procentpoint"``, ``"0,54 timer pr. uge"``."""
        if unit == "share":
            return f"{self.numbers.decimal_number(100 * value, digits)}{NBSP}{self.numbers.points}"
        return self._with_unit(self.numbers.decimal_number(value, digits), unit)

    def interval(self, low: float, high: float, digits: int, scale: float = 1.0) -> str:
        """``"[1,21; 1,56]"``; an end that is infinite is told in words."""
        low_end, high_end = (
            self.numbers.decimal_number(scale * bound, digits) for bound in (low, high)
        )
        if math.isinf(low) and math.isinf(high):
            return self.say("interval.unbounded")
        if math.isinf(low) and not math.isnan(high):
            return self.say("interval.at_most", bound=high_end)
        if math.isinf(high) and not math.isnan(low):
            return self.say("interval.at_least", bound=low_end)
        return self.numbers.interval(low, high, digits, scale)

    def unit(self, unit: str) -> str:
        """A unit in words, or as it is when the catalogue lacks it."""
        return self.texts.get(f"unit.{unit}", unit)

    def _with_unit(self, number: str, unit: str) -> str:
        return f"{number}{NBSP}{self.unit(unit)}".strip(f" {NBSP}")


def _readable(name: str) -> str:
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


@cache
def read_words(language: Language) -> Words:
    """Read the catalogue of a language.

    >>> read_words("da").difference(0.081, "share", 1), read_words("en").state("employment")
    ('8,1\\xa0procentpoint', 'Ordinary job')
    """
    source = files("jobeval.text").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    texts = dict(_flat("", tomllib.loads(source)))
    decimal, thousands, between = SEPARATORS[language]
    numbers = NumberFormat(
        decimal=decimal,
        thousands=thousands,
        between=between,
        percent_sign=f"{NBSP}pct." if language == "da" else "%",
        points=texts["unit.points"],
        months=tuple(texts["date.months"].split()),
    )
    return Words(language, texts, numbers)


def _flat(prefix: str, table: Mapping[str, object]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            pairs += _flat(f"{name}.", cast(Mapping[str, object], value))
        else:
            pairs.append((name, str(value).strip()))
    return pairs


def placeholders(text: str) -> set[str]:
    """The names that a text leaves open.

    >>> sorted(placeholders("{a} of {b}"))
    ['a', 'b']
    """
    return {name for _, name, _, _ in Formatter().parse(text) if name}
