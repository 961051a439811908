"""What the chapters of a report tell from: released results, words, and who is who."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobeval.disclosure.released import (
    ReleasedCheck,
    ReleasedCurve,
    ReleasedEstimate,
    ReleasedEvaluation,
)
from jobeval.figures import save_figure
from jobeval.plan.analyses import Analysis, EffectAnalysis, StateAnalysis
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.plan.exit_analyses import (
    CoxAnalysis,
    CurveAnalysis,
    ExitQuantilesAnalysis,
    ExitTakeUpAnalysis,
    LogRankAnalysis,
    MeanWeeksAnalysis,
)
from jobeval.reports.blocks import Block, FigureBlock
from jobeval.reports.telling import Telling
from jobeval.text import Words

PRIORITIES = ("primary", "secondary", "exploratory")
OF_EXITS = (
    CurveAnalysis,
    LogRankAnalysis,
    CoxAnalysis,
    MeanWeeksAnalysis,
    ExitQuantilesAnalysis,
    ExitTakeUpAnalysis,
)
"""What the chapter on exits tells."""
Pair = tuple[ReleasedCurve, ReleasedCurve]


@dataclass(frozen=True, slots=True, eq=False)
class Story(Telling):
    """One look's released results in one language."""

    results: ReleasedEvaluation
    words: Words

    @property
    def midterm(self) -> bool:
        return self.results.look == "midterm"

    @property
    def date(self) -> str:
        """The cut-off in words."""
        return self.words.numbers.date(self.results.cut_off)

    @property
    def labels(self) -> Mapping[str, str]:
        """Arm → its label, control first."""
        plan = self.results.plan
        return {arm.name: self.say_label(arm.label) for arm in (plan.control, plan.treatment)}

    @property
    def analyses(self) -> tuple[Analysis, ...]:
        """The analyses that are due at this look."""
        return self.results.plan.due_at(self.results.look)

    @property
    def priorities(self) -> Mapping[str, str]:
        """Endpoint → priority, primary ones first."""
        endpoints = self.results.plan.endpoints
        order = sorted(endpoints, key=lambda name: PRIORITIES.index(endpoints[name].priority))
        return {name: endpoints[name].priority for name in order}

    def endpoint(self, name: str) -> str:
        """An endpoint's label."""
        endpoint = self.results.plan.endpoints.get(name)
        return self.say_label(endpoint.label) if endpoint else self.words.label("endpoint", name)

    def window(self, name: str) -> tuple[int, int] | None:
        """The window of an endpoint at this look."""
        endpoint = self.results.plan.endpoints.get(name)
        if not isinstance(endpoint, WindowEndpoint):
            return None
        windows = endpoint.window_weeks
        return windows.get(self.results.look) if isinstance(windows, dict) else windows

    @property
    def common_weeks(self) -> int:
        """Weeks for which everyone is followed at this look; 0 where that is not known."""
        check = self.check("follow_up")
        weeks = check.number("common_weeks") if check is not None else 0.0
        return int(weeks) if weeks > 0 else 0

    @property
    def from_registers(self) -> bool:
        """Whether outcomes were made from registers; else they were delivered ready-made."""
        kinds = {endpoint.kind for endpoint in self.results.plan.endpoints.values()}
        return not kinds <= {"delivered_outcome", "delivered_exit"}

    @property
    def knows_starts(self) -> bool:
        """Whether it is known who started."""
        return "started" in self.results.flow.column("step")

    @property
    def is_adjusted(self) -> bool:
        """Whether some analysis adjusts for what was known before the lottery."""
        return any(getattr(analysis, "covariates", ()) for analysis in self.analyses)

    @property
    def has_exits(self) -> bool:
        """Whether the plan asks for exit curves, weeks or rates, which open a chapter."""
        return any(isinstance(analysis, OF_EXITS) for analysis in self.analyses)

    def in_common(self, curves: Iterable[ReleasedCurve]) -> list[ReleasedCurve]:
        """Weekly paths, at the midterm only as far as everyone is followed."""
        weeks = self.common_weeks if self.midterm else 0
        return [curve.until(weeks - 1) if weeks else curve for curve in curves]

    def check(self, name: str) -> ReleasedCheck | None:
        return self.results.checks.get(name)

    def effects_of(self, analysis: str) -> tuple[ReleasedEstimate, ...]:
        return self.results.effects.where(analysis=analysis)

    def main_analyses(self) -> list[EffectAnalysis]:
        """One analysis an endpoint, primary endpoints first: the lottery's own difference."""
        found: dict[str, EffectAnalysis] = {}
        for analysis in self.analyses:
            if isinstance(analysis, EffectAnalysis):
                known = found.get(analysis.endpoint)
                if known is None or (_is_adjusted(known) and not _is_adjusted(analysis)):
                    found[analysis.endpoint] = analysis
        return [found[name] for name in self.priorities if name in found]

    def main_effect(self, analysis: EffectAnalysis) -> ReleasedEstimate | None:
        """The effect for everyone."""
        everyone = [e for e in self.effects_of(analysis.name) if not e.subgroup and not e.part]
        return everyone[0] if everyone else None

    def primary_effects(self) -> list[ReleasedEstimate]:
        """Effects on the primary endpoints, or on the first endpoint where none is primary."""
        mains = [(a, self.main_effect(a)) for a in self.main_analyses()]
        known = [(a, effect) for a, effect in mains if effect is not None]
        primary = [e for a, e in known if self.priorities[a.endpoint] == "primary"]
        return primary or [effect for _, effect in known[:1]]

    def is_exploratory(self, analysis: EffectAnalysis) -> bool:
        return analysis.exploratory or self.priorities[analysis.endpoint] == "exploratory"

    def subgroup_effects(self, analysis: EffectAnalysis, column: str) -> list[ReleasedEstimate]:
        """The effects within the levels of one column."""
        return [
            e for e in self.effects_of(analysis.name)
            if e.subgroup.startswith(f"{column}=") and e.estimator != "empirical Bayes"
        ]  # fmt: skip

    def pair(self, *, subgroup: str = "", **values: object) -> Pair | None:
        """The curves of (control, treatment) with these values."""
        curves = {
            curve.arm: curve for curve in self.results.curves
            if curve.subgroup == subgroup
            and all(getattr(curve, name) == value for name, value in values.items())
        }  # fmt: skip
        control, treatment = self.labels
        if control not in curves or treatment not in curves:
            return None
        return curves[control], curves[treatment]

    def groups(self, column: str, **values: object) -> dict[str, Pair]:
        """The curves of (control, treatment) within each level of a column, by its name."""
        found = dict.fromkeys(
            curve.subgroup for curve in self.results.curves
            if curve.subgroup.startswith(f"{column}=")
            and all(getattr(curve, name) == value for name, value in values.items())
        )  # fmt: skip
        pairs = {name: self.pair(subgroup=name, **values) for name in found}
        return {self.words.subgroup(n): pair for n, pair in pairs.items() if pair is not None}

    def contrast(self, endpoint: str, measures: tuple[str, ...]) -> ReleasedCurve | None:
        """The weekly difference between the arms."""
        return next(
            (c for c in self.results.curves
             if c.endpoint == endpoint and c.measure in measures and " - " in c.arm
             and not c.subgroup),
            None,
        )  # fmt: skip

    def has_states(self) -> bool:
        return any(isinstance(analysis, StateAnalysis) for analysis in self.analyses)

    def figure(self, figure: Any, alt: str, caption: str, note: str = "") -> FigureBlock:
        """A figure as a block, with the source below."""
        key = "source.registers" if self.from_registers else "source.delivered"
        source = f"{self.say('cover.source')}: {self.say(key, date=self.date)}"
        svg = save_figure(figure).decode("utf-8")
        return FigureBlock(svg=svg, alt=alt, caption=caption, note=f"{note} {source}".strip())


def is_shown(pair: Pair) -> bool:
    """Whether both curves go somewhere, and no week of them is hidden."""
    return all(curve.times[-1] > 0 and not any(curve.suppressed) for curve in pair)


def _is_adjusted(analysis: EffectAnalysis) -> bool:
    return analysis.estimator in {"ancova", "lin"}


Blocks = list[Block]
