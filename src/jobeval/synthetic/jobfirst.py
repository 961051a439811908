"""The synthetic JobFirst trial: persons, lottery and registers drawn from a known truth."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib.resources import files

import numpy as np
import pandas as pd

from jobeval.plan.model import TrialPlan
from jobeval.synthetic.lives import Lives, simulate_lives
from jobeval.synthetic.people import (
    BENEFIT_TYPES,
    EDUCATIONS,
    ORIGINS,
    SEXES,
    People,
    name_site,
    simulate_lottery,
    simulate_people,
)
from jobeval.synthetic.registers import FIRST_WEEK, Registers, build_registers, name_person
from jobeval.synthetic.streams import Ints, Streams
from jobeval.synthetic.truth import JobFirstTruth

SEED = 5976
ARMS = ("control", "jobfirst")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticTrial:
    """A trial whose truth is known, in the schema of a real delivery.

    ``persons``, ``benefits`` (DREAM wide), ``hours`` and ``activities`` are data frames with
    canonical columns; :func:`jobeval.synthetic.potential.potential_outcomes` knows what every
    person would have had in either arm.
    """

    plan: TrialPlan
    plan_text: str = field(repr=False)
    """The plan as ``trial.toml``."""
    persons: pd.DataFrame = field(repr=False)
    benefits: pd.DataFrame = field(repr=False)
    hours: pd.DataFrame = field(repr=False)
    activities: pd.DataFrame = field(repr=False)
    truth: JobFirstTruth
    seed: int
    lottery_seed: int
    assigned: Ints = field(repr=False)
    """1 for those drawn to the effort, shape ``(n,)``, in the order of ``persons``."""
    lives: Lives = field(repr=False)

    def registers(self, arm: str) -> Registers:
        """The registers as they would be if everybody had been drawn to ``arm``."""
        assigned = np.full(len(self.assigned), ARMS.index(arm), dtype=np.int64)
        received = self.lives.fates.received(assigned)
        return build_registers(self.lives, received, Streams(self.seed), self.truth)


def simulate_jobfirst(
    *,
    n_persons: int = 2408,
    n_sites: int = 15,
    seed: int = SEED,
    truth: JobFirstTruth | None = None,
) -> SyntheticTrial:
    """Draw a trial like JobFirst from a known truth.

    Parameters
    ----------
    n_persons, n_sites
        Size; the lottery is drawn within job centre × benefit type, so at least some sixty
        persons a job centre are needed.
    seed
        The same seed gives the same trial, on every platform.
    truth
        What is planted; by default as in the published evaluation, see ``JobFirstTruth``.

    Returns
    -------
    SyntheticTrial
        Plan, persons, DREAM, hours and activities, and the two worlds of each person.

    Raises
    ------
    DesignError
        When a stratum would have fewer than eight persons.

    Examples
    --------
    >>> trial = simulate_jobfirst(n_persons=400, n_sites=4, seed=1)
    >>> trial.persons["site"].nunique(), sorted(trial.persons["arm"].unique())
    (4, ['control', 'jobfirst'])
    """
    truth = truth or JobFirstTruth()
    streams = Streams(seed)
    people = simulate_people(n_persons, n_sites, streams, truth)
    lives = simulate_lives(people, streams, truth, FIRST_WEEK)
    text = (files("jobeval.synthetic") / "jobfirst.toml").read_text(encoding="utf-8")
    return _assemble(lives, truth, text, seed, lottery_seed=seed)


def redraw_lottery(trial: SyntheticTrial, seed: int) -> SyntheticTrial:
    """The same persons with the same two worlds each, and another draw of the lottery."""
    return _assemble(trial.lives, trial.truth, trial.plan_text, trial.seed, lottery_seed=seed)


def _assemble(
    lives: Lives, truth: JobFirstTruth, text: str, seed: int, *, lottery_seed: int
) -> SyntheticTrial:
    assigned = simulate_lottery(lives.people, Streams(lottery_seed))
    received = lives.fates.received(assigned)
    registers = build_registers(lives, received, Streams(seed), truth)
    return SyntheticTrial(
        plan=TrialPlan.model_validate(tomllib.loads(text)),
        plan_text=text,
        persons=_persons_frame(lives, assigned, received),
        benefits=registers.benefits,
        hours=registers.hours,
        activities=registers.activities,
        truth=truth,
        seed=seed,
        lottery_seed=lottery_seed,
        assigned=assigned,
        lives=lives,
    )


def _persons_frame(lives: Lives, assigned: Ints, received: Ints) -> pd.DataFrame:
    people: People = lives.people
    started = lives.fates.started_day.astype("datetime64[D]").astype("datetime64[ns]")
    started[received == 0] = np.datetime64("NaT")
    return pd.DataFrame(
        {
            "person_id": name_person(np.arange(people.size)),
            "arm": np.array(ARMS)[assigned],
            "randomised_on": people.randomised_day.astype("datetime64[D]").astype("datetime64[ns]"),
            "site": np.array([name_site(s) for s in range(people.n_sites)])[people.site],
            "benefit_type": np.array(BENEFIT_TYPES)[people.benefit_type],
            "probability": people.probability,
            "eligible": people.eligible,
            "started_on": started,
            "birth_year": people.birth_year,
            "sex": np.array(SEXES)[people.sex],
            "origin": np.array(ORIGINS)[people.origin],
            "education": np.array(EDUCATIONS)[people.education],
            "barriers": people.barriers,
            "disadvantage": np.array(["øvrige", "mest_udsat"])[people.disadvantaged.astype(int)],
        }
    )
