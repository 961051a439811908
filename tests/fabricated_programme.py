"""Checks on what was done, made up from formulas: indicators, fidelity, places side by side.

Nothing here is estimated from persons, but counts are whole and intervals are Wilson's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from jobeval.results import CheckResult

Z = 1.96
ARMS = ("participants", "treatment", "control")
COHORTS = ("2016-Q2", "2016-Q3", "2016-Q4", "2017-Q1")
INDICATORS = {
    "tried_company": (0.64, 0.18), "placement": (0.72, 0.09), "hours_in_course": (0.12, 0.08),
    "hours_after_placement": (0.16, 0.1), "placement_ended_early": (0.3, 0.4),
    "adjusted": (0.41, 0.05), "long_gap": (0.22, 0.61),
}  # fmt: skip
"""Indicator → the share of participants and of the control group."""
EVENTS = {"days_to_contact": 12, "days_to_company": 31, "days_to_placement": 60,
          "days_to_paid_hour": math.nan}  # fmt: skip
ELEMENTS = ("clear_roles", "job_goal", "try_companies", "try_and_adjust", "agreement", "retention",
            "ordinary_hours", "job_plan", "kick_start")  # fmt: skip
INDUSTRIES = {"retail": 190, "logistics": 120, "cleaning": 88, "hotels": 61, "care": 40,
              "cars": 3, "green": 1}  # fmt: skip
STATUSES = {"employment": 61, "benefit_with_hours": 82, "benefit": 400, "education": 18,
            "flexjob": 12, "disability_pension": 2, "self_supporting": 21}  # fmt: skip
THRESHOLD = 0.6


def wilson(count: float, of: float) -> tuple[float, float]:
    if of == 0:
        return math.nan, math.nan
    share = count / of
    centre, half = (
        share + Z**2 / (2 * of),
        Z * math.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2)),
    )
    return (centre - half) / (1 + Z**2 / of), (centre + half) / (1 + Z**2 / of)


def share_row(count: int, of: int) -> dict[str, float]:
    low, high = wilson(count, of)
    return {"count": count, "of": of, "share": count / of if of else math.nan,
            "conf_low": low, "conf_high": high}  # fmt: skip


def check(name: str, rows: list[dict], **values: float) -> CheckResult:
    return CheckResult(name=name, passed=None, sentence="", values=values, table=pd.DataFrame(rows))


class Maker:
    """Checks of so many sites; the first has 77 participants and the planted indicators."""

    def __init__(self, sites: Sequence[str], elements: Sequence[str] = ELEMENTS) -> None:
        self.sites = dict(zip(sites, self._sizes(len(sites)), strict=True))
        self.elements = elements

    @staticmethod
    def _sizes(n: int) -> list[int]:
        return [77, *(40 + 11 * (i % 6) for i in range(1, n))]

    def levels(self, drawn: bool = False) -> Iterator[tuple[str, str, int, float]]:
        """Group, level, persons, and how far its shares lie from the average."""
        more = 1.2 if drawn else 1.0
        yield "all", "", round(more * sum(self.sites.values())), 0.0
        for i, (site, n) in enumerate(self.sites.items()):
            yield "site", site, round(more * n), 0.12 * math.sin(2.1 * i + 0.6)
        for i, cohort in enumerate(COHORTS):
            yield "cohort", cohort, round(more * sum(self.sites.values()) / 4), 0.02 * (i - 1.5)

    def programme(self) -> dict[str, CheckResult]:
        found = [self.indicators(), self.waiting(), self.ramp(), self.gaps(), self.contacts(),
                 self.industries(), self.status(), self.fidelity(), self.scores(), self.trend(),
                 self.registration(), self.places(), self.funnel()]  # fmt: skip
        return {item.name: item for item in found}

    def indicators(self) -> CheckResult:
        planted = {"tried_company": 63, "hours_in_course": 21, "hours_after_placement": 31}
        rows = []
        for indicator, (own, other) in INDICATORS.items():
            for population in ARMS:
                for group, level, n, shift in self.levels(population == "treatment"):
                    share = (
                        other
                        if population == "control"
                        else own * (0.9, 1.0)[population == ARMS[0]]
                    )
                    count = round(n * min(0.97, max(0.0, share + shift * share)))
                    if population == ARMS[0] and level == next(iter(self.sites)):
                        count = planted.get(indicator, count)
                    rows.append({"indicator": indicator, "population": population, "group": group,
                                 "level": level, **share_row(count, n)})  # fmt: skip
        return check("indicators", rows)

    def waiting(self) -> CheckResult:
        rows = []
        for event, days in EVENTS.items():
            for population in ARMS:
                late = 2.5 if population == "control" else 1.0
                for group, level, n, shift in self.levels():
                    reached = round(n * (0.17 if math.isnan(days) else 0.8 / late + shift / 3))
                    median = days * late * (1 + shift)
                    rows.append({"indicator": event, "population": population, "group": group,
                                 "level": level, "of": n, "reached": reached,
                                 "median_days": median, "conf_low": 0.8 * median,
                                 "conf_high": 1.3 * median})  # fmt: skip
        return check("waiting", rows)

    def ramp(self) -> CheckResult:
        rows = [
            {"population": population, "week": week, "persons": persons,
             "mean_hours": mean, "conf_low": 0.8 * mean, "conf_high": 1.2 * mean}
            for population, start, top in (("participants", 170, 14), ("control", 120, 11))
            for week in range(53)
            if (persons := start - 3 * week) > 0
            for mean in [4 + top * (1 - math.exp(-week / 12))]
        ]  # fmt: skip
        return check("hours_ramp", rows)

    def gaps(self) -> CheckResult:
        rows = []
        for population, base in zip(ARMS, (0.24, 0.29, 0.66), strict=True):
            for group, level, n, shift in self.levels():
                share = base + shift / 2
                rows.append({"population": population, "group": group, "level": level,
                             "persons": n, "share_of_time": share, "conf_low": share - 0.05,
                             "conf_high": share + 0.05, "gaps": round(1.3 * n),
                             "mean_weeks": 24 * base + 10 * shift})  # fmt: skip
        return check("gaps", rows)

    def contacts(self) -> CheckResult:
        rows = []
        for population, base in zip(ARMS, (3.1, 2.8, 1.9), strict=True):
            for group, level, n, shift in self.levels():
                rate = base + 2 * shift
                rows.append({"population": population, "group": group, "level": level,
                             "persons": n, "contacts": round(rate * n * 3), "per_13_weeks": rate,
                             "conf_low": rate - 0.2, "conf_high": rate + 0.2})  # fmt: skip
        return check("contacts", rows)

    def industries(self) -> CheckResult:
        rows = [
            {"kind": kind, "population": population, "industry": industry,
             "persons": round(n * scale), "of": round(620 * scale)}
            for kind, scale in (("placement", 1.0), ("job", 0.3))
            for population in ("participants", "control")
            for industry, n in INDUSTRIES.items()
        ]  # fmt: skip
        return check("industries", rows)

    def status(self) -> CheckResult:
        of = sum(STATUSES.values())
        rows = [
            {"population": population, "status": status, **share_row(n, of)}
            for population in ("participants", "control")
            for status, n in STATUSES.items()
        ]
        return check("placement_status", rows)

    def _element_share(self, i: int, population: str, shift: float) -> float:
        own = 0.88 - 0.07 * i
        return min(0.97, max(0.02, (own if population == "participants" else 0.11) + shift))

    def _fidelity_rows(self, population: str) -> Iterator[dict]:
        sites = [(site, n, 0.12 * math.sin(2.1 * i + 0.6)) for i, (site, n) in
                 enumerate(self.sites.items())]  # fmt: skip
        for site, n, shift in [("", sum(self.sites.values()), 0.0), *sites]:
            for i, element in enumerate(self.elements):
                row = share_row(round(n * self._element_share(i, population, shift)), n)
                verdict = ("above" if row["conf_low"] > THRESHOLD else
                           "below" if row["conf_high"] < THRESHOLD else "uncertain")  # fmt: skip
                yield {"population": population, "site": site, "element": element, **row,
                       "threshold": THRESHOLD, "verdict": verdict}  # fmt: skip

    def fidelity(self) -> CheckResult:
        rows = [row for p in ("participants", "control") for row in self._fidelity_rows(p)]
        return check("fidelity", rows)

    def scores(self) -> CheckResult:
        rows = []
        for population, base in (("participants", 0.61), ("control", 0.12)):
            sizes = {"": sum(self.sites.values()), **self.sites}
            for i, (site, n) in enumerate(sizes.items()):
                score = base + (0.08 * math.sin(2.1 * i - 1.5) if site else 0)
                rows.append({"population": population, "site": site, "persons": n, "score": score,
                             "conf_low": score - 0.04, "conf_high": score + 0.04})  # fmt: skip
        return check("fidelity_scores", rows)

    def trend(self) -> CheckResult:
        n = sum(self.sites.values()) // len(COHORTS)
        rows = [
            {"population": population, "cohort": cohort, "element": element,
             **share_row(round(n * self._element_share(max(i - 1, 0), population, 0.03 * q)), n)}
            for population in ("participants", "control")
            for q, cohort in enumerate(COHORTS)
            for i, element in enumerate(("", *self.elements))
        ]  # fmt: skip
        return check("fidelity_trend", rows)

    def registration(self) -> CheckResult:
        rows = []
        for population, base in (("participants", 0.9), ("control", 0.7)):
            for site, n in {"": sum(self.sites.values()), **self.sites}.items():
                row = share_row(round(base * n), n)
                rows.append({"population": population, "site": site, "persons": n,
                             "with_any": row["count"], "share": row["share"],
                             "conf_low": row["conf_low"], "conf_high": row["conf_high"],
                             "spells": 4 * n, "with_company": round(0.85 * 4 * n),
                             "share_company": 0.85})  # fmt: skip
        return check("registration", rows)

    def places(self) -> CheckResult:
        counts = {site: 21 if i == 0 else round(n * (0.11 + 0.04 * math.sin(i)))
                  for i, (site, n) in enumerate(self.sites.items())}  # fmt: skip
        total = sum(self.sites.values())
        rows = []
        for site, n in self.sites.items():
            own, others = counts[site] / n, (sum(counts.values()) - counts[site]) / (total - n)
            half = Z * math.sqrt(own * (1 - own) / n)
            gap = own - others
            verdict = "above" if gap > half else "below" if gap < -half else "uncertain"
            rows.append({"site": site, "n": n, "observed": own, "expected": 0.12, "others": others,
                         "difference": gap, "conf_low": gap - half, "conf_high": gap + half,
                         "shrunken": gap / 2, "shrunken_low": gap / 2 - 0.06,
                         "shrunken_high": gap / 2 + 0.06, "verdict": verdict,
                         "verdict_adjusted": verdict if gap > 0.1 else "uncertain",
                         "n_apart": min(counts[site], n - counts[site])})  # fmt: skip
        return check("places hours_in_course_places", rows, average=sum(counts.values()) / total,
                     overdispersion=1.62, tau=0.031, n_sites=len(rows), share=1.0,
                     by_chance=0.05 * len(rows))  # fmt: skip

    def funnel(self) -> CheckResult:
        sizes = np.arange(20, 151, 5)
        error = np.sqrt(0.12 * 0.88 / sizes)
        rows = [
            {"n": int(n), "low95": max(0.0, 0.12 - Z * e), "high95": 0.12 + Z * e,
             "low998": max(0.0, 0.12 - 3.09 * e), "high998": 0.12 + 3.09 * e}
            for n, e in zip(sizes, error, strict=True)
        ]  # fmt: skip
        return check("funnel hours_in_course_places", rows, average=0.12)


def fabricate_programme(
    sites: Sequence[str], elements: Sequence[str] = ELEMENTS
) -> dict[str, CheckResult]:
    """Every check on what was done; the first site has the planted indicators."""
    return Maker(sites, elements).programme()
