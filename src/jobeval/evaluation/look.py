"""The trial as a look sees it: one row a person, and outcomes when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.endpoints.delivered import read_delivered_exit, read_delivered_outcome
from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.errors import DataError, Problem
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.panel.baseline import derive_baseline
from jobeval.panel.build import Panel, build_panel, filter_drawn
from jobeval.panel.engine import collect_frame
from jobeval.plan.analyses import Analysis
from jobeval.plan.endpoints import (
    DeliveredExit,
    DeliveredOutcome,
    Endpoint,
    ExitEndpoint,
    WindowEndpoint,
)
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import LookName
from jobeval.registers.frames import read_columns
from jobeval.registers.trial import Trial
from jobeval.schemas.calendar import week_of

# Names of an exit beside the columns of persons, which may hold any name without a space.
DURATION, DESTINATION, OBSERVED = "exit duration", "exit destination", "exit observed"


@dataclass(frozen=True, slots=True)
class TrialAtLook:
    """Everything that an analysis may see, in the canonical order of the persons' ids.

    ``persons`` has one row a person of the two arms: the persons table, the weeks followed
    and the baseline covariates. ``outcomes`` remembers what has been derived.
    """

    trial: Trial
    look: LookName
    panel: Panel | None
    """``None`` when no register was delivered beside the persons."""
    persons: pd.DataFrame
    assignment: Assignment
    notes: tuple[str, ...]
    """What the panel and the baseline say of the delivery."""
    outcomes: dict[str, pd.DataFrame]

    @property
    def plan(self) -> TrialPlan:
        return self.trial.plan

    @property
    def arms(self) -> tuple[str, str]:
        """Names of (control, treatment)."""
        return (self.plan.control.name, self.plan.treatment.name)

    @property
    def due(self) -> tuple[Analysis, ...]:
        """The analyses that the plan asks for at this look, in their order."""
        return self.plan.due_at(self.look)

    def outcome(self, name: str) -> pd.DataFrame:
        """``person_id, value, status`` of a window endpoint, in the order of ``persons``."""
        if name not in self.outcomes:
            self.outcomes[name] = self._derive(self.plan.endpoints[name])
        return self.outcomes[name]

    @property
    def weeks(self) -> Panel:
        """The panel, for what cannot do without; ``DataError`` when there is none."""
        if self.panel is None:
            rule = "no benefit or hours register was delivered, and the plan needs one."
            mend = "Deliver it, or declare outcomes of the persons table (delivered_outcome)."
            raise DataError("delivery", [Problem("registers", rule, mend)])
        return self.panel

    @property
    def started(self) -> NDArray[np.bool_] | None:
        """Who had started by the cut-off, in the order of ``persons``; ``None`` = unknown."""
        if "started_week" not in self.persons:
            return None
        last_week = week_of(self.plan.looks[self.look].cut_off)
        return (self.persons["started_week"].astype(float) <= last_week).to_numpy()

    def exits(self, name: str) -> pd.DataFrame:
        """The persons who are followed at all, with ``DURATION`` and ``DESTINATION``."""
        endpoint = self.plan.endpoints[name]
        if isinstance(endpoint, DeliveredExit):
            derived = read_delivered_exit(self.persons, endpoint)
        else:
            assert isinstance(endpoint, ExitEndpoint)
            derived = derive_exits(self.weeks, endpoint)
        derived = derived.set_axis(["person_id", DURATION, DESTINATION], axis="columns")
        return self.persons.merge(derived, on="person_id", how="inner", validate="one_to_one")

    def _derive(self, endpoint: Endpoint) -> pd.DataFrame:
        if isinstance(endpoint, DeliveredOutcome):
            return read_delivered_outcome(self.persons, endpoint)
        assert isinstance(endpoint, WindowEndpoint)
        derived = derive_outcome(self.weeks, endpoint, self.look).set_index("person_id")
        return derived.reindex(self.persons["person_id"]).reset_index()


def read_look(trial: Trial, look: LookName) -> TrialAtLook:
    """Build the panel of a look and collect its persons with their baseline."""
    panel, notes = None, ()
    persons = collect_frame(filter_drawn(trial, look), "person_id")
    if trial.benefits is not None or trial.hours is not None:
        panel = build_panel(trial, look)
        persons, notes = _with_baseline(collect_frame(panel.persons, "person_id"), trial)
        notes = (*panel.notes, *notes)
    _require_arms(persons, trial.plan, look)
    lottery = trial.plan.lottery_columns
    assignment = read_assignment(read_columns(persons, lottery.columns), lottery)
    return TrialAtLook(trial, look, panel, persons, assignment, notes, {})


def _require_arms(persons: pd.DataFrame, plan: TrialPlan, look: LookName) -> None:
    """Both arms are there; a cut-off in the middle of the intake may leave one out."""
    arms, cut_off = (plan.control.name, plan.treatment.name), plan.looks[look].cut_off
    rules = [
        f'nobody was drawn to the arm "{arm}" by the cut-off {cut_off}.'
        for arm in arms
        if not (persons["arm"] == arm).any()
    ]
    if rules:
        mend = "Plan a later cut-off."
        raise DataError("persons", [Problem(f"looks.{look}", rule, mend) for rule in rules])


def _with_baseline(persons: pd.DataFrame, trial: Trial) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Persons with the derived baseline; a column that was delivered goes before a derived one."""
    baseline = collect_frame(derive_baseline(trial), "person_id")
    derived = [name for name in baseline.columns if name != "person_id"]
    new = ["person_id", *(name for name in derived if name not in persons.columns)]
    notes = tuple(
        f"persons.{name}: was delivered, and is used instead of the one from the registers."
        for name in derived
        if name in persons.columns
    )
    merged = persons.merge(baseline[new], on="person_id", how="left", validate="one_to_one")
    return merged, notes
