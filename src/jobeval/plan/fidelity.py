"""Fidelity: the core elements of the method, and the rules that tell whether a person got them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from jobeval.plan.parts import ACTIVITY_KINDS, Label, Name, PlanPart, Weeks
from jobeval.plan.programme import Kinds

if TYPE_CHECKING:
    from jobeval.plan.model import TrialPlan

FIDELITY_INDEX = "fidelity_index"
"""The name under which a fidelity analysis asks for the computed score of each site."""

PositiveWeeks = Annotated[int, Field(ge=1, le=1040)]
Count = Annotated[int, Field(ge=1, le=1000)]


class _Windowed(PlanPart):
    """A rule on the weeks ``[from, to)`` since the start.

    Weeks count from the week of the start for participants, and from the week of the lottery
    for the control group. A person is judged who is followed to the end of the window.
    """

    window_weeks: Annotated[tuple[Weeks, Weeks], Field(strict=False)]
    """``[from, to)`` in weeks since the start (control group: since the lottery)."""

    @property
    def reads_hours(self) -> bool:
        """Whether the rule needs ordinary hours beside the activities."""
        return False

    @model_validator(mode="after")
    def _not_empty(self) -> _Windowed:
        start, stop = self.window_weeks
        if start >= stop:
            raise ValueError(f"window_weeks [{start}, {stop}) is empty; write the lower week first")
        return self

    def _require_room(self, key: str, weeks: int) -> None:
        start, stop = self.window_weeks
        if weeks > stop - start:
            raise ValueError(
                f'"{key}" = {weeks} is longer than window_weeks [{start}, {stop}); '
                f"write {stop - start} at most, or a longer window"
            )


class ActivityRule(_Windowed):
    """At least ``min_count`` activities of these kinds begin in the window."""

    kind: Literal["activity"]
    kinds: Kinds
    min_count: Count = 1


class DifferentCompaniesRule(_Windowed):
    """Activities that begin in the window are in at least ``min_count`` different companies.

    Whether an activity without a company is in one more is unknown; a person for whom that
    decides is not judged.
    """

    kind: Literal["different_companies"]
    kinds: Kinds
    min_count: Count = 2


class LengthRule(_Windowed):
    """At least ``min_weeks`` weeks in a row of the window hold an activity of these kinds."""

    kind: Literal["length"]
    kinds: Kinds
    min_weeks: PositiveWeeks

    @model_validator(mode="after")
    def _fits(self) -> LengthRule:
        self._require_room("min_weeks", self.min_weeks)
        return self


class SupportRule(_Windowed):
    """At least ``min_weeks`` weeks of the window hold both one of ``kinds`` and one of ``beside``.

    Such as a mentor (``kinds``) beside a placement (``beside``).
    """

    kind: Literal["support"]
    kinds: Kinds
    beside: Kinds
    """What the support is to stand beside."""
    min_weeks: PositiveWeeks = 1

    @model_validator(mode="after")
    def _fits(self) -> SupportRule:
        self._require_room("min_weeks", self.min_weeks)
        _require_apart("beside", self.kinds, self.beside)
        return self


class HoursBesideRule(_Windowed):
    """At least ``min_weeks`` weeks hold ordinary hours and an activity of these kinds."""

    kind: Literal["hours_beside"]
    kinds: Kinds
    min_weeks: PositiveWeeks = 1

    @property
    def reads_hours(self) -> bool:
        return True

    @model_validator(mode="after")
    def _fits(self) -> HoursBesideRule:
        self._require_room("min_weeks", self.min_weeks)
        return self


class AfterRule(_Windowed):
    """One of ``kinds`` begins during one of ``earlier`` or soon after it; both begin in the window.

    Soon is at most ``within_weeks`` weeks after its last week; the same week counts.
    """

    kind: Literal["after"]
    kinds: Kinds
    earlier: Kinds
    within_weeks: Weeks
    """0 = at the latest in the last week of the earlier one."""

    @model_validator(mode="after")
    def _fits(self) -> AfterRule:
        _require_apart("earlier", self.kinds, self.earlier)
        return self


class NoGapRule(_Windowed):
    """At most ``max_weeks`` weeks in a row of the window hold no activity of these kinds."""

    kind: Literal["no_gap"]
    kinds: Kinds = ACTIVITY_KINDS
    max_weeks: Weeks
    hours_count: bool = True
    """Weeks with ordinary hours are no gap."""

    @property
    def reads_hours(self) -> bool:
        return self.hours_count

    @model_validator(mode="after")
    def _fits(self) -> NoGapRule:
        start, stop = self.window_weeks
        if self.max_weeks >= stop - start:
            raise ValueError(
                f'"max_weeks" = {self.max_weeks} allows the whole of window_weeks '
                f"[{start}, {stop}), so that everyone gets it; write fewer"
            )
        return self


class DeliveredRule(PlanPart):
    """A column of persons tells: 1, 0, or blank for who cannot be judged yet.

    For what registers cannot tell, such as an assessment by the caseworker or by observers.
    """

    kind: Literal["delivered"]
    column: str = Field(min_length=1)


WindowRule = (
    ActivityRule
    | DifferentCompaniesRule
    | LengthRule
    | SupportRule
    | HoursBesideRule
    | AfterRule
    | NoGapRule
)
FidelityRule = WindowRule | DeliveredRule


class FidelityElement(PlanPart):
    """A core element of the method, and the share of a site's participants who should get it."""

    name: Name
    label: Label
    measured: Label | None = None
    """What the rule measures, in words: registers tell the core of an element at best."""
    threshold: Annotated[float, Field(gt=0, lt=1)]
    """The interval of a site's share is held against it: above, below or uncertain."""
    rule: Annotated[FidelityRule, Field(discriminator="kind")]


class FidelityPlan(PlanPart):
    """The core elements of the method, in the order in which they are shown."""

    elements: tuple[FidelityElement, ...] = Field(min_length=1, strict=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of persons that rules read, each once."""
        rules = (element.rule for element in self.elements)
        return tuple(dict.fromkeys(r.column for r in rules if isinstance(r, DeliveredRule)))


def _require_apart(key: str, kinds: Kinds, others: Kinds) -> None:
    both = [kind for kind in kinds if kind in others]
    if both:
        raise ValueError(
            f'{", ".join(both)} stands in "kinds" and in "{key}"; name each kind in one of them'
        )


def find_fidelity_problems(plan: TrialPlan) -> Iterator[str]:
    """What of ``[fidelity]`` does not fit the rest of the plan."""
    elements = plan.fidelity.elements if plan.fidelity is not None else ()
    names = [element.name for element in elements]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"fidelity.elements: the name {name!r} stands twice; name each element once"
    horizon = plan.follow_up.horizon_weeks
    for element in elements:
        rule = element.rule
        if isinstance(rule, DeliveredRule):
            if rule.column == "arm":
                yield (
                    f"fidelity.elements.{element.name}.rule.column: 'arm' is the arm; name the "
                    "column that tells who got the element"
                )
        elif rule.window_weeks[1] > horizon:
            yield (
                f"fidelity.elements.{element.name}.rule.window_weeks: ends at week "
                f"{rule.window_weeks[1]}, after follow_up.horizon_weeks = {horizon}; end it "
                "there, or follow for longer"
            )
