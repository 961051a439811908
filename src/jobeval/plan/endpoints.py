"""Endpoints of a plan: derived from registers, or delivered with the persons."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from jobeval.plan.parts import Label, LookName, PlanPart, State, Weeks

Window = Annotated[tuple[Weeks, Weeks], Field(strict=False)]


class _Endpoint(PlanPart):
    label: Label
    priority: Literal["primary", "secondary", "exploratory"] = "secondary"
    on_leaving: Literal["zero", "exclude"] = "zero"
    """Weeks out of the population count as zero, or the person is left out of the analysis."""


class WindowEndpoint(_Endpoint):
    """A value per person over a window of weeks since randomisation, ``[from, to)``.

    ``window_weeks`` is one window, or one for each look.
    """

    kind: Literal[
        "any_hours",
        "mean_hours",
        "any_hours_without_benefit",
        "mean_hours_without_benefit",
        "weeks_in_state",
        "longest_spell",
    ]
    window_weeks: Window | dict[LookName, Window]
    states: tuple[State, ...] = Field(default=(), strict=False)
    min_hours_per_week: float = Field(default=0.0, ge=0, le=168)
    """``any_hours``: hours must be above 0, or at least this many in a week."""

    imputed_hours: Literal["counted", "left_out"] = "counted"
    """Hours that the register imputed count, or count as none (to see what rests on them)."""

    @model_validator(mode="after")
    def _complete(self) -> WindowEndpoint:
        for start, stop in self.windows:
            if start >= stop:
                raise ValueError(f"window_weeks [{start}, {stop}) is empty: from must be below to")
        needs_states = self.kind in {"weeks_in_state", "longest_spell"}
        if needs_states != bool(self.states):
            verb = "needs" if needs_states else "takes no"
            raise ValueError(f'kind = "{self.kind}" {verb} "states"')
        if self.min_hours_per_week and not self.kind.startswith("any_hours"):
            raise ValueError('"min_hours_per_week" belongs to the kinds any_hours…')
        if self.imputed_hours == "left_out" and needs_states:
            raise ValueError('"imputed_hours" belongs to the kinds of hours')
        return self

    @property
    def windows(self) -> list[tuple[int, int]]:
        """The windows of all looks."""
        both = self.window_weeks
        return list(both.values()) if isinstance(both, dict) else [both]

    def window(self, look: LookName) -> tuple[int, int]:
        """The window ``[from, to)`` of this look; ``KeyError`` when the plan has none."""
        both = self.window_weeks
        return both[look] if isinstance(both, dict) else both


AT_ONCE: frozenset[State] = frozenset({"disability_pension", "out_of_population"})
"""Destinations that count from their first week."""


class ExitEndpoint(_Endpoint):
    """Weeks until the first spell of at least ``min_weeks`` in one of ``destinations``.

    ``disability_pension`` and ``out_of_population`` count from their first week.
    """

    kind: Literal["first_exit"]
    destinations: tuple[State, ...] = Field(default=("employment",), min_length=1, strict=False)
    min_weeks: Annotated[int, Field(ge=1, le=52)] = 4


class _JobSpells(_Endpoint):
    states: tuple[State, ...] = Field(default=("employment",), min_length=1, strict=False)
    """States that are a job."""
    min_weeks: Annotated[int, Field(ge=1, le=52)] = 4
    """A job is a run of at least this many weeks."""
    max_gap_weeks: Annotated[int, Field(ge=0, le=26)] = 0
    """Gaps of at most this many weeks do not end it."""


class RetentionEndpoint(_JobSpells):
    """Weeks from the first job week to the loss of the job."""

    kind: Literal["retention"]
    same_employer: bool = False
    """A change of employer ends the job."""
    relapse_ends: bool = False
    """A week on benefit within a gap ends the job, however short the gap."""


class RecurrentEndpoint(_JobSpells):
    """Every start of a job, again and again."""

    kind: Literal["recurrent_spells"]


class DeliveredOutcome(_Endpoint):
    """An outcome that was delivered as a column of persons; blank is not observed."""

    kind: Literal["delivered_outcome"]
    column: str
    unit: Label | Literal["share", "hours_per_week", "weeks"]
    horizon_weeks: Weeks | None = None


class DeliveredExit(_Endpoint):
    """Weeks until an exit, delivered as columns of persons.

    ``observed`` is 1 for an exit and 0 for the end of follow-up, when ``duration`` ended.
    """

    kind: Literal["delivered_exit"]
    duration: str
    observed: str


Endpoint = Annotated[
    WindowEndpoint
    | ExitEndpoint
    | RetentionEndpoint
    | RecurrentEndpoint
    | DeliveredOutcome
    | DeliveredExit,
    Field(discriminator="kind"),
]
